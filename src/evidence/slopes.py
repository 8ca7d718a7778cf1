"""Rows beside a verdict: how a rate moves with followers, and engagement with arousal by tier. None of them decides."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import statsmodels.api as sm

from .config import EvidenceConfig
from .denominators import CELL, bootstrapped
from .design import Floats, Ints
from .estimate import Estimate, Result, Withheld
from .finding import Finding
from .material import Material

SLOPES = {  # claim: what is counted, by what
    "small_per_follower": ("sold", "followers"), "small_per_reach": ("sold", "reach"),
    "small_per_mad": ("sold", "cost"), "small_absolute": ("sold", "one"), "small_cheaper": ("cost", "one"),
}  # fmt: skip
ENOUGH = 20  # creators without which a slope is not shown
_STEPS = 50  # of Newton's method, which takes some five


def with_slopes(findings: dict[str, Finding], material: Material, config: EvidenceConfig,
                seed: int) -> dict[str, Finding]:  # fmt: skip
    """Add ``slope`` (log ratio for ten times the followers) to the claims on size, and ``arousal`` to engagement."""
    random = np.random.default_rng([seed, len(SLOPES)])
    placements = material.placements.with_columns(one=pl.lit(1.0))
    more = {claim: {"slope": row_of(slope_in_followers(placements, above, below, CELL, config, random))}
            for claim, (above, below) in SLOPES.items()}  # fmt: skip
    more["small_more_engaged"] = {"slope": row_of(_of_engagement(material, config, random)),
                                  "arousal": arousal_by_tier(material.wording)}  # fmt: skip
    return findings | {
        claim: replace(findings[claim], more={**findings[claim].more, **rows}) for claim, rows in more.items()
    }


def row_of(result: Result) -> dict[str, Any]:
    """Write ``estimate, low, high`` (90 %) and ``n``; or ``withheld``, the reason."""
    if isinstance(result, Withheld):
        return {"withheld": result.reason}
    low, high = result.interval(0.90)
    return {"estimate": result.value, "low": low, "high": high, "n": result.n}


def slope_in_followers(frame: pl.DataFrame, above: str, below: str, cell: tuple[str, ...], config: EvidenceConfig,
                       random: np.random.Generator) -> Result:  # fmt: skip
    """Fit ``above`` = ``below`` x exp(level of the cell + slope x log10 followers), a Poisson pseudo-likelihood.

    Consistent where the mean is right, whatever the variance (Gourieroux, Monfort and Trognon 1984); error by a
    bootstrap of creators, with the effective number of creators as degrees of freedom.
    """
    if any(name not in frame.columns for name in ("followers", above, below, *cell)):
        return Withheld("a column that it needs is not there")
    kept = frame.filter(pl.col(above) >= 0, pl.col(below) > 0, pl.col("followers") > 0)
    creators = kept["creator_id"].rank("dense").to_numpy().astype(np.int64) - 1
    if len(kept) == 0 or creators.max() + 1 < ENOUGH:
        return Withheld(f"fewer than {ENOUGH} creators")
    codes = kept.select(pl.struct(pl.col(name).cast(pl.String).fill_null("?") for name in cell).rank("dense"))
    cells = codes.to_series().to_numpy().astype(np.int64) - 1
    count, exposure, size = (kept[name].cast(pl.Float64).to_numpy() for name in (above, below, "followers"))
    value = np.log10(size)

    def statistic(weight: Floats) -> float:
        return _poisson_slope(weight * count, weight * exposure, value - value.mean(), cells)

    told = np.bincount(creators, exposure * np.bincount(cells, count)[cells] / np.bincount(cells, exposure)[cells])
    return bootstrapped(statistic, creators, max(1.0, told.sum() ** 2 / np.sum(told**2) - 1), config, random)


def _poisson_slope(count: Floats, exposure: Floats, value: Floats, cells: Ints) -> float:
    """Solve for the slope, the levels of cells concentrated out; NaN where nothing varies inside them."""
    slope, sold = 0.0, np.bincount(cells, count)
    for _ in range(_STEPS):
        share = exposure * np.exp(slope * value)
        total = np.maximum(np.bincount(cells, share), 1e-300)
        away = value - (np.bincount(cells, share * value) / total)[cells]
        mean = (sold / total)[cells] * share
        told = float(np.sum(mean * away**2))
        if told <= 0:
            return float("nan")
        step = float(np.sum(away * (count - mean))) / told
        slope += float(np.clip(step, -1, 1))
        if abs(step) < 1e-9:
            break
    return slope


def _of_engagement(material: Material, config: EvidenceConfig, random: np.random.Generator) -> Result:
    """Slope of interactions by follower, each creator counting once, with followers at the deals."""
    if "followers" not in material.placements.columns:
        return Withheld("a column that it needs is not there")
    sizes = material.placements.group_by("creator_id").agg(pl.col("followers").cast(pl.Float64).median())
    rows = material.engagement.join(sizes, on="creator_id").sort("creator_id")
    rows = rows.with_columns(one=pl.lit(1.0), all=pl.lit("all"))
    return slope_in_followers(rows, "rate", "one", ("all",), config, random)


def arousal_by_tier(wording: pl.DataFrame | None) -> dict[str, Any]:
    """Return by how much the log of interactions moves with one SD of emoji by word, between posts of one creator.

    Emoji are the only sign of arousal that is counted. Of 20,923 sponsored posts in the United States it was reported
    that a tenth more arousal goes with 5.4 % more engagement among micro creators and 8.4 % less among macro ones.

    :param wording: One row a post: ``creator_id, macro, interactions, arousal``.
    :return: A row for ``small`` and one for ``macro``; or ``withheld``, the reason.
    """
    if wording is None or len(wording) == 0:
        return {"withheld": "captions, or who likes them, were not observed"}
    known = wording.drop_nulls().filter(pl.col("interactions") > 0)
    spread = known["arousal"].std() if len(known) > 1 else None
    if not isinstance(spread, float) or spread <= 1e-9:
        return {"withheld": "emoji do not vary between posts"}
    return {name: row_of(_within_creators(known.filter(pl.col("macro") == side), spread))
            for name, side in (("small", 0.0), ("macro", 1.0))}  # fmt: skip


def _within_creators(posts: pl.DataFrame, spread: float) -> Result:
    creators = posts["creator_id"].rank("dense").to_numpy().astype(np.int64) - 1
    if len(posts) == 0 or creators.max() + 1 < ENOUGH:
        return Withheld(f"fewer than {ENOUGH} creators")
    inside = posts.select(
        (value - value.mean().over("creator_id")).alias(name)
        for name, value in (("y", pl.col("interactions").log()), ("x", pl.col("arousal") / spread))
    )
    found = sm.OLS(inside["y"].to_numpy(), inside["x"].to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": creators}, use_t=True
    )
    clusters = int(creators.max()) + 1
    return Estimate(float(found.params[0]), float(found.bse[0]), clusters - 1, len(posts), clusters)
