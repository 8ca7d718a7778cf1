"""Train the text model on the corpus, its parts ``train`` and ``valid`` alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.model_selection import GroupKFold

from ...files import write_json
from .augment import augmented, longer
from .config import StudentConfig, TextConfig
from .decide import Decisions, fit_decisions
from .heads import HEADS, OUTPUTS
from .lesson import Lesson, lesson, together
from .linear import fit_heads
from .scorer import blend
from .student import Student, vocabulary, weighted
from .teacher import Encoder, Heads, fit_vector_heads
from .tune import TunedTeacher

Floats = NDArray[np.floating]
Fit = Callable[[Lesson, pl.Series], Floats]  # what is learnt from, what is answered


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


def held_out(given: Lesson, more: Lesson, config: TextConfig, fit: Fit) -> Floats:
    """Answer every text by a model that saw none of its author's texts, nor any made of them."""
    outputs = np.zeros((len(given.texts), len(OUTPUTS)))
    for train, test in GroupKFold(config.folds).split(outputs, groups=given.author):
        inside = np.zeros(len(outputs), dtype=bool)
        inside[train] = True
        outputs[test] = fit(given.part(inside).with_more(more), given.part(~inside).texts)
    return outputs


def train_text(
    corpus: pl.DataFrame,
    encoder: Path | None,
    config: TextConfig,
    seed: int,
    out: Path,
    on_batch: Callable[[int], None] = lambda _: None,
    reader: Encoder | None = None,
) -> None:
    """Train on the labelled texts and write the model's folder.

    :param corpus: From :func:`thiqa.data.corpus.read_corpus`.
    :param encoder: Folder of the encoder; None trains the student alone.
    :param on_batch: Told how many texts the encoder has read, as it reads them.
    :param reader: The loaded encoder, for those who train again and again and keep its vectors.
    """
    random = np.random.default_rng(seed)
    given, more = lesson(corpus, random), lesson(augmented(corpus, random), random)
    most = together(more, lesson(longer(corpus, random), random))  # for the student: too much for the encoder to read

    def student(lesson: Lesson, texts: pl.Series) -> Floats:
        return fit_student(lesson, config.student, seed).outputs(texts)[:, : len(OUTPUTS)]

    first = held_out(given, most, config, student)
    fit_student(given.with_more(most), config.student, seed, config.student.dimensions).save(out)
    settings: dict[str, Any] = {
        "ad_odds": _ad_odds(corpus, config.ad_share),
        "student": _decisions(first, given).to_dict(),
        "teacher": None,
    }
    if encoder:

        def teacher(texts: pl.Series) -> TunedTeacher | _FrozenTeacher:
            if config.teacher.tuned_layers:
                return TunedTeacher(encoder, texts, config.teacher, seed, on_batch)
            return _FrozenTeacher(reader or Encoder.load(encoder), texts, config.teacher.strength, on_batch)

        settings["teacher"] = _train_teacher(given, more, first, config, out, teacher)
    write_json(settings, out / "text.json")


def _ad_odds(corpus: pl.DataFrame, share: float) -> float:
    """Tell by what the odds of an ad change from the corpus to feeds where this share of posts are ads."""
    learnt = float(np.mean(corpus.filter(kind="post")["ad"].to_numpy()))
    return share / (1 - share) * (1 - learnt) / learnt


class _FrozenTeacher:
    """Answers by heads on the vectors of an encoder that stays as it is, each text read once."""

    def __init__(self, encoder: Encoder, texts: pl.Series, strength: float, on_batch: Callable[[int], None]) -> None:
        self.read = dict(zip(texts, encoder.vectors(texts, on_batch), strict=True))
        self.strength = strength

    def __call__(self, lesson: Lesson, texts: pl.Series) -> Floats:
        return self._heads(lesson).outputs(self._vectors(texts))

    def save(self, lesson: Lesson, out: Path) -> None:
        self._heads(lesson).save(out)

    def _heads(self, lesson: Lesson) -> Heads:
        return fit_vector_heads(self._vectors(lesson.texts), lesson.answers, self.strength)

    def _vectors(self, texts: pl.Series) -> Floats:
        return np.stack([self.read[text] for text in texts])


def _train_teacher(
    given: Lesson,
    more: Lesson,
    student: Floats,
    config: TextConfig,
    out: Path,
    learn: Callable[[pl.Series], "TunedTeacher | _FrozenTeacher"],
) -> dict[str, Any]:
    """Fit the teacher, and judge student and teacher together."""
    everything = given.with_more(more)
    teacher = learn(everything.texts.unique(maintain_order=True))
    second = held_out(given, more, config, teacher)
    teacher.save(everything, out)
    spread = np.stack([student.std(axis=0), second.std(axis=0)]).clip(1e-6)
    decisions = _decisions(blend(student, second, spread), given)
    alone = _decisions(second, given)  # for the comparison: the encoder without the student
    return {"spread": spread.tolist(), "decisions": decisions.to_dict(), "alone": alone.to_dict()}


def _decisions(outputs: Floats, given: Lesson) -> Decisions:
    heads, varieties = np.split(outputs, [len(HEADS)], axis=1)
    return fit_decisions(heads, given.answers[:, : len(HEADS)], varieties.argmax(axis=1))
