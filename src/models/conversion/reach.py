"""How many people the posts of a deal will reach, from what is known when it is agreed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import Ridge

from .data import feature_columns
from .inputs import Inputs

COLUMNS = ("followers", "posts_agreed")
CATEGORIES = ("platform",)
AT_MOST = 3.0  # people reached for each follower: posts of a deal overlap, and few are seen by strangers alone
BENDS = (0.25, 0.5, 0.75, 0.9, 0.97)  # quantiles of log followers
PENALTY = 1.0  # of standardised columns, in placements


@dataclass(frozen=True)
class ReachModel:
    """log(reach) is linear in log posts agreed, the platform and what earlier posts reached, and bends with size.

    It is piecewise linear in log followers: large accounts reach a smaller share of their followers.
    """

    inputs: Inputs
    knots: tuple[float, ...]  # log followers at which the line may bend
    weights: tuple[float, ...]
    intercept: float
    smear: float  # takes exp(log reach) back to a mean (Duan 1983)
    mean: float  # where followers are not known

    @classmethod
    def fit(cls, frame: pl.DataFrame) -> "ReachModel":
        """Fit on placements whose reach and followers are known."""
        known = frame.filter(pl.col("reach") > 0)
        mean = float(known["reach"].mean() or 0.0)  # type: ignore[arg-type]
        sized = known.filter(pl.col("followers") > 0)
        if len(sized) < 3:  # a line needs more than two points to be worth anything
            return cls(Inputs((), {}), (), (), float(np.log(max(mean, 1.0))), 1.0, mean)
        past = [name for name in feature_columns(sized) if name.startswith("reach_by_followers")]
        columns = [name for name in (*COLUMNS, *past) if name in sized.columns]
        inputs = Inputs.fit(sized, columns, [name for name in CATEGORIES if name in sized.columns])
        logs = np.log(sized["reach"].to_numpy().astype(float))
        knots = tuple(np.quantile(_size(sized), BENDS).tolist())
        design = _design(inputs, knots, sized)
        line = Ridge(alpha=PENALTY).fit(design, logs)
        smear = float(np.mean(np.exp(logs - line.predict(design))))
        return cls(inputs, knots, tuple(line.coef_.tolist()), float(line.intercept_), smear, mean)

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict reach, persons, shape (rows,)."""
        followers = frame["followers"].cast(pl.Float64).to_numpy().astype(float)
        reach = self.smear * np.exp(self.intercept + _design(self.inputs, self.knots, frame) @ np.array(self.weights))
        with np.errstate(invalid="ignore"):
            known = followers > 0
        return np.where(known, np.minimum(reach, AT_MOST * np.where(known, followers, 1.0)), self.mean)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes."""
        return {**vars(self), "inputs": self.inputs.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ReachModel":
        """Read what :meth:`to_json` wrote."""
        return cls(**{**values, "inputs": Inputs.from_json(values["inputs"]), "knots": tuple(values["knots"]),
                      "weights": tuple(values["weights"])})  # fmt: skip


def _size(frame: pl.DataFrame) -> np.ndarray:
    """Return log followers, shape (rows,), 0 where they are not known."""
    followers = frame["followers"].cast(pl.Float64).fill_null(1.0).to_numpy().astype(np.float64)
    return np.log(np.maximum(followers, 1.0))


def _design(inputs: Inputs, knots: tuple[float, ...], frame: pl.DataFrame) -> np.ndarray:
    size = _size(frame)
    return np.column_stack([inputs.matrix(frame), *(np.maximum(size - knot, 0.0) for knot in knots)])
