"""Does trust beat followers? Run the worlds and seeds that results.csv lacks, then write the README's table."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame
from records import add, done_before, lead, show

from thiqa.features import FEATURES
from thiqa.models.conversion import ConversionConfig, fit
from thiqa.models.conversion.data import CATEGORIES, claimed_columns, feature_columns, feature_of
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.oracle import true_rates
from thiqa.models.conversion.scores import gain
from thiqa.models.conversion.validate import OURS, Fitter, cross_fit, fitters, scores_of

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
FAMILIES = ("engagement", "authenticity", "sponsorship", "discourse", "proximity")
BASE, EVERY = "base", "every_feature"
ARMS = {
    "followers": "followers alone",
    "followers_and_engagement": "followers and engagement rate",
    BASE: "base: followers, engagement rate, what the deal says, who the creator is",
    **{f"plus_{family}": f"base and {family}" for family in FAMILIES},
    OURS: "the model: a column for each claim",
    EVERY: "every feature there is",
    "oracle": "(true rate, for scale)",
}
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "arm": pl.String, "judged": pl.Int64,
    "d2_rate": pl.Float64, "d2_plan": pl.Float64, "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def columns_of(rows: pl.DataFrame) -> dict[str, list[str]]:
    """Name the columns that our model sees in each arm."""
    families = {feature.name: feature.family for feature in FEATURES}
    rate = [name for name in feature_columns(rows) if feature_of(name) == "rate_by_followers"]
    every = [*claimed_columns(rows), *rate]
    base = [name for name in every if families.get(feature_of(name), "audience") == "audience"]
    base += rate
    more = {f"plus_{family}": [name for name in every if families.get(feature_of(name)) == family and name not in base]
            for family in FAMILIES}  # fmt: skip
    return {BASE: base, **{arm: base + names for arm, names in more.items()}, EVERY: feature_columns(rows)}


def run_one(world: str, seed: int) -> list[dict[str, Any]]:
    """Judge every arm on one world, on the same placements; ``gain`` is the lead over the base."""
    frame, tables = world_frame(world, seed)
    rows, config, oracle = learnable(frame), ConversionConfig(), true_rates(tables)
    if oracle is None:
        sys.exit(f"{tables}: no truth")
    today = {name: fitter for name, fitter in fitters(rows, config, seed).items() if name in ARMS}
    ours = {arm: _ours(columns, config, seed) for arm, columns in columns_of(rows).items()}
    judged = cross_fit(rows, claimed_columns(rows), today | ours, config, seed)
    judged = judged.join(oracle.rename({"rate_per_reach": "rate_oracle"}), on="placement_id", how="left")
    random = np.random.default_rng(seed)
    return [
        {"arm": arm, "judged": len(judged), **{name: scores_of(judged, arm)[name] for name in ("d2_rate", "d2_plan")},
         **_over_base(judged, arm, config.bootstraps, random)} for arm in ARMS
    ]  # fmt: skip


def _ours(columns: list[str], config: ConversionConfig, seed: int) -> Fitter:
    def fitter(rows: pl.DataFrame, _rate: float) -> Any:
        model = fit(rows, columns, CATEGORIES, config, seed)
        return lambda frame: np.log(model.rate(frame) / model.mean_rate)

    return fitter


def _over_base(judged: pl.DataFrame, arm: str, draws: int, random: np.random.Generator) -> dict[str, float | None]:
    reach = judged["reach"].to_numpy().astype(float)
    ours, base, reference = (judged[name].to_numpy() * reach for name in (f"rate_{arm}", f"rate_{BASE}", "reference"))
    delivered = judged["delivered"].to_numpy().astype(float)
    return gain(delivered, ours, base, reference, judged["creator_id"].to_numpy(), draws, random)


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README: mean over seeds, smallest and largest; the lead over the base."""
    seeds = results["seed"].n_unique()
    return "\n".join(line for world in results["world"].unique(maintain_order=True)
                     for line in _of_world(results.filter(pl.col("world") == world), world, seeds)).strip()  # fmt: skip


def _of_world(results: pl.DataFrame, world: str, seeds: int) -> Iterator[str]:
    yield f"`{world}`, {seeds} seeds:\n"
    yield (
        "| arm | D², realised reach: mean (range) | D² at the deal: mean (range) "
        "| D² above the base [90 % interval] | seeds above the base |"
    )
    yield "|---|---|---|---|--:|"
    for arm, words in ARMS.items():
        part = results.filter(pl.col("arm") == arm)
        cells = [f"{part[f].mean():.3f} ({part[f].min():.3f} to {part[f].max():.3f})" for f in ("d2_rate", "d2_plan")]
        mean, low, high = lead(part)
        above = "– | –" if arm == BASE else f"{mean:+.3f} [{low:+.3f}, {high:+.3f}] | {(part['gain'] > 0).sum()}"
        yield f"| {words} | {' | '.join(cells)} | {above} |"
    yield ""


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest(HERE / "params.yaml")
    for seed in params["seeds"]:
        for world in params["worlds"]:
            results = done_before(RESULTS, SCHEMA, code)
            if len(results.filter(pl.col("world") == world, pl.col("seed") == seed)):
                print(f"{world}, seed {seed}: done before")
                continue
            add(RESULTS, SCHEMA, [{"code": code, "world": world, "seed": seed, **row} for row in run_one(world, seed)])
            print(f"{world}, seed {seed}: done", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
