"""What is told of single posts and comments before any window: causal, so that every ``as_of`` may use it.

Nothing here looks at a row that was written later than the row described.
"""

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from .config import FeatureConfig
from .window import seconds

_SECONDS_A_DAY = 86_400
_TOLD = (
    "others", "by_creator", "reply", "answered", "answer_hours", "doubt", "after_undisclosed", "alike", "genuine",
    "generic", "emoji_only", "spam", "intent", "trust", "suspicion", "copied", "wide", "rush", "early", "fellow",
    "names_home", "names_place", "author_key", "post_key", "text_key", "near_a", "near_b",
)  # fmt: skip


def prepared_posts(posts: ir.Table, annotated: ir.Table, config: FeatureConfig) -> ir.Table:
    """Join posts with their annotations; mark ads, how they are disclosed, and posts that follow an undisclosed ad.

    The platform's own label makes an ad, and a clear one. A post without a caption and without a label is unknown, not
    "no ad". A tagged brand speaks for an ad, and that none is tagged against one, from their first on that does:
    the odds of the ad score are multiplied. Embeddings stay where they are.
    """
    columns = [name for name in annotated.columns if name != "embedding"]
    rows = posts.left_join(annotated.select(columns), "post_id").drop("post_id_right", "caption")
    tagged = rows.brand.notnull()
    first = tagged.ifelse(rows.published_at, ibis.null(rows.published_at.type())).min()
    rows = rows.mutate(tags_since=first.over(ibis.window(group_by="creator_id")))
    silent = (rows.published_at >= rows.tags_since).fill_null(False)
    odds = ibis.cases((tagged, config.brand_odds), (silent, config.silent_odds), else_=1.0)
    labelled = rows.paid_label.fill_null(False)
    likely = rows.ad * odds / (rows.ad * odds + 1.0 - rows.ad)
    rows = rows.mutate(
        interactions=rows.likes + rows.comments,
        ad_likely=labelled.ifelse(1.0, likely),
        is_ad=labelled.ifelse(True, likely >= config.ad_threshold),
        said=labelled.ifelse("clear", rows.disclosure),
        second=rows.published_at.epoch_seconds(),
    )
    hidden = (rows.is_ad & (rows.said == "none")).fill_null(False) & rows.published_at.notnull()
    recent = ibis.range_window(
        preceding=(config.after_days * _SECONDS_A_DAY, 1), group_by="creator_id", order_by="second"
    )
    before = hidden.cast("int64").sum().over(recent).fill_null(0) > 0
    rows = rows.mutate(after_undisclosed=rows.second.notnull().ifelse(before, ibis.null("boolean")))
    return rows.drop("second", "tags_since")


def prepared_comments(
    comments: ir.Table, annotated: ir.Table, posts: ir.Table, creators: ir.Table, config: FeatureConfig
) -> ir.Table:
    """Join comments with their annotations, their post, its creator and their first answer, and mark signs of fraud.

    A sign that cannot be told (no author, no date, no text) is null. ``doubt`` is 1 - product over the known signs of
    (1 - weight), 0 where there is none.

    :param posts: From :func:`prepared_posts`.
    """
    rows = comments.left_join(annotated, "comment_id").drop("comment_id_right", "text")
    known = posts.select("post_id", "creator_id", "published_at", "after_undisclosed")
    rows = rows.join(known, "post_id")
    people = creators.select(owner=creators.creator_id, spoken=creators.language)
    rows = rows.left_join(people, rows.creator_id == people.owner).drop("owner")
    fellows = creators.select(fellow_id=creators.creator_id)
    rows = rows.left_join(fellows, rows.author_id == fellows.fellow_id)
    rows = rows.left_join(first_answers(comments), "comment_id").drop("comment_id_right")
    rows = _reached(rows, "author_id", "author_reached")
    rows = _reached(rows, "near_a", "text_reached")
    fraud = config.fraud
    second = rows.written_at.epoch_seconds()
    rows = rows.mutate(second=second)
    hour = ibis.range_window(preceding=(3600, 0), group_by="author_id", order_by="second")
    rows = rows.mutate(pace=rows.second.count().over(hour))
    has_author = rows.author_id.notnull()
    rows = rows.mutate(
        others=~rows.by_creator.fill_null(False),
        early=is_early(rows, fraud.early_minutes),
        answer_hours=seconds(rows.answered_at, rows.written_at) / 3600.0,
        wide=has_author.ifelse(rows.author_reached >= fraud.wide, ibis.null("boolean")),
        rush=(has_author & rows.second.notnull()).ifelse(rows.pace >= fraud.rush, ibis.null("boolean")),
        fellow=has_author.ifelse(
            rows.fellow_id.notnull() & (rows.author_id != rows.creator_id), ibis.null("boolean")
        ),
        copied=rows.text_reached >= fraud.copied,
    )  # fmt: skip
    calm = 1.0 - fraud.weights.spam * rows.spam.fill_null(0.0)
    for sign in ("early", "wide", "rush", "fellow", "copied"):
        weight = getattr(fraud.weights, sign)
        calm = calm * rows[sign].fill_null(False).ifelse(ibis.literal(1.0 - weight), ibis.literal(1.0))
    return rows.mutate(doubt=1.0 - calm).drop("fellow_id", "pace", "second", "author_reached", "text_reached")


def numbered(rows: ir.Table, number: Callable[[ir.StringValue], ir.IntegerValue]) -> ir.Table:
    """Add the numbers of authors, posts, creators and texts (``author_key`` ...) that comments are grouped by.

    :param number: :meth:`thiqa.engine.Engine.number`.
    """
    keys = {"author_key": "author_id", "post_key": "post_id", "creator_key": "creator_id", "text_key": "skeleton"}
    return rows.mutate(**{key: number(rows[name]) for key, name in keys.items()})


def narrowed(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Narrow comments (from :func:`look_back`) to what is aggregated, numbers and flags: to be held, not joined again.

    ``reply`` is below another comment; ``answered`` is by its creator before ``as_of``; ``alike`` is in the language
    that the creator is listed with.
    """
    in_time = (comments.as_of.isnull() | (comments.answered_at < comments.as_of)).fill_null(False)
    told = comments.mutate(
        reply=comments.parent_id.notnull(),
        answered=comments.answered.fill_null(False) & in_time,
        alike=(comments.variety == comments.spoken).cast("float64"),
    )
    return told.select("pair_id", *_TOLD, *(f"in_{days}d" for days in windows))


def is_early(comments: ir.Table, minutes: float) -> ir.BooleanValue:
    """Tell whether a comment came so soon after its post; null of answers."""
    soon = comments.written_at < comments.published_at + ibis.interval(seconds=round(minutes * 60))
    return comments.parent_id.isnull().ifelse(soon, ibis.null("boolean"))


def first_answers(comments: ir.Table) -> ir.Table:
    """Find when the creator first answered each comment, of those that were answered."""
    own = comments.filter(comments.by_creator.fill_null(False) & comments.parent_id.notnull())
    answers = own.group_by(comment_id=own.parent_id)
    return answers.aggregate(answered_at=own.written_at.min(), answered=own.count() > 0)


def _reached(rows: ir.Table, key: str, name: str) -> ir.Table:
    """Count the creators that a key (an author, a text) had come to when it first came to a row's creator, this one in.

    Groups and one running number, no pairs: the work grows with the rows.
    """
    dated = rows.filter(rows[key].notnull() & rows.written_at.notnull())
    first = dated.group_by(key, "creator_id").aggregate(first_at=dated.written_at.min())
    order = ibis.window(group_by=key, order_by=[first.first_at, first.creator_id])
    first = first.select(
        **{f"{name}_key": first[key], f"{name}_creator": first.creator_id, name: ibis.row_number().over(order) + 1}
    )
    joined = rows.left_join(first, [rows[key] == first[f"{name}_key"], rows.creator_id == first[f"{name}_creator"]])
    value = joined.written_at.notnull().ifelse(joined[name], ibis.null("int64"))
    return joined.mutate(**{name: value}).drop(f"{name}_key", f"{name}_creator")
