"""Size once the relation is known: what is left of the tier gap, and what share of it the relation takes away."""

from dataclasses import replace

import numpy as np
import polars as pl

from .config import EvidenceConfig
from .effects import Effect, effect, scaled
from .estimate import Estimate, Withheld
from .finding import Finding
from .levers import Rows, reason_of_size, rows_of, sensitivity
from .measures import LEVERS

RELATION = tuple(f"lever:{key}" for key in ("trust", "replies", "genuine", "resemblance"))
SIZE = ("size", "crowd", "proxy")  # followers, and what is counted among so many people that it tells their number
OF_CREATORS = tuple(f"lever:{key}" for key in LEVERS if key not in ("proximity", "coherence", "slow"))
HOW_DIRECT = (
    "Log rate ratio of macro against nano and micro, deliveries per reached person, by partially linear double "
    "machine learning (g-estimation) with all relation features, signs of fraud, brand and niche held. Supported if "
    "the 90 % interval lies within 0.10 of zero; contradicted if the 95 % interval excludes zero and the estimate "
    "exceeds 0.10."
)
HOW_SHARE = (
    "1 - (gap with creators' features held) / (gap without), macro against small, log rate per reached person, by "
    "partially linear double machine learning. Features show levers with noise, so the share is a lower bound."
)
GAP = 0.05  # log: below it there is no gap to explain


def findings_of_size(placements: pl.DataFrame, config: EvidenceConfig, seed: int) -> dict[str, Finding]:
    """Answer whether size adds anything once the relation is known, and whether the relation mediates size."""
    known = placements.filter(pl.col("macro").is_not_null()) if "macro" in placements.columns else placements
    rows = rows_of(known, "sold", "reach", config, seed)
    if isinstance(rows, Withheld):
        return {"relation_mediates_size": Finding(rows, HOW_SHARE),
                "size_adds_nothing_given_relation": Finding(rows, HOW_DIRECT)}  # fmt: skip
    if "lever:trust" not in rows.data.controls.blocks:
        nothing = Withheld("how far audiences trust was not observed, so the relation is not known", len(rows.frame))
        return {"relation_mediates_size": Finding(nothing, HOW_SHARE),
                "size_adds_nothing_given_relation": Finding(nothing, HOW_DIRECT)}  # fmt: skip
    macro = rows.frame["macro"].to_numpy()
    given = _gap(rows, macro, SIZE, config, seed, RELATION)
    direct = _gap(rows, macro, (*SIZE, "fraud"), config, seed)
    total = _gap(rows, macro, (*SIZE, "fraud", *OF_CREATORS), config, seed)
    why = reason_of_size(given, macro, config, rows)
    return {
        "relation_mediates_size": _share(total, direct, why, rows),
        "size_adds_nothing_given_relation": _direct(given, why),
    }


def _gap(rows: Rows, macro: np.ndarray, left_out: tuple[str, ...], config: EvidenceConfig, seed: int,
         benchmark: tuple[str, ...] = ()) -> Effect | Withheld:  # fmt: skip
    found = effect(rows.data, macro, left_out, config, seed, benchmark, mediators=True)
    return found if isinstance(found, Withheld) else per_unit(found)


def per_unit(found: Effect) -> Effect:
    """Turn an effect per SD into one from 0 to 1."""
    return replace(scaled(found, 1 / found.scale), scale=1.0)


def _direct(given: Effect | Withheld, why: str | None) -> Finding:
    if isinstance(given, Withheld):
        return Finding(given, HOW_DIRECT)
    more = {
        "overlap": given.overlap,
        "sensitivity": sensitivity(given),
    }
    return Finding(given.estimate, HOW_DIRECT, why, more)


def _share(total: Effect | Withheld, direct: Effect | Withheld, why: str | None, rows: Rows) -> Finding:
    """Take the share removed, by the delta method on each creator's part in both gaps."""
    if isinstance(total, Withheld):
        return Finding(total, HOW_SHARE)
    if isinstance(direct, Withheld):
        return Finding(direct, HOW_SHARE)
    whole, rest = total.estimate.raw, direct.estimate.raw
    more = {"gap": whole, "gap_given_relation": rest}
    if abs(whole) < GAP or total.estimate.p > 0.05:
        low, high = total.estimate.interval(0.90)
        said = (
            f"no gap between macro and small to explain (log ratio {whole:+.2f}, 90 % interval {low:.2f} to {high:.2f})"
        )
        return Finding(Withheld(said, len(rows.frame)), HOW_SHARE, more=more)
    parts = (rest / whole * total.influence - direct.influence) / whole
    clusters = rows.data.clusters
    error = float(np.sqrt(np.sum(parts**2) * clusters / (clusters - 1)))
    freedom = min(total.estimate.freedom, direct.estimate.freedom)
    return Finding(Estimate(1 - rest / whole, error, freedom, len(rows.frame), clusters), HOW_SHARE, why, more)
