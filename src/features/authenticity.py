"""Authenticity: whether comments come from people who saw the post, and what they say."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from .window import Aggregates, look_back, ratio


def authenticity(comments: ir.Table, prior: tuple[float, float]) -> Aggregates:
    """Aggregate the comments of other people that each pair looks back on (from :func:`narrowed`).

    :param prior: Mean and strength that the mean doubt is shrunk towards.
    """
    mean, strength = prior

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        others = seen & comments.others
        real, count = others & (comments.doubt < 0.5), others.sum().fill_null(0)
        doubt = (comments.doubt.sum(where=others) + mean * strength) / (count + strength)
        shares = {
            f"{name}_share": comments[name].cast("float64").mean(where=others)
            for name in ("genuine", "generic", "emoji_only", "spam", "intent", "trust", "suspicion", "copied", "wide",
                         "rush", "early", "fellow")
        }  # fmt: skip
        return shares | {
            "comments": count.nullif(0),
            "trust_share_real": comments.trust.mean(where=real),
            "language_match": comments.alike.mean(where=others),
            "language_match_real": comments.alike.mean(where=real),
            "place_comments": comments.names_place.mean(where=others),
            "authenticity_score": (count > 0).ifelse(1 - doubt, ibis.null("float64")),
        }

    return aggregates


def duplicates(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate how often the same skeleton comes again among the comments of others (from :func:`narrowed`)."""
    alike = _alike(_groups(comments, ["text_key"], windows), windows)
    shares = {
        f"duplicate_share_{days}d": 1 - ratio(alike[f"groups_{days}d"], alike[f"rows_{days}d"]) for days in windows
    }
    return alike.select("pair_id", **shares)


def near_duplicates(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate how often a near text comes again: as :func:`duplicates`, by the band with fewer groups."""
    texts = _groups(comments, ["near_a", "near_b"], windows)
    one, other = (
        _alike(texts.group_by("pair_id", band).aggregate(**_sums(texts, windows)), windows)
        for band in ("near_a", "near_b")
    )
    both = one.join(other, "pair_id", rname="{name}_b")
    shares = {}
    for days in windows:
        distinct = ibis.least(both[f"groups_{days}d"], both[f"groups_{days}d_b"])
        shares[f"near_duplicate_share_{days}d"] = 1 - ratio(distinct, both[f"rows_{days}d"])
    return both.select("pair_id", **shares)


def _groups(comments: ir.Table, keys: Sequence[str], windows: Sequence[int]) -> ir.Table:
    """Count the comments of others that have the keys, by pair, keys and window: groups, no sets."""
    known = comments.filter(comments.others & comments[keys[0]].notnull())
    return known.group_by("pair_id", *keys).aggregate(
        **{f"rows_{days}d": known[f"in_{days}d"].sum() for days in windows}
    )


def _alike(groups: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Count groups and their rows, by pair and window."""
    counts = {f"groups_{days}d": (groups[f"rows_{days}d"] > 0).sum() for days in windows}
    return groups.group_by("pair_id").aggregate(**counts, **_sums(groups, windows))


def _sums(groups: ir.Table, windows: Sequence[int]) -> dict[str, ir.Value]:
    return {f"rows_{days}d": groups[f"rows_{days}d"].sum() for days in windows}


def pods(pairs: ir.Table, comments: ir.Table, authors: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate comments of creators on whose posts the pair's own creator commented in the longest window.

    :param comments: All comments (from :func:`prepared_comments`): the few that creators wrote below others' posts
        make the graph.
    :param authors: The other people who commented (from :func:`by_author`).
    """
    given = comments.filter(comments.fellow.fill_null(False))
    given = given.select("written_at", creator_id="author_id", author_key="creator_key")
    given = look_back(pairs, given, "written_at", windows[-1:])
    partners = given.select("pair_id", "author_key").distinct().mutate(mutual=ibis.literal(True))
    known = authors.left_join(partners, ["pair_id", "author_key"])
    mutual = known.mutual.fill_null(False)
    columns = {}
    for days in windows:
        count = known[f"comments_{days}d"]
        columns[f"reciprocal_share_{days}d"] = ratio(count.sum(where=mutual).fill_null(0), count.sum())
    return known.group_by("pair_id").aggregate(**columns, pod_partners=mutual.sum())
