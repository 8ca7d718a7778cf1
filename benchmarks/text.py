"""How fast texts are scored, and how well: the student alone, the cascade, the encoder in 8 bits and in torch, TF-IDF.

Everything learns from the corpus' part train and is judged on valid (mean of nine heads; thresholds from train's own
authors held out in turn, those of TF-IDF from valid itself, which favours it). Speed is that of the same distinct short
texts for all, the first ones of them for what is slow. Wall time depends on what else the machine does; CPU time (user
and system) does so less.
Figures go to reports/bench/: text.json, text.md, text.svg.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from thiqa.data.corpus import LABELS, read_corpus
from thiqa.files import write_json
from thiqa.models.text.config import TextConfig
from thiqa.models.text.evaluate import judge
from thiqa.models.text.heads import targets
from thiqa.models.text.judged import encoder_alone, flags_of
from thiqa.models.text.linear import fit_heads
from thiqa.models.text.peers import tfidf
from thiqa.models.text.scorer import TextScorer, load_scorer
from thiqa.models.text.teacher import Encoder
from thiqa.models.text.train import train_text

ROOT = Path(__file__).parents[1]
OUT, ENCODER = ROOT / "reports" / "bench", ROOT / "artifacts" / "encoder"
MANY, SOME, FEW = 40_000, 2_000, 150  # texts for what is fast, for the cascade, and for what is slow
SHARE = 0.02  # of texts that the cascade puts to the encoder
SEED = 1


def distinct(count: int) -> pl.Series:
    """Make distinct short texts: comments of the corpus, each with another number."""
    comments = read_corpus(ROOT / "data" / "corpus" / "train.jsonl").filter(kind="comment")["text"]
    return pl.Series("text", [f"{comments[i % len(comments)]} {i}" for i in range(count)])


def spent() -> float:
    """Return the CPU time of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(score: Callable[[pl.Series], object], texts: pl.Series) -> dict[str, float]:
    """Time one pass over the texts, after a short one that warms up."""
    score(texts.head(50))
    wall, cpu = time.perf_counter(), spent()
    score(texts)
    wall, cpu = time.perf_counter() - wall, spent() - cpu
    return {"texts": len(texts), "texts_per_second": len(texts) / wall, "texts_per_cpu_second": len(texts) / cpu}


def in_processes(model: Path, texts: pl.Series) -> dict[str, float]:
    """Time two processes that each score half of the texts by the student; their start is not counted."""
    halves = [texts.slice(0, len(texts) // 2), texts.slice(len(texts) // 2)]
    context = get_context("spawn")
    ready = (model, context.Barrier(2))
    with ProcessPoolExecutor(2, mp_context=context, initializer=start, initargs=ready) as pool:
        list(pool.map(student_time, [half.head(50) for half in halves]))
        wall = time.perf_counter()
        cpu = sum(pool.map(student_time, halves))
        wall = time.perf_counter() - wall
    return {"texts": len(texts), "texts_per_second": len(texts) / wall, "texts_per_cpu_second": len(texts) / cpu}


def start(model: Path, barrier: Any) -> None:
    """Load the student in a process, and wait until the other one has."""
    _LOADED.append(load_scorer(model, alone=True))
    barrier.wait()


def student_time(texts: pl.Series) -> float:
    """Score by the student in this process, and return the CPU time."""
    began = time.process_time()
    _LOADED[0].answers(texts, "comment")
    return time.process_time() - began


_LOADED: list[TextScorer] = []


def quality(flags: dict[str, Any], valid: pl.DataFrame) -> dict[str, Any]:
    """Give the mean of nine heads with its interval over authors."""
    said = judge(valid, flags, np.random.default_rng(SEED))
    return {"mean_f1": said["mean"], "interval": said["interval"]}


def measure(scratch: Path) -> dict[str, dict[str, Any]]:
    """Train, judge and time everything."""
    sys.path.insert(0, str(ROOT / "experiments"))
    from vectors import keep, kept_encoder

    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    reader, model = kept_encoder(ENCODER), scratch / "text"
    train_text(train, ENCODER, TextConfig(), SEED, model, reader=reader)
    (scratch / "encoder").symlink_to(ENCODER)
    scorer = load_scorer(model)
    if scorer.teacher is None:
        sys.exit(f"{ENCODER}: no encoder there; build it with: dvc repro encoder")
    known = replace(scorer, teacher=replace(scorer.teacher, encoder=reader))
    exact = replace(scorer, teacher=replace(scorer.teacher, encoder=Encoder.load(ENCODER, exact=True)))
    many = distinct(MANY)

    def timed(scorer: TextScorer, share: float, count: int) -> dict[str, float]:
        return measured(lambda texts: scorer.with_share(share).answers(texts, "comment"), many.head(count))

    def judged(scorer: TextScorer, share: float) -> dict[str, Any]:
        return quality(flags_of(scorer.with_share(share), valid), valid)

    def alone_by(scorer: TextScorer) -> dict[str, Any]:
        return quality(encoder_alone(scorer, model, valid) or {}, valid)

    alone = judged(known, 0.0)
    results = {
        "student, two processes": in_processes(model, many) | alone,
        "student": timed(scorer, 0.0, MANY) | alone,
        f"cascade, {SHARE:.0%}": timed(scorer, SHARE, SOME) | judged(known, SHARE),
        "with the encoder, 8 bits": timed(scorer, 1.0, FEW) | judged(known, 1.0),
        "with the encoder, torch": timed(exact, 1.0, FEW) | judged(exact, 1.0),
        "the encoder alone, 8 bits": by_encoder(scorer, many) | alone_by(known),
        "the encoder alone, torch": by_encoder(exact, many) | alone_by(exact),
        "TF-IDF + logistic regression": rival(train, valid, many),
    }
    keep(reader, ENCODER)
    return results


def by_encoder(scorer: TextScorer, texts: pl.Series) -> dict[str, float]:
    """Time the encoder and its heads, without the student."""
    teacher = scorer.teacher
    return measured(lambda some: teacher.heads.outputs(teacher.encoder.vectors(some)), texts.head(FEW))


def rival(train: pl.DataFrame, valid: pl.DataFrame, texts: pl.Series) -> dict[str, Any]:
    """Judge and time TF-IDF of letters and words with logistic regression."""
    union = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32),
    )
    features = union.fit_transform(train["text"])
    weights, bias = fit_heads(features, targets(train)[:, : len(LABELS)], 4.0, SEED)
    timed = measured(lambda some: union.transform(some) @ weights + bias, texts.head(MANY // 4))
    return timed | quality(tfidf(train, valid, valid, SEED), valid)


def report(results: dict[str, dict[str, Any]]) -> str:
    """Write the table as Markdown."""
    best = results["with the encoder, 8 bits"]["mean_f1"]
    lines = ["# Speed of texts", "", " ".join(__doc__.split("\n\n")[1].split()), "",
             "| who | texts | texts/s | texts a CPU second | mean of nine heads (90 % interval) | points behind both |",
             "|---|--:|--:|--:|--:|--:|"]  # fmt: skip
    for name, row in results.items():
        low, high = row["interval"]
        speeds = f"{row['texts']:,} | {row['texts_per_second']:,.0f} | {row['texts_per_cpu_second']:,.0f}"
        judged = f"{row['mean_f1']:.3f} ({low:.3f} to {high:.3f}) | {100 * (best - row['mean_f1']):.1f}"
        lines.append(f"| {name} | {speeds} | {judged} |")
    return "\n".join(lines) + "\n"


def plot(results: dict[str, dict[str, Any]]) -> None:
    """Draw quality against speed."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "thiqa"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, row in results.items():
        axes.plot(row["texts_per_cpu_second"], row["mean_f1"], marker="o", label=name)
    axes.set(xscale="log", xlabel="short texts a CPU second", ylabel="mean of nine heads",
             title="The same texts")  # fmt: skip
    axes.legend()
    figure.savefig(OUT / "text.svg", metadata={"Date": None})


def main() -> None:
    """Measure, print and write."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        results = measure(Path(scratch))
    write_json(results, OUT / "text.json")
    (OUT / "text.md").write_text(report(results), encoding="utf-8")
    plot(results)
    print(report(results))


if __name__ == "__main__":
    main()
