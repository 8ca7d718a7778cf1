"""How many of the comments before each deal are suspicious: an outcome, never a control."""

from pathlib import Path

import polars as pl

RECENT_DAYS = 30  # before a deal: what raises suspicion (features of the longest window) mostly lies before
SURE = 0.5  # score from which a comment counts: a mean of scores would be mostly what the scorer is unsure of


def suspicious_comments(tables: Path, annotated: Path, placements: pl.DataFrame) -> pl.DataFrame:
    """Count other people's dated comments in the days before each deal, and the suspicious ones among them.

    :param placements: ``placement_id, creator_id, agreed_at``.
    :return: ``placement_id, recent, suspicious``; no rows where comments were not observed.
    """
    if not (tables / "comments.parquet").exists():
        return pl.DataFrame(schema={"placement_id": pl.String, "recent": pl.Float64, "suspicious": pl.Float64})
    posts = pl.scan_parquet(tables / "posts.parquet").select("post_id", "creator_id")
    comments = pl.scan_parquet(tables / "comments.parquet").select("comment_id", "post_id", "written_at", "by_creator")
    scores = pl.scan_parquet(annotated / "comments.parquet").select("comment_id", "suspicion")
    others = comments.filter(pl.col("written_at").is_not_null() & ~pl.col("by_creator").fill_null(value=False))
    rows = others.join(posts, on="post_id").join(scores, on="comment_id").drop_nulls("suspicion").sort("written_at")
    counted = rows.select(
        "creator_id", "written_at",
        count=pl.int_range(1, pl.len() + 1).over("creator_id").cast(pl.Float64),
        flagged=(pl.col("suspicion") >= SURE).cast(pl.Float64).cum_sum().over("creator_id"),
    ).collect()  # fmt: skip
    deals = placements.select("placement_id", "creator_id", "agreed_at").drop_nulls().sort("agreed_at")
    ends = [_until(deals, counted, days) for days in (0, RECENT_DAYS)]
    both = ends[0].join(ends[1], on="placement_id", suffix="_before")
    return both.select(
        "placement_id",
        recent=pl.col("count") - pl.col("count_before"),
        suspicious=pl.col("flagged") - pl.col("flagged_before"),
    ).sort("placement_id")


def _until(deals: pl.DataFrame, counted: pl.DataFrame, days: int) -> pl.DataFrame:
    """Count what was written to each deal's creator before a number of days before the deal."""
    ends = deals.with_columns(pl.col("agreed_at") - pl.duration(days=days))
    found = ends.join_asof(
        counted, left_on="agreed_at", right_on="written_at", by="creator_id", allow_exact_matches=False,
        check_sortedness=False,
    )  # fmt: skip
    return found.select("placement_id", pl.col("count", "flagged").fill_null(0.0))
