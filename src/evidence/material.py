"""What the tests work on, gathered from a folder of tables and its features."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..models.conversion import placements_frame
from ..tables import KINDS
from ..tiers import Tiers
from .measures import measured
from .suspicion import suspicious_comments

SMALL, BIG = ("nano", "micro"), ("macro", "mega")


@dataclass(frozen=True)
class Material:
    """Rows for the tests; a frame without rows is data that were not there.

    ``placements``: ``creator_id, brand, niche, month, platform, kind, language, creator_niche,
    objective, followers, tier, macro (0 or 1), reach, sold, cost``,
    ``recent`` and ``suspicious`` comments, and the columns of :func:`measures.measured`.
    ``engagement``: one row a creator: ``creator_id, macro, rate`` (interactions by follower).
    ``adoptions``: one row for each first use of a tag by a creator: ``tag, creator_id, day, nano, pace``.
    ``wording``: one row a post: ``creator_id, macro, interactions, arousal`` (emoji by word); None where not observed.
    """

    placements: pl.DataFrame
    engagement: pl.DataFrame
    adoptions: pl.DataFrame
    outcome: str = "delivered"
    wording: pl.DataFrame | None = None


def gather(tables: Path, annotated: Path, features: Path, tiers: Tiers, windows: Sequence[int]) -> Material:
    """Gather rows from a checked folder of tables and the features of its placements.

    :param annotated: The folder that :func:`thiqa.annotate.annotate` wrote for them.
    :param features: One row for each (creator_id, as_of), as :func:`thiqa.features.build_features` writes them.
    """
    frame = placements_frame(tables, features, tiers)
    outcome = "delivered" if len(frame) == 0 or frame["delivered"].null_count() < len(frame) else "ordered"
    counts = suspicious_comments(tables, annotated, frame)
    if len(counts):
        frame = frame.join(counts, on="placement_id", how="left")
    placements = measured(_described(frame, outcome), windows)
    engagement = engagement_of(tables, tiers)
    wording = wording_of(tables, annotated, engagement)
    return Material(placements, engagement, adoptions_of(tables, tiers), outcome, wording)


def _described(frame: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Add what the claims speak of and no feature holds: cost, spacing of the deal's posts, kind of account."""
    fee, goods = pl.col("fee_mad").fill_null(0), pl.col("goods_mad").fill_null(0)
    paid = pl.when(fee > 0).then(fee).otherwise(goods)
    return frame.with_columns(
        log_days_between=pl.when(pl.col("days_between") > 0).then(pl.col("days_between").log()),
        sold=pl.col(outcome).cast(pl.Float64),
        niche=pl.col("campaign_niche"),
        month=pl.col("agreed_at").dt.strftime("%Y-%m"),
        macro=macro_of(pl.col("tier")),
        cost=pl.when(paid > 0).then(paid),  # null where neither a fee nor goods are known
        is_community=pl.col("kind").is_in(KINDS[1:]).cast(pl.Float64),
    )


def macro_of(tier: pl.Expr) -> pl.Expr:
    """Return 1 for big creators, 0 for small ones, null for those in between, below, or not known."""
    return pl.when(tier.is_in(BIG)).then(1.0).when(tier.is_in(SMALL)).then(0.0)


def engagement_of(tables: Path, tiers: Tiers) -> pl.DataFrame:
    """Return each creator's mean interactions by follower over dated posts, with the size at the last reading."""
    schema = {"creator_id": pl.String, "macro": pl.Float64, "rate": pl.Float64}
    if not (tables / "audience.parquet").exists():
        return pl.DataFrame(schema=schema)
    audience = pl.scan_parquet(tables / "audience.parquet").select("creator_id", "observed_at", "followers")
    audience = audience.filter(pl.col("followers") > 0).sort("observed_at")
    posts = pl.scan_parquet(tables / "posts.parquet").select("creator_id", "published_at", "likes", "comments")
    posts = posts.drop_nulls(["published_at", "likes", "comments"]).sort("published_at")
    known = posts.join_asof(audience, left_on="published_at", right_on="observed_at", by="creator_id",
                            check_sortedness=False)  # fmt: skip
    rate = (pl.col("likes") + pl.col("comments")) / pl.col("followers")
    size = audience.group_by("creator_id").agg(pl.col("followers").median())
    found = known.drop_nulls("followers").group_by("creator_id").agg(rate=rate.mean())
    sized = found.join(size, on="creator_id").with_columns(macro=macro_of(tiers.of(pl.col("followers"))))
    return sized.select(list(schema)).drop_nulls().sort("creator_id").collect()


def wording_of(tables: Path, annotated: Path, engagement: pl.DataFrame) -> pl.DataFrame | None:
    """Return each post's interactions and its emoji by word, for creators of :func:`engagement_of`."""
    texts = annotated / "posts.parquet"
    if len(engagement) == 0 or not texts.exists():
        return None
    posts = pl.scan_parquet(tables / "posts.parquet").select("post_id", "creator_id", "likes", "comments")
    said = pl.scan_parquet(texts).select("post_id", arousal=pl.col("emoji") / (pl.col("words") + 1))
    posts = posts.with_columns(interactions=(pl.col("likes") + pl.col("comments")).cast(pl.Float64))
    found = posts.join(said, on="post_id").join(engagement.lazy().select("creator_id", "macro"), on="creator_id")
    return found.sort("post_id").select("creator_id", "macro", "interactions", "arousal").drop_nulls().collect()


def adoptions_of(tables: Path, tiers: Tiers) -> pl.DataFrame:
    """Return each creator's first use of each tag, in days, with posts a day as ``pace``."""
    schema = {"tag": pl.String, "creator_id": pl.String, "day": pl.Float64, "nano": pl.Float64, "pace": pl.Float64}
    if not (tables / "audience.parquet").exists():
        return pl.DataFrame(schema=schema)
    audience = pl.scan_parquet(tables / "audience.parquet").group_by("creator_id")
    tier = audience.agg(tier=tiers.of(pl.col("followers").median())).drop_nulls()
    posts = pl.scan_parquet(tables / "posts.parquet").select("creator_id", "published_at", "caption")
    posts = posts.drop_nulls("published_at").with_columns(day=pl.col("published_at").dt.epoch("s") / 86_400)
    pace = posts.group_by("creator_id").agg(pace=pl.len().cast(pl.Float64))
    tags = posts.drop_nulls("caption").with_columns(
        tag=pl.col("caption").str.to_lowercase().str.extract_all(r"#[\pL\pN_]+")
    )
    uses = tags.filter(pl.col("tag").list.len() > 0).explode("tag")
    first = uses.group_by("tag", "creator_id").agg(pl.col("day").min())
    found = first.join(tier, on="creator_id").join(pace, on="creator_id")
    nano = (pl.col("tier") == SMALL[0]).cast(pl.Float64)
    return found.with_columns(nano=nano).select(list(schema)).sort("tag", "creator_id").collect()
