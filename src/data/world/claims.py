"""What each claim of the article is worth in a world file: a number, its Monte-Carlo error, and whether it holds.

Truths are taken over replicates, fresh draws of creators, campaigns and deals, on expected deliveries and not on
drawn ones. A claim holds where its truth lies on the claimed side by more than twice its error.
Small is nano and micro, against macro.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .campaigns import Deals
from .drawn import Drawn, draw
from .draws import Bools, Floats, Ints
from .fees import cost
from .outcomes import base_rate, reached
from .posts import engagement_rate
from .settings import TIERS, World

REPLICATES = 24
MARGIN = 0.10  # log: within it, size adds nothing
NOTHING = 1e-100  # deliveries: a file whose effects are all at their bounds may sell this little
BUDGET = 100_000.0  # MAD: the spend at which risks are compared
BOUNDS = (0.2, 0.6)  # share of spend in each tier of a mix

# claim -> (key among the levers, the side it claims)
OF_LEVERS = {
    "trust_converts": ("trust", 1), "replies": ("replies", 1), "genuine": ("genuine", 1),
    "ad_density": ("ad_density", -1), "undisclosed_later": ("undisclosed", -1),
    "undisclosed_suspicion": ("undisclosed_suspicion", 1), "polished": ("polished", -1),
    "discourse_shift": ("discourse_shift", -1), "discourse_suspicion": ("discourse_suspicion", 1),
    "overconsumption": ("overconsumption", -1), "overconsumption_suspicion": ("overconsumption_suspicion", 1),
    "tested": ("tested", 1), "proximity": ("proximity", 1), "community": ("community", 1),
    "coherence": ("coherence", 1), "resemblance": ("resemblance", 1), "slow": ("slow", 1),
}  # fmt: skip


def claims_of(world: World, levers: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"truth", "error", "unit", "holds"}`` for every claim."""
    drawn = [draw(_sized(world), replicate) for replicate in range(101, 101 + REPLICATES)]
    found = {name: _averaged(name, [measure(each) for each in drawn]) for name, (measure, *_) in _MEASURED.items()}
    found |= {name: _of_lever(levers[key], side) for name, (key, side) in OF_LEVERS.items()}
    found["relation_mediates_size"] = _mediation(world, drawn)
    found["size_adds_nothing_given_relation"] = _size_alone(world, drawn)
    lead = world.trends.nano_lead_days
    found["nano_leads_trends"] = {"truth": lead, "error": 0.0, "unit": "days before the others", "holds": lead > 0}
    return {name: found[name] for name in IDS}


def _sized(world: World) -> World:
    size = world.size.model_copy(update={"creators": 600, "campaigns": 60, "placements": 5000})
    return world.model_copy(update={"size": size})


def _averaged(name: str, values: list[float]) -> dict[str, Any]:
    _, unit, side = _MEASURED[name]
    kept = np.array([value for value in values if np.isfinite(value)])
    if len(kept) < 2:  # a tier is missing in this world
        return _absent(unit)
    truth, error = float(kept.mean()), float(kept.std(ddof=1) / np.sqrt(len(kept)))
    return {"truth": truth, "error": error, "unit": unit, "side": side,
            "holds": side * truth > 2 * error}  # fmt: skip


def _of_lever(lever: dict[str, Any], side: int) -> dict[str, Any]:
    truth, unit = lever["observable"], lever["unit"]["observable"]
    return {"truth": truth, "error": lever["error"], "unit": unit, "side": side,
            "holds": None if truth is None else bool(side * truth > 1e-9)}  # fmt: skip


def _macro(deals: Deals) -> Bools:
    return np.asarray(deals.tier == TIERS.index("macro"))


def expected(drawn: Drawn) -> Floats:
    """Return expected deliveries of each placement at its expected reach."""
    normal = drawn.draws.of("claims.reach").standard_normal(len(drawn.deals))
    reach = reached(drawn.world, drawn.deals, normal)
    return reach * drawn.deals.real * base_rate(drawn.world) * np.exp(drawn.log_rate)


def _log_ratio(drawn: Drawn, per: Callable[[Drawn], Floats], what: Callable[[Drawn], Floats] = expected) -> float:
    """Return the log ratio of two rates, small over macro.

    Ratios of sums inside campaigns, weighted by what macro has of the denominator in each (direct standardisation),
    so that both groups serve the same campaigns.
    """
    macro, above, below = _macro(drawn.deals), what(drawn), per(drawn)
    kept = np.isfinite(below) & (below > 0)
    rates, weights = [], []
    for group in np.split(np.arange(len(macro)), np.flatnonzero(np.diff(drawn.deals.campaign)) + 1):
        big, small = group[macro[group] & kept[group]], group[~macro[group] & kept[group]]
        if len(big) and len(small):
            rates.append([above[side].sum() / below[side].sum() for side in (small, big)])
            weights.append(below[big].sum())
    if not rates:
        return float("nan")
    ours, theirs = np.average(rates, axis=0, weights=weights)
    return float(np.log(ours / theirs)) if min(ours, theirs) > NOTHING else float("nan")


def _paid(drawn: Drawn) -> Floats:
    spent = cost(drawn.fee, drawn.goods)
    return np.where(spent > 0, spent, np.nan)


def _reach(drawn: Drawn) -> Floats:
    normal = drawn.draws.of("claims.reach").standard_normal(len(drawn.deals))
    return reached(drawn.world, drawn.deals, normal).astype(np.float64)


def _one(drawn: Drawn) -> Floats:
    return np.ones(len(drawn.deals))


def _engaged(drawn: Drawn) -> float:
    """Return the log ratio of mean engagement by follower, small over macro, over creators."""
    creators = drawn.creators
    mean = engagement_rate(creators.platform, creators.followers) * np.exp(
        0.4 * creators.engagement + 0.15 * creators.visible["trust"]
    )
    macro = creators.macro
    return float(np.log(mean[~macro].mean() / mean[macro].mean())) if 0 < macro.sum() < len(macro) else float("nan")


def _risk(drawn: Drawn) -> float:
    """Return the log ratio of coefficients of variation of deliveries at an equal spend, small over macro.

    A budget B buys B / E[c] placements of a group; CV^2 = E[(y - R c)^2] E[c] / (B E[y]^2), with R = E[y] / E[c] and
    y a Poisson-gamma count.
    """
    spent, mean, macro = _paid(drawn), expected(drawn), _macro(drawn.deals)
    noise = mean + drawn.world.noise.overdispersion * mean**2
    logs = []
    for side in (~macro, macro):
        rows = side & np.isfinite(spent)
        price, sold = spent[rows], mean[rows]
        if len(sold) < 2 or sold.mean() < NOTHING:
            return float("nan")
        ratio = sold.sum() / price.sum()
        square = ((sold - ratio * price) ** 2 + noise[rows]).mean() * price.mean() / (BUDGET * sold.mean() ** 2)
        logs.append(np.log(square) / 2)
    return float(logs[0] - logs[1])


def _per_mad(drawn: Drawn) -> Floats:
    """Return expected deliveries per MAD of each tier; NaN for a tier that nobody paid, or that reaches nobody."""
    spent, sold = _paid(drawn), expected(drawn)
    kept = np.isfinite(spent)
    rates = np.full(len(TIERS), np.nan)
    for number in range(len(TIERS)):
        rows = kept & (drawn.deals.tier == number)
        rates[number] = sold[rows].sum() / spent[rows].sum() if sold[rows].sum() > NOTHING else np.nan
    return rates


def _mix(drawn: Drawn) -> float:
    """Return the log of the best mix (20 to 60 % of spend in each tier) over the best single tier, at equal spend."""
    rates = np.sort(_per_mad(drawn))
    low, high = BOUNDS
    return float(np.log((low * rates[0] + low * rates[1] + high * rates[2]) / rates[2]))


def _ten_micro(drawn: Drawn) -> float:
    """Return the log of what ten micro sell over one macro, fees scaled to be equal."""
    rates = _per_mad(drawn)
    return float(np.log(rates[TIERS.index("micro")] / rates[TIERS.index("macro")]))


def _mediation(world: World, drawn: list[Drawn]) -> dict[str, Any]:
    """Return the share of the tier gap that goes when lever and trust means are set equal across tiers."""
    none = world.tier_to_levers.model_copy(update={"replies": 0.0, "genuine": 0.0, "trust": 0.0})
    equal = _sized(world).model_copy(update={"tier_to_levers": none})
    unit = "share of the gap in log rate per reach"
    pairs = np.array([(_gap(each), _gap(draw(equal, each.draws.replicate))) for each in drawn if _has_both(each)])
    if len(pairs) < 2:
        return _absent(unit)
    before, after = pairs.mean(axis=0)
    if abs(before) < 0.05:  # no gap to speak of
        return {"truth": None, "error": None, "unit": unit, "holds": False}
    removed = pairs[:, 0] - pairs[:, 1]
    error = removed.std(ddof=1) / np.sqrt(len(removed)) / abs(before)
    truth = float(1 - after / before)
    return {"truth": truth, "error": float(error), "unit": unit, "holds": bool(truth > 2 * error)}


def _absent(unit: str) -> dict[str, Any]:
    """State a claim about tiers that this world does not have."""
    return {"truth": None, "error": None, "unit": unit, "holds": None}


def _has_both(drawn: Drawn) -> bool:
    return 0 < _macro(drawn.deals).sum() < len(drawn.deals)


def _gap(drawn: Drawn) -> float:
    total, macro = drawn.log_rate + np.log(drawn.deals.real), _macro(drawn.deals)
    return float(total[macro].mean() - total[~macro].mean())


def _size_alone(world: World, drawn: list[Drawn]) -> dict[str, Any]:
    """Return the direct effect of being macro, levers and trust held: the tier's coefficients alone."""
    effect = np.array([getattr(world.effects.tier, tier) for tier in TIERS])
    unit = "log rate per reached real person, macro minus small"
    gaps = [effect[-1] - effect[_small(each.deals.tier)].mean() for each in drawn if _has_both(each)]
    if len(gaps) < 2:
        return _absent(unit)
    truth = float(np.mean(gaps))
    return {"truth": truth, "error": float(np.std(gaps, ddof=1) / np.sqrt(len(gaps))), "unit": unit,
            "holds": abs(truth) <= MARGIN}  # fmt: skip


def _small(tier: Ints) -> Ints:
    return np.asarray(tier[tier != TIERS.index("macro")])


_MEASURED: dict[str, tuple[Callable[[Drawn], float], str, int]] = {
    "small_per_follower": (lambda d: _log_ratio(d, lambda e: e.deals.followers),
                           "log ratio of deliveries per follower, small over macro", +1),
    "small_per_reach": (lambda d: _log_ratio(d, _reach),
                        "log ratio of deliveries per reached person, small over macro", +1),
    "small_per_mad": (lambda d: _log_ratio(d, _paid), "log ratio of deliveries per MAD, small over macro", +1),
    "small_absolute": (lambda d: _log_ratio(d, _one), "log ratio of deliveries a placement, small over macro",
                       +1),
    "small_more_engaged": (_engaged, "log ratio of interactions per follower, small over macro", +1),
    "small_cheaper": (lambda d: _log_ratio(d, _one, lambda e: np.nan_to_num(_paid(e))),
                      "log ratio of MAD a placement, small over macro", -1),
    "small_less_risky": (_risk, "log ratio of the coefficients of variation at an equal spend, small over macro",
                         -1),
    "ten_micro_beat_one_macro": (_ten_micro, "log ratio of deliveries at equal fees, micro over macro", +1),
    "mix_beats_single_tier": (_mix, "log ratio of deliveries at equal spend, best mix over best tier", +1),
}  # fmt: skip

IDS = (
    "small_per_follower", "small_per_reach", "small_per_mad", "small_absolute", "small_more_engaged", "small_cheaper",
    "small_less_risky", "trust_converts", "replies", "genuine", "ad_density", "undisclosed_later",
    "undisclosed_suspicion", "polished", "discourse_shift", "discourse_suspicion", "overconsumption",
    "overconsumption_suspicion", "tested", "proximity", "community", "coherence", "resemblance", "slow",
    "nano_leads_trends", "ten_micro_beat_one_macro", "mix_beats_single_tier", "relation_mediates_size",
    "size_adds_nothing_given_relation",
)  # fmt: skip
