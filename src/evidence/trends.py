"""Who takes up a tag first: adoption inside each tag, against tier labels permuted among adopters of like pace."""

import numpy as np
import polars as pl

from .config import EvidenceConfig
from .estimate import Estimate, Result, Withheld
from .finding import Finding

ADOPTERS = 10  # a tag that fewer take up is no trend
BRIEF = 0.15  # of the whole period: the middle half of first uses of a trend comes within it
FRESH = 0.08  # of the whole period: a tag that was used before this is not seen to start
STRATA = 4
HOW = (
    "Mean difference in the day of first use of a tag, other tiers minus nano, inside each tag that spread; error and "
    "p by permuting tier among adopters of a like posting rate, each creator with all its tags at once."
)


def finding_of_trends(adoptions: pl.DataFrame, config: EvidenceConfig) -> Finding:
    """Answer whether nano creators take up tags before the others."""
    return Finding(_lead(adoptions, config), HOW)


def _lead(adoptions: pl.DataFrame, config: EvidenceConfig) -> Result:
    rows = spreading(adoptions)
    if len(rows) == 0:
        return Withheld(f"no tag starts and is taken up by {ADOPTERS} creators in these tables")
    late = rows.with_columns(late=pl.col("day") - pl.col("day").median().over("tag"))
    bound = pl.col("late").abs().median().over("tag") * 6 + 1  # a use months later is another matter than the trend
    late = late.filter(pl.col("late").abs() <= bound)
    each = late.group_by("creator_id").agg(
        pl.col("late").mean(), pl.col("nano").first(), pl.col("pace").first(), weight=pl.len().cast(pl.Float64)
    ).sort("creator_id")  # fmt: skip
    sides = [int((each["nano"] == side).sum()) for side in (1.0, 0.0)]
    if min(sides) < config.creators_a_side or len(each) < config.creators:
        return Withheld(f"{sides[0]} nano and {sides[1]} other adopters, too few", len(late))
    stratum = (each["pace"].rank("ordinal").to_numpy() - 1) * STRATA // len(each)
    late_days, nano, weight = (each[name].to_numpy() for name in ("late", "nano", "weight"))
    value, error = permuted(late_days, nano, weight, stratum.astype(np.int64))
    return Estimate(value, error, len(each) - 2.0, len(late), len(each))


def spreading(adoptions: pl.DataFrame) -> pl.DataFrame:
    """Keep the tags that start inside the period and are taken up by enough creators."""
    if len(adoptions) == 0:
        return adoptions
    days = adoptions["day"].to_numpy()
    first, span = float(days.min()), float(days.max() - days.min())
    middle = (pl.col("day").quantile(0.75) - pl.col("day").quantile(0.25)).over("tag")
    started = pl.col("day").quantile(0.05).over("tag") > first + FRESH * span
    return adoptions.filter((pl.len().over("tag") >= ADOPTERS) & started & (middle <= BRIEF * span))


def permuted(late: np.ndarray, nano: np.ndarray, weight: np.ndarray, stratum: np.ndarray) -> tuple[float, float]:
    """Return the lead of nano (days) and its standard deviation when labels are permuted inside strata (exact).

    With x the labels and y the weighted lateness, both centred in a stratum of m creators, the permutation variance of
    sum x y is sum x^2 sum y^2 / (m - 1).
    """
    top = bottom = variance = 0.0
    for number in np.unique(stratum):
        mine = stratum == number
        if mine.sum() < 2:
            continue
        share = np.average(nano[mine], weights=weight[mine])
        label, days = nano[mine] - share, late[mine] - np.average(late[mine], weights=weight[mine])
        top -= float(np.sum(weight[mine] * label * days))
        bottom += float(np.sum(weight[mine] * label**2))
        x, y = nano[mine] - nano[mine].mean(), weight[mine] * days
        variance += float(np.sum(x**2) * np.sum((y - y.mean()) ** 2) / (mine.sum() - 1))
    return (top / bottom, float(np.sqrt(variance)) / bottom) if bottom > 0 else (0.0, 0.0)
