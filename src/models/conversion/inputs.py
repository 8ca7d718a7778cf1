"""From rows to numbers that a model can use: logarithms, standard scores, flags for what is missing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import skew

from ...features import FEATURES
from .data import feature_of

SEEN_IN = 20  # placements in which a category has to be seen to get a column of its own
OUTERMOST = 3.0  # standard scores beyond this are cut: one odd account must not move a coefficient
RARE = 0.01  # a column that is missing (or there) in fewer placements gets no flag


@dataclass(frozen=True)
class Number:
    """How one numeric column becomes a standard score."""

    name: str
    floor: float | None  # what is added before the logarithm; None: no logarithm
    centre: float
    scale: float
    flagged: bool  # whether its absence gets a column of its own

    @classmethod
    def fit(cls, name: str, values: np.ndarray) -> "Number | None":
        """Choose between the values and their logarithms, whichever are less skewed; None where nothing varies."""
        known = values[np.isfinite(values)]
        if len(known) < 3 or np.ptp(known) == 0:
            return None
        floor = _floor(known)
        shown = known if floor is None else np.log(known + floor)
        scale = float(shown.std())
        missing = float(np.mean(~np.isfinite(values)))
        return cls(name, floor, float(shown.mean()), scale, RARE < missing < 1 - RARE) if scale > 0 else None

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Standardise; what is missing gets 0, the mean."""
        with np.errstate(divide="ignore", invalid="ignore"):
            shown = values if self.floor is None else np.log(np.maximum(values, 0) + self.floor)
            scores = (shown - self.centre) / self.scale
        return np.where(np.isfinite(values), scores.clip(-OUTERMOST, OUTERMOST), 0.0)


def _floor(known: np.ndarray) -> float | None:
    if known.min() < 0 or known.max() <= 0:
        return None
    floor = 0.0 if known.min() > 0 else float(np.quantile(known[known > 0], 0.1))
    return floor if abs(skew(np.log(known + floor))) < abs(skew(known)) else None


@dataclass(frozen=True)
class Inputs:
    """Columns of the design matrix, fitted on training rows."""

    numbers: tuple[Number, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, frame: pl.DataFrame, columns: Sequence[str], categories: Sequence[str]) -> "Inputs":
        """Fit the transformations of ``columns`` and list the values of ``categories``."""
        fitted = [Number.fit(name, _values(frame, name)) for name in columns]
        seen = {}
        for name in categories:
            counts = frame[name].drop_nulls().value_counts().filter(pl.col("count") >= min(SEEN_IN, len(frame)))
            seen[name] = tuple(sorted(counts[name].to_list()))
        return cls(tuple(number for number in fitted if number), seen)

    @property
    def names(self) -> list[str]:
        """Name the columns of :meth:`matrix`: numbers, ``column?`` for flags, ``column=value`` for categories."""
        numbers = [number.name for number in self.numbers]
        flags = [f"{number.name}?" for number in self.numbers if number.flagged]
        return numbers + flags + [f"{name}={value}" for name, values in self.categories.items() for value in values]

    def matrix(self, frame: pl.DataFrame) -> np.ndarray:
        """Return the design matrix, shape (rows, columns); an unseen category has zeros."""
        if not self.names:
            return np.zeros((len(frame), 0))
        values = [_values(frame, number.name) for number in self.numbers]
        parts = [number.scores(value) for number, value in zip(self.numbers, values, strict=True)]
        parts += [(~np.isfinite(v)).astype(float) for n, v in zip(self.numbers, values, strict=True) if n.flagged]
        parts += [
            (frame[name] == value).fill_null(value=False).to_numpy().astype(float)
            for name, known in self.categories.items() for value in known
        ]  # fmt: skip
        return np.column_stack(parts)

    @property
    def groups(self) -> np.ndarray:
        """Number the group of each column of :meth:`matrix`: coefficients of one family are alike in size."""
        kinds = [_group(name) for name in self.names]
        known = sorted(set(kinds))
        return np.array([known.index(kind) for kind in kinds], dtype=int)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Inputs":
        """Read what :meth:`to_json` wrote."""
        categories = {name: tuple(known) for name, known in values["categories"].items()}
        return cls(tuple(Number(**number) for number in values["numbers"]), categories)


def _group(column: str) -> str:
    if "=" in column:
        return column.split("=", maxsplit=1)[0]
    return "?" if column.endswith("?") else _families().get(feature_of(column), "deal")


@cache
def _families() -> dict[str, str]:
    return {feature.name: feature.family for feature in FEATURES}


def _values(frame: pl.DataFrame, name: str) -> np.ndarray:
    return frame[name].cast(pl.Float64).to_numpy().astype(np.float64)
