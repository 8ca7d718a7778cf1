"""Real Moroccan comments of public sets, where the user has them: YouTube comments (myc), tweets (afrisenti_ary)."""

import html
import os
from pathlib import Path

import polars as pl

FOLDER = Path("data/external")  # ignored by git; THIQA_EXTERNAL_DATA names another
SETS = {"myc": ("myc/comments.csv", "sentence"), "afrisenti": ("afrisenti_ary/train.csv", "tweet")}
VARIETY_OF = {"Arab": "ary-Arab", "Latn": "ary-Latn"}  # real sets name no variety: the script stands for it


def real_comments(folder: Path | None = None) -> pl.DataFrame:
    """Read real comments, each once, cleaned of HTML and of the quotes around them.

    :param folder: Holds the sets; default ``THIQA_EXTERNAL_DATA``, else ``data/external``.
    :return: ``source``, ``text``, ``script``; empty where no set is there.
    """
    root = folder or Path(os.environ.get("THIQA_EXTERNAL_DATA", FOLDER))
    found = [
        pl.read_csv(root / file, columns=[column], infer_schema=False).select(
            source=pl.lit(name), text=cleaned(pl.col(column))
        )
        for name, (file, column) in SETS.items()
        if (root / file).is_file()
    ]
    if not found:
        return pl.DataFrame(schema={"source": pl.String, "text": pl.String, "script": pl.String})
    return with_script(pl.concat(found).unique(maintain_order=True).filter(pl.col("text") != ""))


def cleaned(text: pl.Expr) -> pl.Expr:
    """Take out tags, entities, line breaks, and quotes around a text, none of which an author typed."""
    plain = text.map_batches(_unescaped, return_dtype=pl.String).str.replace_all(r"<[^>]*>", " ")
    return plain.str.replace_all(r"\s+", " ").str.strip_chars(' "')


def _unescaped(texts: pl.Series) -> pl.Series:
    return pl.Series([html.unescape(text or "") for text in texts])


def with_script(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``script``: Arab or Latn where more than 90 % of the letters are, Tfng where most are, else mixed."""
    count = {name: pl.col("text").str.count_matches(rf"\p{{{script}}}") for name, script in
             (("Arab", "Arabic"), ("Latn", "Latin"), ("Tfng", "Tifinagh"))}  # fmt: skip
    letters = sum(count.values(), pl.lit(0))
    named = pl.coalesce(pl.when(found > 0.9 * letters).then(pl.lit(name)) for name, found in count.items())
    script = pl.when(letters == 0).then(pl.lit("none")).otherwise(named.fill_null("mixed"))
    return frame.with_columns(script=script)
