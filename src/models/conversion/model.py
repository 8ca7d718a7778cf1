"""Deliveries for each person reached: boosted trees with exposure, and the reach that a deal can expect."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
from sklearn.linear_model import LinearRegression

from ...files import read_json, write_json
from .config import ConversionConfig

SMALLEST_RATE = 1e-9  # per reached person: keeps logarithms finite where nothing was ever delivered


@dataclass(frozen=True)
class ReachModel:
    """log(reach) = intercept + slope x log(followers), by least squares; ``smear`` takes it back to a mean."""

    intercept: float
    slope: float
    smear: float
    mean: float  # where followers are not known

    @classmethod
    def fit(cls, frame: pl.DataFrame) -> "ReachModel":
        """Fit on placements whose reach and followers are known.

        The mean of the back-transformed residuals corrects the mean (Duan 1983, smearing estimate).
        """
        known = frame.filter(pl.col("reach") > 0)
        mean = float(known["reach"].mean() or 0.0)  # type: ignore[arg-type]
        sized = known.filter(pl.col("followers") > 0)
        if len(sized) < 3:  # a line needs more than two points to be worth anything
            return cls(float(np.log(max(mean, 1.0))), 0.0, 1.0, mean)
        size, reach = np.log(sized["followers"].to_numpy()), np.log(sized["reach"].to_numpy())
        line = LinearRegression().fit(size[:, None], reach)
        smear = float(np.mean(np.exp(reach - line.predict(size[:, None]))))
        return cls(float(line.intercept_), float(line.coef_[0]), smear, mean)

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict reach, persons, shape (rows,)."""
        followers = frame["followers"].to_numpy().astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = self.smear * np.exp(self.intercept + self.slope * np.log(followers))
        return np.where(followers > 0, reach, self.mean)


@dataclass(frozen=True)
class ConversionModel:
    """A fitted model: trees on top of the mean rate, with what is needed to feed them."""

    booster: lgb.Booster | None  # None: no placement to learn trees from, the mean rate is all there is
    columns: tuple[str, ...]
    categories: dict[str, list[str]]
    mean_rate: float  # deliveries for each reached person in training
    reach: ReachModel

    def matrix(self, frame: pl.DataFrame) -> np.ndarray:
        """Turn rows into the numbers that the trees see, shape (rows, columns); an unseen category is unknown."""
        return _matrix(frame, self.columns, self.categories)

    def rate(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict deliveries for each reached person, shape (rows,)."""
        if self.booster is None or not len(frame):
            return np.full(len(frame), self.mean_rate)
        return self.mean_rate * np.asarray(self.booster.predict(self.matrix(frame), num_threads=1))

    def save(self, folder: Path) -> None:
        """Write ``model.txt`` (LightGBM's own text) and ``model.json`` into a new folder."""
        folder.mkdir(parents=True, exist_ok=True)
        text = self.booster.model_to_string() if self.booster else ""
        (folder / "model.txt").write_text(text, encoding="utf-8")
        about = {"columns": self.columns, "categories": self.categories, "mean_rate": self.mean_rate}
        write_json({**about, "reach": asdict(self.reach)}, folder / "model.json")

    @classmethod
    def load(cls, folder: Path) -> "ConversionModel":
        """Read what :meth:`save` wrote."""
        about = read_json(folder / "model.json")
        text = (folder / "model.txt").read_text(encoding="utf-8")
        booster = lgb.Booster(model_str=text) if text else None
        reach = ReachModel(**about["reach"])
        return cls(booster, tuple(about["columns"]), about["categories"], about["mean_rate"], reach)


def _matrix(frame: pl.DataFrame, columns: Sequence[str], categories: dict[str, list[str]]) -> np.ndarray:
    numbers = [
        pl.col(name).replace_strict({value: i for i, value in enumerate(categories[name])}, default=None,
                                    return_dtype=pl.Float64)
        if name in categories else pl.col(name).cast(pl.Float64)
        for name in columns
    ]  # fmt: skip
    return frame.select(numbers).to_numpy().astype(np.float64)


def learnable(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the placements whose deliveries and reach are known."""
    return frame.filter(pl.col("delivered").is_not_null() & (pl.col("reach") > 0))


def fit(
    frame: pl.DataFrame, columns: Sequence[str], categories: Sequence[str], config: ConversionConfig, seed: int
) -> ConversionModel:
    """Fit on placements: Poisson deviance, exposure = realised reach, as an offset.

    :param frame: From :func:`placements_frame`; rows without reach or deliveries are left out.
    :param columns: Numeric columns the trees may see.
    :param categories: Text columns the trees may see.
    """
    rows = learnable(frame)
    reach, delivered = rows["reach"].to_numpy().astype(float), rows["delivered"].to_numpy().astype(float)
    mean_rate = max(delivered.sum() / reach.sum(), SMALLEST_RATE) if len(rows) else SMALLEST_RATE
    known = {name: sorted(rows[name].drop_nulls().unique()) for name in categories}
    names = (*columns, *categories)
    booster = None
    if delivered.sum() > 0:
        data = lgb.Dataset(
            _matrix(rows, names, known),
            label=delivered,
            init_score=np.log(mean_rate * reach),
            feature_name=list(names),
            categorical_feature=list(categories),
            free_raw_data=False,
        )
        booster = lgb.train(config.lightgbm(seed), data, num_boost_round=config.trees)
    return ConversionModel(booster, names, known, mean_rate, ReachModel.fit(rows))
