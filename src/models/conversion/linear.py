"""A hierarchical log-linear model of counts: what a log-linear world is, and what most of ours are close to.

**Weights.** Counts vary more than Poisson counts (over-dispersion phi), and placements of one creator share what nobody
measured (variance s). Poisson weights would let the few largest creators decide, so a placement with expected count mu
gets the weight of a quasi-likelihood with exchangeable working covariance in each creator,

    w = 1 / (1 + phi mu) / (1 + s sum over the creator's placements of mu / (1 + phi mu))

(McCullagh and Nelder 1989, chapter 9; Liang and Zeger 1986); phi and s come from moments of the residuals.

**Partial pooling.** Coefficients of one group (a family of features, the values of one category, …) are normal around
0 with the group's own SD, which is estimated by maximising the evidence (MacKay 1992; Tipping 2001): a group that
explains nothing shrinks to nothing, without a penalty to be tuned. Both alternate with Newton steps.
"""

from dataclasses import dataclass

import numpy as np

STEPS = 20  # Newton steps at most
CLOSE = 0.005  # largest change of a log rate at which they stop
LONGEST = 1.0  # change of a log rate in one step: exp() of more overshoots
FIRST_SD, LEAST_SD, MOST_SD = 0.1, 0.003, 0.5  # of the coefficients of a group
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
    sds: np.ndarray  # of the coefficients of each group

    def log_rate(self, matrix: np.ndarray) -> np.ndarray:
        """Return log(mean / exposure), of shape (rows,)."""
        return self.intercept + matrix @ self.weights


def fit_log_linear(
    matrix: np.ndarray, counts: np.ndarray, exposure: np.ndarray, creators: np.ndarray, groups: np.ndarray,
    *, weighted: bool = True, like: LogLinear | None = None,
) -> LogLinear:  # fmt: skip
    """Fit coefficients, their groups' SDs and over-dispersion together.

    :param matrix: Standardised columns, shape (rows, columns).
    :param exposure: Expected counts of the reference, shape (rows,).
    :param creators: Number of each row's creator, shape (rows,).
    :param groups: Number of each column's group, shape (columns,).
    :param weighted: False weighs by Poisson likelihood alone.
    :param like: Keeps the groups' SDs of this fit instead of estimating them, and starts from its coefficients.
    """
    design = np.column_stack([np.ones(len(matrix)), matrix])
    sds = like.sds if like else np.full(int(groups.max(initial=-1)) + 1, FIRST_SD)
    beta = np.concatenate([[like.intercept], like.weights]) if like else np.zeros(design.shape[1])
    eta, weights = design @ beta, np.ones(len(counts))
    for _ in range(STEPS):
        mean = exposure * np.exp(eta)
        penalty = np.concatenate([[0.0], 1 / sds[groups] ** 2])
        curvature = (design * (weights * mean)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, design.T @ (weights * (counts - mean)) - penalty * beta)
        change = design @ step
        size = float(np.abs(change).max(initial=0.0))
        beta = beta + step * min(1.0, LONGEST / max(size, 1e-12))
        eta = design @ beta
        if like is None:
            sds = _evidence(beta[1:], np.diag(np.linalg.inv(curvature))[1:], sds, groups)
        if weighted:
            mean = exposure * np.exp(eta)
            weights = overdispersion(counts, mean, creators).weights(mean, creators)
        if size < CLOSE:
            break
    return LogLinear(float(beta[0]), beta[1:], sds)


def _evidence(beta: np.ndarray, variance: np.ndarray, sds: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Update each group's SD: sum of squares over the number of coefficients that the data determine."""
    determined = np.bincount(groups, 1 - variance / sds[groups] ** 2, minlength=len(sds))
    squares = np.bincount(groups, beta**2, minlength=len(sds))
    return np.sqrt(squares / np.maximum(determined, 1e-3)).clip(LEAST_SD, MOST_SD)
