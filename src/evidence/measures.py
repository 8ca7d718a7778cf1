"""Which column shows which lever, with what is taken in its place where it is not there.

Nothing here knows how a world is made: these are the names of :mod:`thiqa.features.registry`. Each list is in order
of preference; a name without a window takes the longest window that was built.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl


@dataclass(frozen=True)
class Measure:
    """What shows one lever."""

    key: str
    columns: tuple[str, ...]
    kind: Literal["number", "flag"] = "number"


MEASURES: tuple[Measure, ...] = (
    Measure("trust", ("trust_share",)),
    Measure("replies", ("reply_rate",)),
    Measure("genuine", ("genuine_share",)),
    Measure("ad_density", ("ad_density",)),
    Measure("undisclosed", ("undisclosed_share",)),
    Measure("polished", ("polished_share",)),
    Measure("discourse_shift", ("discourse_changed",), "flag"),
    Measure("overconsumption", ("overconsumption_share",)),
    Measure("tested", ("tested_share",)),
    Measure("proximity", ("closeness",)),
    Measure("community", ("is_community",), "flag"),
    Measure("coherence", ("niche_fit",)),
    Measure("resemblance", ("language_match",)),
    Measure("slow", ("log_days_between",)),
)
LEVERS = tuple(measure.key for measure in MEASURES)

# what tells accounts with bots, pods and bought followers from others, whatever the lever: how people behave, and not
# how they praise, which is what trusting people do as well
FRAUD = (
    "spam_share", "early_share", "rush_share", "fellow_share", "reciprocal_share", "follower_jump", "idle_jump",
    "authenticity_score",
)  # fmt: skip
# as these, but counted among so many people that they tell the size of an account as well
CROWD = ("near_duplicate_share", "copied_share", "concentration", "wide_share", "pod_partners", "follower_growth")
# caused by trust before the deal, and not one of the levers: what stands for it besides the trust comments
TRUST = ("returning_share",)
COMMENTS = "comments"  # counted to know how well a share of comments is measured


def in_window(columns: Iterable[str], name: str, windows: Sequence[int]) -> str | None:
    """Return the column of a feature in its longest window, None where it was not built."""
    known = set(columns)
    for candidate in (*(f"{name}_{days}d" for days in sorted(windows, reverse=True)), name):
        if candidate in known:
            return candidate
    return None


def chosen(columns: Sequence[str], windows: Sequence[int]) -> dict[str, str]:
    """Map each lever to the column that shows it, where there is one."""
    found = {}
    for measure in MEASURES:
        for name in measure.columns:
            column = in_window(columns, name, windows)
            if column is not None:
                found[measure.key] = column
                break
    return found


def measured(frame: pl.DataFrame, windows: Sequence[int]) -> pl.DataFrame:
    """Name the columns by what they show: ``lever_*``, ``fraud_*``, ``crowd_*``, ``proxy_*`` and ``comments``."""
    columns = [name for name in frame.columns if frame[name].null_count() < len(frame)]
    kinds = {measure.key: measure.kind for measure in MEASURES}
    named = {f"lever_{key}": column for key, column in chosen(columns, windows).items()}
    for prefix, names in (("fraud", FRAUD), ("crowd", CROWD), ("proxy", TRUST)):
        found = {name: in_window(columns, name, windows) for name in names}
        named |= {f"{prefix}_{name}": column for name, column in found.items() if column}
    if (column := in_window(columns, COMMENTS, windows)) is not None:
        named["comments"] = column
    values = {
        name: (pl.col(column) > 0).cast(pl.Float64) if kinds.get(name.removeprefix("lever_")) == "flag"
        else pl.col(column).cast(pl.Float64)
        for name, column in named.items()
    }  # fmt: skip
    return frame.with_columns(**values)
