"""What creators ask and what brands pay, in MAD.

The going fee for one post is read off a line through published Moroccan prices on log followers (FACTS 1.7, 1.10),
times exp(0.45 N) for the creator and exp(0.2 N) for the deal. Nano creators are mostly paid in goods.
"""

import numpy as np
import polars as pl

from ...tables import FORMATS
from .audience import moments
from .campaigns import Deals
from .creators import DAYS_A_MONTH, Creators
from .draws import Draws, Floats, runs
from .ids import ids
from .settings import TIERS, World

# followers -> MAD for one post: goods of about 500 DH for nano, 2-3k at 10k, 8-15k below 100k, 20k on average above
_FOLLOWERS = np.log([500, 2_000, 10_000, 50_000, 100_000, 300_000, 1_000_000, 5_000_000])
_FEES = np.log([300, 700, 2_500, 7_000, 11_000, 20_000, 38_000, 95_000])
_FORMAT_FACTOR = {"photo": 1.0, "carousel": 1.1, "video": 1.3, "story": 0.6, "text": 0.5}
IN_GOODS = 0.70  # share of nano placements that are paid in goods


def going_fee(followers: Floats) -> Floats:
    """Return the median fee for one post, MAD."""
    return np.asarray(np.exp(np.interp(np.log(followers), _FOLLOWERS, _FEES)))


def creator_factor(creators: Creators, draws: Draws) -> Floats:
    """Return how dear each creator is, apart from size."""
    return np.asarray(np.exp(0.45 * draws.of("fees.creator").standard_normal(len(creators))))


def draw_fees(deals: Deals, factor: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """Return fee and goods of each placement, NaN where not observed.

    More posts cost less than in proportion (power 0.7). In a deal for goods the fee is written as 0 or left out.
    """
    rng, n = draws.of("fees.deal"), len(deals)
    fee = going_fee(deals.followers) * factor[deals.creator] * np.exp(0.2 * rng.standard_normal(n))
    fee = np.asarray(np.round(fee * deals.posts.astype(np.float64) ** 0.7, -1), dtype=np.float64)
    goods = (deals.tier == TIERS.index("nano")) & (rng.random(n) < IN_GOODS)
    value = np.round(np.exp(np.log(500) + 0.4 * rng.standard_normal(n)), -1)
    gift = goods | (rng.random(n) < 0.15)
    paid: Floats = np.where(goods, np.where(rng.random(n) < 0.5, 0.0, np.nan), fee)
    return paid, np.where(gift, value, np.where(rng.random(n) < 0.5, 0.0, np.nan))


def cost(fee: Floats, goods: Floats) -> Floats:
    """Return what a placement cost: the fee, or the goods where the fee is 0 or not known; MAD."""
    return np.where(np.nan_to_num(fee) > 0, np.nan_to_num(fee), np.nan_to_num(goods))


def rates_table(world: World, creators: Creators, factor: Floats, block: range, draws: Draws) -> pl.DataFrame:
    """Write the asking fees of three creators in five, by quarter, for two formats; the rest never published any."""
    rng, days = draws.of("fees.rates", block.start), world.size.months * DAYS_A_MONTH
    who = np.array(block)[rng.random(len(block)) < 0.6]
    quarters = max(1, int(days // 91))
    creator = np.repeat(who, quarters * 2)
    place = runs(np.full(len(who), quarters * 2))
    quarter, second = place // 2, place % 2
    main = np.repeat(rng.integers(0, 3, len(who)), quarters * 2)
    form = np.where(second == 1, FORMATS.index("story"), main)
    scale = np.array([_FORMAT_FACTOR[name] for name in FORMATS])[form] * 1.15 * 1.02**quarter
    size = creators.followers[creator] * np.exp(creators.growth[creator] * quarter * 91)
    fee = np.round(going_fee(size) * factor[creator] * scale, -1)
    kept = fee >= 200  # whoever works for goods asks no fee
    return pl.DataFrame({
        "creator_id": pl.Series(ids(creators.platform[creator], creators.word[creator]), dtype=pl.String),
        "valid_from": moments(quarter.astype(np.float64) * 91),
        "format": pl.Series(FORMATS).gather(form),
        "fee_mad": fee,
    }).filter(pl.Series(kept)).sort("creator_id", "valid_from", "format")  # fmt: skip
