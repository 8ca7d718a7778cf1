"""What do random splits hide? Run the seeds that results.csv lacks, then write the README's table."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import AUDIT, code_digest, world_frame
from records import add, done_before, show
from tuning import tuned_for

from thiqa.models.conversion import ConversionConfig
from thiqa.models.conversion.audit import own_rate
from thiqa.models.conversion.data import claimed_columns
from thiqa.models.conversion.folds import VIEWS
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.oracle import true_rates
from thiqa.models.conversion.validate import OURS, cross_fit, fitters, scores_of

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
REMEMBERS = "remembers"
FOLDS = 3  # of creators, brands or rows, each held out once
ARMS = {
    "followers_and_engagement": "followers and engagement rate",
    "lightgbm": "LightGBM",
    OURS: "the model",
    REMEMBERS: "the model with one column more: what the same creator sold in training",
    "oracle": "(true rate, for scale)",
}
SHOWN = {
    "random": "rows at random", "brands": "brands held out", "creators": "creators held out",
    "creators_and_time": "creators held out, later in time",
}  # fmt: skip
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "view": pl.String, "arm": pl.String,
    "judged": pl.Int64, "d2_rate": pl.Float64, "d2_plan": pl.Float64,
}  # fmt: skip


def run_one(world: str, seed: int) -> list[dict[str, Any]]:
    """Judge every arm in every view of one world."""
    frame, tables = world_frame(world, seed)
    rows, config, oracle = learnable(frame), ConversionConfig(folds=FOLDS), true_rates(tables)
    if oracle is None:
        sys.exit(f"{tables}: no truth")
    others = {name: fitter for name, fitter in fitters(rows, config, seed, tuned_for(world)).items() if name in ARMS}
    others[REMEMBERS] = own_rate(rows, config, seed)
    found = []
    for view in VIEWS:
        judged = cross_fit(rows, claimed_columns(rows), others, config, seed, view)
        judged = judged.join(oracle.rename({"rate_per_reach": "rate_oracle"}), on="placement_id", how="left")
        for arm in ARMS:
            scores = scores_of(judged, arm)
            found.append({"view": view, "arm": arm, "judged": len(judged), "d2_rate": scores["d2_rate"],
                          "d2_plan": scores["d2_plan"]})  # fmt: skip
    return found


def table(results: pl.DataFrame) -> str:
    """Write the table of the README."""
    lines = [f"D² with realised reach, mean of {results['seed'].n_unique()} seeds (range):", "",
             "| split | " + " | ".join(ARMS.values()) + " |", "|---|" + "---|" * len(ARMS)]  # fmt: skip
    for view, words in SHOWN.items():
        parts = [results.filter(pl.col("view") == view, pl.col("arm") == arm)["d2_rate"] for arm in ARMS]
        lines.append(f"| {words} | {' | '.join(f'{p.mean():.3f} ({p.min():.3f} to {p.max():.3f})' for p in parts)} |")
    wide = results.pivot(on="view", index=["seed", "arm"], values="d2_rate")
    lines += ["", "Rows at random minus creators held out and later in time, mean over seeds:", "",
              "| " + " | ".join(ARMS.values()) + " |", "|" + "--:|" * len(ARMS)]  # fmt: skip
    hidden = [wide.filter(pl.col("arm") == arm) for arm in ARMS]
    lines.append("| " + " | ".join(f"{(p['random'] - p['creators_and_time']).mean():+.3f}" for p in hidden) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    code = code_digest(AUDIT, HERE / "params.yaml")
    for seed in params["seeds"]:
        if seed in done_before(RESULTS, SCHEMA, code)["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = run_one(params["world"], seed)
        add(RESULTS, SCHEMA, [{"code": code, "world": params["world"], "seed": seed, **row} for row in rows])
        print(f"seed {seed}: done", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
