"""Do unlabelled comments or hard rounds pay? Run the seeds that results.csv lacks, then write the README's table."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).parents[1]))

from judging import judged
from records import add, done_before, show
from vectors import keep, kept_encoder

import thiqa
from thiqa.data.corpus import COMMENT_LABELS, read_corpus
from thiqa.files import digest
from thiqa.models.text.augment import augmented
from thiqa.models.text.config import TextConfig
from thiqa.models.text.heads import OUTPUTS
from thiqa.models.text.lesson import Lesson, lesson
from thiqa.models.text.scorer import blend
from thiqa.models.text.student import vocabulary, weighted
from thiqa.models.text.teacher import fit_vector_heads
from thiqa.models.text.train import fit_student

Floats = NDArray[np.floating]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXTERNAL = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data" / "external"))
RESULTS, README = HERE / "results.csv", HERE / "README.md"
FIGURES = ("auc", "f1", "lowest")
SCHEMA = {"code": pl.String, "world": pl.String, "seed": pl.Int64, "arm": pl.String} | dict.fromkeys(
    FIGURES, pl.Float64
)
SURE = 0.02  # a probability below this is taken for none: half of the work


def unlabelled(count: int, random: np.random.Generator) -> pl.Series:
    """Draw comments of people in Morocco that nobody labelled, each text once."""
    texts = [pl.read_csv(EXTERNAL / folder / name, infer_schema=False).to_series(0).alias("text")
             for folder, name in (("myc", "comments.csv"), ("afrisenti_ary", "train.csv"))]  # fmt: skip
    known = pl.concat(texts).drop_nulls().str.replace_all(r"<[^>]{0,200}>", " ").str.slice(0, 400)
    known = known.filter(known.str.len_chars() > 2).unique(maintain_order=True)
    return known.gather(np.sort(random.choice(len(known), min(count, len(known)), replace=False)))


def answered(
    seen: sparse.csr_matrix, new: sparse.csr_matrix, answers: Floats, weights: Floats, strength: float, seed: int
) -> Floats:
    """Answer by a logistic regression a head, learnt from answers between 0 and 1: each text as yes and as no.

    :param answers: (texts, outputs); NaN where not asked.
    :param weights: Of each text for each output, of the same shape.
    """
    out = np.zeros((new.shape[0], answers.shape[1]))
    for head in range(answers.shape[1]):
        asked = np.flatnonzero(~np.isnan(answers[:, head]))
        yes = answers[asked, head]
        share, answer = np.concatenate([yes, 1 - yes]), np.repeat([1, 0], len(asked))
        kept, weight = share > SURE, share * np.tile(weights[asked, head], 2)
        model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.05, max_iter=200, random_state=seed)
        model.fit(sparse.vstack([seen[asked]] * 2).tocsr()[kept], answer[kept], sample_weight=weight[kept])
        out[:, head] = new @ model.coef_[0] + model.intercept_[0]
    return out


def wrong(given: Lesson, config: TextConfig, seed: int) -> NDArray[np.bool_]:
    """Mark the answers, (texts, outputs), that a student without the text's author gets wrong."""
    missed = np.zeros(given.answers.shape, dtype=bool)
    for train, test in GroupKFold(config.folds).split(missed, groups=given.author):
        inside = np.isin(np.arange(len(missed)), train)
        said = fit_student(given.part(inside), config.student, seed).outputs(given.part(~inside).texts, len(OUTPUTS))
        missed[test] = (said > 0) != (given.answers[test] == 1)
    return missed & ~np.isnan(given.answers)


def run_seed(seed: int, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train every arm on the same labelled texts and judge it."""
    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    random, config, folder = np.random.default_rng(seed), TextConfig(), ROOT / params["encoder"]
    given = lesson(train, random)
    given = given.with_more(lesson(augmented(train, random), random))
    more = unlabelled(params["unlabelled"], random)
    reader = kept_encoder(folder)
    vectors, asked, of_more = (reader.vectors(texts) for texts in (given.texts, valid["text"], more))
    keep(reader, folder)
    heads = fit_vector_heads(vectors, given.answers, config.teacher.strength)
    teacher, strength = heads.outputs(asked), config.student.strength

    def rows(arm: str, outputs: Floats) -> Iterator[dict[str, Any]]:
        yield {"arm": arm, **judged(outputs, valid, params["folds"])}
        spread = np.stack([outputs.std(axis=0), teacher.std(axis=0)]).clip(1e-6)
        yield {"arm": f"{arm}, and the encoder", **judged(blend(outputs, teacher, spread), valid, params["folds"])}

    counts = config.student.grams().count(pl.concat([given.texts, more]))
    kept, idf = vocabulary(counts, config.student.least)
    seen, new = weighted(counts, kept, idf), weighted(config.student.grams().count(valid["text"]), kept, idf)
    labelled, ones = seen[: len(given.texts)], np.ones(given.answers.shape)
    yield from rows("labels", answered(labelled, new, given.answers, ones, strength, seed))
    harder = np.where(wrong(given, config, seed), params["heavier"], 1.0)
    yield from rows("hard round", answered(labelled, new, given.answers, harder, strength, seed))
    plain = fit_student(given, config.student, seed).outputs(more, len(OUTPUTS))
    both = blend(plain, heads.outputs(of_more), np.stack([plain.std(axis=0), heads.outputs(of_more).std(axis=0)]))
    said = np.full((len(more), len(OUTPUTS)), np.nan)
    columns = [OUTPUTS.index(name) for name in (*COMMENT_LABELS, "generic")]
    said[:, columns] = 1 / (1 + np.exp(-both[:, columns]))
    for worth in params["worth"]:
        weights = np.concatenate([ones, np.full(said.shape, worth)])
        answers = np.concatenate([given.answers, said])
        yield from rows(f"unlabelled, {worth:g}", answered(seen, new, answers, weights, strength, seed))


def code_digest() -> str:
    """Name the code, the corpus and the parameters that results were made with."""
    text, corpus = Path(thiqa.__file__).parent / "models" / "text", ROOT / "data" / "corpus"
    files = [file for file in sorted(text.iterdir()) if file.suffix in {".py", ".yaml"} and file.stem not in
             ("card", "explain", "find", "judged", "peers")]  # fmt: skip
    own = (HERE / "run.py", HERE.parent / "judging.py", HERE / "params.yaml")
    return digest(*files, corpus / "train.jsonl", corpus / "valid.jsonl", *own)[:12]


def table(results: pl.DataFrame) -> str:
    """Write the README's table: means over seeds, and points of F1 above learning from labels alone."""
    heads = ("learnt from", "AUC", "F1", "lowest variety", "points of F1 above `labels` (range)")
    lines = [f"| {' | '.join(heads)} |", "|---|--:|--:|--:|--:|"]
    for (arm,), part in results.group_by("arm", maintain_order=True):
        base = "labels, and the encoder" if arm.endswith("encoder") else "labels"
        both = part.join(results.filter(arm=base), on="seed", suffix="_base")
        gains = 100 * both.select(pl.col("f1") - pl.col("f1_base")).to_series()
        lines.append(f"| {arm} | {part['auc'].mean():.3f} | {part['f1'].mean():.3f} | {part['lowest'].mean():.3f} "
                     f"| {gains.mean():+.1f} ({gains.min():+.1f} to {gains.max():+.1f}) |")  # fmt: skip
    return "\n".join([*lines, "", f"Mean of {results['seed'].n_unique()} seeds."])


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    if not (EXTERNAL / "myc").exists() or not (EXTERNAL / "afrisenti_ary").exists():
        print("skipped: no folders myc and afrisenti_ary in THIQA_EXTERNAL_DATA (data/external/sources.yaml)")
        return
    for seed in params["seeds"]:
        if seed in done_before(RESULTS, SCHEMA, code)["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = [{"code": code, "world": "corpus", "seed": seed, **row} for row in run_seed(seed, params)]
        add(RESULTS, SCHEMA, rows)
        print(pl.DataFrame(rows), flush=True)
    text = table(done_before(RESULTS, SCHEMA, code))
    show(README, text)
    print(text)


if __name__ == "__main__":
    main()
