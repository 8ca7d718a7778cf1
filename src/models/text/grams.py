"""Hashed n-grams of letters and words, for a whole column at once: no Python per text, no vocabulary to ship.

The texts are joined to one array of code points; the hash of any stretch ``i:j`` is a difference of prefix sums of a
polynomial modulo 2**64 (Karp and Rabin 1987), so each order of n-gram is a handful of array operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from .normal import normal, sounds

_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_BLANK, _END = ord(" "), 0


@dataclass(frozen=True)
class Grams:
    """Which n-grams are counted: letters inside words (blanks at their ends count), words, sounds inside words."""

    bits: int = 17
    letters: Sequence[int] = (2, 5)  # from, up to
    words: Sequence[int] = (1, 2)
    sounds: Sequence[int] = (3, 4)

    @property
    def buckets(self) -> int:
        """Number of columns."""
        return 1 << self.bits

    def count(self, texts: pl.Series, kept: NDArray[np.int32] | None = None) -> list[sparse.csr_matrix]:
        """Hash texts into three sparse matrices (letters, words, sounds), one row a text, values the counts.

        :param kept: The buckets that become columns; all by default.
        """
        normalised = pl.select(normal(pl.lit(texts))).to_series()
        coded = pl.select(sounds(pl.lit(normalised))).to_series()
        written, heard = _Joined(normalised), _Joined(coded)
        matrix = partial(self._matrix, place=self._places(kept), columns=self.buckets if kept is None else len(kept))
        return [
            matrix(len(texts), [written.letters(n) for n in _orders(self.letters)], 1),
            matrix(len(texts), [written.words(n) for n in _orders(self.words)], 2),
            matrix(len(texts), [heard.letters(n) for n in _orders(self.sounds)], 3),
        ]

    def _places(self, kept: NDArray[np.int32] | None) -> NDArray[np.int32] | None:
        if kept is None:
            return None
        place = np.full(self.buckets, -1, dtype=np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        return place

    def _matrix(
        self, rows: int, parts: list[tuple[NDArray, NDArray]], salt: int, place: NDArray[np.int32] | None, columns: int
    ) -> sparse.csr_matrix:
        row = np.concatenate([part[0] for part in parts])
        mixed = (np.concatenate([part[1] for part in parts]) + np.uint64(salt)) * _MIX
        column = ((mixed ^ (mixed >> np.uint64(31))) * _BASE >> np.uint64(64 - self.bits)).astype(np.int32)
        if place is not None:
            column = place[column]
            known = column >= 0
            row, column = row[known], column[known]
        values = np.ones(len(row), dtype=np.float32)
        return sparse.coo_matrix((values, (row, column)), shape=(rows, columns)).tocsr()


def _orders(bounds: Sequence[int]) -> range:
    return range(bounds[0], bounds[1] + 1)


class _Joined:
    """Texts as one array of code points, each closed by an end sign, runs of a sign cut to two."""

    def __init__(self, texts: pl.Series) -> None:
        points = np.frombuffer(("\x00".join(texts.to_list()) + "\x00").encode("utf-32-le"), dtype=np.uint32)
        keep = np.ones(len(points), dtype=bool)
        keep[2:] = (points[2:] != points[1:-1]) | (points[2:] != points[:-2]) | (points[2:] == _END)
        points = points[keep]
        end = points == _END
        self.row = (np.cumsum(end) - end).astype(np.int32)
        self.blank = end | (points == _BLANK)
        ones = np.full(len(points), _BASE, dtype=np.uint64)
        ones[0] = 1
        powers = np.cumprod(ones)
        self.prefix = np.concatenate([np.zeros(1, np.uint64), np.cumsum((points.astype(np.uint64) + 1) * powers)])
        ones[1:] = _INVERSE
        self.inverse = np.cumprod(ones)
        self.blanks = np.concatenate([[0], np.cumsum(self.blank)])

    def letters(self, order: int) -> tuple[NDArray, NDArray]:
        """Rows and hashes of all n-grams of letters that hold a blank at most at their ends."""
        start = np.arange(max(len(self.row) - order, 0))
        inner = self.blanks[start + order - 1] - self.blanks[start + 1]
        start = start[(inner == 0) & (self.row[start] == self.row[start + order - 1])]
        start = start[~(self.blank[start] & self.blank[start + order - 1] & (order == 2))]
        return self.row[start], self._hash(start, start + order) + np.uint64(order)

    def words(self, order: int) -> tuple[NDArray, NDArray]:
        """Rows and hashes of all n-grams of words."""
        starts = np.flatnonzero(self.blank[:-1] & ~self.blank[1:]) + 1
        ends = np.flatnonzero(~self.blank[:-1] & self.blank[1:]) + 1
        starts, ends = starts[: len(starts) - order + 1], ends[order - 1 :]
        same = self.row[starts] == self.row[ends - 1]
        return self.row[starts[same]], self._hash(starts[same], ends[same]) + np.uint64(order)

    def _hash(self, start: NDArray, end: NDArray) -> NDArray:
        return (self.prefix[end] - self.prefix[start]) * self.inverse[start]
