"""What a plan truly brings in a simulated world: only experiments look here."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from thiqa.data.world.audience import START
from thiqa.data.world.campaigns import NATIONAL, Campaigns, Deals, tier_of
from thiqa.data.world.drawn import Drawn
from thiqa.data.world.draws import Draws
from thiqa.data.world.fraud import followers_at
from thiqa.data.world.outcomes import base_rate, draw_outcomes, exposure, log_rate, reached
from thiqa.data.world.places import NICHE_NAMES, cities
from thiqa.plan.campaign import Campaign

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)  # mean over a standard normal


@dataclass(frozen=True)
class Truth:
    """The true mean of each option of a campaign, and draws of what chosen ones deliver.

    The brand is a new one of average quality; posts of a deal are 4 days apart, as is usual in the world.
    """

    drawn: Drawn
    deals: Deals
    log_rates: np.ndarray

    @classmethod
    def of(cls, drawn: Drawn, campaign: Campaign, day: datetime, options: pl.DataFrame) -> "Truth":
        """Strike every option as a deal on the day of the decision."""
        number = {name: index for index, name in enumerate(drawn.creators.names())}
        creator = np.array([number[name] for name in options["creator_id"]])
        agreed = np.full(len(options), (day - START).total_seconds() / 86_400)
        followers, real = followers_at(drawn.creators, drawn.fraud, creator, agreed)
        zero = np.zeros(len(options), dtype=np.int64)
        deals = Deals(zero, creator, agreed, options["posts"].to_numpy(), agreed, np.zeros(len(options)), followers,
                      real, tier_of(followers))  # fmt: skip
        names = [entry["city"] for entry in cities()]
        city = NATIONAL if campaign.city is None else names.index(campaign.city)
        one = Campaigns(
            brand_niche=np.array([NICHE_NAMES.index(campaign.niche)]), brand_quality=np.zeros(1),
            brand=np.zeros(1, dtype=np.int64), city=np.array([city]), start=np.zeros(1), end=np.ones(1),
            objective=np.zeros(1, dtype=np.int64),
        )  # fmt: skip
        at = exposure(drawn.world, drawn.creators, drawn.fraud, one, deals)
        return cls(drawn, deals, log_rate(drawn.world, at, drawn.creators.effect[creator]))

    def expected(self) -> np.ndarray:
        """Return the true mean deliveries of each option."""
        reach = sum(w * reached(self.drawn.world, self.deals, np.full(len(self.deals), z))
                    for z, w in zip(NODES, WEIGHTS / WEIGHTS.sum(), strict=True))  # fmt: skip
        return np.asarray(reach * self.deals.real * base_rate(self.drawn.world) * np.exp(self.log_rates))

    def delivered(self, chosen: np.ndarray, replicate: int) -> int:
        """Draw what the chosen options deliver together."""
        names = ("campaign", "creator", "agreed", "posts", "first", "gap", "followers", "real", "tier")
        some = replace(self.deals, **{name: getattr(self.deals, name)[chosen] for name in names})
        draws = Draws(self.drawn.world.seed, 1000 + replicate)
        return int(draw_outcomes(self.drawn.world, some, self.log_rates[chosen], draws).delivered.sum())
