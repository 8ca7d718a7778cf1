"""Who hires whom: brands, campaigns, and the deals (placements) they strike.

A campaign scores candidates by fit = niche + city + objective + brand_to_creator * quality of the brand * trust, plus
Gumbel noise, and takes the best: a draw without replacement with weights exp(score). Tilting a N(0, 1) trust by
exp(k q T) moves its mean to k q, so quality and trust correlate by about k: better brands hire better creators.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ...tables import OBJECTIVES
from . import places
from .audience import moments
from .creators import DAYS_A_MONTH, Creators
from .draws import Draws, Floats, Ints, pick
from .fraud import Fraud, followers_at
from .settings import BANDS, TIERS, World

NATIONAL = -1  # a campaign that aims at all of the country
_WORDS = (
    ("Argana", "Sebou", "Tafraout", "Zellige", "Nour", "Atlas", "Rif", "Tadla", "Souss", "Yasmine", "Amlal", "Izri"),
    ("Maison", "Lab", "Souk", "Dar", "Studio", "Bio", "Box", "Atelier", "Market", "Plus"),
)  # fmt: skip  # invented; any likeness to a real brand is chance


@dataclass(frozen=True)
class Campaigns:
    """Brands (``brand_*``) and campaigns; times are days."""

    brand_niche: Ints
    brand_quality: Floats
    brand: Ints
    city: Ints
    start: Floats
    end: Floats
    objective: Ints

    def brand_names(self) -> list[str]:
        """Name the brands, each once."""
        first, second = _WORDS
        count = len(first) * len(second)
        return [
            f"{first[i % len(first)]} {second[(i // len(first)) % len(second)]}" + (f" {i // count + 1}" * (i >= count))
            for i in range(len(self.brand_niche))
        ]


@dataclass(frozen=True)
class Deals:
    """Placements, sorted by campaign; ``gap`` is the standardised log of the days between their posts."""

    campaign: Ints
    creator: Ints
    agreed: Floats
    posts: Ints
    first: Floats
    gap: Floats
    followers: Floats
    real: Floats
    tier: Ints

    def __len__(self) -> int:
        return len(self.campaign)

    @property
    def days_between(self) -> Floats:
        """Days between two posts of the deal: 4 at the median, log SD 0.5."""
        return 4.0 * np.exp(0.5 * self.gap)


def draw_campaigns(world: World, draws: Draws) -> Campaigns:
    """Draw brands and their campaigns."""
    rng, n = draws.of("campaigns"), world.size.campaigns
    brands, days = max(2, int(np.ceil(0.6 * n))), world.size.months * DAYS_A_MONTH
    brand = np.concatenate([np.arange(min(n, brands)), rng.integers(0, brands, max(0, n - brands))])
    start = days * rng.uniform(0.25, 0.80, n)
    return Campaigns(
        brand_niche=pick(rng, places.NICHE_WEIGHTS, brands), brand_quality=rng.standard_normal(brands), brand=brand,
        city=np.where(rng.random(n) < 0.6, pick(rng, places.city_weights(), n), NATIONAL),
        start=start, end=start + days * rng.uniform(0.06, 0.12, n), objective=pick(rng, np.array([0.25, 0.25, 0.5]), n),
    )  # fmt: skip


def draw_deals(world: World, creators: Creators, fraud: Fraud, campaigns: Campaigns, draws: Draws) -> Deals:
    """Let every campaign hire; cost grows with the placements, not with creators times campaigns."""
    rng = draws.of("deals")
    campaign = np.sort(pick(rng, rng.gamma(3.0, size=world.size.campaigns), world.size.placements), kind="stable")
    counts = np.bincount(campaign, minlength=world.size.campaigns)
    hires = [_hire(world, creators, campaigns, number, int(k), rng) for number, k in enumerate(counts) if k]
    creator, n = np.concatenate(hires), len(campaign)
    length = (campaigns.end - campaigns.start)[campaign]
    agreed = campaigns.start[campaign] + length * rng.uniform(-0.5, 0.5, n)
    followers, real = followers_at(creators, fraud, creator, agreed)
    return Deals(
        campaign=campaign, creator=creator, agreed=agreed, posts=2 + (rng.random(n) < 0.3).astype(np.int64),
        first=agreed + rng.uniform(2, 7, n), gap=draws.of("deals.slow").standard_normal(n),
        followers=followers, real=real, tier=tier_of(followers),
    )  # fmt: skip


def tier_of(followers: Floats) -> Ints:
    """Return the tier of a size; what is below nano counts as nano."""
    return np.digitize(np.round(followers), [BANDS[name][0] for name in TIERS[1:]])


def _hire(world: World, creators: Creators, campaigns: Campaigns, number: int, k: int,
          rng: np.random.Generator) -> Ints:  # fmt: skip
    n, brand = len(creators), campaigns.brand[number]
    pool = rng.choice(n, min(n, max(10 * k, 100)), replace=False, shuffle=False)
    pool = np.repeat(np.sort(pool), -(-k // len(pool)))  # few creators, many deals: some are hired again
    score = places.similarity()[creators.niche[pool], campaigns.brand_niche[brand]]
    score = score + 0.7 * (creators.city[pool] == campaigns.city[number])
    objective, macro = OBJECTIVES[campaigns.objective[number]], creators.macro[pool]
    score = score + {"reach": 0.6, "engagement": 0.0, "conversion": -0.3}[objective] * macro
    score = score + world.confounding.brand_to_creator * campaigns.brand_quality[brand] * creators.trust[pool]
    return np.sort(pool[np.argsort(-(score + rng.gumbel(size=len(pool))), kind="stable")[:k]])


def brands_table(campaigns: Campaigns) -> pl.DataFrame:
    """Brands with their rivals: the others of the niche, at most five."""
    names, niche = campaigns.brand_names(), campaigns.brand_niche
    same = {number: np.flatnonzero(niche == number) for number in np.unique(niche)}
    rivals = [[names[j] for j in same[niche[i]][:6] if j != i][:5] for i in range(len(names))]
    return pl.DataFrame(
        {"brand": names, "niche": [places.NICHE_NAMES[k] for k in niche], "rivals": rivals},
        schema_overrides={"rivals": pl.List(pl.String)},
    )


def campaign_ids(count: int) -> pl.Series:
    """Name the campaigns."""
    return pl.Series([f"campaign:{number:08d}" for number in range(count)])


def campaigns_table(campaigns: Campaigns, spent: Floats) -> pl.DataFrame:
    """Write out campaigns; the budget is what was spent and some more, in whole thousands."""
    city = [None if k == NATIONAL else places.cities()[k]["city"] for k in campaigns.city]
    names = pl.Series(campaigns.brand_names())
    return pl.DataFrame({
        "campaign_id": campaign_ids(len(spent)),
        "brand": names.gather(campaigns.brand),
        "niche": [places.NICHE_NAMES[k] for k in campaigns.brand_niche[campaigns.brand]],
        "city": pl.Series(city, dtype=pl.String),
        "starts_at": moments(np.floor(campaigns.start)),
        "ends_at": moments(np.floor(campaigns.end)),
        "objective": [OBJECTIVES[k] for k in campaigns.objective],
        "budget_mad": np.ceil(1.1 * spent / 1000) * 1000.0,
    })  # fmt: skip
