"""The trained scorer: probabilities of every label, disclosure by rules, the variety, and an embedding of posts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from ...data.corpus import COMMENT_LABELS, POST_LABELS, VARIETIES
from ...errors import InputError
from ...files import digest, read_json
from .decide import Decisions
from .disclosure import MASK, disclosure, masked
from .fold import fold
from .heads import COMMENT_HEADS, HEADS, OUTPUTS, POST_HEADS
from .rules import has_code, has_link
from .student import Student
from .teacher import TUNED, Encoder, Heads

Floats = NDArray[np.floating]
Kind = Literal["post", "comment"]
_AD_HEADS = ("ad", "ad_masked")
_ASKED = {
    "post": [HEADS.index(name) for name in POST_LABELS],
    "comment": [HEADS.index(name) for name in COMMENT_LABELS],
}


@dataclass(frozen=True)
class Answers:
    """What a model says of texts.

    ``probabilities``, ``thresholds`` and ``margin`` (of doubt around the threshold) have the shape (texts, heads);
    ``variety`` is the position in VARIETIES.
    """

    probabilities: Floats
    thresholds: Floats
    margin: Floats
    variety: NDArray[np.integer]
    embedding: Floats

    def of(self, head: str) -> Floats:
        """Return the probabilities of one head."""
        return self.probabilities[:, HEADS.index(head)]

    def flags(self, head: str) -> NDArray[np.bool_]:
        """Tell where a head reaches its threshold."""
        return self.of(head) >= self.thresholds[:, HEADS.index(head)]

    def unsure(self, head: str) -> NDArray[np.bool_]:
        """Tell where a head is too near to its threshold to judge."""
        place = HEADS.index(head)
        return np.abs(self.of(head) - self.thresholds[:, place]) <= self.margin[:, place]

    def names(self) -> pl.Series:
        """Name the varieties."""
        return pl.Series("variety", np.array(VARIETIES, dtype=object)[self.variety], dtype=pl.String)


@dataclass(frozen=True)
class Teacher:
    """The encoder with its heads, and what both models say together: the sum of their logits over their ``spread``."""

    encoder: Encoder
    heads: Heads
    spread: Floats  # (2, outputs): of the student's and of the teacher's logits
    decisions: Decisions

    def outputs(self, texts: pl.Series, student: Floats) -> Floats:
        """Return logits of both models together, given the student's."""
        return blend(student, self.heads.outputs(self.encoder.vectors(texts)), self.spread)


def blend(student: Floats, teacher: Floats, spread: Floats) -> Floats:
    """Add two models' logits, each over its own spread, so that neither drowns the other."""
    return student / spread[0] + teacher / spread[1]


@dataclass(frozen=True)
class TextScorer:
    """Scores texts: the student answers, and the teacher is asked about the most doubtful ``share`` of the texts."""

    name: str
    student: Student
    decisions: Decisions
    teacher: Teacher | None = None
    share: float = 1.0
    ad_odds: float = 1.0  # of feeds over those of the corpus, where nearly half of the posts are ads

    def with_share(self, share: float) -> "TextScorer":
        """Return the same scorer that asks the teacher about another share of texts (0: never, 1: always)."""
        return replace(self, share=share, name=f"{self.name.split('@', maxsplit=1)[0]}@{share:g}")

    def answers(self, texts: pl.Series, kind: Kind) -> Answers:
        """Answer texts of one kind; comments have no embedding."""
        outputs = self.student.outputs(texts, len(OUTPUTS) if kind == "comment" else None)
        logits, embedding = outputs[:, : len(OUTPUTS)], outputs[:, len(OUTPUTS) :]
        first = _answers(logits, self.decisions, embedding)
        if self.teacher is None or not self.share or not len(texts):
            return first
        doubtful = np.flatnonzero(_most_doubtful(first, kind, self.share))
        said = self.teacher.outputs(texts.gather(doubtful), logits[doubtful])
        second = _answers(said, self.teacher.decisions, embedding[doubtful])
        for name in ("probabilities", "thresholds", "margin", "variety"):
            getattr(first, name)[doubtful] = getattr(second, name)
        return first

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score captions of feeds: the odds of an ad in the corpus times :attr:`ad_odds` (Saerens et al. 2002).

        :param texts: With the column ``text``.
        :return: ``ad ad_masked polished overconsumption tested`` (probabilities), ``disclosure`` (of the text alone),
            ``has_code has_link variety`` and ``embedding`` (a list of float32, the same length for every text).
        """
        said = self.answers(texts["text"], "post")
        folded = texts.select(folded=fold(pl.col("text")))
        rules = folded.select(disclosure(pl.col("folded")).alias("disclosure"), has_code(), has_link())
        scores = {name: said.of(name) for name in POST_HEADS} | {"ad_masked": self.masked_ads(texts["text"], said)}
        scores |= {name: expit(logit(scores[name].clip(1e-9, 1 - 1e-9)) + np.log(self.ad_odds)) for name in _AD_HEADS}
        size = said.embedding.shape[1]
        vectors = pl.Series("embedding", said.embedding.astype(np.float32), dtype=pl.Array(pl.Float32, size))
        return pl.DataFrame(scores).with_columns(*rules.get_columns(), said.names(), vectors.cast(pl.List(pl.Float32)))

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score comments.

        :param texts: With the column ``text``; where ``emoji_only`` is there, emoji alone are not called generic, since
            they are counted apart.
        :return: ``genuine spam intent suspicion trust generic`` (probabilities) and ``variety``.
        """
        said = self.answers(texts["text"], "comment")
        scores = pl.DataFrame({name: said.of(name) for name in COMMENT_HEADS})
        if "emoji_only" in texts.columns:
            scores = scores.with_columns(generic=pl.when(texts["emoji_only"]).then(0.0).otherwise("generic"))
        return scores.with_columns(said.names())

    def masked_ads(self, texts: pl.Series, said: Answers) -> Floats:
        """Score texts as ads without their words of disclosure; those that have none are known already."""
        hidden = masked(texts)
        changed = np.flatnonzero(hidden.str.contains(MASK, literal=True))
        scores = said.of("ad_masked").copy()
        if len(changed):
            scores[changed] = self.answers(hidden.gather(changed), "post").of("ad_masked")
        return scores


def disclosed(texts: pl.Series) -> pl.Series:
    """Tell ``none``, ``ambiguous`` or ``clear`` of the words of each text."""
    return pl.select(disclosure(fold(pl.lit(texts)))).to_series()


def _answers(logits: Floats, decisions: Decisions, embedding: Floats) -> Answers:
    variety = logits[:, len(HEADS) :].argmax(axis=1)
    said = decisions.probabilities(logits[:, : len(HEADS)])
    thresholds = decisions.thresholds.T[variety]
    return Answers(said, thresholds, np.tile(decisions.margin, (len(said), 1)), variety, embedding)


def _most_doubtful(said: Answers, kind: Kind, share: float) -> NDArray[np.bool_]:
    """Choose the share of texts whose nearest head lies closest to its threshold, on the scale of the logit."""
    if share >= 1:
        return np.ones(len(said.probabilities), dtype=bool)
    heads = _ASKED[kind]
    near = np.abs(logit(said.probabilities[:, heads].clip(1e-6, 1 - 1e-6)) - logit(said.thresholds[:, heads]))
    doubt = near.min(axis=1)
    return doubt <= np.quantile(doubt, share)


def load_scorer(folder: Path, *, alone: bool = False) -> TextScorer:
    """Load the scorer that training wrote into ``folder``; the teacher too, where its encoder is there.

    :param alone: The student alone, which loads in a fraction of the time.
    :raises InputError: If the folder holds no text model.
    """
    path = folder / "text.json"
    if not path.exists():
        raise InputError(
            f"{folder}: holds no text model (text.json); train one with: make run, or dvc repro train_text"
        )
    settings: dict[str, Any] = read_json(path)
    student, decisions = Student.load(folder), Decisions.from_dict(settings["student"])
    tuned = folder / TUNED
    encoder = tuned if tuned.exists() else folder.parent / "encoder"
    teacher = None
    if settings["teacher"] and not alone and (encoder / "config.json").exists():
        spread = np.array(settings["teacher"]["spread"])
        named = Decisions.from_dict(settings["teacher"]["decisions"])
        teacher = Teacher(Encoder.load(encoder), Heads.load(folder), spread, named)
    return TextScorer(f"text-{digest(folder)[:16]}", student, decisions, teacher, ad_odds=settings["ad_odds"])
