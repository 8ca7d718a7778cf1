"""How a deal fits: how near the campaign's city is to the creator's, and the brand's niche to the creator's."""

import numpy as np
import polars as pl

from ..annotate.gazetteer import read_gazetteer
from ..features.niches import NEIGHBOURS, neighbours

NEAR_KM = 100.0  # distance over which closeness falls to 1/e: a day's errand (a judgement of this project)
EARTH_KM = 6371.0


def closeness(one: pl.Series, other: pl.Series) -> pl.Series:
    """Return exp(-kilometres / 100) between two columns of city names; null where a city is not in the gazetteer.

    A city that is nowhere in the gazetteer is still as near as can be to itself.
    """
    gazetteer = read_gazetteer()
    places = gazetteer.table().filter(pl.col("place") == pl.col("city")).drop_nulls(["latitude", "longitude"])
    where = {place: (latitude, longitude) for place, latitude, longitude in
             places.select("place", "latitude", "longitude").iter_rows()}  # fmt: skip
    ends = [gazetteer.city_of(names) for names in (one, other)]
    at = [np.radians([where.get(city, (np.nan, np.nan)) for city in end.to_list()]).reshape(-1, 2) for end in ends]
    half = np.sin((at[0] - at[1]) / 2) ** 2
    angle = np.arcsin(np.sqrt(half[:, 0] + np.cos(at[0][:, 0]) * np.cos(at[1][:, 0]) * half[:, 1]))
    near = pl.Series(np.exp(-2 * EARTH_KM * angle / NEAR_KM), nan_to_null=True)
    same = pl.DataFrame({"near": near, "one": one, "other": other})
    return same.select(pl.when(pl.col("one") == pl.col("other")).then(1.0).otherwise(pl.col("near"))).to_series()


def niche_fit(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Return 1 for the same niche, one half for neighbours, 0 for others, null where one is not known."""
    pair = pl.concat_str(one, other, separator="\n")
    near = pair.is_in(["\n".join(both) for both in sorted(neighbours())])
    known = one.is_not_null() & other.is_not_null()
    grade = pl.when(one == other).then(1.0).when(near).then(NEIGHBOURS).otherwise(0.0)
    return pl.when(known).then(grade)
