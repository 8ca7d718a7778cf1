"""Which model predicts deliveries best, and do its intervals hold? Run what results.csv lacks, then write the table.

Named worlds (``run.py maroc shapes``) limit what is run, so that several processes can share the work.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame
from records import add, done_before, lead, show
from tuning import tuned_for

from thiqa.models.conversion import ConversionConfig, ConversionModel, fit
from thiqa.models.conversion.data import CATEGORIES, claimed_columns, feature_columns
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.oracle import true_levers, true_rates
from thiqa.models.conversion.rivals import LogRatio
from thiqa.models.conversion.scores import coverage
from thiqa.models.conversion.validate import cross_fit, fitters, gain_over, scores_of

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
TIERS = ("nano", "micro", "macro")
FOLDS = 3  # of creators, each held out once: the default 5 would take half as long again
ALWAYS = ("followers",)
WIDE = "every_feature"  # our model with all columns that there are
MARGIN = 0.01  # of D², by which our model may be behind a rival and still count as not worse
FIGURES = ("d2_rate", "d2_plan", "regret_mad")
PER_TIER = ("share", "error", "width", "placements")
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "view": pl.String, "arm": pl.String,
    **dict.fromkeys(FIGURES, pl.Float64), "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    **{f"{figure}_{tier}": pl.Float64 for figure in PER_TIER for tier in TIERS},
}  # fmt: skip


def run_one(world: str, arms: list[str], seed: int) -> list[dict[str, Any]]:
    """Judge our model and its rivals on one world: one row an arm, and our model without the shift in time."""
    frame, tables = world_frame(world, seed)
    config, columns, every = ConversionConfig(folds=FOLDS), claimed_columns(frame), feature_columns(frame)
    levers, oracle = true_levers(tables), true_rates(tables)
    if levers is None or oracle is None:
        sys.exit(f"{tables}: no truth")
    rows = learnable(frame).join(levers, on="placement_id", how="left")
    others = {name: fitter for name, fitter in fitters(rows, config, seed, tuned_for(world)).items()
              if name in {*ALWAYS, *arms}}  # fmt: skip
    others[WIDE] = lambda train, _rate: _ratio(fit(train, every, CATEGORIES, config, seed))
    judged = cross_fit(rows, columns, others, config, seed)
    judged = judged.join(oracle.rename({"rate_per_reach": "rate_oracle"}), on="placement_id", how="left")
    random = np.random.default_rng(seed)
    mean = judged.with_columns(rate_mean="reference")
    found = [{"view": "creators_and_time", "arm": "model", **_figures(judged, "model"), **_by_tier(judged),
              **gain_over(mean, "mean", config.bootstraps, random)}]  # fmt: skip
    for arm in (*others, "oracle"):
        gain = gain_over(judged, arm, config.bootstraps, random)
        found.append({"view": "creators_and_time", "arm": arm, **_figures(judged, arm), **gain})
    easier = cross_fit(rows, columns, {}, config, seed, "creators")
    easier = easier.join(oracle.rename({"rate_per_reach": "rate_oracle"}), on="placement_id", how="left")
    found.append({"view": "creators", "arm": "model", **_figures(easier, "model"), **_by_tier(easier)})
    return found


def _ratio(model: ConversionModel) -> LogRatio:
    return lambda frame: np.log(model.rate(frame) / model.mean_rate)


def _figures(judged: pl.DataFrame, arm: str) -> dict[str, Any]:
    scores = scores_of(judged, arm)
    return {name: scores[name] for name in FIGURES}


def _by_tier(judged: pl.DataFrame) -> dict[str, float]:
    return {f"{figure}_{tier}": float(row[figure]) for tier, row in coverage(judged, list(TIERS)).items()
            for figure in PER_TIER}  # fmt: skip


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README."""
    main = results.filter(pl.col("view") == "creators_and_time")
    worlds = list(yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))["worlds"])
    seeds = results["seed"].n_unique()
    lines = [
        f"D² with realised reach, mean of {seeds} seeds (range); creators held out and forward in time:", "",
        *_table(worlds, main, _score),
        "", "The model's lead in D² over each arm, mean over seeds [90 % interval, creators drawn again in pairs] and",
        f"the number of seeds in which the model is more than {MARGIN} behind; of the model itself, its lead over the",
        "mean rate:",
        "", *_table(worlds, main, _lead),
        "", "D² at the deal, reach predicted, mean over seeds:", "", *_table(worlds, main, _at_the_deal),
        "", "The model's D² as a share of that of the same model fed the true levers, and of the true rate's:", "",
        *_shares(worlds, main),
        "", "Revenue lost by taking the 20 placements that an arm puts first, 1,000 MAD, mean over seeds, and beside",
        "`followers_and_engagement`:", "", *_table(worlds, main, lambda part, _: _regret(part, main)),
        "", "Share of placements that the 90 % interval covers, pooled over seeds (placements; lowest seed, its",
        "cluster error):", "", *_coverages(worlds, results),
    ]  # fmt: skip
    return "\n".join(lines)


def _table(worlds: list[str], main: pl.DataFrame, cell: Any) -> list[str]:
    lines = ["| | " + " | ".join(worlds) + " |", "|---|" + "---|" * len(worlds)]
    arms = main["arm"].unique(maintain_order=True).to_list()
    order = ["model", *(arm for arm in arms if arm not in {"model", "latents", "oracle"}), "latents", "oracle"]
    for arm in order:
        parts = [main.filter(pl.col("arm") == arm, pl.col("world") == world) for world in worlds]
        lines.append(f"| {arm} | {' | '.join(cell(part, arm) if len(part) else '–' for part in parts)} |")
    return lines


def _score(part: pl.DataFrame, _arm: str) -> str:
    values = part["d2_rate"]
    return f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})"


def _at_the_deal(part: pl.DataFrame, _arm: str) -> str:
    return f"{part['d2_plan'].mean():.3f}"


def _lead(part: pl.DataFrame, arm: str) -> str:
    mean, low, high = lead(part)
    behind = int((part["gain"] < -MARGIN).sum())
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]" + ("" if arm in {"model", "latents", "oracle"} else f" {behind}")


def _regret(part: pl.DataFrame, main: pl.DataFrame) -> str:
    today = main.filter(pl.col("arm") == "followers_and_engagement", pl.col("world") == part["world"][0])
    mean, beside = float(part["regret_mad"].mean()), float(today["regret_mad"].mean())  # type: ignore[arg-type]
    return f"{mean / 1000:,.0f} ({100 * (mean / beside - 1):+.0f} %)"


def _shares(worlds: list[str], main: pl.DataFrame) -> list[str]:
    lines = ["| of | " + " | ".join(worlds) + " |", "|---|" + "--:|" * len(worlds)]
    means = {(arm, world): value for arm, world, value in
             main.group_by("arm", "world").agg(pl.col("d2_rate").mean()).iter_rows()}  # fmt: skip
    for arm in ("latents", "oracle"):
        cells = [f"{100 * means['model', world] / means[arm, world]:.0f} %"
                 if means.get((arm, world), 0) > 0.01 else "–" for world in worlds]  # fmt: skip
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return lines


def _coverages(worlds: list[str], results: pl.DataFrame) -> list[str]:
    lines = ["| view, world | " + " | ".join(TIERS) + " |", "|---|" + "---|" * len(TIERS)]
    for view in ("creators_and_time", "creators"):
        ours = results.filter(pl.col("arm") == "model", pl.col("view") == view)
        for world in (*worlds, "all"):
            part = ours if world == "all" else ours.filter(pl.col("world") == world)
            if len(part):
                lines.append(f"| {view}, {world} | {' | '.join(_covered(part, tier) for tier in TIERS)} |")
    return lines


def _covered(part: pl.DataFrame, tier: str) -> str:
    shares, placements = part[f"share_{tier}"], part[f"placements_{tier}"]
    lowest = int(shares.arg_min() or 0)
    pooled = 100 * float((shares * placements).sum()) / float(placements.sum())
    return (f"{pooled:.1f} % ({placements.sum():,.0f}; {100 * shares[lowest]:.1f} ± "
            f"{100 * part[f'error_{tier}'][lowest]:.1f})")  # fmt: skip


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest(HERE / "params.yaml")
    worlds = {name: arms for name, arms in params["worlds"].items() if name in (sys.argv[1:] or params["worlds"])}
    for seed in params["seeds"]:
        for world, arms in worlds.items():
            results = done_before(RESULTS, SCHEMA, code)
            if len(results.filter(pl.col("world") == world, pl.col("seed") == seed)):
                print(f"{world}, seed {seed}: done before")
                continue
            rows = run_one(world, arms, seed)
            add(RESULTS, SCHEMA, [{"code": code, "world": world, "seed": seed, **row} for row in rows])
            print(f"{world}, seed {seed}: done", flush=True)
    show(README, table(done_before(RESULTS, SCHEMA, code)))


if __name__ == "__main__":
    main()
