"""A world drawn from its file: all but its posts and comments, which are drawn block by block."""

from dataclasses import dataclass

import polars as pl

from .campaigns import Campaigns, Deals, draw_campaigns, draw_deals
from .creators import Creators, draw_creators
from .draws import Draws, Floats
from .fees import creator_factor, draw_fees
from .fraud import Fraud, draw_fraud
from .outcomes import Exposure, exposure, log_rate, unexplained
from .settings import World

BLOCK = 250  # creators drawn and written at once: bounds memory; part of the world, since each block has its draws


@dataclass(frozen=True)
class Drawn:
    """What a world holds before anybody posts; rows of ``deals`` are placements."""

    world: World
    draws: Draws
    creators: Creators
    fraud: Fraud
    campaigns: Campaigns
    deals: Deals
    exposure: Exposure
    rest: Floats  # of the log rate: brand and creator effects
    fee: Floats
    goods: Floats
    factor: Floats

    @property
    def blocks(self) -> list[range]:
        """Blocks of creators."""
        n = len(self.creators)
        return [range(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]

    @property
    def log_rate(self) -> Floats:
        """The log rate of each placement, per reached real person."""
        return log_rate(self.world, self.exposure, self.rest)


def draw(world: World, replicate: int = 0) -> Drawn:
    """Draw creators, campaigns and deals of a world; each ``replicate`` is another draw from the same file."""
    draws = Draws(world.seed, replicate)
    creators = draw_creators(world, draws)
    fraud = draw_fraud(world, creators, draws)
    campaigns = draw_campaigns(world, draws)
    deals = draw_deals(world, creators, fraud, campaigns, draws)
    factor = creator_factor(creators, draws)
    fee, goods = draw_fees(deals, factor, draws)
    return Drawn(
        world, draws, creators, fraud, campaigns, deals, exposure(world, creators, fraud, campaigns, deals),
        unexplained(world, creators, campaigns, deals), fee, goods, factor,
    )  # fmt: skip


def placement_ids(count: int) -> pl.Series:
    """Name the placements."""
    return pl.Series([f"placement:{number:09d}" for number in range(count)])
