"""Rows of one creator share what nothing explains: weights and standard errors that know it.

Working covariance of a creator's outcomes: diag(v) + t 11', with v = 1/mu + phi of each placement (a count of mean mu
and over-dispersion phi, divided by its mean) and t the variance that the creator's placements share. The estimate
uses its inverse as weights (efficient if it is right); the error is cluster-robust (right even if it is not).
"""

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm

from .design import Floats, Ints
from .estimate import Estimate


@dataclass(frozen=True)
class Spread:
    """The working covariance: ``own`` (v, a row each), ``shared`` (t) and the creator of each row, from 0."""

    own: Floats
    shared: float
    groups: Ints

    @property
    def information(self) -> Floats:
        """Return weights of rows that sum, for each creator, to what the creator tells: 1 / (1 / sum(1/v) + t)."""
        inverse = 1 / self.own
        total = np.bincount(self.groups, inverse)[self.groups]
        return np.asarray(inverse / (1 + self.shared * total))

    def whitened(self, columns: Floats) -> Floats:
        """Multiply columns, shape (rows, k), by the inverse square root of the covariance.

        (I + t uu')^(-1/2) = I - (1 - 1/sqrt(1 + t u'u)) uu'/u'u with u = v^(-1/2).
        """
        u = 1 / np.sqrt(self.own)
        squares = np.bincount(self.groups, u**2)
        pull = (1 - 1 / np.sqrt(1 + self.shared * squares)) / squares
        scaled = columns * u[:, None]
        shared = np.stack([np.bincount(self.groups, u * column) for column in scaled.T], axis=1)
        return np.asarray(scaled - u[:, None] * (pull[:, None] * shared)[self.groups])

    def weighted(self, columns: Floats) -> Floats:
        """Multiply columns, shape (rows, k), by the square root of the information of their rows."""
        return np.asarray(columns * np.sqrt(self.information)[:, None])

    def rows(self, keep: np.ndarray) -> "Spread":
        """Keep some rows; creators are numbered anew."""
        _, groups = np.unique(self.groups[keep], return_inverse=True)
        return Spread(self.own[keep], self.shared, groups)


def spread_of(count: Floats, mean: Floats, groups: Ints) -> Spread:
    """Estimate the working covariance of count / mean by moments; ``mean`` is cross-fitted and positive.

    phi + t from squares of single rows, t from products of two rows of a creator; both within bounds that keep the
    weights sane: t in [0.02, 2], phi in [0.05, 5].
    """
    weight = 1 / (1 + mean)
    excess = (count - mean) * weight
    square = np.sum(excess**2 - mean * weight**2)
    total = square / np.sum((mean * weight) ** 2)
    sums, means = np.bincount(groups, excess), np.bincount(groups, mean * weight)
    products = np.sum(sums**2) - np.sum(excess**2)
    room = np.sum(means**2) - np.sum((mean * weight) ** 2)
    shared = float(np.clip(products / room if room > 0 else 0.2, 0.02, 2.0))
    own = float(np.clip(total - shared, 0.05, 5.0))
    return Spread(1 / np.maximum(mean, 1e-6) + own, shared, groups)


def point(outcome: Floats, treatment: Floats, spread: Spread, *, steady: bool) -> float:
    """Return the slope alone, without its error (:func:`slope`)."""
    columns = _columns(outcome, treatment, spread, steady=steady)
    return float(np.linalg.lstsq(columns[:, 1:], columns[:, 0])[0][0])


def slope(outcome: Floats, treatment: Floats, spread: Spread, *, steady: bool = False) -> tuple[Estimate, Floats]:
    """Regress the residual of an outcome on that of a treatment, weighted, with errors clustered by creator.

    A creator's residuals are smaller for its having pulled the slope: its part of the error is divided by one minus its
    share of the information, as leaving it out would show (the jackknife, CR3; Bell and McCaffrey 2002).

    :param steady: Whether the treatment is a creator's habit, counted anew for each deal. What varies within a creator
        is then mostly noise of the count, which the inverse covariance would weigh up: rows get the weight of their
        information alone.

    Degrees of freedom are the effective number of creators less one: 1 / sum of squared shares of the information
    (Carter, Schnepel and Steigerwald 2017), so that few large creators do not pass for many.

    :return: The estimate, and each creator's part of its error (the influence), which sums to about 0.
    """
    columns = _columns(outcome, treatment, spread, steady=steady)
    result = sm.OLS(columns[:, 0], columns[:, 1:]).fit(
        cov_type="cluster", cov_kwds={"groups": spread.groups}, use_t=True
    )
    ones = columns[:, 2]
    alone = columns[:, 1] - ones * (ones @ columns[:, 1]) / (ones @ ones)
    shares = np.bincount(spread.groups, alone**2)
    plain = np.bincount(spread.groups, alone * np.asarray(result.resid)) / shares.sum()
    influence = plain / np.maximum(1 - shares / shares.sum(), 0.5)
    error = float(result.bse[0]) * float(np.sqrt(np.sum(influence**2) / max(np.sum(plain**2), 1e-300)))
    effective = shares.sum() ** 2 / np.sum(shares**2)
    clusters = int(spread.groups.max()) + 1
    return Estimate(float(result.params[0]), error, max(1.0, effective - 1), len(outcome), clusters), influence


def _columns(outcome: Floats, treatment: Floats, spread: Spread, *, steady: bool) -> Floats:
    stacked = np.column_stack([outcome, treatment, np.ones(len(outcome))])
    return spread.weighted(stacked) if steady else spread.whitened(stacked)
