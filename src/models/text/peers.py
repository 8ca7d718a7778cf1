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
    """Mean of hashed embeddings of words, word pairs and letters (3 to 5), one linear answer (Joulin et al. 2017)."""
    import torch  # noqa: PLC0415 takes a second

    grams = Grams(bits=17, letters=(3, 5), words=(1, 2), sounds=(3, 3))
    answers = torch.tensor(targets(train)[:, : len(LABELS)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        table = torch.nn.EmbeddingBag(grams.buckets, 48, mode="mean", sparse=True)
        torch.nn.init.uniform_(table.weight, -1 / 48, 1 / 48)
        head = torch.nn.Linear(48, len(LABELS))
    bags = _bags(grams, train["text"])
    order = np.random.default_rng(seed)
    rate, epochs, batch = 0.5, 25, 16
    steps = epochs * (len(bags) // batch + 1)
    step = 0
    for _ in range(epochs):
        shuffled = order.permutation(len(bags))
        for start in range(0, len(shuffled), batch):
            rows = shuffled[start : start + batch]
            loss = _loss(head(table(*_packed([bags[row] for row in rows]))), answers[rows])
            loss.backward()
            _step(table, head, rate * 20 * (1 - step / steps))
            step += 1

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


def _step(table: Any, head: Any, rate: float) -> None:
    import torch  # noqa: PLC0415

    with torch.no_grad():
        gradient = table.weight.grad.coalesce()
        table.weight.index_add_(0, gradient.indices()[0], gradient.values(), alpha=-rate)
        for weight in head.parameters():
            weight.add_(weight.grad, alpha=-rate / 20)
            weight.grad = None
        table.weight.grad = None


def _decided(valid: pl.DataFrame, logits: Callable[[pl.Series], Floats], test: pl.DataFrame) -> Flags:
    """Choose one threshold a head on ``valid`` and answer ``test``."""
    tried, said = expit(logits(valid["text"])), expit(logits(test["text"]))
    flags = {}
    for place, head in enumerate(LABELS):
        asked = valid[head].is_not_null().to_numpy()
        threshold = best_threshold(tried[asked, place], valid[head].to_numpy()[asked].astype(float))
        flags[head] = said[:, place] >= threshold
    return flags
