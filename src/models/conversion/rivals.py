"""The rivals: what people use today, and what they would reach for. Each returns log(rate / mean rate).

All but the first two see the columns that our model sees. Exposure enters as the weight of delivered / exposure, which
has the same Poisson likelihood as an offset, or as a base margin where the library has one. Parameters are in
rivals.yaml, which says how they were found.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import catboost
import lightgbm as lgb
import numpy as np
import polars as pl
import xgboost as xgb
import yaml
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .inputs import Inputs

LogRatio = Callable[[pl.DataFrame], np.ndarray]  # rows -> log(rate / mean rate), shape (rows,)
Parameters = dict[str, Any]
SMALLEST = 1e-12


@cache
def parameters() -> dict[str, Parameters]:
    """Read the parameters of each rival."""
    tuned: dict[str, Parameters] = yaml.safe_load(files(__package__).joinpath("rivals.yaml").read_text("utf-8"))
    return tuned


def simple(rows: pl.DataFrame, mean_rate: float, columns: Sequence[str]) -> LogRatio:
    """Fit a Poisson regression on the logarithms of a few columns; a missing value counts as the median."""
    regression = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), PoissonRegressor(alpha=1e-3)
    )
    relative, exposure = _relative(rows, mean_rate)
    regression.fit(_logs(rows, columns), relative, poissonregressor__sample_weight=exposure)
    return lambda frame: np.log(np.maximum(regression.predict(_logs(frame, columns)), SMALLEST))


def poisson_glm(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit a ridge Poisson regression on standardised columns and one-hot categories."""
    inputs = Inputs.fit(rows, columns, categories)
    relative, exposure = _relative(rows, mean_rate)
    regression = PoissonRegressor(alpha=tuned["alpha"], max_iter=1000)
    regression.fit(inputs.matrix(rows), relative, sample_weight=exposure)
    return lambda frame: regression.intercept_ + inputs.matrix(frame) @ regression.coef_


def mixed(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit a mixed Poisson regression: as :func:`poisson_glm`, with a normal intercept for each creator.

    The intercepts are columns scaled by their SD (in units of the ridge's), whose posterior mode is the penalised
    likelihood's (Breslow and Clayton 1993); a creator who was not seen has intercept 0.
    """
    inputs = Inputs.fit(rows, columns, categories)
    creators = rows["creator_id"].rank("dense").to_numpy().astype(int) - 1
    intercepts = tuned["creator_sd"] * np.eye(int(creators.max()) + 1)[creators]
    relative, exposure = _relative(rows, mean_rate)
    regression = PoissonRegressor(alpha=tuned["alpha"], max_iter=1000)
    regression.fit(np.column_stack([inputs.matrix(rows), intercepts]), relative, sample_weight=exposure)
    fixed = regression.coef_[: len(inputs.names)]
    return lambda frame: regression.intercept_ + inputs.matrix(frame) @ fixed


def hist_gradient_boosting(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit scikit-learn's histogram boosting with Poisson loss."""
    known, (relative, exposure) = _known(rows, categories), _relative(rows, mean_rate)
    trees = HistGradientBoostingRegressor(loss="poisson", early_stopping=False, random_state=0, **tuned)
    trees.fit(_raw(rows, columns, known), relative, sample_weight=exposure)
    return lambda frame: np.log(np.maximum(trees.predict(_raw(frame, columns, known)), SMALLEST))


def xgboost(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit XGBoost, ``count:poisson`` with the log of the exposure as base margin."""
    known, (relative, exposure) = _known(rows, categories), _relative(rows, mean_rate)
    trees = xgb.XGBRegressor(objective="count:poisson", base_score=0.5, n_jobs=1, random_state=0, **tuned)
    trees.fit(_raw(rows, columns, known), relative * exposure, base_margin=np.log(exposure))

    def log_ratio(frame: pl.DataFrame) -> np.ndarray:
        nothing = np.zeros(len(frame))
        return np.asarray(trees.predict(_raw(frame, columns, known), output_margin=True, base_margin=nothing))

    return log_ratio


def lightgbm(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit LightGBM alone, Poisson with the log of the exposure as initial score."""
    known, (relative, exposure) = _known(rows, categories), _relative(rows, mean_rate)
    fixed = {"deterministic": True, "force_row_wise": True, "n_jobs": 1, "verbosity": -1, "random_state": 0}
    trees = lgb.LGBMRegressor(objective="poisson", **fixed, **tuned)
    trees.fit(_raw(rows, columns, known), relative * exposure, init_score=np.log(exposure))
    return lambda frame: np.asarray(trees.booster_.predict(_raw(frame, columns, known), raw_score=True, num_threads=1))


def catboost_poisson(
    rows: pl.DataFrame, mean_rate: float, columns: Sequence[str], categories: Sequence[str], tuned: Parameters
) -> LogRatio:
    """Fit CatBoost with its own encoding of categories, Poisson with the log of the exposure as baseline."""
    relative, exposure = _relative(rows, mean_rate)

    def pool(frame: pl.DataFrame, label: np.ndarray | None, baseline: np.ndarray) -> catboost.Pool:
        texts = frame.select(pl.col(name).fill_null("") for name in categories).to_numpy().astype(object)
        data = catboost.FeaturesData(
            num_feature_data=_raw(frame, columns, {}).astype(np.float32),
            cat_feature_data=np.vectorize(lambda text: str(text).encode(), otypes=[object])(texts)
            if texts.size else None,
        )  # fmt: skip
        return catboost.Pool(data, label=label, baseline=baseline)

    trees = catboost.CatBoostRegressor(
        loss_function="Poisson", random_seed=0, thread_count=1, verbose=False, allow_writing_files=False, **tuned
    )
    trees.fit(pool(rows, relative * exposure, np.log(exposure)))
    return lambda frame: np.asarray(
        trees.predict(pool(frame, None, np.zeros(len(frame))), prediction_type="RawFormulaVal")
    )


RIVALS: dict[str, Callable[..., LogRatio]] = {
    "poisson_glm": poisson_glm,
    "mixed": mixed,
    "hist_gradient_boosting": hist_gradient_boosting,
    "xgboost": xgboost,
    "catboost": catboost_poisson,
    "lightgbm": lightgbm,
}


def _relative(rows: pl.DataFrame, mean_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return delivered / exposure, and the exposure: deliveries expected at the mean rate."""
    exposure = mean_rate * rows["reach"].to_numpy().astype(float)
    return rows["delivered"].to_numpy().astype(float) / exposure, exposure


def _logs(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    values = frame.select(pl.col(name).cast(pl.Float64) for name in columns).to_numpy().astype(np.float64)
    return np.log(np.where(values > 0, values, np.nan))


def _known(rows: pl.DataFrame, categories: Sequence[str]) -> dict[str, list[str]]:
    return {name: sorted(rows[name].drop_nulls().unique()) for name in categories}


def _raw(frame: pl.DataFrame, columns: Sequence[str], known: dict[str, list[str]]) -> np.ndarray:
    """Return numbers as they are and categories one-hot: what trees take."""
    numbers = [pl.col(name).cast(pl.Float64) for name in columns]
    flags = [(pl.col(name) == value).fill_null(value=False).cast(pl.Float64).alias(f"{name}={value}")
             for name, values in known.items() for value in values]  # fmt: skip
    return frame.select(*numbers, *flags).to_numpy().astype(np.float64)
