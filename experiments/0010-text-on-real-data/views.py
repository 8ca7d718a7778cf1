"""Texts as the models see them, and the models as functions from rows learnt to logits of others."""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_union

from thiqa.files import replacing
from thiqa.models.text.grams import Grams
from thiqa.models.text.linear import fit_heads
from thiqa.models.text.student import vocabulary, weighted
from thiqa.models.text.teacher import Encoder, fit_vector_heads

Floats = np.ndarray
BASES = ("tfidf", "grams", "vectors")
MODELS = {  # sums of logits, each over its spread on texts held out
    "hybrid": ("grams", "vectors"),
    "hybrid and tfidf_lr": BASES,
    "tfidf_lr": ("tfidf",),
    "encoder_lr": ("vectors",),
}
_CHUNK = 500


def remembered(encoder: Encoder, texts: pl.Series, folder: Path) -> Floats:
    """Return the encoder's vectors; what it has read once is found again in ``folder``, so a run can be taken up."""
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, Floats] = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as kept:
            known |= dict(zip(kept["k"].tolist(), kept["v"], strict=True))
    keys = [hashlib.blake2b(text.encode(), digest_size=10).hexdigest() for text in texts]
    unread = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    todo = sorted(unread, key=lambda key: len(unread[key]))
    for start in range(0, len(todo), _CHUNK):
        part = todo[start : start + _CHUNK]
        vectors = encoder.vectors(pl.Series("text", [unread[key] for key in part])).astype(np.float16)
        known |= dict(zip(part, vectors, strict=True))
        with replacing(folder / f"{part[0]}{len(part)}.npz") as out, out.open("wb") as file:
            np.savez(file, k=np.array(part), v=vectors)
    return np.stack([known[key] for key in keys]).astype(np.float32)


class Views:
    """Texts as n-grams, vectors and TF-IDF, each computed once, and who wrote them."""

    def __init__(self, texts: pl.Series, answers: Floats, groups: Floats, vectors: Floats, seed: int) -> None:
        self.answers, self.groups, self.seed = answers, groups, seed
        self._vectors = vectors
        self._counts = Grams(bits=18).count(texts)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
        words = TfidfVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self._tfidf = make_union(letters, words).fit_transform(texts).tocsr()

    def logits(self, base: str, train: Floats, test: Floats) -> Floats:
        """Fit one of :data:`BASES` on some rows and return logits of others."""
        wanted = self.answers[train][:, None]
        if base == "vectors":
            return fit_vector_heads(self._vectors[train], wanted, 0.005).outputs(self._vectors[test])[:, 0]
        if base == "tfidf":
            weights, bias = fit_heads(self._tfidf[train], wanted, 4.0, self.seed)
            return (self._tfidf[test] @ weights + bias)[:, 0]
        counts = [count[train] for count in self._counts]
        kept, idf = vocabulary(counts, 2)
        weights, bias = fit_heads(weighted(counts, kept, idf), wanted, 4.0, self.seed)
        return (weighted([count[test] for count in self._counts], kept, idf) @ weights + bias)[:, 0]

    def judged(
        self, train: Floats, test: Floats, folds: int, chosen_on: Floats | None = None
    ) -> dict[str, tuple[Floats, Floats]]:
        """Answer ``test`` by every model: decisions and scores.

        :param folds: In which groups are held out of ``train``, for the spread of logits.
        :param chosen_on: Rows of ``train`` on which thresholds are chosen, each answered by models without its group;
            by default the threshold is the logit 0.
        """
        tried = {base: np.zeros(len(train)) for base in BASES}
        for inside, outside in GroupKFold(folds).split(train, groups=self.groups[train]):
            for base in BASES:
                tried[base][outside] = self.logits(base, train[inside], train[outside])
        said = {base: self.logits(base, train, test) for base in BASES}
        spread = {base: logits.std() for base, logits in tried.items()}
        there = np.isin(train, train if chosen_on is None else chosen_on)
        answers = {}
        for model, bases in MODELS.items():
            inner, outer = (sum(of[base] / spread[base] for base in bases) for of in (tried, said))
            at = 0.0 if chosen_on is None else balanced_threshold(inner[there], self.answers[train][there] > 0.5)
            answers[model] = outer >= at, expit(outer - at)
        return answers


def balanced_threshold(scores: Floats, wanted: Floats) -> float:
    """Return the score at which the mean of both classes' recalls is highest.

    The share of the class says nothing of it: accounts hold from none to three quarters of sponsored posts.
    """
    grid = np.quantile(scores, np.linspace(0.02, 0.98, 193))
    recall = np.array([((scores >= at)[wanted].mean() + (scores < at)[~wanted].mean()) / 2 for at in grid])
    smooth = np.convolve(np.pad(recall, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(grid[np.flatnonzero(smooth >= smooth.max() - 1e-9)].mean())
