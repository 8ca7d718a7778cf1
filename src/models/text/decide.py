"""From logits to decisions: calibrated probabilities, thresholds by variety, and a band of doubt around them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ...data.corpus import VARIETIES
from .heads import HEADS

Floats = NDArray[np.floating]
_GRID = np.linspace(0.05, 0.95, 91)
_SHRINK = 40.0  # texts of the rarer class that a variety's own threshold needs to weigh as much as the pooled one
DOUBT = 0.1  # share of texts nearest to the threshold about which no judgement is passed


@dataclass(frozen=True)
class Decisions:
    """``slope`` and ``shift`` (heads): calibration; ``thresholds`` (heads, varieties); ``margin`` (heads)."""

    slope: Floats
    shift: Floats
    thresholds: Floats
    margin: Floats

    def probabilities(self, logits: Floats) -> Floats:
        """Calibrate logits (texts, heads)."""
        return expit(logits * self.slope + self.shift)

    def threshold(self, head: str, varieties: NDArray[np.integer]) -> Floats:
        """Return the threshold of a head for texts of these (predicted) varieties, by position in VARIETIES."""
        return self.thresholds[HEADS.index(head)][varieties]

    def to_dict(self) -> dict[str, Any]:
        """Name everything, for JSON."""
        return {
            head: {
                "slope": float(self.slope[row]),
                "shift": float(self.shift[row]),
                "margin": float(self.margin[row]),
                "thresholds": dict(zip(VARIETIES, map(float, self.thresholds[row]), strict=True)),
            }
            for row, head in enumerate(HEADS)
        }

    @classmethod
    def from_dict(cls, named: dict[str, Any]) -> "Decisions":
        """Read what :meth:`to_dict` wrote."""
        rows = [named[head] for head in HEADS]
        return cls(
            slope=np.array([row["slope"] for row in rows]),
            shift=np.array([row["shift"] for row in rows]),
            thresholds=np.array([[row["thresholds"][name] for name in VARIETIES] for row in rows]),
            margin=np.array([row["margin"] for row in rows]),
        )


def fit_decisions(logits: Floats, answers: Floats, varieties: NDArray[np.integer]) -> Decisions:
    """Choose calibration and thresholds on texts that the model has not been fitted on.

    Calibration is Platt's (1999): a slope and a shift on the logit. A threshold maximises the mean F1 of both classes;
    a variety's own is drawn towards the pooled one by its number of texts of the rarer class.

    :param logits: (texts, heads) held out.
    :param answers: (texts, heads), NaN where a head is not asked.
    :param varieties: Predicted variety of each text, by position in VARIETIES.
    """
    slopes, shifts, thresholds, margins = [], [], [], []
    for head in range(len(HEADS)):
        asked = ~np.isnan(answers[:, head])
        wanted, kinds = answers[asked, head], varieties[asked]
        slope, shift = _platt(logits[asked, head], wanted)
        said = expit(logits[asked, head] * slope + shift)
        pooled = best_threshold(said, wanted)
        own = [_shrunk(said[kinds == kind], wanted[kinds == kind], pooled) for kind in range(len(VARIETIES))]
        distance = np.abs(said - np.array(own)[kinds])
        slopes.append(slope)
        shifts.append(shift)
        thresholds.append(own)
        margins.append(float(np.quantile(distance, DOUBT)) if len(distance) else 0.0)
    return Decisions(np.array(slopes), np.array(shifts), np.array(thresholds), np.array(margins))


def best_threshold(said: Floats, wanted: Floats) -> float:
    """Find the threshold with the highest mean F1 of both classes; the middle of the best ones, 0.5 without texts."""
    if not len(said):
        return 0.5
    scores = np.array([macro_f1(said >= threshold, wanted > 0.5) for threshold in _GRID])
    smooth = np.convolve(np.pad(scores, 3, mode="edge"), np.ones(7) / 7, mode="valid")  # no lucky spike
    return float(_GRID[np.flatnonzero(smooth >= smooth.max() - 1e-9)].mean())


def macro_f1(said: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    """Return the mean of the F1 of both classes; a class that is neither there nor said counts as 0."""
    hits, rejects = np.sum(said & wanted), np.sum(~said & ~wanted)
    wrong = np.sum(said != wanted)
    return float(hits / max(hits + 0.5 * wrong, 1) + rejects / max(rejects + 0.5 * wrong, 1)) / 2


def _shrunk(said: Floats, wanted: Floats, pooled: float) -> float:
    rarer = min(wanted.sum(), len(wanted) - wanted.sum()) if len(wanted) else 0.0
    own = best_threshold(said, wanted) if rarer >= 5 else pooled
    return float((rarer * own + _SHRINK * pooled) / (rarer + _SHRINK))


def _platt(logits: Floats, wanted: Floats) -> tuple[float, float]:
    """Fit a slope and a shift by the gradient, the slope drawn a little towards 1.

    A search without it (Nelder-Mead) begins with steps of 0.00025 from a shift of 0 and can stop far from the best.
    """
    if not len(wanted) or wanted.min() == wanted.max():
        return 1.0, 0.0

    def loss(pair: Floats) -> tuple[float, Floats]:
        z = logits * pair[0] + pair[1]
        off = expit(z) - wanted
        value = np.mean(np.logaddexp(0, z) - wanted * z) + 1e-3 * (pair[0] - 1) ** 2
        return float(value), np.array([np.mean(off * logits) + 2e-3 * (pair[0] - 1), np.mean(off)])

    slope, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return float(max(slope, 0.05)), float(shift)
