"""Levers on the log rate, and on suspicion: one partially linear model each, on the scale of one SD of the feature."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from .claims import CLAIMS, LOG_RATE, Claim
from .config import EvidenceConfig
from .design import Floats, design, standard_scores
from .effects import THIN, Effect, Sample, effect, sample, scaled
from .estimate import Withheld
from .finding import Finding
from .measures import LEVERS
from .nuisance import mean

TRUST_BLOCKS = ("lever:trust", "proxy")
# what stands for the same thing as the lever, and would hide it
LEFT_OUT = {"trust": ("proxy",), "genuine": ("fraud", "crowd"), "community": ("kind",)}
# what trust moves, and what then moves sales: trust's own part is what these leave
OF_DEALS = ("proximity", "coherence", "slow")  # trust does not choose these
MOVING = (*OF_DEALS, "ad_density")  # change from deal to deal, and not only by the noise of a count
OF_TRUST = tuple(f"lever:{key}" for key in LEVERS if key not in ("trust", "community", *OF_DEALS))
NOISE = (
    "fraud",
    "crowd",
    "language",
    "platform",
    "creator_niche",
)  # what makes a feature err, and is no part of a lever
DILUTED = ("lever:trust", "lever:replies", "lever:resemblance", "proxy")  # shares that bots lower
FLAGS = ("community", "discourse_shift")
TIERS_APART = ("polished",)  # the literature expects another sign among big creators: the verdict is for small ones

HOW_RATE = (
    "Log rate ratio per SD of the feature, by multiplicative partially linear double machine learning (g-estimation) "
    "of deliveries per reached person, folds and errors by creator, brand and all other features held."
)
HOW_SUSPICION = HOW_RATE.replace(
    "deliveries per reached person", "suspicious comments per comment of the last days before a deal"
)


@dataclass(frozen=True)
class Rows:
    """A sample with the frame that it was made of, row by row."""

    data: Sample
    frame: pl.DataFrame


def findings_of_levers(placements: pl.DataFrame, config: EvidenceConfig, seed: int) -> dict[str, Finding]:
    """Answer every claim on a lever."""
    rate = rows_of(placements, "sold", "reach", config, seed)
    suspicion = _suspicion(placements, config, seed)
    found: dict[str, Finding] = {}
    for number, claim in enumerate(claim for claim in CLAIMS if claim.family == "levers"):
        rows, how = (rate, HOW_RATE) if claim.unit == LOG_RATE else (suspicion, HOW_SUSPICION)
        found[claim.name] = _finding(claim, rows, how, config, seed + number)
    return found


def rows_of(placements: pl.DataFrame, count: str, exposure: str, config: EvidenceConfig, seed: int) -> Rows | Withheld:
    """Take the rows that have a count and an exposure, with their controls."""
    for name, what in ((count, "no outcome"), (exposure, f"no {exposure}")):
        if name not in placements.columns or placements[name].null_count() == len(placements):
            return Withheld(f"{what} was observed")
    known = pl.col(count).is_not_null() & (pl.col(exposure) > 0) & pl.col("creator_id").is_not_null()
    frame = placements.filter(known)
    groups = frame["creator_id"].rank("dense").to_numpy().astype(np.int64) - 1
    if len(frame) == 0 or groups.max() + 1 < config.creators:
        creators = 0 if len(frame) == 0 else int(groups.max()) + 1
        return Withheld(f"{creators} creators with a known outcome, fewer than {config.creators}", len(frame))
    counts = frame[count].cast(pl.Float64).to_numpy()
    if counts.sum() < config.creators:
        return Withheld(f"{counts.sum():.0f} events in all, fewer than {config.creators}", len(frame))
    rng = np.random.default_rng(seed)
    data = sample(counts, frame[exposure].cast(pl.Float64).to_numpy(), design(frame), groups, config, rng)
    return Rows(replace(data, proxy_noise=_noise(frame)), frame)


def _noise(frame: pl.DataFrame) -> float:
    """Return the share of the variance of the trust share that counting few comments makes: p (1 - p) / n."""
    if "lever_trust" not in frame.columns or "comments" not in frame.columns:
        return 0.0
    known = frame.filter(pl.col("comments") > 0).drop_nulls("lever_trust")
    share, count = known["lever_trust"].to_numpy(), known["comments"].to_numpy()
    if len(share) < 2 or share.var() == 0:
        return 0.0
    middle = float(np.average(share, weights=count))
    return float(np.clip(middle * (1 - middle) * np.mean(1 / count) / share.var(), 0.0, 0.8))


def _suspicion(placements: pl.DataFrame, config: EvidenceConfig, seed: int) -> Rows | Withheld:
    if "suspicious" not in placements.columns:
        return Withheld("whether comments are suspicious was not observed")
    return rows_of(placements, "suspicious", "recent", config, seed)


def _finding(claim: Claim, rows: Rows | Withheld, how: str, config: EvidenceConfig, seed: int) -> Finding:
    key = str(claim.lever)
    if isinstance(rows, Withheld):
        return Finding(rows, how)
    if f"lever_{key}" not in rows.frame.columns:
        return Finding(Withheld("no feature shows it in these tables", len(rows.frame)), how)
    if key not in TIERS_APART:
        return _said(_of(rows, key, config, seed), key, how, config, rows)
    small, big = rows.frame["macro"] == 0, rows.frame["macro"] == 1
    apart = {name: _of(_kept(rows, side.fill_null(value=False).to_numpy()), key, config, seed)
             for name, side in (("small", small), ("macro", big))}  # fmt: skip
    finding = _said(apart["small"], key, how + " Nano and micro only.", config, rows)
    by_tier = {name: _row(value) for name, value in apart.items()}
    return replace(finding, more={**finding.more, "by_tier": by_tier})


def _kept(rows: Rows, keep: np.ndarray) -> Rows:
    return Rows(rows.data.rows(keep), rows.frame.filter(pl.Series(keep)))


def _of(rows: Rows, key: str, config: EvidenceConfig, seed: int) -> Effect | Withheld:
    treatment = rows.frame[f"lever_{key}"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    left_out = (f"lever:{key}", *LEFT_OUT.get(key, ()))
    benchmark = OF_TRUST if key == "trust" else TRUST_BLOCKS
    data = rows.data
    if key == "genuine":  # bots lower it and the rate per reached person: a part of what it shows, and no nuisance
        data = replace(data, controls=data.controls.purged(DILUTED, ("fraud", "crowd")))
    steady = key not in MOVING
    found = effect(data, treatment, left_out, config, seed, benchmark, mediators=key == "trust", steady=steady)
    if isinstance(found, Withheld) or key in (*OF_DEALS, *FLAGS):
        return found
    return undiluted(found, rows.data, treatment, left_out, config, seed)


def undiluted(found: Effect, data: Sample, treatment: Floats, left_out: tuple[str, ...], config: EvidenceConfig,
              seed: int) -> Effect:  # fmt: skip
    """Put the slope on the scale of the feature as it is seen, with its noise.

    Bots dilute shares of comments, and a text model errs more in some languages and on some subjects. With these
    held, the feature is less noisy and its slope steeper, by Var(feature) / Var(feature, given these); the slope on
    the feature as it is seen is that much flatter.
    """
    keep = np.isfinite(treatment)
    part = data.rows(keep) if not keep.all() else data
    noise = part.controls.only(set(NOISE) - set(left_out))
    if not noise.blocks:
        return found
    standard = standard_scores(treatment[keep])
    weight = part.spread.information * part.spread.shared
    guessed = mean(noise.values, standard, weight, part.fold, config, seed)
    rest = float(np.average((standard - guessed) ** 2, weights=weight) / np.average(standard**2, weights=weight))
    return scaled(found, min(rest, 1.0))


def _said(found: Effect | Withheld, key: str, how: str, config: EvidenceConfig, rows: Rows) -> Finding:
    if isinstance(found, Withheld):
        return Finding(found, how)
    more: dict[str, Any] = {
        "overlap": found.overlap, "sensitivity": sensitivity(found),
        "feature_sd": found.scale, "feature_unit": _row(found, 1 / found.scale),
    }  # fmt: skip
    return Finding(found.estimate, how, reason(found, key, config, rows), more)


def sensitivity(found: Effect) -> dict[str, float]:
    """Write the estimate with nothing left over, and what a leftover as strong as the proxies, or half, may add."""
    return {"with_nothing_left_over": found.estimate.raw, "leftover_as_strong_as_proxies": found.left.shift,
            "leftover_half_as_strong_any_direction": found.left.bound}  # fmt: skip


def _row(found: Effect | Withheld, factor: float = 1.0) -> dict[str, Any]:
    """Write an effect as a row, times a factor."""
    if isinstance(found, Withheld):
        return {"withheld": found.reason}
    low, high = found.estimate.interval(0.90)
    return {"estimate": factor * found.estimate.value, "low": factor * low, "high": factor * high,
            "n": found.estimate.n}  # fmt: skip


def reason(found: Effect, key: str, config: EvidenceConfig, rows: Rows) -> str | None:
    """Say why there is no verdict on an effect: too few creators, no overlap, or what may be left over."""
    if key not in OF_DEALS and "lever:trust" not in rows.data.controls.blocks:
        return "how far the audience trusts was not observed, and trust moves both the lever and sales"
    if found.overlap < THIN:
        return f"overlap: other features leave {found.overlap:.0%} of the lever's variance"
    if key in FLAGS:
        frame = rows.frame
        sides = [frame.filter(pl.col(f"lever_{key}") == value)["creator_id"].n_unique() for value in (0.0, 1.0)]
        if min(sides) < config.creators_a_side:
            return f"{min(sides)} creators on one side, fewer than {config.creators_a_side}"
    return _undone(found, "trust proxies")


def _undone(found: Effect, proxies: str) -> str | None:
    low, high = replace(found.estimate, shift=0.0).interval(0.90)
    if (low > 0 and low - found.left.bound <= 0) or (high < 0 and high + found.left.bound >= 0):
        return f"a leftover confounder half as strong as the {proxies} could bring it to zero"
    return None


def reason_of_size(found: Effect | Withheld, macro: np.ndarray, config: EvidenceConfig, rows: Rows) -> str | None:
    """Say why there is no verdict on the effect of being macro."""
    if isinstance(found, Withheld):
        return found.reason
    sides = [rows.frame.filter(pl.Series(macro == value))["creator_id"].n_unique() for value in (0.0, 1.0)]
    if min(sides) < config.creators_a_side:
        return f"{sides[0]} small and {sides[1]} macro creators, fewer than {config.creators_a_side} on a side"
    if found.overlap < THIN:
        return f"overlap: other features leave {found.overlap:.0%} of the variance of being macro"
    return _undone(found, "features of the relation")
