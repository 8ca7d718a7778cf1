"""Deliveries for each person reached: a log-linear model, boosted trees on what it leaves, and what surrounds both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl

from ...files import read_json, write_json
from .config import ConversionConfig
from .inputs import Inputs
from .linear import LogLinear
from .reach import ReachModel
from .scorer import ALL, Scorer, fit_scorer
from .spread import Spread

SMALLEST_RATE = 1e-9  # per reached person: keeps logarithms finite where nothing was ever delivered


@dataclass(frozen=True)
class ConversionModel:
    """A fitted model: rate per reached person, the reach to expect, and the spread around their product."""

    scorer: Scorer | None  # None: nothing was ever delivered, the mean rate is all there is
    columns: tuple[str, ...]
    categories: tuple[str, ...]
    mean_rate: float  # deliveries for each reached person in training
    reach: ReachModel
    spread: Spread

    @property
    def numbers(self) -> tuple[str, ...]:
        """Name the numeric columns that :meth:`predict` reads: the model's, those of the reach and the denominators."""
        reach = (number.name for number in self.reach.inputs.numbers)
        return tuple(dict.fromkeys((*self.columns, *reach, "followers", "fee_mad", "goods_mad")))

    def rate(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict deliveries for each reached person, shape (rows,)."""
        if self.scorer is None or not len(frame):
            return np.full(len(frame), self.mean_rate)
        return self.mean_rate * np.exp(self.scorer.log_ratio(frame))

    def groups(self, frame: pl.DataFrame) -> np.ndarray:
        """Name the group of each row whose spread is its own, shape (rows,): tier, and whether the brand is new."""
        return self.scorer.groups(frame) if self.scorer else np.full(len(frame), ALL, dtype=object)

    def distribution(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Describe the predictive distribution of each row's deliveries, at the deal.

        :return: ``expected_reach`` (persons), ``deliveries`` (mean, orders), ``dispersion`` of a negative binomial
            (variance = mean + dispersion x mean squared), and ``low`` and ``high``, its conformal 90 % interval.
            :meth:`quantiles` gives any other quantile.
        """
        reach = self.reach.predict(frame)
        mean, groups = self.rate(frame) * reach, self.groups(frame)
        low, high = self.spread.interval(mean, groups)
        return pl.DataFrame(
            {"expected_reach": reach, "deliveries": mean, "dispersion": self.spread.dispersions(groups),
             "low": low, "high": high}
        )  # fmt: skip

    def quantiles(self, frame: pl.DataFrame, levels: Sequence[float]) -> np.ndarray:
        """Return quantiles of the predictive distribution of deliveries, shape (rows, levels)."""
        mean = self.rate(frame) * self.reach.predict(frame)
        return self.spread.quantiles(mean, self.groups(frame), np.asarray(levels, dtype=float))

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Predict placements at the deal, for all of a deal's posts together.

        :param frame: Rows as :func:`thiqa.models.conversion.placements_frame` makes them.
        :return: One row for each of ``frame``, in its order: what :meth:`distribution` returns, and the point, low and
            high again per reached person, per follower and per MAD of fee and goods (``per_reached``,
            ``per_reached_low``, …); null where the denominator is not known.
        """
        out = self.distribution(frame)
        denominators = {
            "reached": out["expected_reach"],
            "follower": frame["followers"],
            "mad": frame.select(cost()).to_series(),
        }
        ratios: dict[str, pl.Series] = {}
        for name, denominator in denominators.items():
            below = pl.select(pl.when(denominator > 0).then(denominator)).to_series()
            ratios |= {f"per_{name}{suffix}": out[column] / below
                       for suffix, column in (("", "deliveries"), ("_low", "low"), ("_high", "high"))}  # fmt: skip
        return out.with_columns(**ratios)

    def save(self, folder: Path) -> None:
        """Write ``model.txt`` (LightGBM's own text, empty without trees) and ``model.json`` into a new folder."""
        folder.mkdir(parents=True, exist_ok=True)
        booster = self.scorer.booster if self.scorer else None
        (folder / "model.txt").write_text(booster.model_to_string() if booster else "", encoding="utf-8")
        about: dict[str, Any] = {"columns": self.columns, "categories": self.categories, "mean_rate": self.mean_rate}
        if self.scorer:
            about["inputs"] = self.scorer.inputs.to_json()
            about["levels"] = self.scorer.levels
            about["centre"] = self.scorer.centre
            about["linear"] = {
                "intercept": self.scorer.linear.intercept,
                "weights": self.scorer.linear.weights.tolist(),
                "sds": self.scorer.linear.sds.tolist(),
            }
        write_json({**about, "reach": self.reach.to_json(), "spread": self.spread.to_json()}, folder / "model.json")

    @classmethod
    def load(cls, folder: Path) -> "ConversionModel":
        """Read what :meth:`save` wrote."""
        about = read_json(folder / "model.json")
        text = (folder / "model.txt").read_text(encoding="utf-8")
        scorer = None
        if "linear" in about:
            linear = LogLinear(
                about["linear"]["intercept"], np.array(about["linear"]["weights"]), np.array(about["linear"]["sds"])
            )
            booster = lgb.Booster(model_str=text) if text else None
            scorer = Scorer(Inputs.from_json(about["inputs"]), tuple(about["centre"]), linear, booster, about["levels"])
        return cls(
            scorer, tuple(about["columns"]), tuple(about["categories"]), about["mean_rate"],
            ReachModel.from_json(about["reach"]), Spread.from_json(about["spread"]),
        )  # fmt: skip


def cost() -> pl.Expr:
    """Return what a placement costs, fee and goods, MAD; null where neither is known."""
    known = pl.col("fee_mad").is_not_null() | pl.col("goods_mad").is_not_null()
    return pl.when(known).then(pl.sum_horizontal("fee_mad", "goods_mad", ignore_nulls=True))


def learnable(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the placements whose deliveries and reach are known."""
    return frame.filter(pl.col("delivered").is_not_null() & (pl.col("reach") > 0))


def fit(
    frame: pl.DataFrame, columns: Sequence[str], categories: Sequence[str], config: ConversionConfig, seed: int
) -> ConversionModel:
    """Fit on placements: exposure = realised reach; the spread is that of creators held out in turn.

    :param frame: From :func:`placements_frame`; rows without reach or deliveries are left out.
    :param columns: Numeric columns the model may see.
    :param categories: Text columns the model may see.
    """
    rows, reach = learnable(frame), ReachModel.fit(frame)
    delivered = rows["delivered"].to_numpy().astype(float)
    reached = rows["reach"].to_numpy().astype(float)
    mean_rate = max(delivered.sum() / reached.sum(), SMALLEST_RATE) if len(rows) else SMALLEST_RATE
    names, groups = tuple(columns), tuple(categories)
    if delivered.sum() == 0:
        return ConversionModel(None, names, groups, mean_rate, reach, Spread.poisson())
    scorer, held_out = fit_scorer(rows, names, groups, mean_rate, config, seed)
    mean = mean_rate * np.exp(held_out.log_ratio) * reach.predict(rows)[held_out.rows]
    spread = Spread.fit(delivered[held_out.rows], mean, held_out.groups, np.random.default_rng(seed))
    return ConversionModel(scorer, names, groups, mean_rate, reach, spread)
