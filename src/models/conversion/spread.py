"""The predictive distribution of one placement's deliveries, and its conformal 90 % interval by tier.

Deliveries are negative binomial with the predicted mean and a dispersion of the tier, which holds all that the mean
does not know: chance, over-dispersion, the creator's own effect, the reach that will be. It is fitted on creators that
the model did not see. Their randomised quantile residuals (Dunn and Smyth 1996) are N(0, 1) where it is right; where it
is not, the empirical residuals of the tier take over: quantile p of the distribution is the negative binomial's at the
p-quantile of the residuals, and the 90 % interval uses the conformal bounds of MAPIE (distributional conformal
prediction, Chernozhukov, Wüthrich and Zhu 2021).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import SplitConformalRegressor
from scipy import optimize, stats
from sklearn.base import BaseEstimator, RegressorMixin

from .scorer import ALL

LEVEL = 0.90
ENOUGH = 100  # placements with which a tier gets bounds of its own
GRID = np.linspace(0.005, 0.995, 199)  # levels at which a tier's residuals are kept
SMALLEST_MEAN = 1e-9
_PULL = 0.5  # SD of a tier's log dispersion around that of all tiers


@dataclass(frozen=True)
class Spread:
    """What surrounds a predicted mean, by tier."""

    dispersion: dict[str, float]
    bounds: dict[str, tuple[float, float]]  # of the residuals, for LEVEL
    residuals: dict[str, tuple[float, ...]]  # at GRID

    @classmethod
    def fit(cls, counts: np.ndarray, mean: np.ndarray, tiers: np.ndarray, random: np.random.Generator) -> "Spread":
        """Fit on placements of creators that the model which predicted ``mean`` did not see.

        :param counts: Deliveries, shape (rows,).
        :param mean: Their prediction at the deal, shape (rows,).
        :param tiers: Name of the group whose spread each placement shares (its tier, and a mark for new brands).
        """
        pooled = _dispersion(counts, mean, None)
        groups = {ALL: np.ones(len(counts), dtype=bool)}
        groups |= {name: tiers == name for name in sorted(set(tiers.tolist())) if (tiers == name).sum() >= ENOUGH}
        dispersion = {name: pooled if name == ALL else _dispersion(counts[g], mean[g], pooled)
                      for name, g in groups.items()}  # fmt: skip
        dispersed = np.array([dispersion.get(tier, pooled) for tier in tiers])
        z = residuals(counts, mean, dispersed, random)
        return cls(
            dispersion,
            {name: _conformal(z[rows]) for name, rows in groups.items()},
            {name: tuple(np.quantile(z[rows], GRID).tolist()) if rows.any() else tuple(stats.norm.ppf(GRID).tolist())
             for name, rows in groups.items()},
        )  # fmt: skip

    def dispersions(self, tiers: np.ndarray) -> np.ndarray:
        """Return the dispersion of each row, shape (rows,): variance = mean + dispersion x mean squared."""
        return np.array([self.dispersion.get(tier, self.dispersion[ALL]) for tier in tiers], dtype=float)

    def interval(self, mean: np.ndarray, tiers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and the highest number of deliveries of the 90 % interval, each of shape (rows,)."""
        cuts = np.array([self.bounds.get(tier, self.bounds[ALL]) for tier in tiers]).reshape(-1, 2)
        spread = self.dispersions(tiers)
        return quantile(stats.norm.cdf(cuts[:, 0]), mean, spread), quantile(stats.norm.cdf(cuts[:, 1]), mean, spread)

    def quantiles(self, mean: np.ndarray, tiers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Return quantiles of the predictive distribution, shape (rows, levels)."""
        spread, columns = self.dispersions(tiers), []
        for level in levels:
            at = {name: float(np.interp(level, GRID, values)) for name, values in self.residuals.items()}
            z = np.array([at.get(tier, at[ALL]) for tier in tiers])
            columns.append(quantile(stats.norm.cdf(z), mean, spread))
        return np.column_stack(columns)

    def covered(
        self, counts: np.ndarray, mean: np.ndarray, tiers: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Tell which counts the interval covers, ties at its ends broken at random, shape (rows,).

        Most nano placements deliver nothing: with ties broken the share covered can be 90 % exactly, without it cannot.
        """
        cuts = np.array([self.bounds.get(tier, self.bounds[ALL]) for tier in tiers]).reshape(-1, 2)
        z = residuals(counts, mean, self.dispersions(tiers), random)
        return (z >= cuts[:, 0]) & (z <= cuts[:, 1])

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Spread":
        """Read what :meth:`to_json` wrote."""
        bounds = {name: (low, high) for name, (low, high) in values["bounds"].items()}
        return cls(values["dispersion"], bounds, {name: tuple(z) for name, z in values["residuals"].items()})

    @classmethod
    def poisson(cls) -> "Spread":
        """Return what surrounds a mean of which nothing else is known."""
        edge = float(stats.norm.ppf((1 + LEVEL) / 2))
        return cls({ALL: 0.0}, {ALL: (-edge, edge)}, {ALL: tuple(stats.norm.ppf(GRID).tolist())})


def residuals(counts: np.ndarray, mean: np.ndarray, spread: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return randomised quantile residuals, shape (rows,)."""
    law = _law(mean, spread)
    below, upto = law.cdf(counts - 1), law.cdf(counts)
    return stats.norm.ppf((below + random.random(len(counts)) * (upto - below)).clip(1e-12, 1 - 1e-12))


def quantile(level: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the negative binomial's quantiles, shape (rows,)."""
    return np.maximum(_law(mean, spread).ppf(level), 0.0)


def _law(mean: np.ndarray, spread: np.ndarray) -> Any:
    size = 1 / np.maximum(spread, 1e-6)
    return stats.nbinom(size, size / (size + np.maximum(mean, SMALLEST_MEAN)))


def _dispersion(counts: np.ndarray, mean: np.ndarray, around: float | None) -> float:
    """Return the likeliest dispersion, drawn towards ``around`` where it is given."""
    if not counts.sum():
        return around or 1.0

    def loss(log_spread: float) -> float:
        pull = 0.0 if around is None else (log_spread - np.log(around)) ** 2 / (2 * _PULL**2)
        return float(pull - _law(mean, np.full(len(mean), np.exp(log_spread))).logpmf(counts).sum())

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-4.0, 3.0), method="bounded").x))


class _Zero(RegressorMixin, BaseEstimator):
    """Predicts 0: the centre of quantile residuals."""

    def fit(self, matrix: np.ndarray, _values: np.ndarray) -> "_Zero":
        """Learn nothing."""
        self.n_features_in_ = matrix.shape[1]
        return self

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return zeros, shape (rows,)."""
        return np.zeros(len(matrix))


def _conformal(z: np.ndarray) -> tuple[float, float]:
    """Return bounds of residuals by split conformal prediction, each tail by itself."""
    edge = float(stats.norm.ppf((1 + LEVEL) / 2))
    if len(z) < 2 / (1 - LEVEL):  # fewer cannot tell where 5 % lie
        return -edge, edge
    column = np.zeros((len(z), 1))
    regressor = SplitConformalRegressor(
        _Zero().fit(column, z), LEVEL, conformity_score=AbsoluteConformityScore(sym=False), prefit=True
    )
    regressor.conformalize(column, z)
    _, bounds = regressor.predict_interval(column[:1])
    return float(bounds[0, 0, 0]), float(bounds[0, 1, 0])
