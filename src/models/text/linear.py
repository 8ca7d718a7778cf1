"""Logistic regression of many heads, where each text answers some of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

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
    for head, wanted in enumerate(answers.T):
        asked = np.flatnonzero(~np.isnan(wanted))
        positive = int(np.nansum(wanted))
        if not 0 < positive < len(asked):
            bias[head] = 4.0 if positive else -4.0
            continue
        model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.05, max_iter=200, random_state=seed)
        model.fit(features[asked], wanted[asked])
        weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]
    return weights, bias
