"""The sealed truth: latents and true rates of this world, and what each lever and claim is worth in worlds like it.

*declared* is the coefficient of the world file. *intervened* is the mean over placements of the change in the log
rate when a lever is shifted (see :func:`outcomes.with_shift`) and all draws stay. *observable* is the slope of the
log rate per reached real person on the standardised feature in twin worlds, b Cov(lever, feature) / SD(feature);
``genuine`` alone is on the rate per reached person, bots and all (docs/decisions/0007).
Both are means over replicates, fresh draws of the same file at a reference size, so they belong to the file and not
to the luck of one draw; *error* is their Monte-Carlo standard error (of *observable*).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...files import write_json, write_parquet
from ...tables import KINDS
from .claims import claims_of
from .drawn import BLOCK, Drawn, draw, placement_ids
from .draws import Bools, Floats
from .levers import Lever, levers_of
from .outcomes import Exposure, Outcomes, contribution, with_shift
from .places import NICHE_NAMES, cities
from .settings import TIERS, World
from .twins import Scene, feature, scene, twin

REACTIONS = {  # reaction -> the lever that causes it
    "undisclosed_suspicion": "undisclosed", "discourse_suspicion": "discourse_shift",
    "overconsumption_suspicion": "overconsumption",
}  # fmt: skip
REPLICATES, REPLICATES_OF_SMALL = 8, 4
SMALL = 100  # creators below which a world is a toy, and its truth is measured more coarsely


def reference(world: World) -> World:
    """Return the world at the size at which its truth is measured: one block of creators, the same months."""
    size = world.size.model_copy(update={"creators": BLOCK, "campaigns": 40, "placements": 2400})
    return world.model_copy(update={"size": size})


def write_truth(drawn: Drawn, outcomes: Outcomes, effects: dict[str, Any], folder: Path) -> None:
    """Write ``latents.parquet``, ``placements.parquet`` and ``effects.json`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(latents_table(drawn).to_arrow(), folder / "latents.parquet")
    write_parquet(placements_table(drawn, outcomes).to_arrow(), folder / "placements.parquet")
    write_json(effects, folder / "effects.json")


def effects_of(world: World) -> dict[str, Any]:
    """Measure every lever and every claim of a world file."""
    replicates = REPLICATES_OF_SMALL if world.size.creators < SMALL else REPLICATES
    here = reference(world)
    scenes = [scene(draw(here, replicate)) for replicate in range(1, replicates + 1)]
    levers = {key: _measured(world, key, scenes) for key in (*levers_of(world), "tier", *REACTIONS)}
    levers |= {f"polished.{tier}": _measured(world, "polished", scenes, tier) for tier in TIERS}
    return {"levers": levers, "claims": claims_of(world, levers)}


def _measured(world: World, key: str, scenes: list[Scene], only: str | None = None) -> dict[str, Any]:
    if key == "tier":
        return _tier(world, scenes)
    lever = levers_of(world)[REACTIONS.get(key, key)]
    changes, slopes, declared = [], [], []
    for seen in scenes:
        rows = rows_of(seen.drawn.exposure, key, only)
        if rows.any():
            changes.append(float(intervened(seen.drawn, key)[rows].mean()))
            slopes.append(observable(seen, key, rows))
            declared.append(float(_declared(world, key, seen.drawn.exposure)[rows].mean()))
    return {
        **_stated(declared, changes, slopes), "unit": _unit(lever, key), "level": lever.level,
        "weight": "placements, equal",
    }  # fmt: skip


def _stated(declared: list[float], changes: list[float], slopes: list[float]) -> dict[str, float | None]:
    """Return means over replicates with their errors; null where the world has no placement to measure on."""
    mean, error = (_over(measure) for measure in (np.mean, lambda v: np.std(v, ddof=1) / np.sqrt(len(v))))
    return {"declared": mean(declared), "intervened": mean(changes), "observable": mean(slopes),
            "error": error(slopes), "intervened_error": error(changes)}  # fmt: skip


def _over(measure: Callable[[list[float]], Any]) -> Callable[[list[float]], float | None]:
    return lambda values: float(measure(values)) if len(values) > 1 else None


def _unit(lever: Lever, key: str) -> dict[str, str]:
    what = "log rate of suspicious comments" if key in REACTIONS else "log rate"
    per = "0 to 1" if lever.kind == "binary" else "SD of the lever"
    return {"declared": f"{what} per {per}", "intervened": f"{what}, {lever.unit}",
            "observable": f"{what} per SD of the feature"}  # fmt: skip


def _declared(world: World, key: str, at: Exposure) -> Floats:
    if key in REACTIONS:
        return np.full(len(at.tier), getattr(world.reactions, key))
    if key == "polished":
        return np.array([getattr(world.effects.polished, tier) for tier in TIERS])[at.tier]
    return np.full(len(at.tier), getattr(world.effects, key))


def rows_of(at: Exposure, key: str, only: str | None = None) -> Bools:
    """Return the placements a lever is measured on: all, but nano and micro for polish, or one tier."""
    if only is not None:
        return np.asarray(at.tier == TIERS.index(only))
    every = np.ones(len(at.tier), dtype=bool)
    return every & (at.tier != TIERS.index("macro")) if key == "polished" else every


def added(world: World, key: str, at: Exposure) -> Floats:
    """Return what a lever adds to its outcome: the log rate, or the log rate of suspicious comments."""
    if key not in REACTIONS:
        return contribution(world, key, at)
    lever = levers_of(world)[REACTIONS[key]]
    value = at.values[lever.name]
    return np.asarray(getattr(world.reactions, key) * (lever.standard(value) if lever.kind == "share" else value))


def intervened(drawn: Drawn, key: str) -> Floats:
    """Return the change of the outcome at each placement when the lever is shifted, under common draws."""
    world, lever, at = drawn.world, REACTIONS.get(key, key), drawn.exposure
    after = with_shift(world, lever, at)
    before = with_shift(world, lever, at, 0.0) if levers_of(world)[lever].kind == "binary" else at
    return added(world, key, after) - added(world, key, before)


def observable(seen: Scene, key: str, rows: Bools) -> float:
    """Return Cov(what the lever adds, feature) / SD(feature) in the lever's twin world."""
    lever = REACTIONS.get(key, key)
    moved = twin(seen.drawn, lever)
    outcome = added(moved.world, key, moved.exposure)
    if key == "genuine":  # alone per reached person: bots are reached and do not buy
        outcome = outcome + np.log(moved.deals.real)
    return slope(outcome, feature(seen, moved, lever), rows)


def slope(outcome: Floats, what: Floats, rows: Bools) -> float:
    """Return the slope of an outcome on a standardised feature; 0 where the feature does not vary."""
    kept = rows & np.isfinite(what)
    spread = what[kept].std() if kept.sum() > 1 else 0.0
    if spread == 0:
        return 0.0
    return float(np.mean((outcome[kept] - outcome[kept].mean()) * (what[kept] - what[kept].mean())) / spread)


def _tier(world: World, scenes: list[Scene]) -> dict[str, Any]:
    """Return the direct difference, macro minus the mean of the other placements."""
    effect = np.array([getattr(world.effects.tier, tier) for tier in TIERS])
    gaps = []
    for seen in scenes:
        tier = seen.drawn.exposure.tier
        macro = tier == TIERS.index("macro")
        if 0 < macro.sum() < len(macro):
            gaps.append(float(effect[-1] - effect[tier[~macro]].mean()))
    return {
        **_stated([float(effect[-1] - effect[:-1].mean())] * 2, gaps, gaps), "unit": dict.fromkeys(
            ("declared", "intervened", "observable"), "log rate, macro minus the other placements"),
        "level": "creator_time", "weight": "placements, equal",
    }  # fmt: skip


def latents_table(drawn: Drawn) -> pl.DataFrame:
    """Write what is latent of each creator: z (``latent_*``), w (``visible_*``) and shares (``share_*``)."""
    creators, fraud, levers = drawn.creators, drawn.fraud, levers_of(drawn.world)
    columns: dict[str, Any] = {
        "creator_id": creators.names(), "tier": [TIERS[k] for k in creators.tier],
        "kind": [KINDS[k] for k in creators.kind], "followers": creators.followers,
        "true_city": [cities()[k]["city"] for k in creators.true_city],
        "true_niche": [NICHE_NAMES[k] for k in creators.true_niche],
        "creator_effect": creators.effect, "pace": creators.pace, "fake_share": fraud.fake, "bot_share": fraud.bots,
        "pod_share": fraud.pods, "pod": fraud.pod, "shift_day": _day(creators.shift_at),
        "habit_day": _day(creators.habit_at),
    }  # fmt: skip
    for name, latent in creators.latent.items():
        columns |= {f"latent_{name}": latent, f"visible_{name}": creators.visible[name]}
        if levers[name].kind == "share":
            columns[f"share_{name}"] = levers[name].share(latent)
    return pl.DataFrame(columns).sort("creator_id")


def _day(day: Floats) -> pl.Series:
    return pl.Series(np.where(day < 1e8, day, np.nan), nan_to_null=True)


def placements_table(drawn: Drawn, outcomes: Outcomes) -> pl.DataFrame:
    """Write the true rate of each placement with the levers it was exposed to."""
    per_reach = outcomes.rate * drawn.deals.real
    exposed = {f"lever_{name}": value for name, value in drawn.exposure.values.items()}
    quality = drawn.campaigns.brand_quality[drawn.campaigns.brand[drawn.deals.campaign]]
    return pl.DataFrame({
        "placement_id": placement_ids(len(drawn.deals)), "rate_per_real_person": outcomes.rate,
        "real_share": drawn.deals.real, "rate_per_reach": per_reach,
        "expected_delivered": per_reach * outcomes.reach, "tier": [TIERS[k] for k in drawn.deals.tier],
        "true_reach": outcomes.reach, "brand_quality": quality, **exposed,
    })  # fmt: skip
