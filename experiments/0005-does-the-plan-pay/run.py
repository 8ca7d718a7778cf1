"""Does the plan pay? Run the worlds of params.yaml that results.csv lacks, then write the README's tables."""

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

import thiqa
from thiqa.data.world.drawn import draw
from thiqa.data.world.run import trials
from thiqa.data.world.settings import read_world
from thiqa.engine import open_engine
from thiqa.files import digest, replacing
from thiqa.models.text.rules import RuleScorer
from thiqa.params import Params
from thiqa.plan.campaign import Campaign
from thiqa.plan.folder import trained
from thiqa.plan.market import market_of, pairs_of
from thiqa.plan.objective import goal_of
from thiqa.plan.options import build_options, usual_posts
from thiqa.plan.outlook import common_spread, outlook
from thiqa.plan.rivals import RIVALS
from thiqa.workspace import CACHE_VARIABLE, Workspace

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
ARMS = {
    "plan": "the plan",
    "careful": "the plan with risk aversion 0.5",
    "by_followers": "top by followers",
    "by_engagement": "top by engagement rate",
    "greedy": "greedy by predicted deliveries per MAD",
    "proportional": "proportional split over tiers, top by engagement rate in each",
    "oracle": "(the plan made with true rates, for scale)",
}
SCHEMA = {
    "code": pl.String, "seed": pl.Int64, "campaign": pl.String, "arm": pl.String, "creators": pl.Int64,
    "spend": pl.Float64, "predicted": pl.Float64, "low": pl.Float64, "high": pl.Float64, "delivered": pl.Int64,
    "truth": pl.Float64, "gap": pl.Float64,
}  # fmt: skip
CODE = ("data/world", "annotate", "features", "models", "plan")


def _truth() -> Any:
    spec = importlib.util.spec_from_file_location("plan_truth", HERE / "truth.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["plan_truth"] = module
    spec.loader.exec_module(module)
    return module.Truth


def code_digest() -> str:
    """Name the code and the parameters that results were made with."""
    package = Path(thiqa.__file__).parent
    files = [f for part in CODE for f in sorted((package / part).rglob("*")) if f.suffix in {".py", ".yaml"}]
    return digest(*files, HERE.parents[1] / "data" / "corpus" / "world.jsonl", HERE / "params.yaml")[:12]


def run_world(seed: int, tables: Path, world_file: Path, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Plan every campaign in one world by every arm, and look up what is true."""
    truth_of, defaults = _truth(), Params()
    drawn = draw(read_world(world_file, seed=seed))
    workspace = Workspace(defaults.engine, defaults.features, RuleScorer())
    campaigns = [
        Campaign.model_validate({"name": f"{one['niche']}, {one['budget_mad']}", **params["common"], **one})
        for one in params["campaigns"]
    ]
    history, now = build(workspace, campaigns[0], tables)
    rows, model = [], None
    for campaign in campaigns:
        with open_engine(defaults.engine, tables.parent / "scratch") as engine:
            market = market_of(campaign, tables, history, now, engine, defaults.features, defaults.tiers)
        model = model or trained(market, defaults.conversion, seed)
        common = common_spread(market.deals, model)
        options = build_options(campaign, market, model)
        truth = truth_of.of(drawn, campaign, market.as_of, options.table)
        expected = truth.expected()
        for arm, chosen, gap in plans(campaign, options, expected, round(usual_posts(market.deals))):
            seen = outlook(options, chosen, common, 0.1, np.random.default_rng(seed))
            rows.append({
                "seed": seed, "campaign": campaign.name, "arm": arm, "creators": len(chosen),
                "spend": int(options.table["cents"].to_numpy()[chosen].sum()) / 100, "predicted": seen["deliveries"],
                "low": seen["deliveries_low"], "high": seen["deliveries_high"],
                "delivered": truth.delivered(chosen, 0), "truth": float(expected[chosen].sum()), "gap": gap,
            })  # fmt: skip
    return rows


def build(workspace: Workspace, campaign: Campaign, tables: Path) -> tuple[Path, Path]:
    """Build the features of every placement and of every creator on the day of the decision, in one go."""
    pairs, history, now = (tables.parent / f"{name}.parquet" for name in ("pairs", "history", "now"))
    today = pairs_of(campaign, tables)
    deals = pl.read_parquet(tables / "placements.parquet").select("creator_id", as_of="agreed_at")
    pl.concat([today, deals]).unique().write_parquet(pairs)
    workspace.build(tables, pairs, history)
    pl.read_parquet(history).join(today, on=["creator_id", "as_of"], how="semi").write_parquet(now)
    return history, now


def plans(campaign: Campaign, options: Any, expected: np.ndarray, usual: int) -> Iterator[tuple[str, Any, float]]:
    """Yield each arm's choice, with its gap where one is proven."""
    budget = campaign.budget_cents
    careful = campaign.model_copy(update={"risk": campaign.risk.model_copy(update={"aversion": 0.5})})
    known = replace(options, table=options.table.with_columns(deliveries=pl.Series(expected)))
    for arm, wanted, some in (("plan", campaign, options), ("careful", careful, options), ("oracle", campaign, known)):
        found = goal_of(wanted, some).best(budget)
        yield arm, found.chosen, found.gap
    for arm, rival in RIVALS.items():
        yield arm, rival(options, budget, usual), float("nan")


def done_before(code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    if not RESULTS.exists():
        return pl.DataFrame(schema=SCHEMA)
    return pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README: means over worlds, and paired differences with their 95 % intervals."""
    worlds = results["seed"].n_unique()
    campaigns = results["campaign"].n_unique()
    heads = ("creators", "spend, MAD", "true deliveries", "predicted / true", "plan minus arm (interval)", "regret")
    said = (
        f"{worlds} simulated worlds, {campaigns} campaigns in each. Deliveries are true means of a campaign, intervals "
        "are of the mean over worlds (bootstrap of worlds, 95 %), regret is to the plan made with true rates."
    )
    lines = [
        said,
        "",
        f"| arm | {' | '.join(heads)} |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    sums = results.group_by("seed", "arm").agg(pl.col("truth").sum() / campaigns)
    wide = sums.pivot(on="arm", index="seed", values="truth").sort("seed")
    for arm, words in ARMS.items():
        part, gains = results.filter(pl.col("arm") == arm), (wide["plan"] - wide[arm]).to_numpy()
        low, high = _interval(gains)
        cells = (
            f"{part['creators'].mean():.1f}", f"{part['spend'].mean():,.0f}", f"{part['truth'].mean():.2f}",
            f"{part['predicted'].sum() / part['truth'].sum():.2f}",
            "" if arm == "plan" else f"{gains.mean():+.2f} ({low:+.2f} to {high:+.2f})",
            f"{100 * (1 - wide[arm].sum() / wide['oracle'].sum()):.1f} %",
        )  # fmt: skip
        lines.append(f"| {words} | {' | '.join(cells)} |")
    plan = results.filter(pl.col("arm") == "plan")
    covered = plan.select(pl.col("delivered").is_between("low", "high").mean()).item()
    lines += [
        "",
        (
            f"The 90 % interval of the plan covers what one draw of the world delivers in {100 * covered:.0f} % of "
            f"{len(plan)} plans. Largest proven gap: {100 * plan['gap'].max():.2f} %."
        ),
    ]
    return "\n".join(lines)


def _interval(differences: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(0)
    means = random.choice(differences, (4000, len(differences))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = done_before(code)
    missing = [seed for seed in params["seeds"] if seed not in results["seed"]]
    with tempfile.TemporaryDirectory() as folder:
        world_file = Path(folder) / "world.yaml"
        world_file.write_text(yaml.safe_dump(params["world"]), encoding="utf-8")
        for seed, tables in zip(missing, trials(world_file, missing, Path(folder) / "worlds"), strict=True):
            os.environ[CACHE_VARIABLE] = f"{folder}/cache/{seed}"  # these worlds are not needed again
            rows = pl.DataFrame([{"code": code, **row} for row in run_world(seed, tables, world_file, params)])
            results = pl.concat([results, rows.select(list(SCHEMA)).cast(SCHEMA)])
            with replacing(RESULTS) as temporary:
                results.write_csv(temporary, float_precision=6)
            print(f"seed {seed}: done", flush=True)
    text = table(results.filter(pl.col("seed").is_in(params["seeds"])))
    print(text)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    main()
