"""What is to be expected of an outcome and of a treatment, learnt on other creators than those it is used for."""

from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import PoissonRegressor, Ridge

from .config import EvidenceConfig
from .design import Floats, Ints

PRIOR = 16.0  # 1 / 0.25^2: before seeing data, an effect is some 0.25 per SD


def folds_of(groups: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Give each row the fold of its creator."""
    count = int(groups.max()) + 1
    return np.asarray(rng.permutation(np.arange(count) % folds)[groups])


def cross_fitted(fold: Ints, predict: Callable[[Ints, Ints], Floats]) -> Floats:
    """Call ``predict(train, test)`` (positions of rows) for each fold, and put the predictions together."""
    result = np.empty(len(fold))
    for number in np.unique(fold):
        test = np.flatnonzero(fold == number)
        result[test] = predict(np.flatnonzero(fold != number), test)
    return result


@dataclass(frozen=True)
class RateModel:
    """A Poisson GLM of a relative rate, fitted once for each fold on the other folds.

    ``log`` is the log rate of each row by the model of its fold, shape (rows,); ``slopes`` has shape (folds, columns).
    """

    log: Floats
    slopes: Floats
    fold: Ints

    def without(self, columns: Ints, controls: Floats, expected: Floats) -> Floats:
        """Return the log rate with some columns at what is expected of them given the others.

        :param expected: Shape (rows, len(columns)).
        """
        slopes = self.slopes[self.fold][:, columns]
        return np.asarray(self.log + np.sum(slopes * (expected - controls[:, columns]), axis=1))


def rate_model(controls: Floats, relative: Floats, weight: Floats, fold: Ints) -> RateModel:
    """Fit a relative rate (mean about 1) on controls.

    :param relative: count / exposure / overall rate.
    :param weight: Information of each row: about 1 / variance of ``relative``.
    """
    count = int(fold.max()) + 1
    log, slopes = np.empty(len(fold)), np.zeros((count, controls.shape[1]))
    for number in range(count):
        train, test = fold != number, fold == number
        model = PoissonRegressor(alpha=PRIOR / weight[train].sum(), solver="newton-cholesky", max_iter=30, tol=1e-3)
        model.fit(controls[train], relative[train], sample_weight=weight[train])
        slopes[number] = model.coef_
        log[test] = controls[test] @ model.coef_ + model.intercept_
    return RateModel(log, slopes, fold)


def levelled(log: Floats, relative: Floats, weight: Floats, fold: Ints, controls: Floats, config: EvidenceConfig,
             seed: int) -> Floats:  # fmt: skip
    """Return cross-fitted rates from log rates: boosted, if asked for, and at the level of the other folds."""

    def predict(train: Ints, test: Ints) -> Floats:
        kept = np.clip(log, *np.quantile(log[train], [0.001, 0.999]))
        if config.trees:
            kept = kept + _boosted(controls, relative, weight, train, kept, "poisson", config.trees, seed)
        said, was = np.exp(kept), np.average(relative[train], weights=weight[train])
        return np.asarray(said[test] * was / np.average(said[train], weights=weight[train]))

    return cross_fitted(fold, predict)


def mean(controls: Floats, value: Floats, weight: Floats, fold: Ints, config: EvidenceConfig, seed: int) -> Floats:
    """Predict a treatment (of unit variance) from controls, cross-fitted: ridge regression, then boosting of its rest.

    What the controls say is drawn to the mean by its slope on creators held out. Controls that tell nothing of a
    treatment would else put noise into it: the tier that 240 creators' features should tell was off by more than by the
    mean, and one in fifty null worlds had a false verdict on it.

    :param weight: Of each row; those of a creator sum to at most 1, so that a creator counts as one observation.
    """

    def average(train: Ints, test: Ints) -> Floats:
        return np.full(len(test), np.average(value[train], weights=weight[train]))

    def predict(train: Ints, test: Ints) -> Floats:
        model = Ridge(alpha=PRIOR)
        model.fit(controls[train], value[train], sample_weight=weight[train])
        fitted = np.asarray(model.predict(controls))
        if config.trees:
            fitted = fitted + _boosted(controls, value, weight, train, fitted, "regression", config.trees, seed)
        return fitted[test]

    plain = cross_fitted(fold, average)
    said = cross_fitted(fold, predict) - plain
    slope = np.sum(weight * said * (value - plain)) / max(np.sum(weight * said**2), 1e-12)
    return np.asarray(plain + np.clip(slope, 0.0, 1.0) * said)


def _boosted(controls: Floats, target: Floats, weight: Floats, train: Ints, start: Floats, objective: str,
             trees: int, seed: int) -> Floats:  # fmt: skip
    """Return what boosting adds to ``start`` (raw scores), for every row, learnt on rows ``train``."""
    parameters = {
        "objective": objective, "learning_rate": 0.05, "num_leaves": 6, "min_data_in_leaf": max(20, len(train) // 40),
        "feature_fraction": 0.5, "lambda_l2": 5.0, "seed": seed, "deterministic": True, "force_row_wise": True,
        "num_threads": 1, "verbosity": -1, "max_bin": 31, "boost_from_average": False,
    }  # fmt: skip
    data = lgb.Dataset(controls[train], target[train], weight=weight[train], init_score=start[train])
    model = lgb.train(parameters, data, num_boost_round=trees)
    return np.asarray(model.predict(controls, raw_score=True), dtype=np.float64)
