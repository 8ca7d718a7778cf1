"""Does anything leak? Audit the seeds that results.csv lacks, then write the README's table."""

import sys
from pathlib import Path

import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import AUDIT, code_digest, world_frame
from records import add, done_before, lead, show

from thiqa.models.conversion import ConversionConfig
from thiqa.models.conversion.audit import audit

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
FOLDS = 3  # of creators, brands or rows, each held out once
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "suspect": pl.String, "view": pl.String,
    "without": pl.Float64, "with": pl.Float64, "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def table(results: pl.DataFrame) -> str:
    """Write the table of the README."""
    probes = results.filter(pl.col("gain").is_not_null())
    lines = [f"D² with realised reach, mean over {results['seed'].n_unique()} seeds:", "",
             "| suspect | split | D² without | D² with | gain [90 % interval] |", "|---|---|--:|--:|---|"]  # fmt: skip
    for (suspect, view), part in probes.group_by("suspect", "view", maintain_order=True):
        mean, low, high = lead(part)
        lines.append(f"| {suspect} | {view} | {part['without'].mean():.3f} | {part['with'].mean():.3f} "
                     f"| {mean:+.3f} [{low:+.3f}, {high:+.3f}] |")  # fmt: skip
    alone = results.filter(pl.col("gain").is_null())
    lines += ["", "The column that explains most by itself, by seed: " + "; ".join(
        f"`{suspect.split(': ')[1]}` {d2:.3f}" for suspect, d2 in alone.select("suspect", "with").iter_rows()
    ) + "."]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    code = code_digest(AUDIT, HERE / "params.yaml")
    for seed in params["seeds"]:
        if seed in done_before(RESULTS, SCHEMA, code)["seed"]:
            print(f"seed {seed}: done before")
            continue
        frame, tables = world_frame(params["world"], seed)
        rows = audit(frame, tables, ConversionConfig(folds=FOLDS), seed)
        add(RESULTS, SCHEMA, [{"code": code, "world": params["world"], "seed": seed, **row} for row in rows])
        print(f"seed {seed}: done", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
