"""Which model predicts deliveries best, and do its intervals hold? Run what results.csv lacks, then write the table."""

import re
import sys
from pathlib import Path
from typing import Any

import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame

from thiqa.files import replacing
from thiqa.models.conversion import ConversionConfig, validate

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
HEAD = (
    "D² with realised reach (at the deal), creators held out and forward in time, mean over seeds; in brackets the "
    "90 % interval of the model's lead, of the first seed, creators drawn again:"
)
TIERS = ("nano", "micro", "macro")
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "view": pl.String, "arm": pl.String, "d2_rate": pl.Float64,
    "d2_plan": pl.Float64, "regret_mad": pl.Float64, "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    **{f"covered_{tier}": pl.Float64 for tier in TIERS}, **{f"judged_{tier}": pl.Int64 for tier in TIERS},
}  # fmt: skip


def judge(frame: pl.DataFrame, tables: Path, seed: int) -> list[dict[str, Any]]:
    """Judge our model and its rivals on one world: one row an arm, and one for each easier view."""
    metrics = validate(frame, ConversionConfig(), seed, tables)["metrics"]
    ours = {key: metrics[key] for key in ("d2_rate", "d2_plan", "regret_mad")}
    covered = {f"covered_{tier}": row["share"] for tier, row in metrics["intervals"].items() if tier in TIERS}
    judged = {f"judged_{tier}": row["placements"] for tier, row in metrics["intervals"].items() if tier in TIERS}
    rows = [{"view": "creators_and_time", "arm": "model", **ours, **covered, **judged}]
    for arm, row in metrics["rivals"].items():
        figures = {key: row[key] for key in ("d2_rate", "d2_plan", "regret_mad")}
        rows.append({"view": "creators_and_time", "arm": arm, **figures, **row["model_minus_this"]})
    for view, row in metrics["views"].items():
        covered = {f"covered_{tier}": share for tier, share in row["coverage"].items() if tier in TIERS}
        figures = {key: row[key] for key in ("d2_rate", "d2_plan", "regret_mad")}
        rows.append({"view": view, "arm": "model", **figures, **covered})
    return rows


def run_one(world: str, change: dict[str, Any] | None, seed: int) -> list[dict[str, Any]]:
    """Simulate one world and judge on it."""
    changes = {key: value for key, value in (change or {}).items() if key != "of"}
    frame, tables = world_frame((change or {}).get("of", world), seed, changes)
    return judge(frame, tables, seed)


def done_before(code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    if not RESULTS.exists():
        return pl.DataFrame(schema=SCHEMA)
    return pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README."""
    main = results.filter(pl.col("view") == "creators_and_time")
    worlds = main["world"].unique(maintain_order=True).to_list()
    lines = [HEAD, "", "| | " + " | ".join(worlds) + " |", "|---|" + "---|" * len(worlds)]  # fmt: skip
    for arm in main["arm"].unique(maintain_order=True):
        cells = [_cell(main.filter((pl.col("arm") == arm) & (pl.col("world") == world))) for world in worlds]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    lines += ["", "Revenue lost by taking the 20 placements that a model puts first, MAD, mean over seeds:", "",
              "| | " + " | ".join(worlds) + " |", "|---|" + "--:|" * len(worlds)]  # fmt: skip
    for arm in ("model", "followers_and_engagement", "poisson_glm", "catboost"):
        of_arm = [main.filter((pl.col("arm") == arm) & (pl.col("world") == world))["regret_mad"] for world in worlds]
        lines.append(f"| {arm} | {' | '.join(f'{values.mean():,.0f}' for values in of_arm)} |")
    lines += ["", "Share of held-out placements that the 90 % interval covers, pooled over worlds and seeds:", "",
              "| view | " + " | ".join(TIERS) + " |", "|---|" + "--:|" * len(TIERS)]  # fmt: skip
    ours = results.filter(pl.col("arm") == "model")
    for view in ours["view"].unique(maintain_order=True):
        part = ours.filter(pl.col("view") == view)
        lines.append(f"| {view} | {' | '.join(_covered(part, tier) for tier in TIERS)} |")
    lines += ["", "The model in each view, D² with realised reach, mean over seeds:", "",
              "| view | " + " | ".join(worlds) + " |", "|---|" + "--:|" * len(worlds)]  # fmt: skip
    for view in ours["view"].unique(maintain_order=True):
        of_view = [ours.filter((pl.col("view") == view) & (pl.col("world") == world))["d2_rate"] for world in worlds]
        lines.append(f"| {view} | {' | '.join(f'{values.mean():.3f}' for values in of_view)} |")
    return "\n".join(lines)


def _cell(part: pl.DataFrame) -> str:
    if not len(part):
        return "–"
    text = f"{part['d2_rate'].mean():.3f} ({part['d2_plan'].mean():.3f})"
    low, high = part["low"][0], part["high"][0]
    return text if low is None else f"{text} [{low:+.3f} to {high:+.3f}]"


def _covered(part: pl.DataFrame, tier: str) -> str:
    weights = part[f"judged_{tier}"].fill_null(1)
    share = (part[f"covered_{tier}"] * weights).sum() / weights.sum()
    judged = part[f"judged_{tier}"].sum()
    return f"{100 * share:.1f} %" + (f" of {judged}" if judged else "")


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = done_before(code)
    every = [(world, None) for world in params["worlds"]] + list(params["changes"].items())
    for seed in params["seeds"]:
        for world, change in every:
            if len(results.filter((pl.col("world") == world) & (pl.col("seed") == seed))):
                print(f"{world}, seed {seed}: done before")
                continue
            results = add(results, run_one(world, change, seed), code, world, seed)
            print(f"{world}, seed {seed}: done", flush=True)
    text = table(results)
    print(text)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")


def add(results: pl.DataFrame, rows: list[dict[str, Any]], code: str, world: str, seed: int) -> pl.DataFrame:
    """Append the rows of one world and write results.csv."""
    new = pl.DataFrame([{**dict.fromkeys(SCHEMA), "code": code, "world": world, "seed": seed, **row} for row in rows],
                       schema=SCHEMA)  # fmt: skip
    results = pl.concat([results, new])
    with replacing(RESULTS) as temporary:
        results.write_csv(temporary, float_precision=6)
    return results


if __name__ == "__main__":
    main()
