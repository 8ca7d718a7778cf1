"""log(rate / mean rate): a log-linear part, and boosted trees on what it leaves where they have proved themselves.

Trees start from the log-linear prediction of creators held out (not of those it was fitted on, whose errors are too
small), and are kept up to the round that predicts held-out creators best, which may be none.

What held-out creators of a tier deliver, over what was expected of them, sets the tier's level at the end: weights that
serve the coefficients need not serve the sum. Levels are partially pooled, thin tiers towards all tiers together. A
brand without a past is one thing more that is not known: its deals are a group of their own in each tier, judged on
held-out placements whose brand was hidden.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
import polars as pl
from sklearn.model_selection import GroupKFold

from .config import ConversionConfig
from .inputs import Inputs
from .linear import LogLinear, Overdispersion, fit_log_linear, overdispersion

EVERY = 10  # rounds of boosting between two looks at held-out creators
ALL = "all"  # stands for every group together
NEW = ", new brand"  # marks the group of placements whose brand is new to the model
_GROUPS_DIFFER = 0.2  # SD that the levels of groups are thought to have
WORTH = 0.002  # share of the held-out deviance that trees must save


@dataclass(frozen=True)
class Scorer:
    """A fitted log-linear part and its trees."""

    inputs: Inputs
    centre: tuple[float, ...]  # mean of each column of the design matrix in training
    linear: LogLinear
    booster: lgb.Booster | None
    levels: dict[str, float]  # what is added to the log in each group of :meth:`groups`

    def groups(self, frame: pl.DataFrame) -> np.ndarray:
        """Name the group of each row, shape (rows,): its tier, marked where the brand is new to the model."""
        tiers = frame["tier"].fill_null(ALL).to_numpy().astype(object)
        known = self.inputs.categories.get("brand")
        if known is None or "brand" not in frame.columns:
            return tiers
        return np.where(frame["brand"].is_in(list(known)).fill_null(value=False).to_numpy(), tiers, tiers + NEW)

    def log_ratio(self, frame: pl.DataFrame) -> np.ndarray:
        """Return the log of rate / mean rate, shape (rows,)."""
        matrix = self.inputs.matrix(frame)
        trees = _raw(self.booster, matrix) if self.booster else 0.0
        return self.linear.log_rate(matrix) + trees + level_of(self.levels, self.groups(frame))


@dataclass(frozen=True)
class Rows:
    """Training rows as arrays."""

    matrix: np.ndarray
    groups: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    creators: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "Rows":
        creators = np.unique(self.creators[rows], return_inverse=True)[1]
        return Rows(self.matrix[rows], self.groups, self.counts[rows], self.exposure[rows], creators)

    def linear(self, like: LogLinear | None = None) -> LogLinear:
        """Fit the log-linear part."""
        return fit_log_linear(self.matrix, self.counts, self.exposure, self.creators, self.groups, like=like)

    def folds(self, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows to train on and rows of creators held out."""
        folds = min(folds, len(np.unique(self.creators)))
        if folds >= 2:
            splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
            yield from splitter.split(self.matrix, groups=self.creators)


@dataclass(frozen=True)
class HeldOut:
    """Placements as scorers see them that did not see their creator: once as they are, once with the brand hidden."""

    rows: np.ndarray  # number of the training row
    log_ratio: np.ndarray  # log(rate / mean rate)
    groups: np.ndarray


def fit_scorer(
    frame: pl.DataFrame, columns: Sequence[str], categories: Sequence[str], mean_rate: float,
    config: ConversionConfig, seed: int,
) -> tuple[Scorer, HeldOut]:  # fmt: skip
    """Fit on learnable placements.

    :return: The scorer, and what scorers say of each row that did not see its creator.
    """
    inputs = Inputs.fit(frame, columns, categories)
    matrix = inputs.matrix(frame)
    rows = Rows(
        matrix, inputs.groups, frame["delivered"].to_numpy().astype(float),
        mean_rate * frame["reach"].to_numpy().astype(float),
        frame["creator_id"].rank("dense").to_numpy().astype(int) - 1,
    )  # fmt: skip
    linear, held_out, hidden = rows.linear(), np.zeros(len(frame)), _without_brands(inputs, matrix)
    of_new = held_out.copy()
    for train, test in rows.folds(config.inner_folds, seed):
        part = rows[train].linear(linear)
        held_out[test], of_new[test] = part.log_rate(matrix[test]), part.log_rate(hidden[test])
    booster = None
    if config.trees and matrix.shape[1]:
        booster, added = _boost(rows, held_out, config, seed)
        held_out, of_new = held_out + added, of_new + added
    centre = tuple(matrix.mean(axis=0).tolist())
    scorer = Scorer(inputs, centre, linear, booster, {ALL: 0.0})
    tiers = frame["tier"].fill_null(ALL).to_numpy().astype(object)
    seen = HeldOut(
        np.tile(np.arange(len(frame)), 2), np.concatenate([held_out, of_new]), np.concatenate([tiers, tiers + NEW])
    )
    levels = _levels(rows[seen.rows], rows.exposure[seen.rows] * np.exp(seen.log_ratio), seen.groups)
    return replace(scorer, levels=levels), replace(seen, log_ratio=seen.log_ratio + level_of(levels, seen.groups))


def _without_brands(inputs: Inputs, matrix: np.ndarray) -> np.ndarray:
    """Hide who pays: the design matrix as it would be for a brand that nobody saw before."""
    return matrix * np.array([not name.startswith("brand=") for name in inputs.names])


def level_of(levels: dict[str, float], groups: np.ndarray) -> np.ndarray:
    """Return the level of each row's group, shape (rows,); that of all where a group is new."""
    return np.array([levels.get(group, levels[ALL]) for group in groups], dtype=float)


def _levels(rows: Rows, mean: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Return log(delivered / expected) of each group, drawn to that of all by its error between creators."""
    if not rows.counts.sum():
        return {ALL: 0.0}
    levels = {ALL: float(np.log(rows.counts.sum() / mean.sum()))}
    mean = mean * np.exp(levels[ALL])
    for group in sorted(set(groups) - {ALL}):
        here = groups == group
        expected, off = mean[here].sum(), np.bincount(rows.creators[here], rows.counts[here] - mean[here])
        ratio = (rows.counts[here].sum() + 1) / (expected + 1)  # one delivery as expected: a group may have none
        error = ((off**2).sum() + 1) / (expected + 1) ** 2
        levels[group] = levels[ALL] + float(np.log(ratio)) * _GROUPS_DIFFER**2 / (_GROUPS_DIFFER**2 + error)
    return levels


def _boost(rows: Rows, start: np.ndarray, config: ConversionConfig, seed: int) -> tuple[lgb.Booster | None, np.ndarray]:
    """Boost from ``start``; returns trees, None if held-out creators gain nothing, and what they add to such."""
    mean = rows.exposure * np.exp(start)
    spread = overdispersion(rows.counts, mean, rows.creators)
    looks = list(range(EVERY, config.trees + 1, EVERY)) or [config.trees]
    added = np.zeros((len(looks) + 1, len(mean)))
    for train, test in rows.folds(config.inner_folds, seed):
        booster = _trees(rows[train], start[train], spread, config, seed, config.trees)
        for place, look in enumerate(looks, start=1):
            added[place, test] = _raw(booster, rows.matrix[test], look)
    weights = spread.weights(mean, rows.creators)
    loss = [_deviance(rows.counts, mean * np.exp(more), weights) for more in added]
    best = int(np.argmin(loss))
    if loss[best] > (1 - WORTH) * loss[0]:
        return None, added[0]
    return _trees(rows, start, spread, config, seed, looks[best - 1]), added[best]


def _trees(
    rows: Rows, start: np.ndarray, spread: Overdispersion, config: ConversionConfig, seed: int, rounds: int
) -> lgb.Booster:
    mean = rows.exposure * np.exp(start)
    data = lgb.Dataset(rows.matrix, rows.counts, weight=spread.weights(mean, rows.creators), init_score=np.log(mean))
    return lgb.train(config.lightgbm(seed), data, num_boost_round=rounds)


def _raw(booster: lgb.Booster, matrix: np.ndarray, rounds: int | None = None) -> np.ndarray:
    if not len(matrix):
        return np.zeros(0)
    return np.asarray(booster.predict(matrix, num_iteration=rounds, raw_score=True, num_threads=1))


def _deviance(counts: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted Poisson deviance, half of it, up to what the mean does not change."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    return float((weights * (own - counts + mean)).sum())
