"""What do student and teacher bring, and cost? Run what results.csv lacks, then write the README's table."""

import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

import thiqa
from thiqa.data.corpus import read_corpus
from thiqa.files import digest, replacing
from thiqa.models.text.config import TextConfig
from thiqa.models.text.evaluate import judge
from thiqa.models.text.judged import flags_of
from thiqa.models.text.scorer import TextScorer, load_scorer
from thiqa.models.text.train import train_text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
RESULTS, README = HERE / "results.csv", HERE / "README.md"
SCHEMA = {"code": pl.String, "seed": pl.Int64, "share": pl.Float64, "mean_f1": pl.Float64, "lowest": pl.Float64,
          "drop": pl.Float64, "milliseconds": pl.Float64}  # fmt: skip
TIMED, TIMES = 150, 2  # texts, and passes over them, of which the quicker counts


def code_digest() -> str:
    """Name the code, the corpus and the parameters that results were made with."""
    text, corpus = Path(thiqa.__file__).parent / "models" / "text", ROOT / "data" / "corpus"
    files = [file for file in sorted(text.iterdir()) if file.suffix in {".py", ".yaml"} and file.stem not in
             ("card", "explain", "find", "judged", "peers")]  # fmt: skip
    return digest(*files, corpus / "train.jsonl", corpus / "valid.jsonl", HERE / "params.yaml")[:12]


def run_seed(seed: int, params: dict[str, Any], train: pl.DataFrame, valid: pl.DataFrame) -> list[dict[str, Any]]:
    """Train once, and judge the same texts at every share."""
    from vectors import keep, kept_encoder  # noqa: PLC0415 beside the experiments

    encoder = ROOT / params["encoder"]
    reader = kept_encoder(encoder)
    reader.vectors(valid["text"])
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "text"
        (Path(scratch) / "encoder").symlink_to(encoder)
        train_text(train, encoder, TextConfig(), seed, model, reader=reader)
        keep(reader, encoder)
        scorer = load_scorer(model)
        if scorer.teacher is None:
            raise SystemExit(f"{encoder}: no encoder there; build it with: dvc repro encoder")
        knowing = replace(scorer, teacher=replace(scorer.teacher, encoder=reader))
        some = valid.sample(TIMED, seed=1)
        shares = [(share, knowing.with_share(share), scorer.with_share(share)) for share in params["shares"]]
        return [{"seed": seed, "share": share, **judged(quick, valid), "milliseconds": milliseconds(true, some)}
                for share, quick, true in shares]  # fmt: skip


def judged(scorer: TextScorer, texts: pl.DataFrame) -> dict[str, float]:
    """Judge the scorer."""
    said = judge(texts, flags_of(scorer, texts), np.random.default_rng(1))
    means = [part["mean"] for part in said["variety"].values() if not np.isnan(part["mean"])]
    return {"mean_f1": said["mean"], "lowest": min(means), "drop": said["drop"]["points"]}


def milliseconds(scorer: TextScorer, texts: pl.DataFrame) -> float:
    """Time a text in CPU time, of an encoder that knows none of them."""
    took = []
    for _ in range(TIMES):
        start = time.process_time()
        flags_of(scorer, texts)
        took.append(time.process_time() - start)
    return 1000 * min(took) / len(texts)


def table(results: pl.DataFrame) -> str:
    """Write the README's table: mean over seeds, with the range."""
    heads = ("teacher asked about", "mean of nine heads (range)", "points behind all", "lowest variety", "drop, points",
             "CPU ms a text")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|" + "--:|" * len(heads)]
    best = results.filter(share=1.0)["mean_f1"].mean()
    for (share,), part in results.sort("share").group_by("share", maintain_order=True):
        mean = part["mean_f1"].mean()
        lines.append(f"| {share:.0%} | {mean:.3f} ({part['mean_f1'].min():.3f} to {part['mean_f1'].max():.3f}) "
                     f"| {100 * (best - mean):.1f} | {part['lowest'].mean():.3f} | {part['drop'].mean():.1f} "
                     f"| {part['milliseconds'].mean():.2f} |")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = pl.DataFrame(schema=SCHEMA)
    if RESULTS.exists():
        results = pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)
    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    for seed in params["seeds"]:
        if seed in results["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = pl.DataFrame([{"code": code, **row} for row in run_seed(seed, params, train, valid)], SCHEMA)
        results = pl.concat([results, rows])
        with replacing(RESULTS) as temporary:
            results.write_csv(temporary, float_precision=6)
        print(f"seed {seed}: done", flush=True)
    text = table(results)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
