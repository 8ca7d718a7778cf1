"""Judge scored texts against their labels: F1 by head, variety and slice, with intervals over authors."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...data.corpus import LABELS, SLICES, VARIETIES
from .decide import macro_f1

Flags = dict[str, NDArray[np.bool_]]
LEAST = 15  # positives and negatives that a head needs before it counts for a variety


def head_f1(texts: pl.DataFrame, flags: Flags, rows: NDArray[np.bool_] | None = None) -> dict[str, dict[str, Any]]:
    """Mean F1 of both classes of each head on some rows, with the counts behind it."""
    scores = {}
    for head in LABELS:
        asked = texts[head].is_not_null().to_numpy() & (True if rows is None else rows)
        wanted = texts[head].fill_null(0).to_numpy()[asked] == 1
        scores[head] = {"f1": macro_f1(flags[head][asked], wanted), "positives": int(wanted.sum()), "n": len(wanted)}
    return scores


def counted(scores: dict[str, dict[str, Any]], least: int = 0) -> list[str]:
    """Name the heads with enough positives and negatives."""
    return [head for head, row in scores.items() if min(row["positives"], row["n"] - row["positives"]) >= max(least, 1)]


def mean_f1(scores: dict[str, dict[str, Any]], least: int = 0) -> float | None:
    """Average the heads that have enough texts."""
    heads = counted(scores, least)
    return float(np.mean([scores[head]["f1"] for head in heads])) if heads else None


def judge(texts: pl.DataFrame, flags: Flags) -> dict[str, Any]:
    """Give the table of one model: the mean of nine heads, by head, by variety, by slice.

    :param texts: Labelled texts.
    :param flags: For each head whether the model says yes, one value a text.
    """
    overall = head_f1(texts, flags)
    parts = {"variety": VARIETIES, "slice": SLICES}
    table: dict[str, Any] = {"mean": mean_f1(overall), "heads": overall}
    for column, values in parts.items():
        table[column] = {}
        for value in values:
            rows = (texts[column] == value).to_numpy()
            scores = head_f1(texts, flags, rows)
            least = LEAST if column == "variety" else 0
            table[column][value] = {
                "mean": mean_f1(scores, least), "counted": counted(scores, least), "n": int(rows.sum()),
                "heads": {head: row["f1"] for head, row in scores.items()},
            }  # fmt: skip
    rest = head_f1(texts, flags, texts["slice"].is_in(["hard", "evasive"]).to_numpy())
    easy = table["slice"]["easy"]["mean"]
    table["drop"] = easy - (mean_f1(rest) or 0.0) if easy is not None else None
    return table
