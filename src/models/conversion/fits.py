"""How a deal fits: how near the campaign's city is to the creator's, and the campaign's niche to the creator's."""

import numpy as np
import polars as pl

from ...annotate.gazetteer import read_gazetteer
from ...features.niches import NEIGHBOURS, neighbours

NEAR_KM = 100.0  # distance over which closeness falls to 1/e: a day's errand (a judgement of this project)
EARTH_KM = 6371.0


def with_fits(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``niche_fit`` and ``closeness`` to rows that have the campaign's and the creator's niche and city."""
    near = closeness(frame["campaign_city"], frame["city"])
    return frame.with_columns(niche_fit=niche_fit("campaign_niche", "creator_niche"), closeness=near)


def niche_fit(one: str, other: str) -> pl.Expr:
    """Return 1 for the same niche, one half for neighbours, 0 for others, null where one is not known."""
    near = pl.concat_str(one, other, separator="\n").is_in(["\n".join(both) for both in sorted(neighbours())])
    known = pl.col(one).is_not_null() & pl.col(other).is_not_null()
    grade = pl.when(pl.col(one) == pl.col(other)).then(1.0).when(near).then(NEIGHBOURS).otherwise(0.0)
    return pl.when(known).then(grade)


def closeness(one: pl.Series, other: pl.Series) -> pl.Series:
    """Return exp(-kilometres / 100) between two columns of city names; null where a city is not in the gazetteer.

    A city that is nowhere in the gazetteer is still as near as can be to itself.
    """
    pairs = pl.DataFrame({"one": one.cast(pl.String), "other": other.cast(pl.String)})
    each = pairs.unique(maintain_order=True).drop_nulls()
    at = [_positions(each[side]) for side in ("one", "other")]
    half = np.sin((at[0] - at[1]) / 2) ** 2
    angle = np.arcsin(np.sqrt(half[:, 0] + np.cos(at[0][:, 0]) * np.cos(at[1][:, 0]) * half[:, 1]))
    away = pl.Series(np.exp(-2 * EARTH_KM * angle / NEAR_KM), dtype=pl.Float64, nan_to_null=True)
    near = each.with_columns(near=pl.when(pl.col("one") == pl.col("other")).then(1.0).otherwise(away))
    return pairs.join(near, on=["one", "other"], how="left", maintain_order="left")["near"]


def _positions(cities: pl.Series) -> np.ndarray:
    """Return latitude and longitude of city names, radians, shape (names, 2); NaN where the gazetteer has none."""
    gazetteer = read_gazetteer()
    places = gazetteer.table().filter(pl.col("place") == pl.col("city")).select("place", "latitude", "longitude")
    known = pl.DataFrame({"place": gazetteer.city_of(cities)}, schema={"place": pl.String})
    found = known.join(places, on="place", how="left", maintain_order="left")
    return np.radians(found.select(pl.col("latitude", "longitude").cast(pl.Float64)).to_numpy()).reshape(-1, 2)
