"""Logistic regression of many heads, where each text answers some of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from .runtime import threads

Floats = NDArray[np.floating]


def fit_heads(features: Any, answers: Floats, strength: float, seed: int) -> tuple[Floats, Floats]:
    """Fit one L2-penalised logistic regression a head, on the texts that answer it, by dual coordinate descent.

    :param features: Sparse matrix (texts, columns).
    :param answers: Matrix (texts, heads) of 0 and 1; NaN where a head is not asked.
    :param strength: The inverse of the penalty, ``C`` of scikit-learn.
    :return: Weights (columns, heads) and biases (heads); a head with one kind of answer is a constant.
    """
    weights = np.zeros((features.shape[1], answers.shape[1]), dtype=np.float32)
    bias = np.zeros(answers.shape[1])

    def fit(head: int) -> None:
        asked = np.flatnonzero(~np.isnan(answers[:, head]))
        wanted = answers[asked, head]
        if not 0 < wanted.sum() < len(asked):
            bias[head] = 4.0 if wanted.sum() else -4.0
            return
        model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.05, max_iter=200, random_state=seed)
        model.fit(features[asked], wanted)
        weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]

    with ThreadPoolExecutor(threads()) as pool:  # liblinear lets go of Python's lock
        list(pool.map(fit, range(answers.shape[1])))
    return weights, bias
