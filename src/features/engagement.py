"""Engagement: what an audience does, by each denominator apart, and whether the creator answers."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import for_each_window, ratio, seconds


def engagement_of_posts(posts: ir.Table, windows: Sequence[int]) -> ir.Table:
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

    return posts.group_by("pair_id").aggregate(**for_each_window(windows, posts, aggregates))


def dialogue(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate how much of what others write the creator answers, among the comments each pair looks back on."""
    # where it was not observed who wrote, whether the creator answers is not known either
    first_level = comments.filter(~comments.by_creator & comments.parent_id.isnull())
    first_level = first_level.left_join(first_answers(comments), ["pair_id", "comment_id"])
    delay = seconds(first_level.answered_at, first_level.written_at) / 3600.0
    answered = first_level.answered.fill_null(False).cast("float64")
    real = first_level.doubt < 0.5

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {
            "reply_rate": answered.mean(where=seen),
            "reply_rate_real": answered.mean(where=seen & real),
            "reply_delay_hours": seen.ifelse(delay, ibis.null("float64")).median(),
            "first_levels": seen.sum().nullif(0),
        }

    return first_level.group_by("pair_id").aggregate(**for_each_window(windows, first_level, aggregates))


def first_answers(comments: ir.Table) -> ir.Table:
    """Find the creator's first answer to each comment, among the comments that each pair looks back on."""
    own = comments.filter(comments.by_creator.fill_null(False) & comments.parent_id.notnull())
    answers = own.group_by("pair_id", comment_id=own.parent_id)
    return answers.aggregate(answered_at=own.written_at.min(), answered=own.count() > 0)


def depth(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate how deep threads go."""

    def thread(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        known = seen & comments.by_creator.notnull()  # an export without authors' roles has no threads either
        answers = (known & comments.parent_id.notnull()).sum()
        return {"thread_depth": ratio(answers, (known & comments.parent_id.isnull()).sum())}

    return comments.group_by("pair_id").aggregate(**for_each_window(windows, comments, thread))


def by_author(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Count, for each pair and each other person who commented, comments and posts by window."""
    known = comments.filter(comments.others & comments.author_id.notnull())
    counts = {}
    for days in windows:
        seen = known[f"in_{days}d"]
        counts[f"comments_{days}d"] = seen.sum()
        # two posts or more, without a set of posts for each author
        counts[f"back_{days}d"] = known.post_id.min(where=seen) < known.post_id.max(where=seen)
        counts[f"home_{days}d"] = known.names_home.max(where=seen)
    return known.group_by("pair_id", "author_id").aggregate(**counts)


def crowd(authors: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate who comments (from :func:`by_author`): those who come back, how few write most, who is local."""

    def aggregates(_seen: ir.Value, days: int) -> dict[str, ir.Value]:
        count = authors[f"comments_{days}d"]
        present, total = count > 0, count.sum().cast("float64")
        return {
            "returning_share": ratio(authors[f"back_{days}d"].fill_null(False).sum(), present.sum()),
            "commenters": present.sum().nullif(0),
            "concentration": ratio((count * count).sum(), total * total),
            "local_commenters": authors[f"home_{days}d"].mean(),
        }

    return authors.group_by("pair_id").aggregate(
        **{f"{name}_{days}d": value for days in windows for name, value in aggregates(None, days).items()}
    )
