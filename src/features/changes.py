"""Change points of what a creator says: a function of one creator's posts, from Arrow to Arrow.

The series of a creator has four blocks, each of variance 1 in all before its weight: the embedding of the caption
(topic), its variety, its score of polish, and whether it is an ad. For each ``as_of`` it is cut there, and
change points are found by kernel change-point detection with a linear kernel (Arlot, Celisse and Harchaoui 2019;
``ruptures``), that is by least squares with a penalty of ``features.change_penalty`` times the variance of the series
for each change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import ruptures
from numpy.typing import NDArray

from .config import FeatureConfig

Floats = NDArray[np.float64]

SMALLEST = 4  # posts on either side of a change
_WEIGHTS = {"topic": 1.0, "language": 0.7, "polish": 0.5, "stance": 0.5}
WINDOWED = ("discourse_shift", "discourse_changed", "topic_shift", "language_shift", "polish_shift", "stance_shift",
            "niche_focus")  # fmt: skip
INPUT = ("creator_id", "pair_id", "as_of", "at", "embedding", "variety", "polished", "ad")
_NONE = dict.fromkeys(WINDOWED[2:6], 0.0)


def schema(windows: tuple[int, ...]) -> pa.Schema:
    """Return what :func:`changes` returns: ``pair_id`` and the features of every window."""
    names = [f"{name}_{days}d" for days in windows for name in WINDOWED]
    return pa.schema([pa.field("pair_id", pa.int64()), *(pa.field(name, pa.float64()) for name in names)])


def changes(config: FeatureConfig) -> Callable[[pa.Table], pa.Table]:
    """Make the function that describes one creator's changes.

    :return: From a table of :data:`INPUT` (rows with a ``pair_id`` are questions, rows without are posts that say
        something; ``embedding`` float32 lists of one length or null) to one row a question.
    """

    def of_creator(table: pa.Table) -> pa.Table:
        frame = pl.DataFrame(pl.from_arrow(table.select(INPUT)))
        posts = Series.of(frame.filter(pl.col("pair_id").is_null()))
        rows = [
            {"pair_id": pair_id, **_answer(posts, as_of, config)}
            for pair_id, as_of in frame.filter(pl.col("pair_id").is_not_null())
            .select("pair_id", pl.col("as_of").dt.epoch("us")).sort("pair_id").iter_rows()
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=schema(config.windows))

    return of_creator


@dataclass(frozen=True)
class Series:
    """Posts of one creator in order of time; ``at`` in microseconds, NaN of undated posts at the end."""

    at: Floats
    topic: Floats  # rows of length 1, or 0 where there is no embedding
    language: Floats  # one column a variety
    polish: Floats
    stance: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Series":
        """Read posts, sorted so that the order of rows does not matter."""
        frame = frame.with_columns(at=pl.col("at").dt.epoch("us").cast(pl.Float64))
        frame = frame.sort("at", "variety", "polished", "ad", pl.col("embedding").list.first(), nulls_last=True)
        varieties = sorted(frame["variety"].drop_nulls().unique())
        language = [(frame["variety"] == name).fill_null(value=False).to_numpy() for name in varieties]
        return cls(
            at=frame["at"].fill_null(float("nan")).to_numpy(),
            topic=_unit(_matrix(frame["embedding"])),
            language=np.column_stack(language).astype(np.float64) if language else np.zeros((len(frame), 0)),
            polish=_filled(frame["polished"]),
            stance=_filled(frame["ad"]),
        )

    def part(self, rows: slice) -> "Series":
        """Return some rows."""
        return Series(self.at[rows], self.topic[rows], self.language[rows], self.polish[rows], self.stance[rows])

    def signal(self) -> Floats:
        """Return the blocks side by side, of total variance 1."""
        blocks = []
        for name, weight in _WEIGHTS.items():
            block = getattr(self, name).reshape(len(self.at), -1)
            total = float(block.var(axis=0).sum())
            if total > 1e-12:
                blocks.append(np.sqrt(weight / total) * (block - block.mean(axis=0)))
        if not blocks:
            return np.zeros((len(self.at), 0))
        joined = np.concatenate(blocks, axis=1)
        return np.asarray(joined / np.sqrt(joined.var(axis=0).sum()))


def _answer(posts: Series, as_of: int | None, config: FeatureConfig) -> dict[str, float | None]:
    day = 86_400e6
    answer: dict[str, float | None] = {}
    if as_of is None:
        return {f"niche_focus_{config.windows[-1]}d": _focus(posts.topic)}
    end = int(np.searchsorted(posts.at, as_of))
    start = int(np.searchsorted(posts.at, as_of - config.history * day))
    past = posts.part(slice(start, end))
    points = _change_points(past.signal(), config.change_penalty) if len(past.at) >= 2 * SMALLEST else None
    for days in config.windows:
        first = int(np.searchsorted(past.at, as_of - days * day))
        answer[f"niche_focus_{days}d"] = _focus(past.topic[first:])
        if points is not None:
            found = _described(past, points, first, config.change_penalty)
            answer |= {f"{name}_{days}d": value for name, value in found.items()}
    return answer


def _change_points(signal: Floats, penalty: float) -> list[int]:
    """Return 0, the first rows of each new stretch, and the number of rows."""
    if not signal.shape[1]:
        return [0, len(signal)]
    found: list[int] = ruptures.KernelCPD(kernel="linear", min_size=SMALLEST).fit(signal).predict(pen=penalty)
    return [0, *found]


def _described(past: Series, points: list[int], first: int, penalty: float) -> dict[str, float]:
    """Describe the strongest change at or after row ``first``."""
    signal = past.signal()
    inside = [number for number in range(1, len(points) - 1) if points[number] >= first]
    if not inside:
        return {"discourse_shift": 0.0, "discourse_changed": 0.0, **_NONE}
    scored = [_strength(signal, points[n - 1], points[n], points[n + 1], penalty) for n in inside]
    number = inside[int(np.argmax(scored))]
    before = past.part(slice(points[number - 1], points[number]))
    after = past.part(slice(points[number], points[number + 1]))
    return {
        "discourse_shift": max(scored),
        "discourse_changed": 1.0,
        "topic_shift": _distance(before.topic, after.topic),
        "language_shift": float(np.abs(before.language.mean(axis=0) - after.language.mean(axis=0)).sum() / 2),
        "polish_shift": float(after.polish.mean() - before.polish.mean()),
        "stance_shift": float(after.stance.mean() - before.stance.mean()),
    }


def _strength(signal: Floats, start: int, change: int, end: int, penalty: float) -> float:
    """Return the share of the variance of two stretches that lies between them, less what chance would show."""
    both, one, other = signal[start:end], signal[start:change], signal[change:end]
    within = float(((one - one.mean(axis=0)) ** 2).sum() + ((other - other.mean(axis=0)) ** 2).sum())
    total = float(((both - both.mean(axis=0)) ** 2).sum())
    return max(0.0, 1 - within / total - penalty / 2 / len(both)) if total > 0 else 0.0


def _focus(topic: Floats) -> float | None:
    """Return the mean cosine over pairs of captions; null for fewer than two."""
    told = topic[np.abs(topic).sum(axis=1) > 0]
    n = len(told)
    if n < 2:
        return None
    total = told.sum(axis=0)
    return float(np.clip((total @ total - n) / (n * (n - 1)), 0.0, 1.0))


def _distance(one: Floats, other: Floats) -> float:
    left, right = one.mean(axis=0), other.mean(axis=0)
    size = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(np.clip(1 - left @ right / size, 0.0, 2.0)) if size > 1e-12 else 0.0


def _matrix(lists: pl.Series) -> Floats:
    """Stack lists of numbers; a null list is a row of zeros."""
    width = max((len(row) for row in lists.to_list() if row is not None), default=0)
    if not width:
        return np.zeros((len(lists), 0))
    zero: Any = [0.0] * width
    return np.array([zero if row is None else row for row in lists.to_list()], dtype=np.float64)


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


def _filled(values: pl.Series) -> Floats:
    """Fill what is not known with the mean of what is."""
    mean = values.mean()
    return np.asarray(values.cast(pl.Float64).fill_null(0.0 if mean is None else mean).to_numpy(), dtype=np.float64)
