"""Controls as a matrix: numbers as normal scores, categories as indicators, each column in a named block."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CATEGORIES = ("brand", "niche", "creator_niche", "platform", "language", "objective", "kind", "month")
FAR = 4.0  # SDs
RARE = 5  # creators below which a category has no indicator of its own


@dataclass(frozen=True)
class Design:
    """Columns of controls; ``blocks[i]`` names what column i belongs to (``lever:trust``, ``size``, ``fraud``, …)."""

    values: Floats
    blocks: tuple[str, ...]

    def without(self, blocks: Iterable[str]) -> "Design":
        """Leave out the columns of some blocks."""
        left_out = set(blocks)
        keep = [number for number, block in enumerate(self.blocks) if block not in left_out]
        return Design(self.values[:, keep], tuple(self.blocks[number] for number in keep))

    def only(self, blocks: Iterable[str]) -> "Design":
        """Keep the columns of some blocks."""
        kept = set(blocks)
        return self.without(block for block in set(self.blocks) if block not in kept)

    def purged(self, blocks: Iterable[str], of: Iterable[str]) -> "Design":
        """Take from the columns of some blocks what a line in the columns of the blocks ``of`` tells of them."""
        told = self.only(of).values
        mine = np.flatnonzero(np.isin(self.blocks, list(blocks)))
        if not told.size or not mine.size:
            return self
        values = self.values.copy()
        solution, *_ = np.linalg.lstsq(told, values[:, mine], rcond=1e-8)
        values[:, mine] -= told @ solution
        return Design(values, self.blocks)

    def rows(self, keep: Bools) -> "Design":
        """Keep some rows."""
        return Design(self.values[keep], self.blocks)


def design(frame: pl.DataFrame) -> Design:
    """Build the controls of placements (see :class:`material.Material`)."""
    parts: list[tuple[str, Floats]] = []
    size = np.log(frame["followers"].cast(pl.Float64).fill_null(1.0).clip(1.0).to_numpy())
    centred = size - size.mean()
    parts += [("size", _standard(centred)), ("size", _standard(centred**2)), ("size", _standard(centred**3))]
    if "macro" in frame.columns:
        parts.append(("size", _standard(frame["macro"].fill_null(0.5).to_numpy())))
    for name in frame.columns:
        kind, _, rest = name.partition("_")
        if kind in ("lever", "fraud", "crowd", "proxy"):
            block = f"lever:{rest}" if kind == "lever" else kind
            parts += [(block, column) for column in _number(frame[name])]
    parts += [(name, column) for name in CATEGORIES if name in frame.columns for column in _flags(frame, name)]
    kept = [(block, column) for block, column in parts if column.std() > 0]
    values = np.column_stack([column for _, column in kept]) if kept else np.zeros((len(frame), 0))
    return Design(values, tuple(block for block, _ in kept))


def normal_scores(values: Floats) -> Floats:
    """Replace values by the normal quantiles of their ranks, ties by the mean rank; NaN stays.

    Shares are skewed and counted from few posts; the latent behind them is nearer to normal. Units do not matter.
    """
    ranks = stats.rankdata(values, nan_policy="omit")
    return np.asarray(stats.norm.ppf((ranks - 0.5) / np.isfinite(values).sum()))


def standard_scores(values: Floats) -> Floats:
    """Centre values and divide them by their SD; more than four SD away counts as four, lest one row decides."""
    return np.asarray(np.clip((values - values.mean()) / values.std(), -FAR, FAR))


def _number(values: pl.Series) -> list[Floats]:
    """Return a number's normal scores, 0 where it is missing, and where it is missing (if often)."""
    numbers = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    missing = np.isnan(numbers)
    if missing.all():
        return []
    columns = [_standard(np.nan_to_num(normal_scores(numbers)))]
    if missing.mean() > 0.01:
        columns.append(_standard(missing.astype(np.float64)))
    return columns


def _flags(frame: pl.DataFrame, name: str) -> list[Floats]:
    counts = frame.group_by(name).agg(pl.col("creator_id").n_unique().alias("creators")).drop_nulls(name).sort(name)
    common = counts.filter(pl.col("creators") >= RARE)[name].to_list()
    flags = [(frame[name] == value).fill_null(value=False).cast(pl.Float64).to_numpy() for value in common]
    return [flag - flag.mean() for flag in flags]  # not standardised: the penalty then holds rare categories back


def _standard(values: Floats) -> Floats:
    spread = values.std()
    return np.asarray((values - values.mean()) / spread if spread > 1e-12 else np.zeros(len(values)))
