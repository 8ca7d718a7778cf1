"""Authenticity: whether comments come from people who saw the post, and what they say."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import for_each_window, look_back, ratio


def authenticity(comments: ir.Table, windows: Sequence[int], prior: tuple[float, float]) -> ir.Table:
    """Aggregate the comments of other people that each pair looks back on (from :func:`prepared_comments`).

    :param prior: Mean and strength that the mean doubt is shrunk towards.
    """
    others = comments.filter(comments.others)
    alike = (others.variety == others.spoken).cast("float64")
    mean, strength = prior

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        real, count = seen & (others.doubt < 0.5), seen.sum()
        distinct = ibis.least(others.near_a.nunique(where=seen), others.near_b.nunique(where=seen))
        doubt = (others.doubt.sum(where=seen) + mean * strength) / (count + strength)
        shares = {
            f"{name}_share": others[name].cast("float64").mean(where=seen)
            for name in ("genuine", "generic", "emoji_only", "spam", "intent", "trust", "suspicion", "copied", "wide",
                         "rush", "early", "fellow")
        }  # fmt: skip
        return shares | {
            "comments": count.nullif(0),
            "trust_share_real": others.trust.mean(where=real),
            "duplicate_share": 1 - ratio(others.skeleton.nunique(where=seen), others.skeleton.count(where=seen)),
            "near_duplicate_share": 1 - ratio(distinct, others.near_a.count(where=seen)),
            "language_match": alike.mean(where=seen),
            "language_match_real": alike.mean(where=real),
            "place_comments": others.names_place.mean(where=seen),
            "authenticity_score": (count > 0).ifelse(1 - doubt, ibis.null("float64")),
        }

    return others.group_by("pair_id").aggregate(**for_each_window(windows, others, aggregates))


def pods(pairs: ir.Table, comments: ir.Table, seen_comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate comments of creators on whose posts the pair's own creator commented in the longest window.

    :param comments: All comments (from :func:`prepared_comments`): the few that creators wrote below others' posts
        make the graph.
    :param seen_comments: The comments that each pair looks back on.
    """
    given = comments.filter(comments.fellow.fill_null(False))
    given = given.select(creator_id="author_id", to="creator_id", written_at="written_at")
    given = look_back(pairs, given, "written_at", windows[-1:])
    partners = given.select("pair_id", author_id=given.to).distinct().mutate(mutual=ibis.literal(True))
    known = seen_comments.filter(seen_comments.others & seen_comments.author_id.notnull())
    known = known.left_join(partners, ["pair_id", "author_id"])
    mutual = known.mutual.fill_null(False)

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {"reciprocal_share": mutual.cast("float64").mean(where=seen)}

    return known.group_by("pair_id").aggregate(
        **for_each_window(windows, known, aggregates), pod_partners=known.author_id.nunique(where=mutual)
    )
