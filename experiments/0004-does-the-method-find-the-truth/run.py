"""Does the method find the truth? Run the worlds of params.yaml that results.csv lacks, then write README's tables."""

import argparse
import json
import multiprocessing
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
from labelled import labelled

import thiqa
from thiqa.config import parse, read_yaml
from thiqa.data.world.settings import World, read_world
from thiqa.data.world.truth import effects_of
from thiqa.evidence import EvidenceConfig
from thiqa.evidence.claims import BY_NAME, CLAIMS
from thiqa.evidence.run import findings
from thiqa.evidence.trial import called_for
from thiqa.evidence.verdicts import records
from thiqa.files import digest, replacing, write_json

HERE = Path(__file__).parent
RESULTS, ANSWERS, README = HERE / "results.csv", HERE / "answers.json", HERE / "README.md"
WORLDS = HERE.parent / "worlds"
SCHEMA = {"code": pl.String, "arm": pl.String, "seed": pl.Int64, "verdicts": pl.String, "covered": pl.String}
METHOD = ("claims", "clusters", "config", "denominators", "design", "effects", "estimate", "levers", "nuisance",
          "portfolios", "sensitivity", "size", "trends", "verdicts")  # fmt: skip  # a change here makes results void
LETTERS = {"supported": "s", "contradicted": "c", "inconclusive": "i"}


def code_digest() -> str:
    """Name the method, the simulator and the parameters that results were made with."""
    package = Path(thiqa.__file__).parent
    method = [package / "evidence" / f"{name}.py" for name in METHOD]
    return digest(*method, package / "data" / "world", HERE / "labelled.py", HERE / "params.yaml")[:12]


def world_of(arm: dict[str, Any], sizes: dict[str, Any], seed: int) -> World:
    """Build an arm's world: a world file, with some keys over it, at a size, with a seed."""
    base = read_world(WORLDS / f"{arm['file']}.yaml").model_dump(mode="json")
    return parse(World, over(base, {**arm.get("over", {}), "size": sizes[arm["size"]], "seed": seed}), "params.yaml")


def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay nested values over others."""
    both = {key: over(below[key], value) if isinstance(value, dict) else value for key, value in above.items()}
    return {**below, **both}


def run_world(task: tuple[str, int, dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Simulate one world, answer every claim on it, and hold the answers to the truth of its file."""
    name, seed, params, truths = task
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ratios of shares without a post, of which there are some in every world
        material = labelled(world_of(params["arms"][name], params["sizes"], seed))
        rows = records(findings(material, EvidenceConfig(**params["evidence"]), seed))
    return {"arm": name, "seed": seed, "verdicts": "".join(map(letter, rows)),
            "covered": "".join(covered(row, truths[row["claim"]]["truth"]) for row in rows)}  # fmt: skip


def letter(record: dict[str, Any]) -> str:
    """Write a verdict as a letter; w is an estimate whose verdict is withheld, - is no estimate."""
    if record["estimate"] is None:
        return "-"
    return "w" if record["withheld"] else LETTERS[record["verdict"]]


def covered(record: dict[str, Any], truth: float | None) -> str:
    """Say whether the 90 % interval holds the truth: 1 or 0, - where there is no estimate or no truth."""
    if record["estimate"] is None or truth is None:
        return "-"
    return str(int(record["low"] <= truth <= record["high"]))


def right(claim: str, truth: dict[str, Any]) -> str:
    """Name the verdict that the truth calls for: s, c, or i where there is nothing to find."""
    wanted = called_for(claim, BY_NAME[claim].side, truth["truth"], truth["error"] or 0.0)
    return LETTERS.get(wanted, "i")


def truths_of(params: dict[str, Any]) -> dict[str, Any]:
    """Measure the truth of each arm once; what is in answers.json with the same code is taken from there."""
    code = digest(Path(thiqa.__file__).parent / "data" / "world", HERE / "params.yaml")[:12]
    known = json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}
    if known.get("code") != code:
        known = {"code": code}
    for name, arm in params["arms"].items():
        if name not in known:
            print(f"truth of {name}", flush=True)
            claims = effects_of(world_of(arm, params["sizes"], 1))["claims"]
            known[name] = {claim: {key: row[key] for key in ("truth", "error")} for claim, row in claims.items()}
            write_json(known, ANSWERS)
    return known


def done_before(code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    if not RESULTS.exists():
        return pl.DataFrame(schema=SCHEMA)
    return pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)


def upper(count: int, of: int) -> float:
    """Return the upper 95 % bound of a share (Clopper and Pearson, one-sided)."""
    return float(stats.beta.ppf(0.95, count + 1, of - count)) if count < of else 1.0


def table(results: pl.DataFrame) -> str:
    """Write README's tables: by arm, then by claim."""
    truths = json.loads(ANSWERS.read_text(encoding="utf-8"))
    names = [claim.name for claim in CLAIMS]
    lines = [
        (
            "| arm | worlds | with a false verdict (upper 95 %) | false, of all verdicts | wrong sign, of all "
            "estimates | found, of what is there | withheld | 90 % intervals that cover |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows = []
    for (arm,), part in results.sort("arm").group_by("arm", maintain_order=True):
        wanted = np.array([right(name, truths[arm][name]) for name in names])
        said, hold = (np.array([list(text) for text in part[name]]) for name in ("verdicts", "covered"))
        spoken, there = np.isin(said, ["s", "c"]), np.isin(wanted, ["s", "c"])
        false = spoken & (said != wanted)
        count, worlds = int(false.any(axis=1).sum()), len(part)
        cover = (hold == "1").sum() / max(1, (hold != "-").sum())
        lines.append(
            f"| {arm} | {worlds} | {count / worlds:.1%} ({upper(count, worlds):.1%}) "
            f"| {false.sum()} of {spoken.sum()} | {(false & there).sum()} of {(said != '-').sum()} "
            f"| {spoken[:, there].mean():.0%} | {(said == 'w').mean():.0%} | {cover:.0%} |"
        )
        rows += [(arm, name, wanted[k], said[:, k], hold[:, k]) for k, name in enumerate(names)]
    lines += ["", "| arm | claim | truth | called for | supported | contradicted | withheld | covered |",
              "|---|---|--:|---|--:|--:|--:|--:|"]  # fmt: skip
    words = {"s": "supported", "c": "contradicted", "i": "nothing"}
    for arm, name, want, said, hold in rows:
        truth = truths[arm][name]["truth"]
        shown = "" if truth is None else f"{truth:+.3f}"
        share = "" if (hold == "-").all() else f"{(hold == '1').sum() / (hold != '-').sum():.0%}"
        lines.append(f"| {arm} | {name} | {shown} | {words[want]} | {(said == 's').mean():.0%} "
                     f"| {(said == 'c').mean():.0%} | {(said == 'w').mean():.0%} | {share} |")  # fmt: skip
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Run what is missing, an arm after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1, help="worlds at once, one thread each")
    parser.add_argument("--arms", nargs="*", help="only these")
    parser.add_argument("--worlds", type=int, help="at most so many of each arm now")
    chosen = parser.parse_args(arguments)
    params, code = read_yaml(HERE / "params.yaml"), code_digest()
    truths, results = truths_of(params), done_before(code)
    tasks = []
    for name, arm in params["arms"].items():
        done = set(results.filter(pl.col("arm") == name)["seed"])
        seeds = [seed for seed in params["seeds"][: arm["worlds"]] if seed not in done][: chosen.worlds]
        if not chosen.arms or name in chosen.arms:
            tasks += [(name, seed, params, truths[name]) for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for number, row in enumerate(pool.imap_unordered(run_world, tasks), 1):
            results = pl.concat([results, pl.DataFrame([{"code": code, **row}], schema=SCHEMA)])
            if number % 5 == 0 or number == len(tasks):
                with replacing(RESULTS) as temporary:
                    results.sort("arm", "seed").write_csv(temporary)
                print(f"{number} of {len(tasks)} worlds", flush=True)
    text = table(results)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
