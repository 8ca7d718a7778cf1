"""Figures that judge predictions: explained deviance, intervals by creators drawn again, money lost by a ranking."""

import numpy as np
import polars as pl
from sklearn.metrics import mean_poisson_deviance

SMALLEST = 1e-12  # expected deliveries: the Poisson deviance needs more than 0


def d2(delivered: np.ndarray, expected: np.ndarray, reference: np.ndarray) -> float | None:
    """Share of the Poisson deviance of the reference that is explained: 1 - D(y, expected) / D(y, reference).

    None where the reference leaves nothing to explain.
    """
    if not len(delivered):
        return None
    worst = mean_poisson_deviance(delivered, np.maximum(reference, SMALLEST))
    return float(1 - mean_poisson_deviance(delivered, np.maximum(expected, SMALLEST)) / worst) if worst > 0 else None


def gain(
    delivered: np.ndarray, ours: np.ndarray, theirs: np.ndarray, reference: np.ndarray, creators: np.ndarray,
    draws: int, random: np.random.Generator,
) -> dict[str, float | None]:  # fmt: skip
    """Return D² of ours minus theirs on the same rows, with its 90 % interval: creators drawn with replacement."""
    if not len(delivered):
        return {"gain": None, "low": None, "high": None}
    index = np.unique(creators, return_inverse=True)[1]

    def by_creator(expected: np.ndarray) -> np.ndarray:
        mean = np.maximum(expected, SMALLEST)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(delivered > 0, delivered * np.log(delivered / mean), 0.0)
        return np.bincount(index, own - delivered + mean)

    worst, difference = by_creator(reference), by_creator(theirs) - by_creator(ours)
    if worst.sum() <= 0:
        return {"gain": None, "low": None, "high": None}
    times = random.multinomial(len(worst), np.full(len(worst), 1 / len(worst)), size=draws)
    gains = (times @ difference) / np.maximum(times @ worst, SMALLEST)
    low, high = np.quantile(gains, [0.05, 0.95])
    return {"gain": float(difference.sum() / worst.sum()), "low": float(low), "high": float(high)}


def regret(expected: np.ndarray, worth: np.ndarray, most: int = 20) -> float:
    """Return what is lost by taking the ``most`` placements of the highest expectation instead of the best, MAD.

    :param expected: Predicted deliveries at the deal.
    :param worth: Revenue that each placement brings, MAD: of the true expectation where it is known.
    """
    chosen = np.argsort(-expected, kind="stable")[:most]
    return float(np.sort(worth)[::-1][:most].sum() - worth[chosen].sum())


def coverage_error(covered: np.ndarray, creators: np.ndarray) -> float:
    """Return the standard error of a share covered, placements of one creator counted as one cluster."""
    index = np.unique(creators, return_inverse=True)[1]
    off = np.bincount(index, covered - covered.mean())
    return float(np.sqrt((off**2).sum()) / len(covered))


def coverage(judged: pl.DataFrame, tiers: list[str]) -> dict[str, dict[str, float]]:
    """Return for each tier the share of placements whose deliveries the 90 % interval covers, and its width.

    :param judged: Rows with ``tier``, ``creator_id``, ``covered``, ``low`` and ``high``.
    """
    found = {}
    for tier in tiers:
        part = judged.filter(pl.col("tier") == tier)
        if len(part):
            covered = part["covered"].to_numpy().astype(float)
            found[tier] = {
                "share": float(covered.mean()), "error": coverage_error(covered, part["creator_id"].to_numpy()),
                "width": float((part["high"] - part["low"]).mean()),  # type: ignore[arg-type]
                "placements": len(part),
            }  # fmt: skip
    return found
