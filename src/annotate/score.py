"""Score a file of texts for people: probabilities, decisions, disclosure and variety beside the rows as they came."""

from pathlib import Path
from typing import Any

import polars as pl

from ..data.corpus import COMMENT_LABELS, LABELS, POST_LABELS
from ..errors import InputError
from ..files import replacing
from ..models.text.scorer import Kind, TextScorer, disclosed
from .batch import surface

TEACHER_TEXTS = 5_000  # about a minute on two cores
_KINDS: tuple[Kind, ...] = ("post", "comment")


def score_file(source: Path, out: Path, scorer: TextScorer, share: float | None = None) -> int:
    """Read a csv, jsonl or parquet file, score its texts and write the rows with the columns of :func:`score_rows`.

    :param share: Of the distinct texts of each kind, the most doubtful, that the teacher is asked about; by default all
        of them up to :data:`TEACHER_TEXTS`, then that many.
    :return: Number of rows.
    :raises InputError: If the file cannot be read, lacks a column, or has an unknown kind.
    """
    _suffix(out)
    rows = read_rows(source)
    chosen = min(1.0, TEACHER_TEXTS / max(len(rows), 1)) if share is None else share
    scored = score_rows(rows, scorer.with_share(chosen), str(source))
    with replacing(out) as temporary:
        _write(scored, temporary, _suffix(out))
    return len(scored)


def read_rows(source: Path) -> pl.DataFrame:
    """Read a csv (all columns as text), jsonl or parquet file.

    :raises InputError: If it cannot be read.
    """
    suffix = _suffix(source)
    try:
        if suffix == ".csv":
            return pl.read_csv(source, infer_schema=False, encoding="utf8")
        if suffix == ".jsonl":
            return pl.read_ndjson(source, infer_schema_length=None)
        return pl.read_parquet(source)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{source}: cannot be read as {suffix[1:]} ({str(error).splitlines()[0]})") from None


def score_rows(rows: pl.DataFrame, scorer: TextScorer, place: str = "rows") -> pl.DataFrame:
    """Score rows with the columns ``text`` and ``kind``; identical texts are scored once.

    :return: The same rows in the same order with a probability and a ``<label>_flag`` for each label (null where the
        label does not apply or the text is null), ``<label>_unsure`` inside the band of doubt, ``disclosure``,
        ``undisclosed_ad``, ``insufficiently_disclosed_ad`` and ``variety``.
    :raises InputError: If a column is missing, a kind is unknown, or a column of ours is there already.
    """
    _check(rows, place)
    keyed = rows.select(pl.col("text").cast(pl.String), pl.col("kind").cast(pl.String))
    parts = [_scored(keyed.filter(pl.col("kind") == kind, pl.col("text").is_not_null()), kind, scorer)
             for kind in _KINDS]  # fmt: skip
    scores = pl.concat(parts, how="vertical")
    joined = keyed.join(scores, on=["text", "kind"], how="left", maintain_order="left").drop("text", "kind")
    return pl.concat([rows, joined], how="horizontal")


def _scored(texts: pl.DataFrame, kind: Kind, scorer: TextScorer) -> pl.DataFrame:
    distinct = surface(texts.select("text").unique(maintain_order=True))
    said = scorer.answers(distinct["text"], kind)
    labels = POST_LABELS if kind == "post" else COMMENT_LABELS
    columns: dict[str, Any] = {}
    nothing = [None] * len(distinct)
    for label in LABELS:
        known = label in labels
        columns[label] = pl.Series(said.of(label) if known else nothing, dtype=pl.Float64)
        columns[f"{label}_flag"] = pl.Series(said.flags(label) if known else nothing, dtype=pl.Boolean)
        columns[f"{label}_unsure"] = pl.Series(said.unsure(label) if known else nothing, dtype=pl.Boolean)
    frame = distinct.select("text", kind=pl.lit(kind)).with_columns(**columns)
    words = disclosed(distinct["text"]) if kind == "post" else pl.Series(nothing, dtype=pl.String)
    frame = frame.with_columns(  # what is no ad has nothing to disclose
        disclosure=pl.when(pl.col("ad_flag").not_() & (words == "ambiguous")).then(pl.lit("none")).otherwise(words)
    )
    return frame.with_columns(
        undisclosed_ad=pl.col("ad_flag") & (pl.col("disclosure") == "none"),
        insufficiently_disclosed_ad=pl.col("ad_flag") & (pl.col("disclosure") == "ambiguous"),
        variety=said.names(),
    )


def _check(rows: pl.DataFrame, place: str) -> None:
    missing = [name for name in ("text", "kind") if name not in rows.columns]
    if missing:
        raise InputError(f"{place}: column {', '.join(missing)} missing; found {', '.join(rows.columns[:12])}")
    kinds = rows["kind"].cast(pl.String)
    wrong = rows.with_row_index("row", 1).filter(~kinds.is_in(_KINDS) | kinds.is_null())
    if len(wrong):
        first = wrong.row(0, named=True)
        raise InputError(f"{place}: row {first['row']}, column kind: found {first['kind']}, expected post or comment"
                         f" ({len(wrong)} such rows)")  # fmt: skip


def _suffix(path: Path) -> str:
    if path.suffix not in {".csv", ".jsonl", ".parquet"}:
        raise InputError(f"{path}: found the ending {path.suffix or 'none'}, expected .csv, .jsonl or .parquet")
    return path.suffix


def _write(rows: pl.DataFrame, path: Path, suffix: str) -> None:
    if suffix == ".csv":
        rows.write_csv(path)
    elif suffix == ".jsonl":
        rows.write_ndjson(path)
    else:
        rows.write_parquet(path)
