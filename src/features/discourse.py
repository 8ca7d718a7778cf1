"""Discourse: how polished, how consumerist and how tested posts are, and changes against the creator's own past."""

import ibis
import ibis.expr.types as ir

from .window import Aggregates, ratio, seconds


def style(posts: ir.Table) -> Aggregates:
    """Aggregate the scores of posts that each pair looks back on."""
    elapsed = seconds(posts.as_of, posts.published_at)

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        time = -elapsed / (86_400.0 * days)
        told = seen & posts.polished.notnull() & time.notnull()
        spread = (time * time).mean(where=told) - time.mean(where=told) * time.mean(where=told)
        together = (time * posts.polished).mean(where=told) - time.mean(where=told) * posts.polished.mean(where=told)
        slope = ratio(together, (spread > 1e-9).ifelse(spread, ibis.null("float64")))
        return {
            "polished_share": posts.polished.mean(where=seen),
            "overconsumption_share": posts.overconsumption.mean(where=seen),
            "tested_share": posts.tested.mean(where=seen),
            "polished_trend": (told.sum() >= 3).ifelse(slope, ibis.null("float64")),
        }

    return aggregates
