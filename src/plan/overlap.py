"""How far audiences overlap: people of a city and niche, counted by capture and recapture of commenters."""

from datetime import datetime

import ibis.expr.types as ir
import polars as pl

BUSY = 30  # creators; an account that comments on more is no sign of a shared audience


def shared_commenters(creators: ir.Table, posts: ir.Table, comments: ir.Table, as_of: datetime) -> ir.Table:
    """Count commenters and those whom two creators of one city and niche share.

    :return: One row a segment (``city, niche``): ``pairs``, the sum over pairs of creators of the product of their
        commenters, and ``shared``, the sum over pairs of the commenters they have in common.
    """
    seen = comments.filter((comments.written_at < as_of) & ~comments.by_creator.fill_null(False))
    seen = seen.join(posts.select("post_id", "creator_id"), "post_id")
    seen = seen.join(creators.select("creator_id", "city", "niche"), "creator_id")
    seen = seen.filter(seen.author_id.notnull() & seen.city.notnull() & seen.niche.notnull())
    met = seen.select("city", "niche", "creator_id", "author_id").distinct()
    everywhere = met.group_by("author_id").aggregate(creators=met.count())
    met = met.join(everywhere.filter(everywhere.creators <= BUSY), "author_id")
    audiences = met.group_by("city", "niche", "creator_id").aggregate(size=met.count())
    people = met.group_by("city", "niche", "author_id").aggregate(k=met.count())
    size, k = audiences["size"].cast("float64"), people.k.cast("float64")
    pairs = audiences.group_by("city", "niche").aggregate(pairs=(size.sum() * size.sum() - (size * size).sum()) / 2)
    shared = people.group_by("city", "niche").aggregate(shared=(k * (k - 1)).sum() / 2)
    return pairs.join(shared, ["city", "niche"]).select("city", "niche", "pairs", "shared")


def populations(counts: pl.DataFrame) -> pl.DataFrame:
    """Estimate how many people each segment holds: pairs / shared (Lincoln and Petersen), shrunk to all segments.

    A person who comments on one creator comments on another of the segment with probability audience / people if
    commenting is independent of who else is followed; busier people make the estimate too small, overlap too large.

    :return: ``city, niche, people``; no row where nobody was ever shared, since then no overlap was seen at all.
    """
    pairs, shared = (float(counts[name].cast(pl.Float64).sum()) for name in ("pairs", "shared"))
    if shared <= 0:
        return pl.DataFrame(schema={"city": pl.String, "niche": pl.String, "people": pl.Float64})
    overall = pairs / shared
    kept = counts.filter(pl.col("pairs") > 0)
    prior = 5.0  # shared commenters that the overall figure counts as
    people = (pl.col("pairs") + prior * overall) / (pl.col("shared") + prior)
    return kept.select("city", "niche", people=people).sort("city", "niche")
