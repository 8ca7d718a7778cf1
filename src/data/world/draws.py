"""Randomness: one independent stream for each mechanism and each block of creators, from one seed.

A mechanism's draws do not depend on any coefficient, so two worlds that differ in one effect share their draws.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Draws:
    """Makes the generators of a world; ``replicate`` gives the same world fresh, independent draws."""

    seed: int
    replicate: int = 0

    def of(self, mechanism: str, block: int = 0) -> np.random.Generator:
        """Return the generator of one mechanism in one block; asking again starts it again."""
        entropy = [self.seed, self.replicate, zlib.crc32(mechanism.encode()), block]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def poisson(uniform: Floats, mean: Floats) -> Ints:
    """Poisson counts by inversion: common uniforms give comparable counts under different means.

    >>> poisson(np.array([0.1, 0.5, 0.9]), np.array([2.0, 2.0, 2.0])).tolist()
    [0, 2, 4]
    """
    return np.asarray(stats.poisson.ppf(uniform, np.maximum(mean, 1e-12)), dtype=np.int64).clip(0)


def binomial(uniform: Floats, count: Ints, share: Floats | float) -> Ints:
    """Binomial counts by inversion; 0 where ``count`` is 0."""
    result = np.zeros(len(count), dtype=np.int64)
    some = np.flatnonzero(count > 0)
    share = np.broadcast_to(np.asarray(share, dtype=np.float64), count.shape)
    result[some] = stats.binom.ppf(uniform[some], count[some], share[some].clip(0, 1)).astype(np.int64).clip(0)
    return result


def logistic(value: Floats | float) -> Floats:
    """Turn log odds into shares."""
    return np.asarray(special.expit(value), dtype=np.float64)


def logit(share: Floats | float) -> Floats:
    """Turn shares into log odds, kept finite at 0 and 1."""
    return np.asarray(special.logit(np.clip(share, 1e-9, 1 - 1e-9)), dtype=np.float64)


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw ``size`` indices with the given weights, by inversion of one uniform each."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(edges, rng.random(size), side="right").clip(0, len(weights) - 1)


def runs(counts: Ints) -> Ints:
    """Count the items inside each of consecutive groups of the given sizes.

    >>> runs(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(starts, counts)
