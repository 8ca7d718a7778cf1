"""How small a world does the evidence need? Run what results.csv lacks, then write the README's table."""

import argparse
import multiprocessing
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "0004-does-the-method-find-the-truth"))
import run as trial

from thiqa.config import read_yaml
from thiqa.evidence.claims import CLAIMS
from thiqa.files import digest, read_json, replacing, write_json

HERE = Path(__file__).parent
RESULTS, ANSWERS, README = HERE / "results.csv", HERE / "answers.json", HERE / "README.md"
SCHEMA = {"code": pl.String, "size": pl.String, "seed": pl.Int64, "verdicts": pl.String}
LEVERS = [place for place, claim in enumerate(CLAIMS) if claim.family == "levers"]
SIZE = [place for place, claim in enumerate(CLAIMS) if claim.family == "size"]


def code_digest() -> str:
    """Name the method, the simulator and the parameters that results were made with."""
    return trial.code_digest()[:6] + digest(HERE / "params.yaml")[:6]


def planned(params: dict[str, Any]) -> dict[str, Any]:
    """Return what 0004 runs, with one arm for each size of ours."""
    arm = read_yaml(trial.HERE / "params.yaml")["arms"][params["arm"]]
    return {"sizes": params["sizes"], "evidence": params["evidence"],
            "arms": {size: {**arm, "size": size} for size in params["sizes"]}}  # fmt: skip


def truth_of(plan: dict[str, Any]) -> dict[str, Any]:
    """Measure the truth of the arm, which is that of every size."""
    largest = list(plan["sizes"])[-1]
    claims = trial.effects_of(trial.world_of(plan["arms"][largest], plan["sizes"], 1))["claims"]
    return {claim: {key: row[key] for key in ("truth", "error")} for claim, row in claims.items()}


def table(results: pl.DataFrame) -> str:
    """Write README's tables: what is found by size, then by claim."""
    truths = read_json(ANSWERS)
    wanted = np.array([trial.right(claim.name, truths[claim.name]) for claim in CLAIMS])
    there = np.isin(wanted, ["s", "c"])
    sizes = sorted(results["size"].unique(), key=lambda name: int(name[1:]))
    said = {size: np.array([list(v) for v in results.filter(pl.col("size") == size)["verdicts"]]) for size in sizes}
    lines = ["| creators | worlds | levers found | claims on size found | without an estimate | with a false verdict |",
             "|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for size, letters in said.items():
        spoken = np.isin(letters, ["s", "c"])
        found = [spoken[:, [k for k in family if there[k]]] & (letters == wanted)[:, [k for k in family if there[k]]]
                 for family in (LEVERS, SIZE)]  # fmt: skip
        false = (spoken & (letters != wanted)).any(axis=1)
        lines.append(f"| {size[1:]} | {len(letters)} | {found[0].mean():.0%} | {found[1].mean():.0%} "
                     f"| {(letters == '-').mean():.0%} | {false.mean():.0%} |")  # fmt: skip
    lines += ["", "| claim | truth | " + " | ".join(f"found with {size[1:]}" for size in sizes) + " |",
              "|---|--:|" + "--:|" * len(sizes)]  # fmt: skip
    for place in (k for k in (*LEVERS, *SIZE) if there[k]):
        name = CLAIMS[place].name
        shares = [f"{(letters[:, place] == wanted[place]).mean():.0%}" for letters in said.values()]
        lines.append(f"| {name} | {truths[name]['truth']:+.3f} | {' | '.join(shares)} |")
    return "\n".join(lines)


def run_world(task: tuple[str, int, dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Run one world of one size."""
    row = trial.run_world(task)
    return {"size": row["arm"], "seed": row["seed"], "verdicts": row["verdicts"]}


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1, help="worlds at once, one thread each")
    chosen = parser.parse_args(arguments)
    params, code = read_yaml(HERE / "params.yaml"), code_digest()
    plan = planned(params)
    truths = truth_of(plan)
    write_json(truths, ANSWERS)
    results = pl.DataFrame(schema=SCHEMA)
    if RESULTS.exists():
        results = pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)
    done = set(results.select("size", "seed").iter_rows())
    tasks = [(size, seed, plan, truths) for size in plan["sizes"] for seed in params["seeds"]
             if (size, seed) not in done]  # fmt: skip
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for number, row in enumerate(pool.imap_unordered(run_world, tasks), 1):
            results = pl.concat([results, pl.DataFrame([{"code": code, **row}], schema=SCHEMA)])
            with replacing(RESULTS) as temporary:
                results.sort("size", "seed").write_csv(temporary)
            print(f"{number} of {len(tasks)} worlds", flush=True)
    text = table(results)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
