"""Which loss for conversions? Run the worlds and seeds that results.csv lacks, then write the README's table."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from frames import code_digest, world_frame
from records import add, done_before, lead, show

from thiqa.models.conversion import ConversionConfig, fit
from thiqa.models.conversion.data import CATEGORIES, claimed_columns, feature_of
from thiqa.models.conversion.inputs import Inputs
from thiqa.models.conversion.linear import fit_log_linear
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.rivals import LogRatio
from thiqa.models.conversion.scores import gain
from thiqa.models.conversion.validate import OURS, Fitter, cross_fit, scores_of

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
PARAMS = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
BASE = "poisson"
ARMS = {
    BASE: "trees: Poisson, log exposure as offset",
    **{f"tweedie_{power}": f"trees: Tweedie {power}, delivered / exposure weighted by exposure"
       for power in PARAMS["powers"]},
    "clicks_times_rate": "trees: clicks for each reached person x deliveries for each click, both Poisson",
    "hurdle": "trees: whether anything is delivered x how much if so",
    "monotone": "trees: Poisson, monotone where a claim gives the sign",
    "linear": "log-linear: Poisson weights, no over-dispersion",
    "linear_weighted": "log-linear: weights that know over-dispersion and creators",
    OURS: "the model: log-linear, and trees on what it leaves where they pay",
}  # fmt: skip
SCHEMA = {
    "code": pl.String, "world": pl.String, "seed": pl.Int64, "arm": pl.String, "d2_rate": pl.Float64,
    "d2_plan": pl.Float64, "gain": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip
SMALLEST = 1e-6
FOLDS = 3  # of creators, each held out once


def grow(
    inputs: Inputs, rows: pl.DataFrame, label: np.ndarray, objective: str, **more: Any
) -> Callable[[pl.DataFrame], np.ndarray]:
    """Boost trees; returns their raw scores."""
    fixed = {"deterministic": True, "force_row_wise": True, "n_jobs": 1, "verbosity": -1, "random_state": 0}
    data = {name: more.pop(name) for name in ("init_score", "sample_weight") if name in more}
    trees = lgb.LGBMModel(objective=objective, **fixed, **PARAMS["trees"], **more)
    trees.fit(inputs.matrix(rows), label, **data)
    return lambda frame: np.asarray(trees.booster_.predict(inputs.matrix(frame), raw_score=True, num_threads=1))


def exposure_of(rows: pl.DataFrame, rate: float) -> np.ndarray:
    """Return what would be delivered at the mean rate."""
    return rate * rows["reach"].to_numpy().astype(float)


def poisson(inputs: Inputs, rows: pl.DataFrame, rate: float, **more: Any) -> LogRatio:
    """Count deliveries, log exposure as offset."""
    start = np.log(exposure_of(rows, rate))
    return grow(inputs, rows, _floats(rows, "delivered"), "poisson", init_score=start, **more)


def monotone(inputs: Inputs, rows: pl.DataFrame, rate: float) -> LogRatio:
    """Count deliveries as :func:`poisson`, never against the sign of a claim."""
    signs = dict.fromkeys(PARAMS["monotone"]["up"], 1) | dict.fromkeys(PARAMS["monotone"]["down"], -1)
    bound = [0 if "?" in name or "=" in name else signs.get(feature_of(name), 0) for name in inputs.names]
    return poisson(inputs, rows, rate, monotone_constraints=bound)


def tweedie(inputs: Inputs, rows: pl.DataFrame, rate: float, power: float) -> LogRatio:
    """Fit the rate with Tweedie's deviance."""
    exposure = exposure_of(rows, rate)
    relative = _floats(rows, "delivered") / exposure
    return grow(inputs, rows, relative, "tweedie", sample_weight=exposure, tweedie_variance_power=power)


def clicks_times_rate(inputs: Inputs, rows: pl.DataFrame, rate: float) -> LogRatio:
    """Multiply clicks for each reached person by deliveries for each click, both relative to their means."""
    known = rows.filter(pl.col("clicks").is_not_null())
    clicks, reach = _floats(known, "clicks"), _floats(known, "reach")
    sold = known.filter(pl.col("clicks") > 0)
    each = float(sold["delivered"].sum()) / max(float(sold["clicks"].sum()), 1.0)
    clicked = grow(inputs, known, clicks, "poisson", init_score=np.log(reach * clicks.sum() / reach.sum()))
    bought = grow(inputs, sold, _floats(sold, "delivered"), "poisson",
                  init_score=np.log(each * _floats(sold, "clicks")))  # fmt: skip
    offset = np.log(max(each, SMALLEST) * clicks.sum() / reach.sum() / rate)
    return lambda frame: clicked(frame) + bought(frame) + offset


def hurdle(inputs: Inputs, rows: pl.DataFrame, rate: float) -> LogRatio:
    """Multiply the chance of any delivery by the mean number where there is one.

    Neither is proportional to exposure, so the log of the exposure is an input of both, and the rate is that at the
    row's own exposure.
    """
    wide = _with_exposure(rows, rate)
    seen = Inputs.fit(wide, [*(number.name for number in inputs.numbers), "log_exposure"], CATEGORIES)
    any_sold = (_floats(rows, "delivered") > 0).astype(float)
    chance = grow(seen, wide, any_sold, "binary")
    some = wide.filter(pl.col("delivered") > 0)
    count = grow(seen, some, _floats(some, "delivered"), "poisson")

    def log_ratio(frame: pl.DataFrame) -> np.ndarray:
        shown = _with_exposure(frame, rate)
        expected = np.exp(count(shown)) / (1 + np.exp(-chance(shown)))
        return np.log(np.maximum(expected, SMALLEST)) - shown["log_exposure"].to_numpy()

    return log_ratio


def _with_exposure(frame: pl.DataFrame, rate: float) -> pl.DataFrame:
    return frame.with_columns(log_exposure=(rate * pl.col("reach").cast(pl.Float64)).log())


def linear(inputs: Inputs, rows: pl.DataFrame, rate: float, *, weighted: bool) -> LogRatio:
    """Fit the log-linear part alone."""
    creators = rows["creator_id"].rank("dense").to_numpy().astype(int) - 1
    line = fit_log_linear(inputs.matrix(rows), _floats(rows, "delivered"), exposure_of(rows, rate), creators,
                          inputs.groups, weighted=weighted)  # fmt: skip
    return lambda frame: line.log_rate(inputs.matrix(frame))


def arms(rows: pl.DataFrame, config: ConversionConfig, seed: int) -> dict[str, Fitter]:
    """Name every arm but the model itself."""
    columns = claimed_columns(rows)

    def of(fitted: Callable[..., LogRatio], **more: Any) -> Fitter:
        return lambda train, rate: fitted(Inputs.fit(train, columns, CATEGORIES), train, rate, **more)

    def ours(train: pl.DataFrame, _rate: float) -> LogRatio:
        model = fit(train, columns, CATEGORIES, config, seed)
        return lambda frame: np.log(model.rate(frame) / model.mean_rate)

    return {
        BASE: of(poisson),
        **{f"tweedie_{power}": of(tweedie, power=power) for power in PARAMS["powers"]},
        "clicks_times_rate": of(clicks_times_rate), "hurdle": of(hurdle), "monotone": of(monotone),
        "linear": of(linear, weighted=False), "linear_weighted": of(linear, weighted=True),
    }  # fmt: skip


def run_one(world: str, seed: int) -> list[dict[str, Any]]:
    """Judge every arm on one world, on the same placements; ``gain`` is the lead over trees with Poisson's loss."""
    frame, _ = world_frame(world, seed)
    rows, config = learnable(frame), ConversionConfig(folds=FOLDS)
    judged = cross_fit(rows, claimed_columns(rows), arms(rows, config, seed), config, seed)
    random, delivered = np.random.default_rng(seed), judged["delivered"].to_numpy().astype(float)
    reach = judged["reach"].to_numpy().astype(float)
    base, reference = judged[f"rate_{BASE}"].to_numpy() * reach, judged["reference"].to_numpy() * reach
    return [
        {"arm": arm, **{name: scores_of(judged, arm)[name] for name in ("d2_rate", "d2_plan")},
         **gain(delivered, judged[f"rate_{arm}"].to_numpy() * reach, base, reference,
                judged["creator_id"].to_numpy(), config.bootstraps, random)}
        for arm in ARMS
    ]  # fmt: skip


def _floats(rows: pl.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy().astype(float)


def table(results: pl.DataFrame) -> str:
    """Write the table of the README."""
    worlds = results["world"].unique(maintain_order=True).to_list()
    heads = [f"{world}: D² (at the deal) | above trees with Poisson [90 % interval]" for world in worlds]
    lines = [f"Mean over {results['seed'].n_unique()} seeds:", "", f"| arm | {' | '.join(heads)} |",
             "|---|" + "---|" * 2 * len(worlds)]  # fmt: skip
    for arm, words in ARMS.items():
        cells = []
        for world in worlds:
            part = results.filter(pl.col("arm") == arm, pl.col("world") == world)
            mean, low, high = lead(part)
            cells.append(f"{part['d2_rate'].mean():.3f} ({part['d2_plan'].mean():.3f})")
            cells.append("–" if arm == BASE else f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    code = code_digest(HERE / "params.yaml")
    for seed in PARAMS["seeds"]:
        for world in PARAMS["worlds"]:
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
