"""Small against macro, by denominator: ratios of sums inside cells of brand, niche and month, weighted as macro is.

A total effect: no relation feature is held. Errors by a bootstrap of creators.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from .config import EvidenceConfig
from .design import Floats
from .estimate import Estimate, Result, Withheld
from .finding import Finding

CELL = ("brand", "niche", "month")
HOW = (
    "Log of a ratio of two ratios of sums, small (nano, micro) over macro, inside cells of brand, niche and month, "
    "averaged by what macro has of the denominator; error by a bootstrap of creators."
)


def findings_by_denominator(placements: pl.DataFrame, config: EvidenceConfig, seed: int) -> dict[str, Finding]:
    """Answer who sells more per follower, per reached person, per MAD and in all, and who is cheaper."""
    one = placements.with_columns(one=pl.lit(1.0))
    asked = {
        "small_per_follower": ("sold", "followers"), "small_per_reach": ("sold", "reach"),
        "small_per_mad": ("sold", "cost"), "small_absolute": ("sold", "one"), "small_cheaper": ("cost", "one"),
    }  # fmt: skip
    found = {}
    for number, (claim, (above, below)) in enumerate(asked.items()):
        result = log_ratio(one, above, below, CELL, config, np.random.default_rng([seed, number]))
        found[claim] = Finding(result, HOW, more=_ratios(one, result, above, below))
    return found


def finding_of_engagement(engagement: pl.DataFrame, config: EvidenceConfig, seed: int) -> Finding:
    """Answer whose followers interact more, each creator counting once."""
    rows = engagement.with_columns(one=pl.lit(1.0), brand=pl.lit("all"))
    result = log_ratio(rows, "rate", "one", ("brand",), config, np.random.default_rng([seed, 7]))
    how = ("Log of the ratio of mean interactions (likes and comments) by follower, small over macro, each creator "
           "counting once; error by a bootstrap of creators.")  # fmt: skip
    return Finding(result, how, more=_ratios(rows, result, "rate", "one"))


def _ratios(frame: pl.DataFrame, result: Result, above: str, below: str) -> dict[str, object]:
    if isinstance(result, Withheld):
        return {}
    left_out = frame.filter(pl.col(above).is_null() | pl.col(below).is_null() | (pl.col(below) <= 0))
    return {"small_over_macro": float(np.exp(result.value)), "macro_over_small": float(np.exp(-result.value)),
            "left_out": len(left_out)}  # fmt: skip


def log_ratio(frame: pl.DataFrame, above: str, below: str, cell: tuple[str, ...], config: EvidenceConfig,
              rng: np.random.Generator) -> Result:  # fmt: skip
    """Estimate the log of small's rate over macro's, both standardised to macro's spread over cells."""
    if any(name not in frame.columns for name in (above, below, *cell)):
        return Withheld("a column that it needs is not there", len(frame))
    kept = frame.filter(pl.col(above).is_not_null() & (pl.col(below) > 0) & pl.col("macro").is_not_null())
    if len(kept) == 0:
        return Withheld(f"no row has both {above} and {below} for a small or a macro creator")
    codes = kept.select(pl.struct(pl.col(name).cast(pl.String).fill_null("?") for name in cell).rank("dense"))
    cells = codes.to_series().to_numpy().astype(np.int64) - 1
    creators = kept["creator_id"].rank("dense").to_numpy().astype(np.int64) - 1
    macro = kept["macro"].to_numpy() == 1
    if (reason := too_few(creators, macro, config)) is not None:
        return Withheld(reason, len(kept))
    top, bottom = kept[above].cast(pl.Float64).to_numpy(), kept[below].cast(pl.Float64).to_numpy()

    def statistic(weight: Floats) -> float:
        sums = [np.bincount(cells, weight * value * side, minlength=cells.max() + 1)
                for side in (~macro, macro) for value in (top, bottom)]  # fmt: skip
        both = (sums[1] > 0) & (sums[3] > 0)
        if not both.any():
            return float("nan")
        small = np.sum(sums[3][both] * sums[0][both] / sums[1][both])
        return float(np.log(small / sums[2][both].sum())) if small > 0 and sums[2][both].sum() > 0 else float("nan")

    weight = np.where(macro, bottom, np.bincount(cells, bottom * macro)[cells] * bottom
                      / np.maximum(np.bincount(cells, bottom * ~macro)[cells], 1e-12))  # fmt: skip
    freedom = effective(creators, weight, macro)
    return bootstrapped(statistic, creators, freedom, config, rng)


def too_few(creators: np.ndarray, macro: np.ndarray, config: EvidenceConfig) -> str | None:
    """Say that there are too few creators, in all or on a side."""
    sides = [len(np.unique(creators[side])) for side in (~macro, macro)]
    if min(sides) < config.creators_a_side or sum(sides) < config.creators:
        return (f"{sides[0]} small and {sides[1]} macro creators; a verdict needs {config.creators_a_side} of each "
                f"and {config.creators} in all")  # fmt: skip
    return None


def effective(creators: np.ndarray, weight: Floats, macro: np.ndarray) -> float:
    """Return degrees of freedom: the effective number of creators, (sum w)^2 / sum w^2, of the side that has fewer."""
    counts = []
    for side in (~macro, macro):
        total = np.bincount(creators[side], weight[side])
        counts.append(total.sum() ** 2 / max(np.sum(total**2), 1e-12))
    return max(2.0, min(counts) - 1)


def bootstrapped(statistic: Callable[[Floats], float], creators: np.ndarray, freedom: float, config: EvidenceConfig,
                 rng: np.random.Generator) -> Result:  # fmt: skip
    """Estimate with the standard deviation over redrawn creators as error."""
    count = int(creators.max()) + 1
    value = statistic(np.ones(len(creators)))
    draws = [rng.multinomial(count, np.full(count, 1 / count))[creators].astype(np.float64)
             for _ in range(config.bootstraps)]  # fmt: skip
    values = np.array([statistic(draw) for draw in draws])
    finite = values[np.isfinite(values)]
    if not np.isfinite(value) or len(finite) < 0.95 * len(values):
        return Withheld("too few sales on one side for a ratio", len(creators))
    return Estimate(value, float(finite.std(ddof=1)), freedom, len(creators), count)
