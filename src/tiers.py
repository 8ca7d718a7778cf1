"""Tiers of creators by followers: configuration, never a fact of nature."""

from itertools import pairwise
from typing import Any

import polars as pl
from pydantic import model_validator

from .config import Band, Frozen

BELOW = "below"  # fewer followers than the smallest band


class Tiers(Frozen):
    """Bands of followers, lower bound included, upper bound not; null is no upper bound."""

    nano: Band = (500, 2_000)  # below it, the tier is called `below`
    micro: Band = (2_000, 100_000)
    mid: Band | None = None  # null: there is no such tier
    macro: Band = (100_000, None)
    mega: Band | None = None  # null: there is no such tier

    @model_validator(mode="after")
    def _adjoin(self) -> "Tiers":
        bands = list(self.bands.values())
        for (_, high), (low, _) in pairwise(bands):
            if high != low:
                raise ValueError(f"bands that adjoin: one ends at {high}, the next starts at {low}")
        return self

    @property
    def bands(self) -> dict[str, tuple[int, int | None]]:
        """Return the bands that are set, from the smallest."""
        named: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: band for name, band in named.items() if band is not None}

    @property
    def names(self) -> list[str]:
        """Return the names of the tiers, from the smallest."""
        return [BELOW, *self.bands]

    def of(self, followers: pl.Expr) -> pl.Expr:
        """Name the tier of a number of followers; null where it is not known.

        >>> pl.select(Tiers().of(pl.lit(1500))).item()
        'nano'
        """
        tier: Any = pl.when(followers.is_null()).then(pl.lit(None, dtype=pl.String))
        for name, (low, high) in reversed(self.bands.items()):
            inside = followers >= low if high is None else (followers >= low) & (followers < high)
            tier = tier.when(inside).then(pl.lit(name))
        lowest = next(iter(self.bands.values()))[0]
        top = list(self.bands)[-1]
        return tier.when(followers < lowest).then(pl.lit(BELOW)).otherwise(pl.lit(top))
