"""What a creator costs: the fee that is asked, else one predicted from deals of its tier, with an interval."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from .campaign import Campaign
from .returns import FEE_PRIOR, Elasticity, elasticity

EDGE = 1.6448536269514722  # standard normal quantile of 95 %: a 90 % interval has 5 % on either side
FEWEST = 20  # paid deals below which no fee is predicted


@dataclass(frozen=True)
class FeeModel:
    """log(cost of a deal) = curve of log followers + tier + the creator's own level + noise, log-normal."""

    curve: Pipeline
    own: pl.DataFrame  # creator_id, level (shrunk), spread (SD of the log of the next deal)
    spread: float  # SD of the log for a creator without deals
    posts: Elasticity

    def predict(self, candidates: pl.DataFrame) -> pl.DataFrame:
        """Predict the cost of a deal of the usual number of posts, MAD: ``mean``, ``low`` and ``high`` (90 %)."""
        known = candidates.select("creator_id", "followers", "tier").join(self.own, on="creator_id", how="left",
                                                                          maintain_order="left")  # fmt: skip
        centre = self.curve.predict(_inputs(known)) + known["level"].fill_null(0.0).to_numpy()
        spread = known["spread"].fill_null(self.spread).to_numpy()
        return pl.DataFrame({"mean": np.exp(centre + spread**2 / 2), "low": np.exp(centre - EDGE * spread),
                             "high": np.exp(centre + EDGE * spread)})  # fmt: skip


def paid() -> pl.Expr:
    """Return what a deal cost: the fee, or the goods where the fee is 0 or not known; null where neither is."""
    fee, goods = pl.col("fee_mad"), pl.col("goods_mad")
    return pl.when(fee > 0).then(fee).when(goods > 0).then(goods)


def fit_fees(deals: pl.DataFrame) -> FeeModel | None:
    """Fit on deals (``creator_id, followers, tier, posts_agreed, fee_mad, goods_mad``); None where too few were paid.

    A creator's own level is its mean residual, shrunk by the ratio of variances within and between creators.
    """
    rows = deals.with_columns(cost=paid()).filter(
        pl.col("cost").is_not_null()
        & (pl.col("followers") > 0)
        & pl.col("tier").is_not_null()
        & (pl.col("posts_agreed") > 0)
    )
    if len(rows) < FEWEST:
        return None
    log_cost = np.log(rows["cost"].to_numpy())
    inputs = _inputs(rows)
    posts = elasticity(
        log_cost - _curve().fit(inputs, log_cost).predict(inputs), rows["posts_agreed"].to_numpy(), FEE_PRIOR
    )
    log_cost = log_cost - np.log(posts.factor(rows["posts_agreed"].to_numpy()))
    curve = _curve().fit(inputs, log_cost)
    own, spread = _own(rows.select("creator_id").with_columns(rest=pl.Series(log_cost - curve.predict(inputs))))
    return FeeModel(curve, own, spread, posts)


def _own(rests: pl.DataFrame) -> tuple[pl.DataFrame, float]:
    by = rests.group_by("creator_id").agg(n=pl.len(), mean=pl.col("rest").mean(), var=pl.col("rest").var())
    several = by.filter(pl.col("n") > 1)
    total = float(rests["rest"].var() or 0.0)  # type: ignore[arg-type]
    free = int((several["n"] - 1).sum())
    within = float((several["var"] * (several["n"] - 1)).sum()) / free if free else total / 2
    between = max(total - within, 0.0)
    if within + between == 0:
        return by.select("creator_id", level="mean", spread=pl.lit(0.0)), 0.0
    kept = pl.col("n") * between / (pl.col("n") * between + within)
    own = by.select("creator_id", level=kept * pl.col("mean"), spread=(within + between * (1 - kept)).sqrt())
    return own, float(np.sqrt(within + between))


def _curve() -> Pipeline:
    columns = ColumnTransformer([
        ("size", SplineTransformer(n_knots=5, degree=1, knots="quantile", extrapolation="linear"), [0]),
        ("tier", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [1]),
    ])  # fmt: skip
    return make_pipeline(columns, Ridge(alpha=1.0))


def _inputs(rows: pl.DataFrame) -> np.ndarray:
    size = np.log(rows["followers"].fill_null(1.0).cast(pl.Float64).to_numpy().clip(1.0))
    return np.column_stack([size.astype(object), rows["tier"].fill_null("").to_numpy().astype(object)])


def asked_fees(rates: pl.DataFrame, campaign: Campaign, as_of: datetime) -> pl.DataFrame:
    """Return ``creator_id, asked``: the latest fee for one post before ``as_of``.

    Of the campaign's format, else of the dearest one, so that the budget holds whichever is chosen.
    """
    known = rates.filter((pl.col("valid_from") < as_of) & (pl.col("fee_mad") > 0))
    if campaign.format is not None:
        known = known.filter(pl.col("format") == campaign.format)
    latest = known.sort("valid_from").group_by("creator_id", "format").agg(pl.col("fee_mad").last())
    return latest.group_by("creator_id").agg(asked=pl.col("fee_mad").max())
