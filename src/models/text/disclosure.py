"""Disclosure: what tells a reader that a post is commercial, by the lexicon; and texts with those words masked."""

import polars as pl

from .fold import fold
from .lexicon import phrases

MASK = "§"  # one neutral sign in the place of words of disclosure
_SIGNS = r"\p{L}\p{N}\p{M}#@'’\u0640\u200b-\u200f\u2060"  # what folding keeps or drops inside a word
_PIECES = f"[{_SIGNS}]+|[^{_SIGNS}]+"  # a text's words and what stands between them


def disclosure(folded: pl.Expr) -> pl.Expr:
    """Tell ``none``, ``ambiguous`` or ``clear`` from a folded text alone (:func:`thiqa.models.text.fold.fold`).

    What denies an interest is struck out first; a clear word outweighs a hint.
    """
    said = folded.str.replace_many(dict.fromkeys(phrases("disclosure", "denied"), " "))
    clear = said.str.contains_any(list(phrases("disclosure", "clear")))
    hinted = said.str.contains_any(list(phrases("disclosure", "ambiguous")))
    return pl.when(clear).then(pl.lit("clear")).when(hinted).then(pl.lit("ambiguous")).otherwise(pl.lit("none"))


def masked(texts: pl.Series) -> pl.Series:
    """Put :data:`MASK` in the place of every phrase of disclosure; nothing else of a text changes.

    Not the accents, the signs or the emoji either: if masked texts lacked them, a model would know them by that.
    """
    whole, listed = texts.fill_null(""), [*phrases("disclosure", "clear"), *phrases("disclosure", "ambiguous")]
    rows = pl.select(fold(pl.lit(whole)).str.contains_any(listed)).to_series().arg_true()
    return whole.scatter(rows, _without(whole.gather(rows), listed)) if len(rows) else whole


def _without(texts: pl.Series, listed: list[str]) -> pl.Series:
    """Fold texts word by word, look for the phrases that begin at each word, and put the other pieces together."""
    pieces = texts.to_frame("piece").with_row_index("row").with_columns(pl.col("piece").str.extract_all(_PIECES))
    pieces = pieces.explode("piece").with_row_index("place").with_columns(word=fold(pl.col("piece")).str.strip_chars())
    words = pieces.filter(pl.col("word") != "")
    ahead = [pl.col("word").shift(-i).over("row").fill_null("") for i in range(max(map(_words, listed)))]
    begun = pl.concat_str(pl.lit("^ "), *ahead, pl.lit(" "), separator=" ").str.replace_all(" +", " ")
    found = begun.str.extract_many([f"^{phrase}" for phrase in listed], overlapping=True)
    length = found.list.eval(pl.element().str.count_matches(r" [^ ]")).list.max().fill_null(0)
    number = pl.int_range(pl.len()).over("row")
    end = pl.when(length > 0).then(number + length).otherwise(0).cum_max().over("row")
    pieces = pieces.join(words.select("place", hidden=number < end), on="place", how="left", maintain_order="left")
    before, behind = pl.col("hidden").forward_fill().over("row"), pl.col("hidden").backward_fill().over("row")
    inside = pl.col("hidden").fill_null(before & behind).fill_null(value=False)
    first = inside & ~inside.shift(1).over("row").fill_null(value=False)
    kept = pl.when(first).then(pl.lit(MASK)).when(inside).then(pl.lit("")).otherwise("piece")
    return pieces.group_by("row", maintain_order=True).agg(kept.str.join("").alias("text"))["text"]


def _words(phrase: str) -> int:
    return len(phrase.split())
