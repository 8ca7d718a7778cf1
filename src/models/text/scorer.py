"""The trained scorer: probabilities of every label, disclosure by rules, the variety, and an embedding of posts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...data.corpus import COMMENT_LABELS, POST_LABELS, VARIETIES
from ...errors import InputError
from ...files import digest, read_json
from .decide import Decisions
from .disclosure import MASK, disclosure, masked
from .fold import fold
from .heads import COMMENT_HEADS, HEADS, OUTPUTS
from .rules import has_code, has_link
from .student import Student

Floats = NDArray[np.floating]


class Model(Protocol):
    """Answers texts with logits of :data:`thiqa.models.text.heads.OUTPUTS` and, behind them, an embedding."""

    def outputs(self, texts: pl.Series) -> Floats:
        """Return one row a text."""
        ...


@dataclass(frozen=True)
class TextScorer:
    """Scores texts with a trained model."""

    name: str
    model: Model
    decisions: Decisions

    def answers(self, texts: pl.Series) -> tuple[Floats, NDArray[np.integer], Floats]:
        """Return probabilities (texts, heads), the variety's position in VARIETIES, and the embedding of each text."""
        outputs = self.model.outputs(texts)
        heads, varieties, embedding = np.split(outputs, [len(HEADS), len(OUTPUTS)], axis=1)
        return self.decisions.probabilities(heads), varieties.argmax(axis=1), embedding

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score captions.

        :param texts: With the column ``text``.
        :return: ``ad ad_masked polished overconsumption tested`` (probabilities), ``disclosure`` (of the text alone),
            ``has_code has_link variety`` and ``embedding`` (a list of float32, the same length for every text).
        """
        said, variety, embedding = self.answers(texts["text"])
        hidden = self._masked(texts["text"], said[:, HEADS.index("ad_masked")])
        folded = texts.select(folded=fold(pl.col("text")))
        rules = folded.select(disclosure(pl.col("folded")).alias("disclosure"), has_code(), has_link())
        scores = {name: said[:, HEADS.index(name)] for name in POST_LABELS} | {"ad_masked": hidden}
        vectors = pl.Series("embedding", embedding.astype(np.float32), dtype=pl.Array(pl.Float32, embedding.shape[1]))
        return pl.DataFrame(scores).with_columns(
            *rules.get_columns(), _names(variety), vectors.cast(pl.List(pl.Float32))
        )

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score comments.

        :param texts: With the column ``text``; where ``emoji_only`` is there, emoji alone are not called generic, since
            they are counted apart.
        :return: ``genuine generic spam intent suspicion trust`` (probabilities) and ``variety``.
        """
        said, variety, _ = self.answers(texts["text"])
        scores = pl.DataFrame({name: said[:, HEADS.index(name)] for name in (*COMMENT_LABELS, "generic")})
        if "emoji_only" in texts.columns:
            scores = scores.with_columns(generic=pl.when(texts["emoji_only"]).then(0.0).otherwise("generic"))
        return scores.select(*COMMENT_HEADS, _names(variety))

    def _masked(self, texts: pl.Series, plain: Floats) -> Floats:
        """Score texts without their words of disclosure; those that have none are known already."""
        hidden = pl.select(masked(pl.lit(texts))).to_series()
        changed = hidden.str.contains(MASK, literal=True).to_numpy()
        scores = plain.copy()
        if changed.any():
            scores[changed] = self.answers(hidden.filter(pl.Series(changed)))[0][:, HEADS.index("ad_masked")]
        return scores


def _names(variety: NDArray[np.integer]) -> pl.Series:
    return pl.Series("variety", np.array(VARIETIES, dtype=object)[variety], dtype=pl.String)


def load_scorer(folder: Path) -> TextScorer:
    """Load the scorer that training wrote into ``folder``.

    :raises InputError: If the folder holds no text model.
    """
    path = folder / "text.json"
    if not path.exists():
        raise InputError(
            f"{folder}: holds no text model (text.json); train one with: make run, or dvc repro train_text"
        )
    settings: dict[str, Any] = read_json(path)
    return TextScorer(f"text-{digest(folder)[:16]}", Student.load(folder), Decisions.from_dict(settings["decisions"]))
