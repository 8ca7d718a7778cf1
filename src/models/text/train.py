"""Train the text model on the corpus, its parts ``train`` and ``valid`` alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.model_selection import GroupKFold

from ...files import write_json
from .config import StudentConfig, TextConfig
from .decide import fit_decisions
from .disclosure import MASK, masked
from .heads import HEADS, OUTPUTS, masked_targets, targets
from .linear import fit_heads
from .student import Student, vocabulary, weighted

Floats = NDArray[np.floating]
_NEUTRAL = 0.4  # share of masked negatives that get the mask too, so that it tells nothing


@dataclass(frozen=True)
class Lesson:
    """Texts to learn from: ``answers`` (texts, outputs) with NaN where not asked, ``author`` to hold out together."""

    texts: pl.Series
    answers: Floats
    author: NDArray[np.object_]

    def part(self, rows: NDArray[np.bool_]) -> "Lesson":
        """Take some rows."""
        return Lesson(self.texts.filter(pl.Series(rows)), self.answers[rows], self.author[rows])


def lesson(corpus: pl.DataFrame, random: np.random.Generator) -> Lesson:
    """Turn the corpus into what is learnt: every text, and every post once more with its disclosure masked."""
    posts = corpus.filter(kind="post")
    hidden = posts.select(masked(pl.col("text"))).to_series()
    put = (posts["ad"] == 0).to_numpy() & (random.random(len(posts)) < _NEUTRAL)
    places = random.random(len(posts))
    hidden = pl.Series([_with_mask(text, place) if there else text
                        for text, there, place in zip(hidden, put, places, strict=True)])  # fmt: skip
    return Lesson(
        pl.concat([corpus["text"], hidden.alias("text")]),
        np.concatenate([targets(corpus), masked_targets(posts)]),
        np.concatenate([corpus["batch"].to_numpy(), posts["batch"].to_numpy()]),
    )


def _with_mask(text: str, place: float) -> str:
    words = text.split(" ")
    at = int(place * (len(words) + 1))
    return " ".join([*words[:at], MASK, *words[at:]])


def fit_student(given: Lesson, config: StudentConfig, seed: int, dimensions: int = 0) -> Student:
    """Fit the heads on hashed n-grams, and an embedding of so many dimensions by truncated SVD of the same features."""
    grams = config.grams()
    counts = grams.count(given.texts)
    kept, idf = vocabulary(counts, config.least)
    features = weighted(counts, kept, idf)
    weights, bias = fit_heads(features, given.answers, config.strength, seed)
    axes = _axes(features, dimensions, seed) if dimensions else np.zeros((len(kept), 0))
    table = np.concatenate([weights, axes], axis=1).astype(np.float32)
    return Student(grams, kept, idf, table, np.concatenate([bias, np.zeros(dimensions)]).astype(np.float32))


def _axes(features: sparse.csr_matrix, dimensions: int, seed: int) -> Floats:
    """Return the leading directions of the features (columns, dimensions), scaled to unit spread over the corpus."""
    axes = TruncatedSVD(dimensions, random_state=seed).fit(features)
    spread = np.sqrt(axes.explained_variance_).clip(1e-6)
    return axes.components_.T / spread


def held_out(given: Lesson, config: TextConfig, seed: int, on_fold: Callable[[], None]) -> Floats:
    """Answer every text by a student that saw none of its author's texts."""
    outputs = np.zeros((len(given.texts), len(OUTPUTS)))
    for train, test in GroupKFold(config.folds).split(outputs, groups=given.author):
        inside = np.zeros(len(outputs), dtype=bool)
        inside[train] = True
        student = fit_student(given.part(inside), config.student, seed)
        outputs[test] = student.outputs(given.part(~inside).texts)[:, : len(OUTPUTS)]
        on_fold()
    return outputs


def train_text(
    corpus: pl.DataFrame, config: TextConfig, seed: int, out: Path, on_fold: Callable[[], None] = lambda: None
) -> None:
    """Train on the labelled texts and write the model's folder.

    :param corpus: From :func:`thiqa.data.corpus.read_corpus`.
    """
    given = lesson(corpus, np.random.default_rng(seed))
    outputs = held_out(given, config, seed, on_fold)
    heads, varieties = np.split(outputs, [len(HEADS)], axis=1)
    decisions = fit_decisions(heads, given.answers[:, : len(HEADS)], varieties.argmax(axis=1))
    fit_student(given, config.student, seed, config.student.dimensions).save(out)
    write_json({"decisions": decisions.to_dict()}, out / "text.json")
