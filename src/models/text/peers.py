"""What the text model is compared with, on the same splits: TF-IDF, a fastText-style model, keywords."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from ...data.corpus import LABELS
from .decide import best_threshold
from .evaluate import Flags
from .fold import fold
from .grams import Grams
from .heads import targets
from .linear import fit_heads
from .rules import RuleScorer

Floats = NDArray[np.floating]


def keywords(texts: pl.DataFrame) -> Flags:
    """Answer by the keyword list alone."""
    frame = texts.select("text", folded=fold(pl.col("text")), emoji_only=pl.lit(value=False))
    scorer = RuleScorer()
    scores = pl.concat([scorer.score_posts(frame), scorer.score_comments(frame).drop("variety")], how="horizontal")
    return {head: (scores[head] >= 0.5).to_numpy() for head in LABELS}


def tfidf(train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame, seed: int) -> Flags:
    """TF-IDF of letters (2 to 5, inside words) and words (1 to 2), logistic regression, one threshold a head."""
    union = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32),
    )
    features = union.fit_transform(train["text"])
    weights, bias = fit_heads(features, targets(train)[:, : len(LABELS)], 4.0, seed)
    return _decided(valid, lambda texts: union.transform(texts) @ weights + bias, test)


def fasttext_style(train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame, seed: int) -> Flags:
    """Mean of hashed embeddings of words, word pairs and letters (3 to 6), one linear answer (Joulin et al. 2017).

    Dimensions, rate, epochs and orders were chosen on ``valid``; Adam in place of plain descent.
    """
    import torch  # noqa: PLC0415 takes a second

    grams = Grams(bits=18, letters=(3, 6), words=(1, 2), sounds=(3, 3))
    size, rate, epochs, batch = 64, 0.02, 6, 32
    answers = torch.tensor(targets(train)[:, : len(LABELS)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        table = torch.nn.EmbeddingBag(grams.buckets, size, mode="mean", sparse=True)
        torch.nn.init.uniform_(table.weight, -1 / size, 1 / size)
        head = torch.nn.Linear(size, len(LABELS))
    bags = _bags(grams, train["text"])
    steps = [torch.optim.SparseAdam(table.parameters(), lr=rate), torch.optim.Adam(head.parameters(), lr=rate)]
    total = epochs * -(-len(bags) // batch)
    moves: list[Any] = [*steps, *(torch.optim.lr_scheduler.LinearLR(step, 1.0, 0.0, total) for step in steps)]
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        shuffled = order.permutation(len(bags))
        for start in range(0, len(shuffled), batch):
            rows = shuffled[start : start + batch]
            loss = _loss(head(table(*_packed([bags[row] for row in rows]))), answers[rows])
            for step in steps:
                step.zero_grad()
            loss.backward()
            for move in moves:
                move.step()

    def logits(texts: pl.Series) -> Floats:
        with torch.inference_mode():
            return np.asarray(head(table(*_packed(_bags(grams, texts)))).numpy())

    return _decided(valid, logits, test)


def _bags(grams: Grams, texts: pl.Series) -> list[NDArray[np.int32]]:
    letters, words, _ = grams.count(texts)
    both = (letters + words).tocsr()
    return [both.indices[start:end] for start, end in zip(both.indptr[:-1], both.indptr[1:], strict=True)]


def _packed(bags: list[NDArray[np.int32]]) -> tuple[Any, Any]:
    import torch  # noqa: PLC0415

    starts = np.cumsum([0, *map(len, bags[:-1])])
    return torch.from_numpy(np.concatenate(bags).astype(np.int64)), torch.from_numpy(starts)


def _loss(said: Any, wanted: Any) -> Any:
    import torch  # noqa: PLC0415

    asked = ~torch.isnan(wanted)
    return torch.nn.functional.binary_cross_entropy_with_logits(said[asked], wanted[asked])


def _decided(valid: pl.DataFrame, logits: Callable[[pl.Series], Floats], test: pl.DataFrame) -> Flags:
    """Choose one threshold a head on ``valid`` and answer ``test``."""
    tried, said = expit(logits(valid["text"])), expit(logits(test["text"]))
    flags = {}
    for place, head in enumerate(LABELS):
        asked = valid[head].is_not_null().to_numpy()
        threshold = best_threshold(tried[asked, place], valid[head].to_numpy()[asked].astype(float))
        flags[head] = said[:, place] >= threshold
    return flags
