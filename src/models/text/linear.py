"""Logistic regression of many heads, where each text answers some of them."""

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from .runtime import threads

Floats = NDArray[np.floating]
_WORTH_A_PROCESS = 5_000_000  # numbers of a matrix from which on starting processes takes less time than it saves


def fit_heads(features: Any, answers: Floats, strength: float, seed: int) -> tuple[Floats, Floats]:
    """Fit one L2-penalised logistic regression a head, on the texts that answer it, by dual coordinate descent.

    :param features: Sparse matrix (texts, columns).
    :param answers: Matrix (texts, heads) of 0 and 1; NaN where a head is not asked.
    :param strength: The inverse of the penalty, ``C`` of scikit-learn.
    :return: Weights (columns, heads) and biases (heads); a head with one kind of answer is a constant.
    """
    workers = threads() if features.nnz > _WORTH_A_PROCESS else 1
    # processes, not threads: those would share the solver's random numbers, and two runs would differ
    fitted = Parallel(n_jobs=workers)(delayed(_fit)(features, wanted, strength, seed) for wanted in answers.T)
    return np.stack([weights for weights, _ in fitted], axis=1), np.array([bias for _, bias in fitted])


def _fit(features: Any, wanted: Floats, strength: float, seed: int) -> tuple[Floats, float]:
    asked = np.flatnonzero(~np.isnan(wanted))
    positive = int(np.nansum(wanted))
    if not 0 < positive < len(asked):
        return np.zeros(features.shape[1], dtype=np.float32), 4.0 if positive else -4.0
    model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.05, max_iter=200, random_state=seed)
    model.fit(features[asked], wanted[asked])
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
