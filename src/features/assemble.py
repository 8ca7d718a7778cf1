"""All families put together: one row for each (creator, as-of) pair."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field, field_validator

from ..config import Frozen, Share
from ..engine import Engine
from .authenticity import authenticity
from .engagement import community, engagement_of_comments, engagement_of_posts, first_answers
from .registry import column_names
from .sponsorship import sponsorship, with_ads
from .window import look_back


class FeatureConfig(Frozen):
    """How far features look back, and from which score on a post counts as an ad."""

    windows: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(30, 180), min_length=1)
    ad_threshold: Share = 0.5

    @field_validator("windows")
    @classmethod
    def _ascending(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if list(windows) != sorted(set(windows)):
            raise ValueError("ascending numbers of days, each once")
        return windows


def build_features(
    engine: Engine, tables: Path, annotated: Path, out: Path, config: FeatureConfig, at: Path | None = None
) -> None:
    """Write one row for each pair (creator_id, as_of), one column for each registered feature, sorted.

    :param tables: A checked folder of tables.
    :param annotated: What :func:`thiqa.annotate.annotate` wrote for them.
    :param at: A Parquet file of pairs; by default every placement's (creator_id, agreed_at), and without placements
        every creator, as of the end of the export. A creator without dated posts has no as_of, and all rows count.
    """
    pairs_file = engine.scratch / f"{out.name}.pairs.parquet"
    pairs = engine.read(at).select("creator_id", "as_of").distinct() if at else default_pairs(engine, tables)
    numbered = pairs.mutate(pair_id=ibis.row_number().over(order_by=[pairs.creator_id, pairs.as_of]))
    engine.write(numbered, pairs_file, ["creator_id", "as_of"])
    features = assemble(engine, engine.read(pairs_file), tables, annotated, config)
    engine.write(features, out, ["creator_id", "as_of"])
    pairs_file.unlink()


def default_pairs(engine: Engine, tables: Path) -> ir.Table:
    """Return every placement's creator and date; without placements, every creator at the end of the export."""
    placements = engine.read_table("placements", tables)
    if (tables / "placements.parquet").exists():
        return placements.select("creator_id", as_of=placements.agreed_at).distinct()
    posts, audience = engine.read_table("posts", tables), engine.read_table("audience", tables)
    comments = engine.read_table("comments", tables)
    times = posts.select(at="published_at").union(audience.select(at="observed_at"), comments.select(at="written_at"))
    end = times.aggregate(end=times["at"].max() + ibis.interval(seconds=1))
    dated = posts.group_by("creator_id").aggregate(dated=posts.published_at.count() > 0)
    creators = engine.read_table("creators", tables).select("creator_id").left_join(dated, "creator_id")
    creators = creators.select("creator_id", dated=creators.dated.fill_null(False)).cross_join(end)
    return creators.select("creator_id", as_of=creators.dated.ifelse(creators.end, ibis.null("timestamp('UTC')")))


def followers_at(pairs: ir.Table, audience: ir.Table) -> ir.Table:
    """Find the last counts read before each pair's ``as_of`` (of all, where there is none)."""
    seen = pairs.as_of.isnull() | (audience.observed_at < pairs.as_of)
    known = pairs.join(audience, [pairs.creator_id == audience.creator_id, seen])
    return known.group_by("pair_id").aggregate(
        followers=known.followers.argmax(known.observed_at),
        following=known.following.argmax(known.observed_at),
    )


def assemble(engine: Engine, pairs: ir.Table, tables: Path, annotated: Path, config: FeatureConfig) -> ir.Table:
    """Build the expression of the whole feature table for numbered pairs."""
    read, windows = engine.read_table, config.windows
    followers = followers_at(pairs, read("audience", tables))
    posts = read("posts", tables)
    posts = posts.left_join(engine.read(annotated / "posts.parquet"), "post_id").drop("post_id_right")
    comments = read("comments", tables)
    comments = comments.left_join(engine.read(annotated / "comments.parquet"), "comment_id").drop("comment_id_right")
    comments = comments.join(posts.select("post_id", "creator_id"), "post_id")

    seen_posts = look_back(pairs, with_ads(posts, config.ad_threshold), "published_at", windows)
    seen_posts = seen_posts.left_join(followers.select("pair_id", "followers"), "pair_id").drop("pair_id_right")
    seen_comments = look_back(pairs, comments, "written_at", windows)
    families = [
        followers,
        engagement_of_posts(seen_posts, windows),
        engagement_of_comments(seen_comments, first_answers(seen_comments), windows),
        community(seen_comments, windows),
        authenticity(seen_comments, windows),
        sponsorship(seen_posts, windows),
    ]
    table = pairs
    for family in families:
        table = table.left_join(family, "pair_id").drop("pair_id_right")
    observed = {"posts", "posts_per_week"} | ({"comments"} if (tables / "comments.parquet").exists() else set())
    return table.select("creator_id", "as_of", **_typed(table, windows, observed))


def _typed(table: ir.Table, windows: Sequence[int], observed: set[str]) -> dict[str, ir.Value]:
    """Give every feature its place and one type: a number, null where it was not observed.

    A dated window in which ``observed`` things did not happen holds 0 of them.
    """
    columns = {}
    for name, feature in column_names(windows).items():
        value = table[name].cast("float64")
        zero = table.as_of.notnull().ifelse(ibis.literal(0.0), ibis.null("float64"))
        columns[name] = value.coalesce(zero) if feature.name in observed else value
    return columns
