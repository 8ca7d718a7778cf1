"""Engagement: what an audience does, by each denominator apart, and whether the creator answers."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import Aggregates, ratio


def engagement_of_posts(posts: ir.Table) -> Aggregates:
    """Aggregate the posts that each pair looks back on (from :func:`look_back`, with ``followers``)."""

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        mean = posts.interactions.mean(where=seen)
        return {
            "posts": seen.sum().nullif(0),
            "posts_per_week": ratio(posts.published_at.count(where=seen).nullif(0) * 7.0, ibis.literal(days)),
            "rate_by_followers": ratio(posts.interactions, posts.followers).mean(where=seen),
            "rate_by_reach": ratio(posts.interactions, posts.reach).mean(where=seen),
            "rate_by_views": ratio(posts.interactions, posts.views).mean(where=seen),
            "reach_by_followers": ratio(posts.reach, posts.followers).mean(where=seen),
            "comment_rate": ratio(posts.comments, posts.followers).mean(where=seen),
            "share_rate": ratio(posts.shares, posts.followers).mean(where=seen),
            "save_rate": ratio(posts.saves, posts.followers).mean(where=seen),
            "comment_weight": ratio(
                posts.comments.sum(where=seen & posts.interactions.notnull()), posts.interactions.sum(where=seen)
            ),
            "volatility": ratio(posts.interactions.std(where=seen, how="sample"), mean),
        }

    return aggregates


def dialogue(comments: ir.Table) -> Aggregates:
    """Aggregate how much of what others write the creator answered, and how deep threads go (from :func:`narrowed`)."""
    # where it was not observed who wrote, whether the creator answers is not known either
    first_level = ~comments.by_creator & ~comments.reply
    replied = comments.answered.cast("float64")
    delay = comments.answered.ifelse(comments.answer_hours, ibis.null("float64"))
    role = comments.by_creator.notnull()  # an export without authors' roles has no threads either

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        first, known = seen & first_level, seen & role
        return {
            "reply_rate": replied.mean(where=first),
            "reply_rate_real": replied.mean(where=first & (comments.doubt < 0.5)),
            "reply_delay_hours": first.ifelse(delay, ibis.null("float64")).median(),
            "first_levels": first.sum().nullif(0),
            "thread_depth": ratio((known & comments.reply).sum(), (known & ~comments.reply).sum()),
        }

    return aggregates


def by_author(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Count comments and posts by window, for each pair and each other person (from :func:`narrowed`)."""
    known = comments.filter(comments.others & comments.author_key.notnull())
    counts = {}
    for days in windows:
        seen = known[f"in_{days}d"]
        counts[f"comments_{days}d"] = seen.sum()
        # two posts or more, without a set of posts for each author
        counts[f"back_{days}d"] = known.post_key.min(where=seen) < known.post_key.max(where=seen)
        counts[f"home_{days}d"] = known.names_home.max(where=seen)
    return known.group_by("pair_id", "author_key").aggregate(**counts)


def crowd(authors: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate who comments (from :func:`by_author`): those who come back, how few write most, who is local."""

    def aggregates(days: int) -> dict[str, ir.Value]:
        count = authors[f"comments_{days}d"]
        present, total = count > 0, count.sum().cast("float64")
        return {
            "returning_share": ratio(authors[f"back_{days}d"].fill_null(False).sum(), present.sum()),
            "commenters": present.sum().nullif(0),
            "concentration": ratio((count * count).sum(), total * total),
            "local_commenters": authors[f"home_{days}d"].mean(),
        }

    return authors.group_by("pair_id").aggregate(
        **{f"{name}_{days}d": value for days in windows for name, value in aggregates(days).items()}
    )
