"""Audience: how many follow, how that grows, and jumps that nothing explains."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import in_one_pass, look_back, seconds

_SECONDS_A_DAY = 86_400.0


def followers_at(pairs: ir.Table, audience: ir.Table) -> ir.Table:
    """Find the last counts read before each pair's ``as_of`` (of all, where there is none)."""
    seen = pairs.as_of.isnull() | (audience.observed_at < pairs.as_of)
    known = pairs.join(audience, [pairs.creator_id == audience.creator_id, seen])
    return known.group_by("pair_id").aggregate(
        followers=known.followers.argmax(known.observed_at),
        following=known.following.argmax(known.observed_at),
    )


def steps(audience: ir.Table, posts: ir.Table) -> ir.Table:
    """Give each reading of followers its log rise since the one before, and the posts published between them."""
    readings = audience.filter(audience.followers > 0).select(
        "creator_id", at="observed_at", followers="followers", is_post=ibis.literal(0)
    )
    published = posts.filter(posts.published_at.notnull()).select(
        "creator_id", at="published_at", followers=ibis.null("int64"), is_post=ibis.literal(1)
    )
    events = readings.union(published)
    so_far = ibis.range_window(preceding=None, following=0, group_by="creator_id", order_by="at")
    events = events.mutate(published=events.is_post.sum().over(so_far))
    readings = events.filter(events.is_post == 0)
    before = ibis.window(group_by="creator_id", order_by="at")
    return readings.select(
        "creator_id",
        "at",
        "followers",
        rise=(readings.followers / readings.followers.lag().over(before).cast("float64")).ln(),
        posts_between=readings.published - readings.published.lag().over(before),
        since=readings["at"].lag().over(before),
    )


def audience(pairs: ir.Table, readings: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate growth and jumps over the readings (from :func:`steps`) of each pair's windows."""
    seen_readings = look_back(pairs, readings, "at", windows)
    age = seconds(seen_readings.as_of, seen_readings.since) / _SECONDS_A_DAY

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        count = seen.sum()
        log = seen_readings.followers.cast("float64").ln()
        growth = log.argmax(seen_readings["at"], where=seen) - log.argmin(seen_readings["at"], where=seen)
        # a rise is told by two readings, both of the window
        both = seen & (seen_readings.as_of.isnull() | (age <= days))
        median = both.ifelse(seen_readings.rise, ibis.null("float64")).median()
        return {
            "follower_growth": (count >= 2).ifelse(growth, ibis.null("float64")),
            "follower_jump": seen_readings.rise.max(where=both) - median,
            "idle_jump": seen_readings.rise.max(where=both & (seen_readings.posts_between == 0)),
        }

    return in_one_pass(seen_readings, windows, aggregates)


def of_creator(pairs: ir.Table, creators: ir.Table) -> ir.Table:
    """Tell what a creator is: how old the account is, and whether it is a community."""
    known = pairs.inner_join(creators.select("creator_id", "joined_at", "kind"), "creator_id")
    age = seconds(known.as_of, known.joined_at) / _SECONDS_A_DAY
    return known.select(
        "pair_id",
        account_age_days=(age >= 0).ifelse(age, ibis.null("float64")),
        community=(known.kind != "person").cast("float64"),
    )
