"""Proximity: which places posts and comments speak of, and how early a creator uses tags that later are common."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .config import FeatureConfig
from .window import Aggregates, in_one_pass, look_back, seconds


def named_places(rows: ir.Table, key: str, homes: ir.Table, places: ir.Table) -> ir.Table:
    """Tell of each row whether it names a place, one of the creator's city, a neighbourhood.

    :param rows: With ``creator_id``, the list ``places`` (ids) and the key.
    :param homes: ``creator_id`` and ``home``, the id of the creator's city.
    :param places: The gazetteer: ``place``, ``city``, ``kind``.
    :return: For each key with annotations ``names_place``, ``names_home`` (null where the home is not known or no
        place is named) and ``names_quarter``, as 0 or 1.
    """
    named = rows.filter(rows.places.notnull()).select(key, "creator_id", place=rows.places.unnest())
    named = named.join(places, "place").left_join(homes, "creator_id")
    home = named.home.notnull().ifelse((named.city == named.home).cast("float64"), ibis.null("float64"))
    found = named.group_by(key).aggregate(
        names_home=home.max(), names_quarter=(named.kind == "neighbourhood").cast("float64").max()
    )
    texts = rows.filter(rows.places.notnull()).select(key)
    joined = texts.left_join(found, key).drop(f"{key}_right")
    none = joined.names_quarter.isnull()
    return joined.select(
        key,
        names_place=(~none).cast("float64"),
        names_home=joined.names_home,
        names_quarter=joined.names_quarter.fill_null(0.0),
    )


def places_of_posts(posts: ir.Table) -> Aggregates:
    """Aggregate the places that posts name (columns of :func:`named_places`)."""
    home = posts.home.notnull().ifelse(posts.names_home.fill_null(0.0), ibis.null("float64"))

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        told = seen & posts.names_place.notnull()
        return {
            "place_posts": posts.names_place.mean(where=seen),
            "home_posts": home.mean(where=told),
            "neighbourhood_posts": posts.names_quarter.mean(where=seen),
        }

    return aggregates


def adoptions(posts: ir.Table, config: FeatureConfig) -> ir.Table:
    """Find when each creator first used each tag, as which of its users, and when the tag had spread.

    A tag has spread when ``features.spread`` creators have used it.
    """
    dated = posts.filter(posts.hashtags.notnull() & posts.published_at.notnull())
    uses = dated.select("creator_id", "published_at", tag=dated.hashtags.unnest())
    first = uses.group_by("tag", "creator_id").aggregate(first_at=uses.published_at.min())
    order = ibis.window(group_by="tag", order_by=[first.first_at, first.creator_id])
    first = first.mutate(place=ibis.row_number().over(order))
    spread = first.filter(first.place == config.spread - 1).select(known="tag", spread_at="first_at")
    return first.join(spread, first.tag == spread.known).drop("known")


def earliness(pairs: ir.Table, adopted: ir.Table, windows: Sequence[int], spread: int) -> ir.Table:
    """Aggregate the tags that a pair's creator first used in the window and that had spread before ``as_of``."""
    seen_tags = look_back(pairs, adopted, "first_at", windows)
    seen_tags = seen_tags.filter(seen_tags.spread_at < seen_tags.as_of)
    lead = seconds(seen_tags.spread_at, seen_tags.first_at) / 86_400.0
    early = ibis.greatest(1 - seen_tags.place.cast("float64") / float(spread), 0.0)

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {
            "tag_earliness": early.mean(where=seen),
            "tag_lead_days": lead.mean(where=seen),
            "spread_tags": seen.sum().nullif(0),
        }

    return in_one_pass(seen_tags, windows, aggregates)
