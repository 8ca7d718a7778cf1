"""What share of the latent-fed D² does a given reliability allow? Run what results.csv lacks, then write the tables.

Named worlds (``run.py maroc``) limit what is run, so that several processes can share the work.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame
from records import add, done_before, show

from thiqa.models.conversion import ConversionConfig, ConversionModel, fit
from thiqa.models.conversion.data import claimed_columns, feature_columns
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.oracle import LATENT, true_levers
from thiqa.models.conversion.rivals import LogRatio
from thiqa.models.conversion.validate import cross_fit, scores_of

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
FOLDS = 3  # of creators, each held out once
LEVERS = "levers"  # the arm fed the true levers
SCHEMA = {"code": pl.String, "world": pl.String, "seed": pl.Int64, "arm": pl.String, "value": pl.Float64}
Floats = NDArray[np.floating]


def noisy(rows: pl.DataFrame, lever: str, reliability: float, random: np.random.Generator) -> pl.Series:
    """Add noise to a lever, so much that the given share of the variance is the lever's own.

    Drawn once for each creator and value: what a table shows of a creator is wrong in the same way in every deal.
    """
    keys = rows.select("creator_id", lever)
    known = keys.unique(maintain_order=True)
    spread = np.std(rows[lever].to_numpy()) * np.sqrt((1 - reliability) / reliability)
    known = known.with_columns(noise=pl.Series(spread * random.standard_normal(len(known))))
    return rows[lever] + keys.join(known, on=["creator_id", lever], how="left", maintain_order="left")["noise"]


def shown(rows: pl.DataFrame, lever: str, columns: list[str]) -> float:
    """Tell the share of a lever's variance that all features together explain, creators held out (ridge, R²)."""
    features = rows.select(columns).with_columns(pl.all().fill_null(pl.all().median()).fill_null(0.0)).to_numpy()
    features = np.concatenate([features, np.log1p(np.abs(features))], axis=1)
    true, model = rows[lever].to_numpy(), make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 4, 9)))
    said = cross_val_predict(model, features, true, groups=rows["creator_id"].to_numpy(), cv=GroupKFold(5))
    return float(1 - np.mean((said - true) ** 2) / np.var(true))


def run_one(world: str, seed: int, reliabilities: list[float]) -> Iterator[dict[str, Any]]:
    """Judge the model on features, on true levers and on noisy ones, and tell how reliably features show each lever."""
    frame, tables = world_frame(world, seed)
    levers = true_levers(tables)
    if levers is None:
        sys.exit(f"{tables}: no truth")
    rows = learnable(frame).join(levers, on="placement_id", how="left")
    names = [name for name in rows.columns if name.startswith(LATENT)]
    features = feature_columns(frame)
    for lever in names:
        yield {"arm": f"shown {lever.removeprefix(LATENT)}", "value": shown(rows, lever, features)}
    random, config, seen = np.random.default_rng(seed), ConversionConfig(folds=FOLDS), {LEVERS: names}
    for reliability in reliabilities:
        columns = {f"{name} {reliability}": noisy(rows, name, reliability, random) for name in names}
        rows, seen[f"{reliability:g}"] = rows.with_columns(**columns), list(columns)

    def fed(columns: list[str]) -> Any:
        def learn(train: pl.DataFrame, _rate: float) -> LogRatio:
            model: ConversionModel = fit(train, ["followers", *columns], ("tier", "brand"), config, seed)
            return lambda asked: np.log(model.rate(asked) / model.mean_rate)

        return learn

    judged = cross_fit(rows, claimed_columns(frame), {arm: fed(columns) for arm, columns in seen.items()}, config, seed)
    for arm in ("model", *seen):
        yield {"arm": arm, "value": scores_of(judged, arm)["d2_rate"]}


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    means = {(world, arm): value for world, arm, value in
             results.group_by("world", "arm").agg(pl.col("value").mean()).iter_rows()}  # fmt: skip
    worlds = [world for world in params["worlds"] if (world, LEVERS) in means]
    seeds = results["seed"].n_unique()
    lines = [f"D² with realised reach, and its share of that with the true levers, mean of {seeds} seeds:", "",
             f"| the model sees | {' | '.join(worlds)} |", "|---|" + "--:|" * len(worlds)]  # fmt: skip
    noisier = {f"{r:g}": f"levers of reliability {r:g}" for r in params["reliability"][::-1]}
    arms = {LEVERS: "the true levers", **noisier, "model": "features"}
    for arm, words in arms.items():
        cells = [f"{means[world, arm]:.3f} ({means[world, arm] / means[world, LEVERS]:.0%})" for world in worlds]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    lines += ["", "How reliably all features together show each lever (share of its variance, creators held out):", "",
              f"| lever | {' | '.join(worlds)} |", "|---|" + "--:|" * len(worlds)]  # fmt: skip
    for arm in results["arm"].unique(maintain_order=True):
        if arm.startswith("shown "):
            cells = [f"{means[world, arm]:.2f}" for world in worlds]
            lines.append(f"| {arm.removeprefix('shown ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    code = code_digest(HERE / "params.yaml")
    for seed in params["seeds"]:
        for world in sys.argv[1:] or params["worlds"]:
            if len(done_before(RESULTS, SCHEMA, code).filter(pl.col("world") == world, pl.col("seed") == seed)):
                print(f"{world}, seed {seed}: done before")
                continue
            rows = list(run_one(world, seed, params["reliability"]))
            add(RESULTS, SCHEMA, [{"code": code, "world": world, "seed": seed, **row} for row in rows])
            print(f"{world}, seed {seed}: done", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
