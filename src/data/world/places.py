"""Where creators live, what they talk about, and how near two cities or two niches are."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...config import read_yaml
from .draws import Floats

# niches of the article, with their weights; "other" is what fits none
NICHES = {
    "sport": 0.11, "skincare": 0.14, "decoration": 0.08, "cooking": 0.15, "healthy-food": 0.08, "books": 0.05,
    "modest-fashion": 0.11, "low-cost-travel": 0.08, "tech": 0.07, "parenting": 0.07, "other": 0.06,
}  # fmt: skip
NICHE_NAMES = tuple(NICHES)
NICHE_WEIGHTS = np.array(list(NICHES.values()))

# neighbours in meaning: half a match
_RELATED = (
    ("sport", "healthy-food"), ("cooking", "healthy-food"), ("skincare", "modest-fashion"), ("decoration", "cooking"),
    ("parenting", "healthy-food"), ("parenting", "decoration"), ("books", "parenting"), ("low-cost-travel", "sport"),
)  # fmt: skip
NEAR_KM = 100.0  # distance over which closeness falls to 1/e

VARIETIES = ("fr", "ary-Arab", "ary-Latn", "arb", "en", "zgh", "mixed")


@cache
def cities() -> list[dict[str, Any]]:
    """Read the gazetteer: name, Arabic and Arabizi spelling, weight, position, neighbourhoods."""
    entries: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("places.yaml"))
    return entries


def city_weights() -> Floats:
    """Return the share of creators in each city."""
    weights = np.array([entry["weight"] for entry in cities()], dtype=np.float64)
    return np.asarray(weights / weights.sum())


@cache
def closeness() -> Floats:
    """Return exp(-distance / 100 km) for each pair of cities: 1 at home, near 0 across the country."""
    at = np.radians(np.array([entry["at"] for entry in cities()]))
    latitude, longitude = at[:, 0], at[:, 1]
    half = np.sin((latitude[:, None] - latitude) / 2) ** 2
    half = half + np.cos(latitude[:, None]) * np.cos(latitude) * np.sin((longitude[:, None] - longitude) / 2) ** 2
    kilometres = 2 * 6371 * np.arcsin(np.sqrt(half))
    return np.asarray(np.exp(-kilometres / NEAR_KM))


@cache
def similarity() -> Floats:
    """Return how well two niches fit: 1 the same, 0.5 related, 0 otherwise."""
    table = np.eye(len(NICHE_NAMES))
    for one, other in _RELATED:
        row, column = NICHE_NAMES.index(one), NICHE_NAMES.index(other)
        table[row, column] = table[column, row] = 0.5
    return table


@cache
def spelled() -> tuple[list[str], Floats]:
    """Return the spellings of all places, three scripts each, and the position of each city's first neighbourhood.

    Place p in script s (0 Latin, 1 Arabic, 2 Arabizi) is at 3 * p + s.
    """
    names: list[str] = []
    first = []
    for entry in cities():
        first.append(len(names) // 3)
        for spellings in entry["neighbourhoods"]:
            names.extend(spellings)
    return names, np.array([*first, len(names) // 3])
