"""Placements with what was known when they were agreed: the rows that the model learns from."""

import re
from pathlib import Path

import polars as pl

from ...tables import TABLES
from ...tiers import Tiers
from .fits import with_fits

CATEGORIES = ("tier", "platform", "kind", "language", "creator_niche", "campaign_niche", "objective", "brand")
DEAL = ("fee_mad", "goods_mad", "niche_fit", "closeness", "national", "posts_agreed", "days_between")
# One column for each claim on creators (docs/metrics.md names the claims), over the comments of people who look real,
# and how far comments can be believed. The features left out add nothing: docs/decisions/0014.
CLAIMED = (
    "followers", "community", "trust_share_real", "reply_rate_real", "genuine_share", "authenticity_score",
    "language_match_real", "ad_density", "undisclosed_share", "polished_share", "discourse_shift",
    "overconsumption_share", "tested_share",
)  # fmt: skip
_WINDOW = re.compile(r"_(\d+)d$")
_SUFFIX = re.compile(r"(_shrunk)?(_\d+d)?$")
OUTCOMES = ("reach", "clicks", "ordered", "confirmed", "delivered", "revenue_mad")


def placements_frame(tables: Path, features: Path, tiers: Tiers) -> pl.DataFrame:
    """Join placements with their campaign, their creator, and the creator's features at ``agreed_at``.

    :return: One row a placement: ids, ``agreed_at``, ``tier``, the outcomes, :data:`DEAL`, :data:`CATEGORIES` and
        every feature; no row where the folder has no placements.
    """
    placements = _read(tables, "placements")
    deals = (
        placements.join(days_between_posts(placements, _read(tables, "posts")), on="placement_id", how="left")
        .with_columns(posts_agreed=pl.col("post_ids").list.len().cast(pl.Float64))
        .drop("post_ids")
    )
    return deals_frame(deals, tables, pl.read_parquet(features), tiers).sort("placement_id")


def creators_frame(tables: Path, features: Path, tiers: Tiers) -> pl.DataFrame:
    """Return one row for each (creator, as_of) of a feature file, in the form of :func:`placements_frame`.

    No deal is known yet: its terms are null, which counts as an average deal.
    """
    table = pl.read_parquet(features)
    terms = _read(tables, "placements").clear().drop("post_ids")
    terms = terms.with_columns(posts_agreed=pl.lit(None, pl.Float64), days_between=pl.lit(None, pl.Float64))
    deals = pl.concat([table.select("creator_id", agreed_at="as_of"), terms], how="diagonal")
    return deals_frame(deals, tables, table, tiers).sort("creator_id", "agreed_at")


def deals_frame(deals: pl.DataFrame, tables: Path, features: pl.DataFrame, tiers: Tiers) -> pl.DataFrame:
    """Put beside each deal what is known of its campaign and its creator when it is agreed.

    :param deals: ``creator_id``, ``agreed_at``, ``campaign_id``, ``posts_agreed`` (number of posts), ``days_between``
        (mean days between them), ``fee_mad``, ``goods_mad``, and whatever else is to be kept.
    :param features: Feature table that has each (creator_id, as_of = agreed_at).
    """
    campaigns = _read(tables, "campaigns").select(
        "campaign_id", "brand", "objective", campaign_niche="niche", campaign_city="city"
    )
    creators = _read(tables, "creators").select(
        "creator_id", "platform", "kind", "language", "city", creator_niche="niche"
    )
    frame = (
        deals.join(campaigns, on="campaign_id", how="left", maintain_order="left")
        .join(creators, on="creator_id", how="left", maintain_order="left")
        .join(features.rename({"as_of": "agreed_at"}), on=["creator_id", "agreed_at"], how="left",
              nulls_equal=True, maintain_order="left")
    )  # fmt: skip
    known = pl.col("campaign_id").is_not_null()
    return with_fits(frame).with_columns(
        tier=tiers.of(pl.col("followers")),
        national=pl.when(known).then(pl.col("campaign_city").is_null().cast(pl.Float64)),
    )


def days_between_posts(placements: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Return ``days_between``, mean days between the posts of a deal: a term of the deal, fixed when it is agreed."""
    of_deal = placements.select("placement_id", post_id="post_ids").explode("post_id")
    times = of_deal.join(posts.select("post_id", "published_at"), on="post_id").group_by("placement_id")
    span = (pl.col("published_at").max() - pl.col("published_at").min()).dt.total_seconds() / 86_400
    gaps = pl.col("published_at").count() - 1
    return times.agg(days_between=pl.when(gaps > 0).then(span / gaps))


def _read(tables: Path, name: str) -> pl.DataFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        return pl.DataFrame(pl.from_arrow(TABLES[name].schema.empty_table()))
    schema = pl.DataFrame(pl.from_arrow(TABLES[name].schema.empty_table())).schema
    return pl.read_parquet(path, columns=list(TABLES[name].columns)).cast(schema)


def feature_columns(frame: pl.DataFrame) -> list[str]:
    """Name every numeric column that could be learnt from: the features and what the deal says.

    Of a feature's windows the longest stands for all (the shorter ones added nothing to held-out creators, at twice
    the cost), and of a share its shrunk twin, where it has one: a share of two comments is hardly a number.
    """
    hidden = {*OUTCOMES, *CATEGORIES}
    names = [name for name, dtype in frame.schema.items() if dtype == pl.Float64 and name not in hidden]
    best: dict[str, tuple[bool, int, str]] = {}
    for name in names:
        window = _WINDOW.search(name)
        rank = ("_shrunk" in name, int(window[1]) if window else 0, name)
        best[feature_of(name)] = max(best.get(feature_of(name), rank), rank)
    chosen = {name for _, _, name in best.values()}
    return [name for name in names if name in chosen]


def claimed_columns(frame: pl.DataFrame) -> list[str]:
    """Name the columns of :func:`feature_columns` that the model sees: :data:`CLAIMED` and the terms of the deal.

    All are seen where a table shows less than half of what is claimed: an export without texts has little else.
    """
    every = feature_columns(frame)
    shown = [name for name in every if feature_of(name) in {*CLAIMED, *DEAL} and frame[name].null_count() < len(frame)]
    enough = sum(feature_of(name) in CLAIMED for name in shown) >= len(CLAIMED) / 2
    return shown if enough else every


def feature_of(column: str) -> str:
    """Name the feature of a column, or of a column of the design matrix.

    >>> feature_of("reply_rate_shrunk_30d?"), feature_of("brand=Souss Box")
    ('reply_rate', 'brand')
    """
    return _SUFFIX.sub("", re.split(r"[=?]", column, maxsplit=1)[0], count=1)
