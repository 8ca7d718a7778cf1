"""Does trust beat followers? Run the seeds of params.yaml that results.csv lacks, then write the README's table."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import yaml

import thiqa
from thiqa.data.world import simulate
from thiqa.features import column_names
from thiqa.files import digest, replacing
from thiqa.models.conversion import ConversionConfig, placements_frame, validate
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import load_scorer
from thiqa.params import Params
from thiqa.workspace import CACHE_VARIABLE, Workspace

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
ARMS = {
    "followers": "followers alone",
    "followers_and_engagement": "followers and engagement rate",
    "no_trust": "all but the trust features: followers, what the deal says, who the creator is",
    "model": "all features",
    "oracle": "(true rate, for scale)",
}
CODE = ("data/world", "annotate", "features", "models")  # a change here makes old results void


def code_digest() -> str:
    """Name the code and the parameters that results were made with."""
    package = Path(thiqa.__file__).parent
    files = [f for part in CODE for f in sorted((package / part).rglob("*")) if f.suffix in {".py", ".yaml"}]
    return digest(*files, HERE.parents[1] / "data" / "corpus" / "world.jsonl", HERE / "params.yaml")[:12]


def run_seed(seed: int, params: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Simulate one world and judge every arm on it, on the same placements."""
    world_file, tables = folder / "world.yaml", folder / "world"
    world_file.write_text(yaml.safe_dump(params["world"]), encoding="utf-8")
    simulate(world_file, tables, seed=seed, progress=False)
    defaults = Params()
    config = ConversionConfig(**params["conversion"])
    features = Workspace(defaults.engine, defaults.features, load_scorer(SHIPPED)).cached_features(tables)
    frame = placements_frame(tables, features, defaults.tiers)
    trust = [name for name, f in column_names(defaults.features.windows).items() if f.family != "audience"]
    full = validate(frame, config, seed, tables)["metrics"]
    without = validate(frame.drop(trust), config, seed, tables)["metrics"]
    scores = {"model": full, **full["rivals"], "no_trust": without}
    figures = ("d2_rate", "d2_plan")
    return [
        {"seed": seed, "arm": arm, "judged": full["judged"], **{f: scores[arm][f] for f in figures}} for arm in ARMS
    ]


def done_before(code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    schema = {"code": pl.String, "seed": pl.Int64, "arm": pl.String, "judged": pl.Int64,
              "d2_rate": pl.Float64, "d2_plan": pl.Float64}  # fmt: skip
    if not RESULTS.exists():
        return pl.DataFrame(schema=schema)
    return pl.read_csv(RESULTS, schema=schema).filter(pl.col("code") == code)


def table(results: pl.DataFrame) -> str:
    """Write the table of the README: mean over seeds, smallest and largest."""
    seeds = results["seed"].n_unique()
    lines = [f"| arm | D², realised reach: mean of {seeds} seeds (range) | D² at the deal: mean (range) |",
             "|---|---|---|"]  # fmt: skip
    for arm, words in ARMS.items():
        part = results.filter(pl.col("arm") == arm)
        cells = [f"{part[f].mean():.3f} ({part[f].min():.3f} to {part[f].max():.3f})" for f in ("d2_rate", "d2_plan")]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    wide = results.pivot(on="arm", index="seed", values="d2_rate").sort("seed")
    lines += ["", "All features minus each other arm, D² with realised reach, on the same placements:", "",
              "| minus | " + " | ".join(f"seed {seed}" for seed in wide["seed"]) + " |",
              "|---|" + "--:|" * seeds]  # fmt: skip
    for arm in ("followers", "followers_and_engagement", "no_trust"):
        gains = (wide["model"] - wide[arm]).to_list()
        lines.append(f"| {ARMS[arm]} | " + " | ".join(f"{gain:+.3f}" for gain in gains) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = done_before(code)
    for seed in params["seeds"]:
        if seed in results["seed"]:
            print(f"seed {seed}: done before")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ[CACHE_VARIABLE] = f"{folder}/cache"  # these worlds are not needed again
            rows = pl.DataFrame([{"code": code, **row} for row in run_seed(seed, params, Path(folder))])
        results = pl.concat([results, rows.cast(dict(results.schema))])
        with replacing(RESULTS) as temporary:
            results.write_csv(temporary, float_precision=6)
        print(f"seed {seed}: done")
    text = table(results.filter(pl.col("seed").is_in(params["seeds"])))
    print(text)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    main()
