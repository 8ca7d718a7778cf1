"""Authenticity: whether comments come from people who saw the post."""

from collections.abc import Sequence

import ibis.expr.types as ir

from .window import for_each_window, ratio


def authenticity(comments: ir.Table, windows: Sequence[int]) -> ir.Table:
    """Aggregate the comments of other people that each pair looks back on, with their annotations."""
    others = comments.filter(~comments.by_creator.fill_null(False))

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {
            "comments": seen.sum().nullif(0),
            "genuine_share": others.genuine.mean(where=seen),
            "generic_share": others.generic.mean(where=seen),
            "emoji_only_share": others.emoji_only.cast("float64").mean(where=seen),
            "spam_share": others.spam.mean(where=seen),
            "duplicate_share": 1 - ratio(others.skeleton.nunique(where=seen), others.skeleton.count(where=seen)),
        }

    shares = others.group_by("pair_id").aggregate(**for_each_window(windows, others, aggregates))
    known = others.filter(others.author_id.notnull())
    by_author = known.group_by("pair_id", "author_id").aggregate(
        **{f"in_{days}d": known[f"in_{days}d"].sum() for days in windows}
    )

    def concentration(count: ir.Value, _days: int) -> dict[str, ir.Value]:
        total = count.sum().cast("float64")
        return {"concentration": ratio((count * count).sum(), total * total)}

    herfindahl = by_author.group_by("pair_id").aggregate(**for_each_window(windows, by_author, concentration))
    return shares.left_join(herfindahl, "pair_id").drop("pair_id_right")
