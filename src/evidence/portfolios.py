"""What a budget buys: risk at an equal spend, ten micro against one macro, a mix against the best single tier."""

from itertools import permutations
from typing import Any

import numpy as np
import polars as pl

from .config import EvidenceConfig
from .denominators import bootstrapped, effective, too_few
from .design import Floats, Ints
from .estimate import Result, Withheld
from .finding import Finding
from .nuisance import folds_of

NAMES = ("nano", "micro", "macro")
BOUNDS = (0.2, 0.6)  # share of spend in each tier of a mix
CLOSE = 0.20  # fees that differ by no more than this count as equal
MATCHES = 2_000  # draws of ten micro for one macro
HOW_RISK = (
    "Log ratio of the coefficients of variation of deliveries at an equal spend, small over macro: with placements "
    "of cost c and deliveries y, CV^2 at budget B is E[(y - R c)^2] E[c] / (B E[y]^2), R = sum y / sum c; B cancels."
)
HOW_TEN = (
    "Log ratio of deliveries per MAD, micro over macro: what ten micro sell over one macro, total fees scaled to be "
    "equal. Beside it: as priced, with fees matched to within 20 % inside a niche, and how many micro equal a macro."
)
HOW_MIX = (
    "Log ratio of deliveries at equal spend: the best mix of 20 to 60 % in each of nano, micro and macro over the best "
    "single tier, both chosen on four fifths of the creators and valued on the rest; error by a bootstrap of creators."
)


def findings_of_portfolios(placements: pl.DataFrame, config: EvidenceConfig, seed: int) -> dict[str, Finding]:
    """Answer the three claims on how to spend."""
    needed = ("sold", "cost", "tier", "macro")
    missing = [name for name in needed if name not in placements.columns]
    known = placements if missing else placements.filter(pl.all_horizontal(pl.col(needed).is_not_null()))
    if missing or len(known) == 0:
        nothing = Withheld("no placement has a cost, an outcome and a tier")
        hows = {"small_less_risky": HOW_RISK, "ten_micro_beat_one_macro": HOW_TEN, "mix_beats_single_tier": HOW_MIX}
        return {claim: Finding(nothing, how) for claim, how in hows.items()}
    rows = _Rows(known)
    rngs = [np.random.default_rng([seed, number]) for number in range(4)]
    return {
        "small_less_risky": Finding(_risk(rows, config, rngs[0]), HOW_RISK),
        "ten_micro_beat_one_macro": Finding(_ten(rows, config, rngs[1]), HOW_TEN, more=as_priced(known, rngs[2])),
        "mix_beats_single_tier": Finding(_mix(rows, config, rngs[3]), HOW_MIX),
    }


class _Rows:
    """Columns of placements with a known cost; tier is 0 nano, 1 micro, 2 macro and above, -1 any other."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.sold, self.cost = (frame[name].cast(pl.Float64).to_numpy() for name in ("sold", "cost"))
        self.creators: Ints = frame["creator_id"].rank("dense").to_numpy().astype(np.int64) - 1
        number = pl.col("tier").replace_strict({"nano": 0, "micro": 1, "macro": 2, "mega": 2}, default=-1)
        self.tier: Ints = frame.select(number).to_series().to_numpy().astype(np.int64)

    def side(self, tier: int) -> np.ndarray:
        """Rows of one tier."""
        return np.asarray(self.tier == tier)


def _risk(rows: _Rows, config: EvidenceConfig, rng: np.random.Generator) -> Result:
    macro = rows.tier == 2
    if (why := too_few(rows.creators, macro, config)) is not None:
        return Withheld(why, len(macro))

    def log_cv(weight: Floats) -> float:
        sold, cost = np.average(rows.sold, weights=weight), np.average(rows.cost, weights=weight)
        left = np.average((rows.sold - sold / cost * rows.cost) ** 2, weights=weight) if sold > 0 else 0.0
        return float(np.log(left * cost / sold**2) / 2) if left > 0 else float("nan")

    def statistic(weight: Floats) -> float:
        sides = [weight * side for side in (~macro, macro)]
        return log_cv(sides[0]) - log_cv(sides[1]) if all(side.sum() > 0 for side in sides) else float("nan")

    return bootstrapped(statistic, rows.creators, effective(rows.creators, rows.cost, macro), config, rng)


def _ten(rows: _Rows, config: EvidenceConfig, rng: np.random.Generator) -> Result:
    macro, micro = rows.side(2), rows.side(1)
    both = macro | micro
    if (why := too_few(rows.creators[both], macro[both], config)) is not None:
        return Withheld(why, int(both.sum()))

    def statistic(weight: Floats) -> float:
        sold = [np.sum(weight * rows.sold * side) for side in (micro, macro)]
        cost = [np.sum(weight * rows.cost * side) for side in (micro, macro)]
        return float(np.log(sold[0] / cost[0]) - np.log(sold[1] / cost[1])) if min(*sold, *cost) > 0 else float("nan")

    freedom = effective(rows.creators[both], rows.cost[both], macro[both])
    return bootstrapped(statistic, rows.creators, freedom, config, rng)


def as_priced(frame: pl.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Draw ten micro for one macro of the same niche: as priced, and with total fees within 20 %."""
    macro, micro = (frame.filter(pl.col("tier") == name) for name in ("macro", "micro"))
    pools = {niche[0]: part for niche, part in micro.group_by("creator_niche") if len(part) >= 10}
    macro = macro.filter(pl.col("creator_niche").is_in(list(pools)))
    if len(macro) == 0:
        return {}
    ours, theirs, equal = [], [], []
    for row in macro[rng.integers(0, len(macro), MATCHES).tolist()].iter_rows(named=True):
        pool = pools[row["creator_niche"]]
        ten = rng.choice(len(pool), 10, replace=False)
        ours.append(float(pool["sold"].to_numpy()[ten].sum()))
        theirs.append(float(row["sold"]))
        equal.append(abs(float(pool["cost"].to_numpy()[ten].sum()) / row["cost"] - 1) <= CLOSE)
    mine, yours, same = np.array(ours), np.array(theirs), np.array(equal)
    matched = mine[same].sum() / yours[same].sum() if same.any() and yours[same].sum() > 0 else None
    even = 10 * yours.sum() / mine.sum() if mine.sum() > 0 else None
    return {"as_priced": {"ten_micro_over_one_macro": mine.sum() / max(yours.sum(), 1e-9), "draws": MATCHES},
            "fees_within_20_percent": {"ten_micro_over_one_macro": matched, "draws": int(same.sum())},
            "break_even_number_of_micro": even}  # fmt: skip


def _mix(rows: _Rows, config: EvidenceConfig, rng: np.random.Generator) -> Result:
    sizes = [len(np.unique(rows.creators[rows.side(tier)])) for tier in range(3)]
    if min(sizes) < config.creators_a_side or sum(sizes) < config.creators:
        counts = ", ".join(f"{count} {name}" for count, name in zip(sizes, NAMES, strict=True))
        return Withheld(f"{counts} creators; a verdict needs {config.creators_a_side} of each", len(rows.sold))
    fold = folds_of(rows.creators, config.folds, rng)
    kept = rows.tier >= 0
    cell = np.where(kept, fold * 3 + rows.tier, 0)

    def statistic(weight: Floats) -> float:
        sums = [np.bincount(cell, weight * value * kept, minlength=3 * config.folds).reshape(-1, 3)
                for value in (rows.sold, rows.cost)]  # fmt: skip
        totals = [one.sum(axis=0) - one for one in sums]  # of the other folds
        if min(sums[1].min(), totals[1].min()) <= 0:
            return float("nan")
        best, mix = np.array([_chosen(rate, held) for rate, held in
                              zip(totals[0] / totals[1], sums[0] / sums[1], strict=True)]).sum(axis=0)  # fmt: skip
        return float(np.log(mix / best)) if min(mix, best) > 0 else float("nan")

    weights = [effective(rows.creators[kept], rows.cost[kept], rows.side(tier)[kept]) for tier in range(3)]
    return bootstrapped(statistic, rows.creators, min(weights), config, rng)


def _chosen(rate: Floats, held: Floats) -> tuple[float, float]:
    """Value, at the held-out rates, the single tier and the mix that are best at the given ones."""
    low, high = BOUNDS
    shares = max(permutations((high, low, 1 - low - high)), key=lambda share: float(np.dot(share, rate)))
    return float(held[np.argmax(rate)]), float(np.dot(shares, held))
