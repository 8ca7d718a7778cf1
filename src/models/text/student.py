"""The student: hashed n-grams and a light linear answer, small enough to ship, fast enough for millions of texts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy import sparse

from ...files import read_json, write_json
from .grams import Grams

Floats = NDArray[np.floating]
_BATCH = 20_000  # texts hashed at once: memory stays near 300 MB


@dataclass(frozen=True)
class Student:
    """Answers by a table of n-grams: ``kept`` buckets (sorted), their ``idf``, ``table`` and ``bias``.

    The columns of ``table`` are the outputs (:data:`thiqa.models.text.heads.OUTPUTS`) and then the dimensions of the
    embedding.
    """

    grams: Grams
    kept: NDArray[np.int32]
    idf: Floats
    table: Floats
    bias: Floats

    def features(self, texts: pl.Series) -> sparse.csr_matrix:
        """Make the matrix (texts, kept buckets): TF-IDF, each family of n-grams of length 1 in each text."""
        return weighted(self.grams.count(texts), self.kept, self.idf)

    def outputs(self, texts: pl.Series) -> Floats:
        """Return logits of the outputs and, behind them, the embedding, one row a text."""
        parts = [self.features(part) @ self.table for part in _slices(texts)]
        return np.concatenate([*parts, np.zeros((0, self.table.shape[1]), np.float32)]) + self.bias

    def save(self, folder: Path) -> None:
        """Write ``student.safetensors`` (weights rounded to 8 bits, a scale a column) and ``student.json``."""
        scale = np.abs(self.table).max(axis=0, initial=1e-9) / 127
        tensors = {
            "kept": self.kept.astype(np.int32),
            "idf": self.idf.astype(np.float16),
            "table": np.round(self.table / scale).astype(np.int8),
            "scale": scale.astype(np.float32),
            "bias": self.bias.astype(np.float32),
        }
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / "student.safetensors")
        write_json(asdict(self.grams), folder / "student.json")

    @classmethod
    def load(cls, folder: Path) -> "Student":
        """Read what :meth:`save` wrote."""
        grams = Grams(**read_json(folder / "student.json"))
        tensors: dict[str, Any] = load_file(folder / "student.safetensors")
        table = tensors["table"].astype(np.float32) * tensors["scale"]
        return cls(grams, tensors["kept"], tensors["idf"].astype(np.float32), table, tensors["bias"])


def _slices(texts: pl.Series) -> Iterator[pl.Series]:
    return (texts.slice(start, _BATCH) for start in range(0, len(texts), _BATCH))


def weighted(counts: list[sparse.csr_matrix], kept: NDArray[np.int32], idf: Floats) -> sparse.csr_matrix:
    """Weight counts by ``idf``, give each family of each text length 1, and keep the known buckets only."""
    parts = []
    for count in counts:
        known = count[:, kept] if count.shape[1] != len(kept) else count
        part = known @ sparse.diags(idf.astype(np.float32))
        length = np.sqrt(np.asarray(part.multiply(part).sum(axis=1)).ravel())
        parts.append(sparse.diags((1 / np.maximum(length, 1e-6)).astype(np.float32)) @ part)
    return sum(parts[1:], start=parts[0]).tocsr()


def vocabulary(counts: list[sparse.csr_matrix], at_least: int) -> tuple[NDArray[np.int32], Floats]:
    """Choose the buckets that at least so many texts have, and their inverse document frequency."""
    seen = np.sum([np.asarray((count > 0).sum(axis=0)).ravel() for count in counts], axis=0)
    kept = np.flatnonzero(seen >= at_least).astype(np.int32)
    texts = counts[0].shape[0]
    return kept, (np.log((1 + texts) / (1 + seen[kept])) + 1).astype(np.float32)
