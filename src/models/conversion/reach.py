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
PENALTY = 5.0  # of standardised columns, in placements


@dataclass(frozen=True)
class ReachModel:
    """log(reach) is linear in log followers, log posts agreed, the platform and what earlier posts reached."""

    inputs: Inputs
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
            return cls(Inputs((), {}), (), float(np.log(max(mean, 1.0))), 1.0, mean)
        past = [name for name in feature_columns(sized) if name.startswith("reach_by_followers")]
        columns = [name for name in (*COLUMNS, *past) if name in sized.columns]
        inputs = Inputs.fit(sized, columns, [name for name in CATEGORIES if name in sized.columns])
        logs = np.log(sized["reach"].to_numpy().astype(float))
        line = Ridge(alpha=PENALTY).fit(inputs.matrix(sized), logs)
        smear = float(np.mean(np.exp(logs - line.predict(inputs.matrix(sized)))))
        return cls(inputs, tuple(line.coef_.tolist()), float(line.intercept_), smear, mean)

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict reach, persons, shape (rows,)."""
        followers = frame["followers"].cast(pl.Float64).to_numpy().astype(float)
        reach = self.smear * np.exp(self.intercept + self.inputs.matrix(frame) @ np.array(self.weights))
        with np.errstate(invalid="ignore"):
            known = followers > 0
        return np.where(known, np.minimum(reach, AT_MOST * np.where(known, followers, 1.0)), self.mean)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes."""
        return {**vars(self), "inputs": self.inputs.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ReachModel":
        """Read what :meth:`to_json` wrote."""
        return cls(**{**values, "inputs": Inputs.from_json(values["inputs"]), "weights": tuple(values["weights"])})
