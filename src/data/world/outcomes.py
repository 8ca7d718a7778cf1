"""What a placement sells, and why: the structural equation of the world.

log rate = sum over levers of coefficient * standardised lever + tier + effects.brand * quality of the brand
           + creator's effect
rate_per_real_person = ctr * order * confirmed * delivered * exp(log rate)       deliveries a reached real person
rate_per_reach = real_share * rate_per_real_person,  expected_delivered = reach * rate_per_reach

clicks ~ Poisson(reach * real_share * ctr * exp(log rate / 2) * g), g ~ Gamma with mean 1 and variance overdispersion;
ordered ~ Binomial(clicks, order * exp(log rate / 2)); confirmed and delivered are binomial in turn.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from . import places
from .campaigns import NATIONAL, Campaigns, Deals
from .creators import Creators
from .draws import Draws, Floats, Ints, binomial, poisson
from .fraud import Fraud
from .levers import SHIFT_OF_SHARE, coherence_moments, levers_of, proximity_moments
from .settings import TIERS, World

LAG = (30.0, 180.0)  # days before a deal whose undisclosed ads count
MEMORY = 180.0  # days after a change of discourse during which it counts
REACH_AT_10K = 0.28  # share of 10,000 followers that one post reaches
BEND = (
    100_000.0,
    1_000_000.0,
)  # followers between which reach stops growing: sponsored posts peak near 1 M (FACTS 0.1)


@dataclass(frozen=True)
class Exposure:
    """What each placement is exposed to: shares in 0..1, flags 0 or 1, SDs for unbounded levers; rows = placements."""

    values: dict[str, Floats]
    tier: Ints
    pace: Floats  # posts a week, for shape.pace_peak

    def with_value(self, lever: str, value: Floats) -> "Exposure":
        """Return the exposure with one lever set."""
        return replace(self, values={**self.values, lever: value})


def exposure(world: World, creators: Creators, fraud: Fraud, campaigns: Campaigns, deals: Deals) -> Exposure:
    """Read every lever's true value at each placement."""
    levers, who = levers_of(world), deals.creator
    values = {}
    for name, lever in levers.items():
        if name in creators.latent and name != "undisclosed":
            latent = creators.latent[name][who]
            values[name] = lever.share(latent) if lever.kind == "share" else latent
    values["genuine"] = values["genuine"] * (1 - fraud.share[who])
    values["undisclosed"] = undisclosed_share(world, creators, who, deals.agreed)
    values["discourse_shift"] = within_memory(creators.shift_at[who], deals.agreed)
    values["community"] = (creators.kind[who] > 0).astype(np.float64)
    values["proximity"] = proximity(creators.true_city[who], campaigns.city[deals.campaign])
    values["coherence"] = coherence(creators.true_niche[who], campaigns.brand_niche[campaigns.brand[deals.campaign]])
    values["slow"] = deals.gap
    return Exposure({name: values[name] for name in levers}, deals.tier, creators.pace[who])


def undisclosed_share(world: World, creators: Creators, who: Ints, day: Floats, *, visible: bool = False) -> Floats:
    """Return the mean habit over the lag, 180 to 30 days before ``day``: a mix where the habit changed."""
    lever = levers_of(world)["undisclosed"]
    before = (creators.visible if visible else creators.latent)["undisclosed"][who]
    after = (creators.undisclosed_next_visible if visible else creators.undisclosed_next)[who]
    late = ((day - LAG[0] - creators.habit_at[who]) / (LAG[1] - LAG[0])).clip(0, 1)
    return (1 - late) * lever.share(before) + late * lever.share(after)


def within_memory(shift_at: Floats, day: Floats) -> Floats:
    """Return 1 where the discourse changed in the last half year, which is how long audiences resent it."""
    return ((shift_at < day) & (day <= shift_at + MEMORY)).astype(np.float64)


def proximity(city: Ints, campaign_city: Ints) -> Floats:
    """Return standardised closeness of two cities; 0, its mean, for campaigns that aim at the whole country."""
    centre, scale = proximity_moments()
    return np.where(campaign_city == NATIONAL, 0.0, (places.closeness()[city, campaign_city] - centre) / scale)


def coherence(niche: Ints, brand_niche: Ints) -> Floats:
    """Return the standardised fit of two niches."""
    centre, scale = coherence_moments()
    return np.asarray((places.similarity()[niche, brand_niche] - centre) / scale)


def contribution(world: World, lever: str, at: Exposure) -> Floats:
    """Return what one lever adds to the log rate of each placement."""
    value, spec, shape = at.values[lever], levers_of(world)[lever], world.shape
    standard = spec.standard(value) if spec.kind == "share" else value
    coefficient = getattr(world.effects, lever)
    if lever == "polished":
        return np.asarray(np.array([getattr(coefficient, tier) for tier in TIERS])[at.tier] * standard)
    if lever == "trust" and shape.trust_by_tier:
        return np.asarray(coefficient * (1 + shape.trust_by_tier * np.array([1.0, 0.0, -1.0])[at.tier]) * standard)
    if lever == "ad_density" and shape.ad_density_threshold:
        return np.asarray(coefficient * 3.0 * (value > shape.ad_density_threshold))  # three SDs' worth, in one step
    return np.asarray(coefficient * standard)


def log_rate(world: World, at: Exposure, rest: Floats) -> Floats:
    """Return the log rate of each placement; ``rest`` is what no lever and no tier explains."""
    tier = np.array([getattr(world.effects.tier, name) for name in TIERS])[at.tier]
    total: Floats = rest + tier + sum(contribution(world, lever, at) for lever in at.values)
    if world.shape.pace_peak:
        away = ((np.log(at.pace) - np.log(world.shape.pace_peak)) / 0.5).clip(-2.5, 2.5)
        total = total - 0.25 * away**2
    return total


def unexplained(world: World, creators: Creators, campaigns: Campaigns, deals: Deals) -> Floats:
    """Return brand and creator effects."""
    quality = campaigns.brand_quality[campaigns.brand[deals.campaign]]
    return world.effects.brand * quality + creators.effect[deals.creator]


def base_rate(world: World) -> float:
    """Return deliveries a reached real person at log rate 0."""
    funnel = world.funnel
    return funnel.ctr * funnel.order * funnel.confirmed * funnel.delivered


def with_shift(world: World, lever: str, at: Exposure, to: float | None = None) -> Exposure:
    """Intervene: +1 SD, +10 points clipped, or (binary) set to 1 or to ``to``."""
    value, spec = at.values[lever], levers_of(world)[lever]
    if spec.kind == "binary":
        return at.with_value(lever, np.full(len(value), 1.0 if to is None else to))
    if spec.kind == "share":
        return at.with_value(lever, (value + SHIFT_OF_SHARE).clip(0, 1))
    return at.with_value(lever, value + 1)


@dataclass(frozen=True)
class Outcomes:
    """Realised counts and true rates of placements."""

    reach: Ints
    clicks: Ints
    ordered: Ints
    confirmed: Ints
    delivered: Ints
    revenue: Floats
    rate: Floats  # deliveries a reached real person
    log_rate: Floats


def draw_outcomes(world: World, deals: Deals, log_rates: Floats, draws: Draws) -> Outcomes:
    """Draw reach, clicks, orders and deliveries, by inversion, so that worlds share their draws."""
    n, funnel = len(deals), world.funnel
    rng = draws.of("outcomes")
    uniform, normal = rng.random((5, n)), rng.standard_normal((2, n))
    reach = reached(world, deals, normal[0])
    mixing = np.ones(n)
    if world.noise.overdispersion:
        variance = world.noise.overdispersion
        mixing = stats.gamma.ppf(uniform[0], 1 / variance, scale=variance)
    half = np.exp(log_rates / 2)
    wanted = np.minimum(reach * deals.real * funnel.ctr * half * mixing, 3 * reach)  # nobody clicks twice
    clicks = np.minimum(poisson(uniform[1], wanted), reach)
    ordered = binomial(uniform[2], clicks, funnel.order * half)
    confirmed = binomial(uniform[3], ordered, funnel.confirmed)
    delivered = binomial(uniform[4], confirmed, funnel.delivered)
    basket = np.round(np.exp(np.log(240) + 0.5 * normal[1]), 0)  # MAD an order
    return Outcomes(reach, clicks, ordered, confirmed, delivered, delivered * basket,
                    base_rate(world) * np.exp(log_rates), log_rates)  # fmt: skip


def log_reach(world: World, followers: Floats) -> Floats:
    """Return the log of the accounts that one post reaches at the median.

    The elasticity is funnel.reach_elasticity up to 100,000 followers; from there it falls in proportion to the log of
    the followers, to 0 at a million: the audience of big accounts is more and more dormant.
    """
    low, high = np.log(BEND)
    size = np.log(followers)
    over = (size - low).clip(0, high - low)
    bent = np.minimum(size, low) + over - over**2 / (2 * (high - low))
    return np.asarray(np.log(REACH_AT_10K * 1e4) + world.funnel.reach_elasticity * (bent - np.log(1e4)))


def reached(world: World, deals: Deals, normal: Floats) -> Ints:
    """Return distinct accounts reached by a deal's posts together: concave in followers, and in posts."""
    funnel = world.funnel
    log = log_reach(world, deals.followers) + 0.35 * np.log(deals.posts) + funnel.reach_sd * normal
    return np.asarray(np.round(np.minimum(np.exp(log), 3 * deals.followers)), dtype=np.int64)
