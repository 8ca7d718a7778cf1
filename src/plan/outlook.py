"""What a plan will deliver: the distribution of its sum, drawn from the predictive distribution of each creator."""

from typing import Any

import numpy as np
import polars as pl

from .options import Forecaster, Options
from .program import Floats, Program

DRAWS = 4000
LEVELS = (0.05, 0.95)


def common_spread(deals: pl.DataFrame, model: Forecaster) -> float:
    """Estimate the SD of what moves all creators of one campaign together (brand, offer, season), as a share.

    Moments: the squared error of a campaign's sum beyond what its placements explain, over its squared expectation.
    """
    known = deals.filter(pl.col("delivered").is_not_null() & (pl.col("reach") > 0) & pl.col("followers").is_not_null())
    if len(known) < 3:
        return 0.0
    seen = known.select("campaign_id", "delivered").hstack(model.distribution(known).select("deliveries", "dispersion"))
    variance = pl.col("deliveries") + pl.col("dispersion") * pl.col("deliveries") ** 2
    sums = seen.group_by("campaign_id").agg(
        delivered=pl.col("delivered").sum(), expected=pl.col("deliveries").sum(), variance=variance.sum()
    )
    delivered, expected, variances = (
        sums[name].to_numpy().astype(float) for name in ("delivered", "expected", "variance")
    )
    square = float((expected**2).sum())
    excess = float(((delivered - expected) ** 2 - variances).sum())
    return float(np.sqrt(max(0.0, excess / square))) if square > 0 else 0.0


def draw(mean: Floats, dispersion: Floats, common: float, random: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Draw deliveries of independent creators with one factor in common, shape (draws, creators)."""
    shared = np.exp(common * random.standard_normal((draws, 1)) - common**2 / 2)
    shape = 1 / np.maximum(dispersion, 1e-9)
    own = random.gamma(shape, 1 / shape, (draws, len(mean)))
    return random.poisson(mean * own * shared)


def outlook(options: Options, chosen: np.ndarray, common: float, tail: float,
            random: np.random.Generator) -> dict[str, Any]:  # fmt: skip
    """Describe what a plan brings: each measure gross and net of overlap, and the interval of its deliveries."""
    rows = options.table[chosen]
    sums = {name: float(rows[name].sum()) for name in ("deliveries", "reach", "trusted_reach")}
    net = {name: together_worth(options, chosen, name) for name in sums}
    kept = net["deliveries"] / sums["deliveries"] if sums["deliveries"] > 0 else 1.0
    total = draw(rows["deliveries"].to_numpy() * kept, rows["dispersion"].to_numpy(), common, random).sum(axis=1)
    low, high = np.quantile(total, LEVELS)
    worst = np.sort(total)[: max(1, int(np.ceil(tail * len(total))))]
    return {
        "deliveries": net["deliveries"], "deliveries_low": float(low), "deliveries_high": float(high),
        "deliveries_cvar": float(worst.mean()), "deliveries_gross": sums["deliveries"],
        "reach": net["reach"], "reach_gross": sums["reach"], "trusted_reach": net["trusted_reach"],
    }  # fmt: skip


def together_worth(options: Options, chosen: np.ndarray, measure: str) -> float:
    """Return a measure of a plan net of overlap."""
    value = options.table[measure].to_numpy().astype(float)
    segment, capacity = options.table["segment"].to_numpy(), options.capacity(value)
    free = Program(np.arange(len(value)), np.zeros(len(value)), value, segment, capacity, budget=0)
    return free.worth(chosen)
