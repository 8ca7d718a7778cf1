"""The rivals that people use today: a Poisson regression on a few columns, with exposure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.impute import SimpleImputer
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .model import SMALLEST_RATE, learnable
from .reach import ReachModel


@dataclass(frozen=True)
class LinearRival:
    """log(rate) is linear in the logarithms of the columns; a missing value counts as the median."""

    columns: tuple[str, ...]
    regression: Pipeline | None  # None: nothing was ever delivered
    mean_rate: float
    reach: ReachModel

    def rate(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict deliveries for each reached person, shape (rows,)."""
        if self.regression is None or not len(frame):
            return np.full(len(frame), self.mean_rate)
        return self.mean_rate * self.regression.predict(_logs(frame, self.columns))


def fit_linear(frame: pl.DataFrame, columns: Sequence[str]) -> LinearRival:
    """Fit by Poisson deviance of delivered / reach weighted by reach, which is an offset of log(reach)."""
    rows = learnable(frame)
    reach, delivered = rows["reach"].to_numpy().astype(float), rows["delivered"].to_numpy().astype(float)
    mean_rate = max(delivered.sum() / reach.sum(), SMALLEST_RATE) if len(rows) else SMALLEST_RATE
    regression = None
    if delivered.sum() > 0:
        regression = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), PoissonRegressor(alpha=1e-3)
        )
        relative = delivered / (reach * mean_rate)
        regression.fit(_logs(rows, columns), relative, poissonregressor__sample_weight=reach / reach.mean())
    return LinearRival(tuple(columns), regression, mean_rate, ReachModel.fit(rows))


def _logs(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    values = frame.select(pl.col(name).cast(pl.Float64) for name in columns).to_numpy().astype(np.float64)
    return np.log(np.where(values > 0, values, np.nan))
