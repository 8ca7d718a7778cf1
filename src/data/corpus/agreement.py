"""How far a second reader's labels agree with the authors' (Cohen's kappa), and on how many texts."""

from hashlib import sha256
from pathlib import Path

import polars as pl
from sklearn.metrics import cohen_kappa_score

from ...errors import InputError
from .labels import LABELS, SLICES
from .read import read_lines

READ = ("disclosure", *LABELS)
DIGEST = 12  # hexadecimal digits of SHA-256 of the text that was read
GUIDE_ALONE = (
    "guide-only",
    "control",
)  # readings with the guide and opaque ids; the others had the authors' rulings too


def agreement(folder: Path, corpus: pl.DataFrame) -> pl.DataFrame:
    """Compare the readings of ``second-reading.jsonl`` with the labels that the authors first wrote.

    Corrections (``corrections.jsonl``) are undone first: they came after the readings, and because of them.

    :return: One row for each way of reading and label: ``reading``, ``label``, ``texts``, ``differ``, ``kappa``, and
        kappa in each slice; a kappa is null where one of the two never varies. No readings, no rows.
    :raises InputError: If a reading or a correction names a text or a label that is not there.
    """
    readings = read_lines(folder / "second-reading.jsonl")
    if readings.is_empty():
        return pl.DataFrame()
    first = _first_labels(folder, corpus)
    if unknown := sorted(set(readings["id"]) - set(corpus["id"])):
        raise InputError(
            f"{folder / 'second-reading.jsonl'}: {unknown[0]} is not in the corpus ({len(unknown)} such ids)"
        )
    both = readings.join(first, on="id").with_columns(alone=_alone())
    rows = []
    for alone, name in ((True, "guide alone"), (False, "guide and rulings")):
        those = both.filter(pl.col("alone") == alone)
        rows += [_compared(name, label, those) for label in READ if label in those.columns]
    return pl.DataFrame(rows)


def _alone() -> pl.Expr:
    return pl.any_horizontal(pl.col("reading").str.starts_with(each) for each in GUIDE_ALONE)


def _first_labels(folder: Path, corpus: pl.DataFrame) -> pl.DataFrame:
    labels = list(READ)
    long = (
        corpus.select("id", pl.col(labels).cast(pl.String))
        .unpivot(index="id", variable_name="label")
        .drop_nulls("value")
    )
    changed = read_lines(folder / "corrections.jsonl")
    if changed.is_empty():
        undone = long
    else:
        changed = changed.select("id", "label", pl.col("first", "now").cast(pl.String), "rule")
        strange = changed.join(long, left_on=["id", "label", "now"], right_on=["id", "label", "value"], how="anti")
        if strange.height:
            raise InputError(f"{folder / 'corrections.jsonl'}: {strange['id'][0]} {strange['label'][0]} is not "
                             f"{strange['now'][0]} in the corpus ({strange.height} such lines)")  # fmt: skip
        undone = long.join(changed.drop("now", "rule"), on=["id", "label"], how="left").select(
            "id", "label", value=pl.coalesce("first", "value")
        )
    wide = undone.pivot(on="label", index="id", values="value")
    return wide.rename({label: f"{label}_first" for label in wide.columns[1:]}).join(
        corpus.select("id", "slice"), on="id"
    )


def _compared(name: str, label: str, both: pl.DataFrame) -> dict[str, object]:
    pairs = both.select("slice", theirs=pl.col(label).cast(pl.String), ours=pl.col(f"{label}_first")).drop_nulls()
    slices = {each: kappa(pairs.filter(pl.col("slice") == each)) for each in SLICES}
    differ = pairs.filter(pl.col("theirs") != pl.col("ours")).height
    return {"reading": name, "label": label, "texts": pairs.height, "differ": differ, "kappa": kappa(pairs)} | slices


def kappa(pairs: pl.DataFrame) -> float | None:
    """Cohen's kappa of columns ``theirs`` and ``ours`` (Cohen 1960); null where either never varies."""
    if pairs.is_empty() or min(pairs["theirs"].n_unique(), pairs["ours"].n_unique()) < 2:
        return None
    return float(cohen_kappa_score(pairs["ours"].to_list(), pairs["theirs"].to_list()))


def coverage(folder: Path, corpus: pl.DataFrame) -> pl.DataFrame:
    """Count the texts read in each way, and those of them that still stand as they were read.

    :return: ``reading``, ``texts``, ``share`` (of the corpus), ``reworded`` since.
    """
    readings = read_lines(folder / "second-reading.jsonl")
    if readings.is_empty():
        return pl.DataFrame()
    now = corpus.select("id", now=pl.col("text").map_batches(_digests, return_dtype=pl.String))
    both = readings.join(now, on="id").with_columns(alone=_alone()).unique(["id", "alone"])
    rows = []
    for alone, name in ((True, "guide alone"), (False, "guide and rulings")):
        if (those := both.filter(pl.col("alone") == alone)).height:
            reworded = those.filter(pl.col("digest") != pl.col("now")).height
            share = those.height / corpus.height
            rows.append({"reading": name, "texts": those.height, "share": share, "reworded": reworded})
    return pl.DataFrame(rows)


def _digests(texts: pl.Series) -> pl.Series:
    return pl.Series([sha256(text.encode()).hexdigest()[:DIGEST] for text in texts])
