"""Engagement: what an audience does, by each denominator apart, and whether the creator answers."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import for_each_window, ratio


def engagement_of_posts(posts: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate the posts that each pair looks back on (from :func:`look_back`, with ``followers``)."""
    posts = posts.mutate(interactions=posts.likes + posts.comments)

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        mean = posts.interactions.mean(where=seen)
        return {
            "posts": seen.sum().nullif(0),
            "posts_per_week": ratio(posts.published_at.count(where=seen).nullif(0) * 7.0, ibis.literal(days)),
            "rate_by_followers": ratio(posts.interactions, posts.followers).mean(where=seen),
            "rate_by_reach": ratio(posts.interactions, posts.reach).mean(where=seen),
            "rate_by_views": ratio(posts.interactions, posts.views).mean(where=seen),
            "comment_rate": ratio(posts.comments, posts.followers).mean(where=seen),
            "share_rate": ratio(posts.shares, posts.followers).mean(where=seen),
            "save_rate": ratio(posts.saves, posts.followers).mean(where=seen),
            "comment_weight": ratio(
                posts.comments.sum(where=seen & posts.interactions.notnull()), posts.interactions.sum(where=seen)
            ),
            "volatility": ratio(posts.interactions.std(where=seen, how="sample"), mean),
        }

    return posts.group_by("pair_id").aggregate(**for_each_window(windows, posts, aggregates))


def engagement_of_comments(comments: ir.Table, replies: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate dialogue.

    :param comments: The comments that each pair looks back on.
    :param replies: One row a (pair, comment answered): ``answered_at``, the creator's first answer before as_of.
    """
    # where it was not observed who wrote, whether the creator answers is not known either
    first_level = comments.filter(~comments.by_creator & comments.parent_id.isnull())
    first_level = first_level.left_join(replies, ["pair_id", "comment_id"])
    delay = first_level.answered_at.delta(first_level.written_at, unit="second") / 3600.0

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {
            "reply_rate": first_level.answered.fill_null(False).cast("float64").mean(where=seen),
            "reply_delay_hours": delay.median(where=seen),
        }

    return first_level.group_by("pair_id").aggregate(**for_each_window(windows, first_level, aggregates))


def first_answers(comments: ir.Table) -> ir.Table:
    """Find the creator's first answer to each comment, among the comments that each pair looks back on."""
    own = comments.filter(comments.by_creator.fill_null(False) & comments.parent_id.notnull())
    answers = own.group_by("pair_id", comment_id=own.parent_id)
    return answers.aggregate(answered_at=own.written_at.min(), answered=own.count() > 0)


def community(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate who comments: depth of threads and commenters who come back."""
    others = comments.filter(~comments.by_creator.fill_null(False))

    def thread(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        known = seen & comments.by_creator.notnull()  # an export without authors' roles has no threads either
        answers = (known & comments.parent_id.notnull()).sum()
        return {"thread_depth": ratio(answers, (known & comments.parent_id.isnull()).sum())}

    depth = comments.group_by("pair_id").aggregate(**for_each_window(windows, comments, thread))
    known = others.filter(others.author_id.notnull())
    posts_of_author = known.group_by("pair_id", "author_id").aggregate(
        **{f"in_{days}d": known.post_id.nunique(where=known[f"in_{days}d"]) for days in windows}
    )

    def returning(posts: ir.Value, _days: int) -> dict[str, ir.Value]:
        return {"returning_share": ratio((posts >= 2).sum(), (posts >= 1).sum())}

    back = posts_of_author.group_by("pair_id").aggregate(**for_each_window(windows, posts_of_author, returning))
    return depth.left_join(back, "pair_id").drop("pair_id_right")
