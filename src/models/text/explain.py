"""The phrases that moved a score: what changes when a word, or two or three in a row, are left out of the text."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import logit

from ...data.corpus import COMMENT_LABELS, POST_LABELS
from .heads import HEADS
from .scorer import Kind, TextScorer

_WIDTHS = (1, 2, 3)  # words left out together


@dataclass(frozen=True)
class Phrase:
    """Some words of a text and how far they raise (or lower) the logit of a label."""

    words: str
    weight: float


def explain(text: str, kind: Kind, scorer: TextScorer, most: int = 3) -> dict[str, list[Phrase]]:
    """Find for each label the phrases, not overlapping, whose absence changes the score most.

    The weight is the drop of the calibrated logit when the phrase is left out (occlusion: Zeiler and Fergus 2014), so
    it holds for any model. Phrases under a tenth of a logit are not told.
    """
    words = text.split()
    spans = [(at, at + width) for width in _WIDTHS for at in range(len(words) - width + 1)]
    variants = [text, *(" ".join(words[:start] + words[end:]) for start, end in spans)]
    logits = logit(scorer.answers(pl.Series("text", variants), kind).probabilities.clip(1e-6, 1 - 1e-6))
    labels = POST_LABELS if kind == "post" else COMMENT_LABELS
    return {label: _strongest(words, spans, logits[:, HEADS.index(label)], most) for label in labels}


def _strongest(words: list[str], spans: list[tuple[int, int]], logits: NDArray[np.floating], most: int) -> list[Phrase]:
    drops = logits[0] - logits[1:]
    per_word = np.array([drop / (end - start) ** 0.5 for drop, (start, end) in zip(drops, spans, strict=True)])
    taken: set[int] = set()
    found: list[Phrase] = []
    for index in np.argsort(-np.abs(per_word)):
        start, end = spans[index]
        if len(found) == most or abs(drops[index]) < 0.1:
            break
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            found.append(Phrase(" ".join(words[start:end]), float(drops[index])))
    return found
