"""Judge yes-or-no answers against labels: F1 by head, variety and slice, with intervals over authors."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...data.corpus import LABELS, SLICES, VARIETIES

Flags = dict[str, NDArray[np.bool_]]
Counts = NDArray[np.integer]
LEAST = 15  # positives and negatives that a head needs before it counts for a variety
DRAWS = 500
INTERVAL = (0.05, 0.95)  # 90 %


def counts(texts: pl.DataFrame, flags: Flags) -> tuple[Counts, NDArray[np.integer]]:
    """Count hits, alarms, misses and rejects of each text and head: (texts, heads, 4); and number its author."""
    authors = np.unique(texts["batch"].to_numpy(), return_inverse=True)[1]
    table = np.zeros((len(texts), len(LABELS), 4), dtype=np.int64)
    for place, head in enumerate(LABELS):
        asked = texts[head].is_not_null().to_numpy()
        wanted = texts[head].fill_null(0).to_numpy() == 1
        cell = np.where(wanted, np.where(flags[head], 0, 2), np.where(flags[head], 1, 3))
        table[np.flatnonzero(asked), place, cell[asked]] = 1
    return table, authors


def f1(sums: Counts) -> NDArray[np.floating]:
    """Return the mean F1 of both classes from (..., 4) counts; NaN where a class has no text."""
    hits, alarms, misses, rejects = np.moveaxis(sums.astype(float), -1, 0)
    wrong = alarms + misses
    with np.errstate(invalid="ignore", divide="ignore"):
        both = (hits / (hits + wrong / 2) + rejects / (rejects + wrong / 2)) / 2
    return np.where((hits + misses > 0) & (alarms + rejects > 0), both, np.nan)


def mean_f1(sums: Counts, least: int = 1) -> NDArray[np.floating]:
    """Average the heads of (..., heads, 4) counts that have at least so many positives and negatives."""
    enough = (sums[..., 0] + sums[..., 2] >= least) & (sums[..., 1] + sums[..., 3] >= least)
    scores = np.where(enough, f1(sums), np.nan)
    known = ~np.isnan(scores)
    return np.where(known.any(axis=-1), np.nansum(scores, axis=-1) / np.maximum(known.sum(axis=-1), 1), np.nan)


def resampled(table: Counts, authors: NDArray[np.integer], random: np.random.Generator) -> Counts:
    """Draw authors with replacement: counts (draws, heads, 4)."""
    by_author = np.zeros((authors.max() + 1, *table.shape[1:]), dtype=np.int64)
    np.add.at(by_author, authors, table)
    size = len(by_author)
    weights = random.multinomial(size, np.full(size, 1 / size), size=DRAWS)
    return np.tensordot(weights, by_author, axes=1)


def interval(values: NDArray[np.floating]) -> list[float]:
    """Return the 90 % interval of bootstrap values; NaN where there is none."""
    if np.isnan(values).all():
        return [float("nan")] * 2
    return [float(value) for value in np.nanquantile(values, INTERVAL)]


def judge(texts: pl.DataFrame, flags: Flags, random: np.random.Generator) -> dict[str, Any]:
    """Give the table of one model: the mean of nine heads, by head, by variety, by slice, each with its interval.

    :param texts: Labelled texts.
    :param flags: For each head whether the model says yes, one value a text.
    """
    table, authors = counts(texts, flags)
    draws = resampled(table, authors, random)
    result: dict[str, Any] = _scored(table.sum(axis=0), draws, 1) | {"heads": {}, "variety": {}, "slice": {}}
    for place, head in enumerate(LABELS):
        sums = table[:, place].sum(axis=0)
        result["heads"][head] = {"f1": float(f1(sums)), "interval": interval(f1(draws[:, place])),
                                 "positives": int(sums[0] + sums[2]), "n": int(sums.sum())}  # fmt: skip
    for column, values in (("variety", VARIETIES), ("slice", SLICES)):
        for value in values:
            rows = (texts[column] == value).to_numpy()
            part = table * rows[:, None, None]
            least = LEAST if column == "variety" else 1
            result[column][value] = _scored(part.sum(axis=0), resampled(part, authors, random), least) | {
                "n": int(rows.sum()),
                "heads": dict(zip(LABELS, map(float, f1(part.sum(axis=0))), strict=True)),
            }
    result["drop"] = _drop(texts, table, authors, random)
    return result


def _scored(sums: Counts, draws: Counts, least: int) -> dict[str, Any]:
    enough = np.minimum(sums[:, 0] + sums[:, 2], sums[:, 1] + sums[:, 3]) >= least
    return {
        "mean": float(mean_f1(sums, least)),
        "interval": interval(mean_f1(draws, 1) if least == 1 else mean_f1(draws[:, enough], 1)),
        "counted": int(enough.sum()),
    }


def _drop(
    texts: pl.DataFrame, table: Counts, authors: NDArray[np.integer], random: np.random.Generator
) -> dict[str, Any]:
    """From easy texts to hard and evasive ones together."""
    easy = (texts["slice"] == "easy").to_numpy()[:, None, None]
    both = np.concatenate([table * easy, table * ~easy], axis=1)
    heads = table.shape[1]
    draws = resampled(both, authors, random)
    sums = both.sum(axis=0)
    return {
        "points": float(mean_f1(sums[:heads]) - mean_f1(sums[heads:])) * 100,
        "interval": [100 * value for value in interval(mean_f1(draws[:, :heads]) - mean_f1(draws[:, heads:]))],
    }


def gain(texts: pl.DataFrame, ours: Flags, theirs: Flags, random: np.random.Generator) -> dict[str, Any]:
    """Give the difference of the means of nine heads on the same texts, authors drawn together."""
    one, authors = counts(texts, ours)
    other, _ = counts(texts, theirs)
    draws = resampled(np.concatenate([one, other], axis=1), authors, random)
    heads = one.shape[1]
    difference = mean_f1(draws[:, :heads]) - mean_f1(draws[:, heads:])
    return {"gain": float(mean_f1(one.sum(axis=0)) - mean_f1(other.sum(axis=0))), "interval": interval(difference)}


def calibration_error(said: NDArray[np.floating], wanted: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean distance of said and seen share over bins of equal count (ECE: Guo et al. 2017)."""
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    return float(
        sum(len(part) * abs(said[part].mean() - wanted[part].mean()) for part in parts if len(part)) / len(said)
    )
