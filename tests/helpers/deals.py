"""Deals by hand: a world of a few lines, so that what evidence should say of it is known without a simulator."""

import numpy as np
import polars as pl

from thiqa.evidence import Material

DEALS = 8  # of each creator


def material(seed: int, *, creators: int = 150, effect: float = 0.0, lever: str = "tested") -> Material:
    """Draw creators with independent levers, of which one moves the log rate by ``effect`` per SD."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(creators), DEALS)
    n = len(who)
    macro = (np.arange(creators) % 5 == 0).astype(float)
    followers = np.where(macro == 1, 2e5, 2e4) * np.exp(0.3 * rng.standard_normal(creators))
    levers = {name: rng.beta(4, 8, creators) for name in ("trust", "replies", "genuine", "tested", "polished")}
    flag = (rng.random(creators) < 0.3).astype(float)
    reach = 0.3 * followers[who] * np.exp(0.3 * rng.standard_normal(n))
    shown = levers[lever]
    log = effect * ((shown - shown.mean()) / shown.std())[who] + 0.3 * rng.standard_normal(creators)[who]
    sold = rng.poisson(reach * 3e-4 * np.exp(log) * rng.gamma(2, 0.5, n))
    placements = pl.DataFrame({
        "creator_id": [f"instagram:{k:04}" for k in who], "brand": [f"b{k}" for k in rng.integers(0, 6, n)],
        "niche": [f"n{k}" for k in rng.integers(0, 3, n)],
        "creator_niche": [f"n{k}" for k in (np.arange(creators) % 3)[who]],
        "month": [f"2025-{1 + k:02}" for k in rng.integers(0, 2, n)], "platform": "instagram", "kind": "person",
        "language": "fr", "objective": "conversion", "followers": followers[who],
        "tier": np.where(macro == 1, "macro", np.where(np.arange(creators) % 5 < 3, "micro", "nano"))[who],
        "macro": macro[who], "reach": np.round(reach), "sold": sold.astype(float),
        "cost": 200 * np.exp(0.2 * rng.standard_normal(n)) * (followers[who] / 1e4) ** 0.7,
        "lever_community": flag[who], "lever_slow": rng.standard_normal(n), "comments": 200.0,
        **{f"lever_{name}": values[who] for name, values in levers.items()},
    })  # fmt: skip
    rate = rng.lognormal(-3.5, 0.4, creators) * np.where(macro == 1, 0.5, 1.0)
    engagement = pl.DataFrame(
        {"creator_id": [f"instagram:{k:04}" for k in range(creators)], "macro": macro, "rate": rate}
    )
    nothing = pl.DataFrame(schema={"tag": pl.String, "creator_id": pl.String, "day": pl.Float64, "nano": pl.Float64,
                                   "pace": pl.Float64})  # fmt: skip
    return Material(placements, engagement, nothing)
