"""What is learnt from: texts with their answers, and whose they are."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .disclosure import MASK, masked
from .heads import masked_targets, targets

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

    def with_more(self, more: "Lesson") -> "Lesson":
        """Add the texts of another lesson whose authors are among ours, or nobody's (plain cases)."""
        return together(self, more.part(np.isin(more.author, [*set(self.author), "plain"])))


def together(one: Lesson, other: Lesson) -> Lesson:
    """Join two lessons."""
    return Lesson(
        pl.concat([one.texts, other.texts]),
        np.concatenate([one.answers, other.answers]),
        np.concatenate([one.author, other.author]),
    )


def lesson(corpus: pl.DataFrame, random: np.random.Generator) -> Lesson:
    """Turn labelled texts into what is learnt: every text, and every post once more with its disclosure masked."""
    posts = corpus.filter(kind="post")
    hidden = masked(posts["text"])
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
