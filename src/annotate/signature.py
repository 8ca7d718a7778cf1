"""Near-duplicate signatures: MinHash over letters, a whole column at once, equal on every machine.

A text is the set of runs of four characters of its folded form without tags and digits, repeated letters written
once. For each of K hash functions its signature has the smallest hash of the set; two texts share one with probability
equal to the Jaccard similarity of their sets (Broder 1997). Two bands of two: texts of similarity s share a band with
probability 1 - (1 - s^2)^2, so a changed letter or an added word keeps most bands, and another sentence shares none.
Bands are compared for equality only: near duplicates are groups, never pairs.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..models.text.fold import without_runs

SHINGLE = 4  # characters
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)
_STEP = np.uint64(0x100000001B3)
_AT_ONCE = 2_000  # texts whose shingles fit a processor's cache
BANDS = ("near_a", "near_b")


def near(folded: pl.Series) -> pl.DataFrame:
    """Return the two bands of each folded text (int64); null where no letter is left."""
    bare = folded.str.replace_all(r"[#@]\S+|\p{N}+", " ").str.replace_all(" +", " ").str.strip_chars()
    bare = without_runs(bare)
    said = bare.filter(bare != "").unique(maintain_order=True)
    if not len(said):
        return pl.DataFrame({name: pl.Series([None] * len(folded), dtype=pl.Int64) for name in BANDS})
    parts = [_bands(said[start : start + _AT_ONCE]) for start in range(0, len(said), _AT_ONCE)]
    bands = [np.concatenate([part[number] for part in parts]).view(np.int64) for number in range(len(BANDS))]
    found = pl.DataFrame({"bare": said, **dict(zip(BANDS, bands, strict=True))})
    return pl.DataFrame({"bare": bare}).join(found, "bare", how="left", maintain_order="left").drop("bare")


def _bands(texts: pl.Series) -> list[NDArray[np.uint64]]:
    smallest = _smallest(texts)
    return [_mixed(smallest[0] ^ _turned(smallest[1]), 0), _mixed(smallest[2] ^ _turned(smallest[3]), 1)]


def _smallest(texts: pl.Series) -> list[NDArray[np.uint64]]:
    """Return the smallest hash of the shingles of each text, for each hash function."""
    padded = [f" {text} ".ljust(SHINGLE) for text in texts.to_list()]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in padded])
    starts = np.cumsum(lengths) - lengths
    grams = np.zeros(len(points), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for place in range(SHINGLE):
            grams = grams * _STEP + np.roll(points, -place)
    inside = np.ones(len(points), dtype=bool)  # a shingle ends where its text does
    for place in range(1, SHINGLE):
        inside[starts + lengths - place] = False
    first = np.cumsum(inside)[starts] - 1  # every text has at least one shingle, its first character's
    return [np.minimum.reduceat(_mixed(grams[inside], number), first) for number in range(len(_MIX))]


def _mixed(values: NDArray[np.uint64], number: int) -> NDArray[np.uint64]:
    """Mix 64 bits (the finaliser of SplitMix64), by one of several functions."""
    with np.errstate(over="ignore"):
        mixed = values + _MIX[number]
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _turned(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.asarray((values << np.uint64(17)) | (values >> np.uint64(47)))
