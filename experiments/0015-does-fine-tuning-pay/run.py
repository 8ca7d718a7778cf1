"""Does training the encoder's top layers pay? Run what results.csv lacks, then write the README's table."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from filelock import FileLock
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from records import done_before, show

import thiqa
from thiqa.data.corpus import read_corpus
from thiqa.files import digest, replacing
from thiqa.models.text.augment import augmented
from thiqa.models.text.config import TeacherConfig, TextConfig
from thiqa.models.text.heads import OUTPUTS
from thiqa.models.text.lesson import lesson
from thiqa.models.text.scorer import blend
from thiqa.models.text.train import fit_student
from thiqa.models.text.tune import TunedTeacher

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS, README = HERE / "results.csv", HERE / "README.md"
Floats = NDArray[np.floating]
FIGURES = ("auc", "auc_both", "f1", "f1_both", "lowest_both")
SCHEMA = {"code": pl.String, "seed": pl.Int64, "arm": pl.String} | dict.fromkeys((*FIGURES, "cpu_seconds"), pl.Float64)
FROZEN = "as it is"


def code_digest() -> str:
    """Name the code, the corpus and the parameters that results were made with."""
    text, corpus = Path(thiqa.__file__).parent / "models" / "text", ROOT / "data" / "corpus"
    files = [file for file in sorted(text.iterdir()) if file.suffix in {".py", ".yaml"} and file.stem not in
             ("card", "explain", "find", "graph", "judged", "peers")]  # fmt: skip
    own = (HERE / "run.py", HERE.parent / "judging.py", HERE / "params.yaml")
    return digest(*files, corpus / "train.jsonl", corpus / "valid.jsonl", *own)[:12]


def run_seed(seed: int, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train the student, the frozen encoder's heads and each tuned encoder on the same texts, and judge them."""
    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    random, config = np.random.default_rng(seed), TextConfig()
    given = lesson(train, random)
    given = given.with_more(lesson(augmented(train, random), random))
    student = fit_student(given, config.student, seed).outputs(valid["text"], len(OUTPUTS))
    texts = pl.concat([given.texts, valid["text"]]).unique(maintain_order=True)
    arms = [TeacherConfig(**arm) for arm in params["tuned"]]
    tuned = TunedTeacher(ROOT / params["encoder"], texts, arms[0], seed, lambda _: None)  # one depth for all arms
    for tuned.config in (arms[0].model_copy(update={"epochs": 0}), *arms):
        start = time.process_time()
        outputs = tuned(given, valid["text"])
        took = time.process_time() - start
        arm = named(tuned.config)
        yield {"arm": arm, **judged_both(student, outputs, valid, params["folds"]), "cpu_seconds": took}


def named(arm: TeacherConfig) -> str:
    """Name an arm for people."""
    told = f"{arm.tuned_layers} layers trained, passes: {arm.epochs}, rate {arm.rate:g}"
    return told if arm.epochs else FROZEN


def judged_both(student: Floats, outputs: Floats, valid: pl.DataFrame, folds: int) -> dict[str, float]:
    """Judge an encoder alone and together with the student."""
    from judging import judged  # noqa: PLC0415 beside the experiments

    together = blend(student, outputs, np.stack([student.std(axis=0), outputs.std(axis=0)]).clip(1e-6))
    alone, both = (judged(said, valid, folds) for said in (outputs, together))
    return {"auc": alone["auc"], "auc_both": both["auc"], "f1": alone["f1"], "f1_both": both["f1"],
            "lowest_both": both["lowest"]}  # fmt: skip


def table(results: pl.DataFrame) -> str:
    """Write the README's table: mean over seeds, and points gained over the encoder as it is, with their range."""
    names = ("AUC alone", "AUC with the student", "F1 alone", "F1 with the student", "its lowest variety")
    heads = ("top layers", *names, "CPU s to train")
    lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    base = results.filter(arm=FROZEN).sort("seed")
    for (arm,), part in results.group_by("arm", maintain_order=True):
        cells = []
        for figure in FIGURES:
            gains = 100 * part.sort("seed").join(base, on="seed").select(pl.col(figure) - f"{figure}_right").to_series()
            gained = f" ({gains.mean():+.1f}: {gains.min():+.1f} to {gains.max():+.1f})" if arm != FROZEN else ""
            cells.append(f"{part[figure].mean():.3f}{gained}")
        lines.append(f"| {arm} | {' | '.join(cells)} | {part['cpu_seconds'].mean():.0f} |")
    seeds = results["seed"].n_unique()
    told = "One seed" if seeds == 1 else f"Mean of {seeds} seeds"
    return "\n".join([*lines, "", f"{told}; in brackets points gained over the encoder as it is, mean and range."])


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="this seed alone; may be repeated")
    chosen = parser.parse_args().seed
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    order = [FROZEN, *(named(TeacherConfig(**arm)) for arm in params["tuned"])]
    for seed in chosen or params["seeds"]:
        if len(done_before(RESULTS, SCHEMA, code).filter(seed=seed)) == len(order):
            print(f"seed {seed}: done before")
            continue
        for row in run_seed(seed, params):
            new = pl.DataFrame([{"code": code, "seed": seed, **row}], SCHEMA)
            with FileLock(ROOT / "artifacts" / "0015.lock"):
                known = done_before(RESULTS, SCHEMA, code).filter(
                    ~((pl.col("seed") == seed) & (pl.col("arm") == row["arm"]))
                )
                rows = pl.concat([known, new]).sort("seed", pl.col("arm").replace_strict(order, range(len(order))))
                with replacing(RESULTS) as temporary:
                    rows.write_csv(temporary, float_precision=6)
            print(f"seed {seed}: {row}", flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    print(text)
    show(README, text)


if __name__ == "__main__":
    main()
