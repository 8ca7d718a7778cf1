"""Sponsorship density: how much of what a creator publishes is paid, and whether they say so."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import for_each_window, ratio


def with_ads(posts: ir.Table, threshold: float) -> ir.Table:
    """Mark ads and how they are disclosed; the platform's own label makes an ad, and a clear one.

    :param posts: Posts with their annotations; one without a caption and without a label is unknown, not "no ad".
    """
    labelled = posts.paid_label.fill_null(False)
    return posts.mutate(
        is_ad=labelled.ifelse(True, posts.ad >= threshold),
        said=labelled.ifelse("clear", posts.disclosure),
    )


def sponsorship(posts: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate the posts that each pair looks back on (from :func:`with_ads`)."""
    posts = posts.mutate(
        interactions=posts.likes + posts.comments,
        ad_share=posts.is_ad.cast("float64"),
        days_ago=posts.as_of.delta(posts.published_at, unit="second") / 86_400.0,
    )

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        ads, others = seen & posts.is_ad, seen & ~posts.is_ad
        brands = posts.brand.nunique(where=ads & posts.published_at.notnull())
        dated = posts.published_at.count(where=seen) > 0
        return {
            "ad_density": posts.ad_share.mean(where=seen),
            "undisclosed_share": (posts.said == "none").cast("float64").mean(where=ads),
            "ambiguous_share": (posts.said == "ambiguous").cast("float64").mean(where=ads),
            "code_share": posts.has_code.cast("float64").mean(where=seen),
            "link_share": posts.has_link.cast("float64").mean(where=seen),
            "brands_per_month": dated.ifelse(ratio(brands * 30.0, ibis.literal(days)), ibis.null("float64")),
            "ad_engagement_ratio": ratio(posts.interactions.mean(where=ads), posts.interactions.mean(where=others)),
        }

    return posts.group_by("pair_id").aggregate(
        **for_each_window(windows, posts, aggregates), days_since_ad=posts.days_ago.min(where=posts.is_ad)
    )
