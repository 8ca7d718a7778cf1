"""The teacher: a multilingual transformer whose states answer the heads; slower than the student, and sees meaning."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from .normal import latin
from .runtime import Runtime, load_runtime, threads

Floats = NDArray[np.floating]
LONGEST = 128  # pieces of a text that are read
_BATCH = 400  # pieces read at once, blanks among them
TUNED = "encoder"  # folder of a tuned encoder, inside the one of the text model
PREFIX = "query: "  # what this family of encoders was trained to see in front of a text


@dataclass
class Encoder:
    """An encoder and its tokenizer: texts become the mean of the states of two of its layers."""

    runtime: Runtime
    tokenizer: Tokenizer

    @classmethod
    def load(cls, folder: Path, *, exact: bool = False) -> "Encoder":
        """Load a folder that ``transformers`` can read.

        :param exact: With ``torch``, in full precision, even where the folder has a graph in 8 bits.
        :raises InputError: If the folder holds no encoder.
        """
        runtime = load_runtime(folder, exact=exact)
        return cls(runtime, Tokenizer.from_file(str(folder / "tokenizer.json")))

    def vectors(self, texts: pl.Series, on_batch: Callable[[int], None] = lambda _: None) -> Floats:
        """Return one vector a text: the mean state of each of two layers over its pieces, side by side."""
        out = np.zeros((len(texts), self.runtime.size), dtype=np.float32)
        coded = pieces(self.tokenizer, texts)
        with ThreadPoolExecutor(threads()) as pool:
            for rows, said in pool.map(lambda rows: (rows, self._read(coded, rows)), list(batches(coded))):
                out[rows] = said
                on_batch(len(rows))
        return out

    def _read(self, coded: list[list[int]], rows: NDArray[np.integer]) -> Floats:
        width = max(len(coded[row]) for row in rows)
        ids = np.full((len(rows), width), self.runtime.padding, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(coded[row])] = coded[row]
            mask[place, : len(coded[row])] = 1
        return self.runtime.vectors(ids, mask)


def pieces(tokenizer: Tokenizer, texts: pl.Series) -> list[list[int]]:
    """Cut texts into pieces, the longest ones short."""
    read = pl.select(latin(pl.lit(texts))).to_series()
    return [coded.ids[:LONGEST] for coded in tokenizer.encode_batch([PREFIX + text for text in read])]


def batches(coded: list[list[int]]) -> Iterator[NDArray[np.integer]]:
    """Put texts of about the same length together, as many as stay in a processor's cache."""
    order = np.argsort([len(ids) for ids in coded], kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * len(coded[order[end]]) > _BATCH:
            yield order[start:end]
            start = end


@dataclass
class RememberingEncoder(Encoder):
    """An encoder that reads each text once, for an evaluation that asks about the same texts again and again."""

    known: dict[str, Floats] = field(default_factory=dict)

    def vectors(self, texts: pl.Series, on_batch: Callable[[int], None] = lambda _: None) -> Floats:
        """Return what :meth:`Encoder.vectors` does."""
        new = texts.filter(~texts.is_in(list(self.known))).unique(maintain_order=True)
        self.known |= dict(zip(new, super().vectors(new, on_batch), strict=True))
        return np.stack([self.known[text] for text in texts]) if len(texts) else super().vectors(texts)


@dataclass(frozen=True)
class Heads:
    """A linear answer to standardised vectors: ``weights`` (dimensions, outputs) and ``bias``."""

    weights: Floats
    bias: Floats

    def outputs(self, vectors: Floats) -> Floats:
        """Return logits, one row a text."""
        return vectors @ self.weights + self.bias

    def save(self, folder: Path) -> None:
        """Write ``heads.safetensors``."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"weights": self.weights.astype(np.float32), "bias": self.bias.astype(np.float32)},
                  folder / "heads.safetensors")  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> "Heads":
        """Read what :meth:`save` wrote."""
        return cls(**load_file(folder / "heads.safetensors"))


def fit_vector_heads(vectors: Floats, answers: Floats, strength: float) -> Heads:
    """Fit one L2-penalised logistic regression a head on standardised vectors, with the texts that answer it.

    :param answers: (texts, heads) of 0 and 1; NaN where a head is not asked.
    """
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    scaled = (vectors - mean) / spread
    weights, bias = np.zeros((vectors.shape[1], answers.shape[1])), np.zeros(answers.shape[1])
    for head, wanted in enumerate(answers.T):
        asked = np.flatnonzero(~np.isnan(wanted))
        positive = int(np.nansum(wanted))
        if not 0 < positive < len(asked):
            bias[head] = 4.0 if positive else -4.0
            continue
        model = LogisticRegression(C=strength, max_iter=1000, tol=1e-3).fit(scaled[asked], wanted[asked])
        weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]
    weights /= spread[:, None]
    return Heads(weights, bias - mean @ weights)
