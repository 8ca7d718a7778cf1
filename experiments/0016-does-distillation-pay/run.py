"""Does distillation pay? Run what results.csv lacks, then write the README's table."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

import thiqa
from thiqa.data.corpus import LABELS, read_corpus
from thiqa.files import digest, replacing
from thiqa.models.text.augment import augmented
from thiqa.models.text.config import StudentConfig, TextConfig
from thiqa.models.text.decide import fit_decisions
from thiqa.models.text.heads import HEADS, OUTPUTS
from thiqa.models.text.lesson import Lesson, lesson
from thiqa.models.text.scorer import blend
from thiqa.models.text.student import vocabulary, weighted
from thiqa.models.text.teacher import Encoder, fit_vector_heads, pieces
from thiqa.models.text.train import fit_student

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
RESULTS, README = HERE / "results.csv", HERE / "README.md"
Floats = NDArray[np.floating]
FIGURES = ("auc", "f1", "lowest", "cpu_seconds")
SCHEMA = {"code": pl.String, "seed": pl.Int64, "arm": pl.String} | dict.fromkeys(FIGURES, pl.Float64)
_TOWARDS, _CLIP, _RIDGE = 2.0, 4.0, 0.5  # logits added for the label, largest logit learnt, penalty
_RARE = 1e-3  # share of a piece from which on its vector weighs less than half
_WORDS = 0.02  # inverse of the penalty of the heads on word vectors


def code_digest() -> str:
    """Name the code, the corpus and the parameters that results were made with."""
    text, corpus = Path(thiqa.__file__).parent / "models" / "text", ROOT / "data" / "corpus"
    files = [file for file in sorted(text.iterdir()) if file.suffix in {".py", ".yaml"} and file.stem not in
             ("card", "explain", "find", "judged", "peers")]  # fmt: skip
    own = (HERE / "run.py", HERE.parent / "judging.py", HERE / "params.yaml")
    return digest(*files, corpus / "train.jsonl", corpus / "valid.jsonl", *own)[:12]


def run_seed(seed: int, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train every arm on the same texts and judge it."""
    from judging import judged  # noqa: PLC0415 beside the experiments
    from vectors import keep, kept_encoder  # noqa: PLC0415

    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    random, config, folder = np.random.default_rng(seed), TextConfig(), ROOT / params["encoder"]
    given = lesson(train, random)
    given = given.with_more(lesson(augmented(train, random), random))
    reader = kept_encoder(folder)
    vectors, asked = reader.vectors(given.texts), reader.vectors(valid["text"])
    keep(reader, folder)
    start = time.process_time()

    def row(arm: str, outputs: Floats) -> dict[str, Any]:
        nonlocal start
        took, start = time.process_time() - start, time.process_time()
        return {"arm": arm, **judged(outputs, valid, params["folds"]), "cpu_seconds": took}

    student = _plain(given, config.student, valid["text"], seed)
    yield row("labels", student)
    smaller = config.student.model_copy(update={"bits": 18})
    yield row("fewer buckets", _plain(given, smaller, valid["text"], seed))
    teacher = fit_vector_heads(vectors, given.answers, config.teacher.strength).outputs(asked)
    yield row("teacher", _together(student, teacher))
    logits = held_out(given, vectors, config, seed)
    counts = config.student.grams().count(given.texts)
    kept, idf = vocabulary(counts, config.student.least)
    seen, new = weighted(counts, kept, idf), weighted(config.student.grams().count(valid["text"]), kept, idf)
    for arm, share in (("half soft", 0.5), ("soft", 0.0)):
        yield row(arm, soft(seen, new, given, logits, share, config.student.strength, student, seed))
    yield row("towards logits", towards(seen, new, given, logits, student))
    bags = _bags(reader, given.texts), _bags(reader, valid["text"])
    yield row("word vectors", _together(student, word_vectors(*bags, folder, given)))


def _plain(given: Lesson, config: StudentConfig, texts: pl.Series, seed: int) -> Floats:
    return fit_student(given, config, seed).outputs(texts, len(OUTPUTS))


def _together(one: Floats, other: Floats) -> Floats:
    return blend(one, other, np.stack([one.std(axis=0), other.std(axis=0)]).clip(1e-6))


def held_out(given: Lesson, vectors: Floats, config: TextConfig, seed: int) -> Floats:
    """Return the teacher's calibrated logits of each text, by models that have not seen its author."""
    one, other = np.zeros(given.answers.shape), np.zeros(given.answers.shape)
    for train, test in GroupKFold(config.folds).split(vectors, groups=given.author):
        inside = np.isin(np.arange(len(vectors)), train)
        one[test] = _plain(given.part(inside), config.student, given.part(~inside).texts, seed)
        heads = fit_vector_heads(vectors[train], given.answers[train], config.teacher.strength)
        other[test] = heads.outputs(vectors[test])
    both = _together(one, other)
    heads, varieties = both[:, : len(HEADS)], both[:, len(HEADS) :].argmax(axis=1)
    decisions = fit_decisions(heads, given.answers[:, : len(HEADS)], varieties)
    return heads * decisions.slope + decisions.shift


def soft(
    seen: sparse.csr_matrix, new: sparse.csr_matrix, given: Lesson, logits: Floats, share: float, strength: float,
    student: Floats, seed: int,
) -> Floats:  # fmt: skip
    """Learn nine labels from a mixture of label (this share) and teacher's probability: each text as yes and as no."""
    out = student.copy()
    for head in range(len(LABELS)):
        asked = np.flatnonzero(~np.isnan(given.answers[:, head]))
        wanted = share * given.answers[asked, head] + (1 - share) / (1 + np.exp(-logits[asked, head]))
        weight, answer = np.concatenate([wanted, 1 - wanted]), np.repeat([1, 0], len(asked))
        worth = weight > 0.02
        model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.05, max_iter=200, random_state=seed)
        model.fit(sparse.vstack([seen[asked]] * 2).tocsr()[worth], answer[worth], sample_weight=weight[worth])
        out[:, head] = new @ model.coef_[0] + model.intercept_[0]
    return out


def towards(seen: sparse.csr_matrix, new: sparse.csr_matrix, given: Lesson, logits: Floats, student: Floats) -> Floats:
    """Learn the teacher's logits of nine labels, moved towards the label."""
    out = student.copy()
    for head in range(len(LABELS)):
        asked = np.flatnonzero(~np.isnan(given.answers[:, head]))
        wanted = logits[asked, head].clip(-_CLIP, _CLIP) + _TOWARDS * (2 * given.answers[asked, head] - 1)
        model = Ridge(alpha=_RIDGE, solver="sparse_cg", tol=1e-3).fit(seen[asked], wanted)
        out[:, head] = new @ model.coef_ + model.intercept_
    return out


def _bags(reader: Encoder, texts: pl.Series) -> sparse.csr_matrix:
    coded = [ids[4:-1] for ids in pieces(reader.tokenizer, texts)]  # without the prefix and the end
    row = np.repeat(np.arange(len(coded)), [len(ids) for ids in coded])
    column = np.array([piece for ids in coded for piece in ids], dtype=int)
    size = (len(coded), reader.tokenizer.get_vocab_size())
    return sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=size)


def word_vectors(seen: sparse.csr_matrix, new: sparse.csr_matrix, folder: Path, given: Lesson) -> Floats:
    """Answer by heads on the mean of static piece vectors."""
    table = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"].astype(np.float32)
    table -= table.mean(axis=0)
    often = np.asarray((seen > 0).sum(axis=0)).ravel()
    weight = (_RARE / (_RARE + often / often.sum())).astype(np.float32)

    def means(bags: sparse.csr_matrix) -> Floats:
        return (bags @ sparse.diags(weight)) @ table / np.maximum(bags @ weight, 1e-6)[:, None]

    return fit_vector_heads(means(seen), given.answers, _WORDS).outputs(means(new))


def table(results: pl.DataFrame) -> str:
    """Write the README's table: mean over seeds, and points above the student as it ships, with their range."""
    lines = ["| student | AUC | F1 | points of F1 above `labels` (range) |", "|---|--:|--:|--:|"]
    base = results.filter(arm="labels").sort("seed")
    for (arm,), part in results.group_by("arm", maintain_order=True):
        gains = 100 * part.sort("seed").join(base, on="seed").select(pl.col("f1") - pl.col("f1_right")).to_series()
        lines.append(f"| {arm} | {part['auc'].mean():.3f} | {part['f1'].mean():.3f} "
                     f"| {gains.mean():+.1f} ({gains.min():+.1f} to {gains.max():+.1f}) |")  # fmt: skip
    return "\n".join([*lines, "", f"Mean of {results['seed'].n_unique()} seeds."])


def done(code: str) -> pl.DataFrame:
    """Read the results of this code."""
    if not RESULTS.exists():
        return pl.DataFrame(schema=SCHEMA)
    return pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    for seed in params["seeds"]:
        if seed in done(code)["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = pl.DataFrame([{"code": code, "seed": seed, **row} for row in run_seed(seed, params)], SCHEMA)
        with replacing(RESULTS) as temporary:
            pl.concat([done(code), rows]).write_csv(temporary, float_precision=6)
        print(rows, flush=True)
    text = table(done(code))
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
