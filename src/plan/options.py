"""What can be chosen: every candidate with every number of posts, its price, what it brings and how sure that is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
import polars as pl

from .campaign import Campaign
from .prices import FeeModel, asked_fees, fit_fees
from .program import matches
from .returns import REACH_PRIOR, Elasticity, elasticity

ROOMY = 1.25  # a segment holds at least this many times the largest audience in it


class Forecaster(Protocol):
    """What the planner needs of a conversion model."""

    def distribution(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return ``expected_reach``, ``deliveries`` (mean) and ``dispersion`` of a negative binomial, a row each."""
        ...


@dataclass(frozen=True)
class Market:
    """Everything about creators that a plan draws on, as of one day; rows of ``candidates`` are creators.

    ``candidates`` has the columns that the conversion model reads, and ``rival``, ``trust`` (share of genuine
    comments, 0 to 1) and ``neighbourhood``; ``deals`` is :func:`thiqa.models.conversion.placements_frame`,
    of deals that were over on that day; ``people`` is what :func:`thiqa.plan.overlap.populations` returns.
    """

    as_of: datetime
    candidates: pl.DataFrame
    deals: pl.DataFrame
    rates: pl.DataFrame
    people: pl.DataFrame


@dataclass(frozen=True)
class Options:
    """The options of a campaign, sorted by ``creator_id`` and ``posts``, and who was left out and why.

    ``table``: ``creator_id, posts, cents, price`` (asked or estimated), ``cents_low, cents_high, deliveries, reach,
    trusted_reach, dispersion, segment`` and what limits may ask of a creator. ``people`` is by segment.
    """

    table: pl.DataFrame
    people: np.ndarray
    left_out: pl.DataFrame  # creator_id, reason

    def capacity(self, value: np.ndarray) -> np.ndarray:
        """Return what the people of each segment are worth, at the mean value of a reached person there."""
        segment, reach = self.table["segment"].to_numpy(), self.table["reach"].to_numpy()
        inside, count = segment >= 0, len(self.people)
        sums = [np.bincount(segment[inside], w[inside], minlength=count) for w in (value, reach)]
        largest = np.zeros(count)
        np.maximum.at(largest, segment[inside], value[inside])
        per_person = np.divide(sums[0], sums[1], out=np.zeros(count), where=sums[1] > 0)
        least = 1e-6 * (float(value.max(initial=0.0)) or 1.0)  # a segment whose creators are worth nothing
        return np.maximum(np.maximum(self.people * per_person, ROOMY * largest), least)


def build_options(campaign: Campaign, market: Market, model: Forecaster) -> Options:
    """Price and forecast every candidate with every number of posts."""
    fees = fit_fees(market.deals)
    rows = market.candidates.sort("creator_id").join(
        asked_fees(market.rates, campaign, market.as_of), on="creator_id", how="left", maintain_order="left"
    )
    priced = _priced(rows, fees, campaign)
    reasons = _reasons(priced, campaign)
    kept = priced.filter(reasons.is_null())
    left_out = priced.select("creator_id").with_columns(reason=reasons).filter(pl.col("reason").is_not_null())
    forecast = _forecast(kept, market.deals, model, campaign)
    table = _spread_over_posts(kept.hstack(forecast), campaign, fees.posts if fees else Elasticity(1.0, 1.0),
                               reach_by_posts(market.deals))  # fmt: skip
    return Options(*_segmented(table, market.people, campaign), left_out)


def _priced(rows: pl.DataFrame, fees: FeeModel | None, campaign: Campaign) -> pl.DataFrame:
    """Add the fee for one post, MAD: ``one``, its interval ``one_low`` and ``one_high``, and where it is from."""
    asked = rows["asked"].cast(pl.Float64)
    if fees is None:
        guess = {name: pl.Series([None] * len(rows), dtype=pl.Float64) for name in ("mean", "low", "high")}
    else:
        alone = float(fees.posts.factor(np.array([1.0]))[0])
        guess = {name: column * alone for name, column in fees.predict(rows).to_dict().items()}
        guess = {name: pl.select(pl.when(rows["followers"] > 0).then(c)).to_series() for name, c in guess.items()}
    paid = guess["high" if campaign.prices == "high" else "mean"]
    return rows.with_columns(
        one=asked.fill_null(paid), one_low=asked.fill_null(guess["low"]), one_high=asked.fill_null(guess["high"]),
        price=pl.when(asked.is_not_null()).then(pl.lit("asked")).otherwise(pl.lit("estimated")),
    )  # fmt: skip


def _reasons(rows: pl.DataFrame, campaign: Campaign) -> pl.Series:
    """Say why a creator cannot be chosen; null for those who can."""
    reasons: dict[str, pl.Expr] = {
        "on the never list": pl.col("creator_id").is_in(list(campaign.never)),
        "not among the candidates that the campaign names": ~matches(campaign.candidates),
        "followers never read before the day of the decision": pl.col("followers").is_null(),
        "no post in the longest window: no features": pl.col("seen_posts").fill_null(0) == 0,
        "no fee asked, and too few paid deals to estimate one": pl.col("one").is_null(),
    }
    first: pl.Expr = pl.lit(None, dtype=pl.String)
    for reason, holds in reversed(list(reasons.items())):
        first = pl.when(holds).then(pl.lit(reason)).otherwise(first)
    return rows.select(first.alias("reason"))["reason"]


def _forecast(rows: pl.DataFrame, deals: pl.DataFrame, model: Forecaster, campaign: Campaign) -> pl.DataFrame:
    """Predict reach and deliveries of one deal of the usual number of posts."""
    usual = usual_posts(deals)
    days = (campaign.ends_at - campaign.starts_at).days + 1
    terms = rows.with_columns(fee_mad=pl.col("one") * usual, goods_mad=pl.lit(0.0), posts_agreed=pl.lit(usual),
                              days_between=pl.lit(min(7.0, days / max(usual, 1.0))))  # fmt: skip
    found = model.distribution(terms)
    return found.select(base_reach="expected_reach", base_deliveries="deliveries", dispersion="dispersion")


def usual_posts(deals: pl.DataFrame) -> float:
    """Return the median number of posts of a deal; 1 where none is known."""
    counts = deals["posts_agreed"].drop_nulls().to_numpy()
    return float(np.median(counts)) if len(counts) else 1.0


def reach_by_posts(deals: pl.DataFrame) -> Elasticity:
    """Estimate how reach grows with posts, from deals: what followers do not explain, on log posts."""
    known = deals.filter((pl.col("reach") > 0) & (pl.col("followers") > 0) & (pl.col("posts_agreed") > 0))
    if len(known) < 3:
        return Elasticity(REACH_PRIOR[0], 1.0)
    size = np.log(known["followers"].cast(pl.Float64).to_numpy())
    log_reach = np.log(known["reach"].cast(pl.Float64).to_numpy())
    design = np.column_stack([np.ones(len(size)), size, size**2])
    rest = log_reach - design @ np.linalg.lstsq(design, log_reach, rcond=None)[0]
    return elasticity(rest, known["posts_agreed"].to_numpy().astype(float), REACH_PRIOR)


def _spread_over_posts(rows: pl.DataFrame, campaign: Campaign, fee: Elasticity, reach: Elasticity) -> pl.DataFrame:
    """Make one row of each number of posts: fees rounded up to whole dirhams, reach and deliveries concave."""
    counts = pl.int_ranges(campaign.posts.least, campaign.most_posts + 1)
    n = pl.col("posts").cast(pl.Float64)
    dearer, wider = n**fee.power, (n / reach.usual) ** reach.power

    def cents(column: str) -> pl.Expr:
        return ((pl.col(column) * dearer).ceil() * 100).cast(pl.Int64)

    table = rows.with_columns(posts=counts).explode("posts").filter(pl.col("posts").is_not_null())
    return table.with_columns(
        cents=cents("one"), cents_low=cents("one_low"), cents_high=cents("one_high"),
        deliveries=pl.col("base_deliveries") * wider, reach=pl.col("base_reach") * wider,
        trusted_reach=pl.col("base_reach") * wider * pl.col("trust"),
    ).select(
        "creator_id", "posts", "cents", "price", "cents_low", "cents_high", "deliveries", "reach", "trusted_reach",
        "dispersion", "tier", "platform", "kind", "city", "neighbourhood", "niche", "language", "rival", "followers",
        "engagement", "trust",
    ).sort("creator_id", "posts")  # fmt: skip


def _segmented(table: pl.DataFrame, people: pl.DataFrame, campaign: Campaign) -> tuple[pl.DataFrame, np.ndarray]:
    """Give each city and niche a number; -1 where no overlap was measured."""
    if campaign.overlap == "none" or not len(people):
        return table.with_columns(segment=pl.lit(-1, dtype=pl.Int64)), np.zeros(0)
    used = people.join(table.select("city", "niche").unique(), on=["city", "niche"], how="semi").sort("city", "niche")
    numbered = used.with_row_index("segment").select("city", "niche", pl.col("segment").cast(pl.Int64))
    joined = table.join(numbered, on=["city", "niche"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("segment").fill_null(-1)), used["people"].to_numpy()


def decision_day(campaign: Campaign, end_of_data: datetime) -> datetime:
    """Return the moment of the decision: ``as_of``, else the start, else the end of the data if that is earlier."""
    if campaign.as_of is not None:
        return datetime.combine(campaign.as_of, datetime.min.time(), UTC)
    return min(datetime.combine(campaign.starts_at, datetime.min.time(), UTC), end_of_data + timedelta(seconds=1))
