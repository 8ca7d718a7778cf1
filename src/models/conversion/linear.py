"""A regularised log-linear model of counts: what a log-linear world is, and what most of ours are close to.

Counts vary more than Poisson counts (over-dispersion phi) and placements of one creator share what nobody measured
(variance s). Poisson weights would let the few largest creators decide, so a placement with expected count mu in a
creator's set gets the weight of the quasi-likelihood with exchangeable working covariance

    w = 1 / (1 + phi mu) / (1 + s sum over the creator's placements of mu / (1 + phi mu))

(McCullagh and Nelder 1989, chapter 9; Liang and Zeger 1986). phi and s are estimated by moments of the residuals.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import PoissonRegressor

ROUNDS = 3  # of weights and coefficients in turn
MOST = 3.0  # bound of phi and s: beyond it moments of a few large counts say nothing


@dataclass(frozen=True)
class Overdispersion:
    """How much counts vary beyond Poisson: ``phi`` within a creator, ``shared`` by a creator's placements."""

    phi: float
    shared: float

    def weights(self, mean: np.ndarray, creators: np.ndarray) -> np.ndarray:
        """Return the weight of each placement, of shape (rows,)."""
        alone = 1 / (1 + self.phi * mean)
        information = np.bincount(creators, mean * alone, minlength=int(creators.max(initial=0)) + 1)
        return alone / (1 + self.shared * information[creators])


def overdispersion(counts: np.ndarray, mean: np.ndarray, creators: np.ndarray) -> Overdispersion:
    """Estimate over-dispersion by weighted moments: E[(y - mu)^2 - mu] = (phi + shared) mu^2, and pairs of a creator.

    :param creators: Number of each placement's creator, from 0.
    """
    damp = 1 / (1 + mean) ** 2  # inverse variance, roughly: large counts tell more, but not without bound
    residual = counts - mean
    total = _ratio((damp * (residual**2 - mean)).sum(), (damp * mean**2).sum())
    each, size = np.sqrt(damp) * residual, np.sqrt(damp) * mean
    pairs = (np.bincount(creators, each) ** 2 - np.bincount(creators, each**2)).sum()
    shared = _ratio(pairs, (np.bincount(creators, size) ** 2 - np.bincount(creators, size**2)).sum())
    return Overdispersion(max(total - shared, 0.0), shared)


def _ratio(above: float, below: float) -> float:
    return float(np.clip(above / below, 0.0, MOST)) if below > 0 else 0.0


@dataclass(frozen=True)
class LogLinear:
    """log(mean / exposure) = intercept + matrix @ weights."""

    intercept: float
    weights: np.ndarray

    def log_rate(self, matrix: np.ndarray) -> np.ndarray:
        """Return log(mean / exposure), of shape (rows,)."""
        return self.intercept + matrix @ self.weights


def fit_log_linear(
    matrix: np.ndarray, counts: np.ndarray, exposure: np.ndarray, creators: np.ndarray, prior_sd: float,
    *, weighted: bool = True,
) -> tuple[LogLinear, Overdispersion]:  # fmt: skip
    """Fit by penalised quasi-likelihood.

    :param matrix: Standardised columns, shape (rows, columns).
    :param exposure: Expected counts of the reference, shape (rows,).
    :param prior_sd: SD that a coefficient is thought to have; the penalty is that of a normal prior.
    :param weighted: False fits by Poisson likelihood, as most people would.
    """
    spread, weights = Overdispersion(0.0, 0.0), np.ones(len(counts))
    fitted = LogLinear(0.0, np.zeros(matrix.shape[1]))
    for _ in range(ROUNDS if weighted else 1):
        information = weights * exposure
        penalty = 1 / (prior_sd**2 * information.sum())
        regression = PoissonRegressor(alpha=penalty, solver="newton-cholesky", max_iter=100, tol=1e-6)
        regression.fit(matrix, counts / exposure, sample_weight=information)
        fitted = LogLinear(float(regression.intercept_), np.asarray(regression.coef_))
        mean = exposure * np.exp(fitted.log_rate(matrix))
        spread = overdispersion(counts, mean, creators)
        weights = spread.weights(mean, creators)
    return fitted, spread
