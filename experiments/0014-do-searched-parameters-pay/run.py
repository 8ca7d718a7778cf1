"""Do searched parameters pay? Search with Optuna once, judge the best on other worlds, then write the README's table.

``trials.csv`` has every trial; `thiqa publish` shows them as nested runs. A person copies what pays to params.yaml.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import polars as pl
import yaml
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame
from records import add, done_before, lead, show
from tuning import before_the_cut

from thiqa.files import replacing
from thiqa.models.conversion import ConversionConfig, fit
from thiqa.models.conversion.data import CATEGORIES, claimed_columns
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.scores import d2
from thiqa.models.conversion.validate import OURS, cross_fit, gain_over, scores_of

HERE = Path(__file__).parent
RESULTS, README, TRIALS = HERE / "results.csv", HERE / "README.md", HERE / "trials.csv"
PRESENT, FOUND = "present", OURS
FOLDS = 3  # of creators, each held out once
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "arm": pl.String, "d2_rate": pl.Float64,
    "d2_plan": pl.Float64, "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def held_out_d2(rows: pl.DataFrame, config: ConversionConfig, folds: int) -> float:
    """Return D² with realised reach of creators held out in turn."""
    counts, expected, reference = [], [], []
    for train, test in GroupKFold(folds, shuffle=True, random_state=0).split(rows, groups=rows["creator_id"].to_list()):
        model = fit(rows[train], claimed_columns(rows), CATEGORIES, config, 0)
        reach = rows[test]["reach"].to_numpy().astype(float)
        counts.append(rows[test]["delivered"].to_numpy().astype(float))
        expected.append(model.rate(rows[test]) * reach)
        reference.append(model.mean_rate * reach)
    return d2(*(np.concatenate(parts) for parts in (counts, expected, reference))) or 0.0


def search(params: dict[str, Any], code: str) -> pl.DataFrame:
    """Try the present parameters first, then what Optuna proposes; what was searched with the same code is kept."""
    if TRIALS.exists() and (tried := pl.read_csv(TRIALS))["code"].unique().to_list() == [code]:
        return tried
    rows = before_the_cut(world_frame(params["world"], params["searched_on"])[0], ConversionConfig())
    present = {name: getattr(ConversionConfig(), name) for name in params["space"]}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=params["searched_on"]))
    study.enqueue_trial(present)

    def value(trial: optuna.Trial) -> float:
        chosen = {name: _suggest(trial, name, *bounds) for name, bounds in params["space"].items()}
        score = held_out_d2(rows, ConversionConfig(**chosen), params["folds"])
        print(f"trial {trial.number}: {score:.4f} {chosen}", flush=True)
        return score

    study.optimize(value, n_trials=params["trials"])
    tried = pl.DataFrame([{"code": code, "trial": t.number, "value": t.value, **t.params} for t in study.trials])
    with replacing(TRIALS) as temporary:
        tried.write_csv(temporary, float_precision=6)
    return pl.read_csv(TRIALS)


def _suggest(trial: optuna.Trial, name: str, low: float, high: float) -> float:
    if isinstance(low, int):
        return trial.suggest_int(name, low, int(high), log=True)
    return trial.suggest_float(name, low, high, log=True)


def best_of(tried: pl.DataFrame) -> dict[str, Any]:
    """Return the parameters of the best trial."""
    return tried.sort("value", descending=True).drop("code", "trial", "value").row(0, named=True)


def run_one(world: str, seed: int, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Judge the parameters that were found, and those of today, on one world."""
    rows = learnable(world_frame(world, seed)[0])
    columns, config = claimed_columns(rows), ConversionConfig(folds=FOLDS, **found)

    def present(train: pl.DataFrame, _rate: float) -> Any:
        model = fit(train, columns, CATEGORIES, ConversionConfig(), seed)
        return lambda frame: np.log(model.rate(frame) / model.mean_rate)

    judged = cross_fit(rows, columns, {PRESENT: present}, config, seed)
    gain = gain_over(judged, PRESENT, config.bootstraps, np.random.default_rng(seed))
    nothing = {"gain": 0.0, "low": 0.0, "high": 0.0}
    return [{"arm": arm, **{name: scores_of(judged, arm)[name] for name in ("d2_rate", "d2_plan")},
             **(gain if arm == FOUND else nothing)} for arm in (PRESENT, FOUND)]  # fmt: skip


def table(results: pl.DataFrame) -> str:
    """Write the table of the README."""
    tried = pl.read_csv(TRIALS)
    best, first = tried.sort("value", descending=True).row(0, named=True), tried.row(0, named=True)
    names = [name for name in tried.columns if name not in {"code", "trial"}]
    lines = [f"{len(tried)} trials; D² of creators held out within the rows searched on:", "",
             "| | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]  # fmt: skip
    for words, row in (("present", first), (f"best (trial {best['trial']})", best)):
        lines.append(f"| {words} | {' | '.join(f'{row[name]:.4g}' for name in names)} |")
    mean, low, high = lead(results.filter(pl.col("arm") == FOUND))
    lines += ["", f"Judged on {results['seed'].n_unique()} other worlds, creators held out and forward in time, mean:",
              "", "| parameters | D², realised reach | D² at the deal | above the present ones [90 % interval] |",
              "|---|--:|--:|---|"]  # fmt: skip
    for arm, words in ((PRESENT, "present"), (FOUND, "best of the search")):
        part = results.filter(pl.col("arm") == arm)
        above = "–" if arm == PRESENT else f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
        lines.append(f"| {words} | {part['d2_rate'].mean():.4f} | {part['d2_plan'].mean():.4f} | {above} |")
    return "\n".join(lines)


def main() -> None:
    """Search, and run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest(HERE / "params.yaml")
    found = best_of(search(params, code))
    for seed in params["seeds"]:
        if seed in done_before(RESULTS, SCHEMA, code)["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = run_one(params["world"], seed, found)
        add(RESULTS, SCHEMA, [{"code": code, "world": params["world"], "seed": seed, **row} for row in rows])
        print(f"seed {seed}: done", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
