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
_BATCH = 5_000  # texts hashed at once: memory stays near 300 MB


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

    def outputs(self, texts: pl.Series, width: int | None = None) -> Floats:
        """Return logits of the outputs and, behind them, the embedding, one row a text.

        :param width: Only so many columns, the first ones.
        """
        table = np.ascontiguousarray(self.table[:, :width])
        parts = [self._product(part, table) for part in _slices(texts)]
        return np.concatenate([*parts, np.zeros((0, table.shape[1]), np.float32)]) + self.bias[:width]

    def _product(self, texts: pl.Series, table: Floats) -> Floats:
        families = (scaled(count, self.idf) for count in self.grams.count(texts, self.kept))
        return np.sum([family @ table for family in families], axis=0)

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
    """Take the known buckets of each family of n-grams, weight them (:func:`scaled`) and add the families."""
    parts = [scaled(count[:, kept], idf) for count in counts]
    return sum(parts[1:], start=parts[0]).tocsr()


def scaled(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    """Weight the logarithm of counts (Salton and Buckley 1988) by ``idf`` and give each text length 1.

    A hashtag or an emoji written ten times says little more than one written once (docs/decisions/0018).
    """
    row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    values = (1 + np.log(counts.data)) * idf[counts.indices]
    length = np.sqrt(np.bincount(row, values**2, counts.shape[0])).clip(1e-6)
    values = (values / length[row]).astype(np.float32)
    return sparse.csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


def vocabulary(counts: list[sparse.csr_matrix], at_least: int) -> tuple[NDArray[np.int32], Floats]:
    """Choose the buckets that at least so many texts have, and their inverse document frequency."""
    seen = np.sum([np.asarray((count > 0).sum(axis=0)).ravel() for count in counts], axis=0)
    kept = np.flatnonzero(seen >= at_least).astype(np.int32)
    texts = counts[0].shape[0]
    return kept, (np.log((1 + texts) / (1 + seen[kept])) + 1).astype(np.float32)
