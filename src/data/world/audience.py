"""The tables ``creators`` and ``audience``, with the gaps that exports have."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from ...tables import KINDS
from . import places
from .creators import DAYS_A_MONTH, Creators
from .draws import Draws, Floats, runs
from .fraud import Fraud, followers_at
from .ids import BY_NAME, ids
from .settings import World

START = datetime(2025, 1, 1, tzinfo=UTC)


def moments(days: Floats) -> pl.Series:
    """Turn days since the world's start into times, cut to whole seconds."""
    seconds = np.floor(days * 86_400).astype(np.int64)
    return pl.Series(int(START.timestamp()) * 1_000_000 + seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))


def with_gaps(values: pl.Series, rng: np.random.Generator, share: float) -> pl.Series:
    """Make a share of the values null, at random."""
    keep = pl.Series(rng.random(len(values)) >= share)
    return pl.select(pl.when(keep).then(values)).to_series()


def creators_table(creators: Creators, draws: Draws) -> pl.DataFrame:
    """Write out who the creators are, as they are listed."""
    rng, n = draws.of("creators.gaps"), len(creators)
    names, first = places.spelled()
    city = pl.Series([entry["city"] for entry in places.cities()]).gather(creators.city)
    where = first[creators.city] + creators.neighbourhood
    neighbourhood = pl.Series(names[::3]).gather(where)
    return pl.DataFrame({
        "creator_id": pl.Series(ids(creators.platform, creators.word)),
        "platform": pl.Series(BY_NAME).gather(creators.platform),
        "kind": with_gaps(pl.Series(KINDS).gather(creators.kind), rng, 0.02),
        "city": with_gaps(city, rng, 0.06),
        "neighbourhood": with_gaps(neighbourhood, rng, 0.35),
        "niche": with_gaps(pl.Series(places.NICHE_NAMES).gather(creators.niche), rng, 0.03),
        "language": with_gaps(pl.Series(places.VARIETIES).gather(creators.language), rng, 0.05),
        "joined_at": with_gaps(moments(creators.joined), rng, 0.10 if n > 1 else 0.0),
    })  # fmt: skip


def audience_table(world: World, creators: Creators, fraud: Fraud, block: range, draws: Draws) -> pl.DataFrame:
    """Read followers of a block of creators weekly or monthly; the first reading is always there."""
    rng, days = draws.of("audience", block.start), world.size.months * DAYS_A_MONTH
    who = np.array(block)
    every = np.where(rng.random(len(who)) < 0.6, 7.0, 30.0)
    counts = np.floor(days / every).astype(np.int64) + 1
    creator, place = np.repeat(who, counts), runs(counts)
    day = place * np.repeat(every, counts) + 0.9 * rng.random(len(creator)) * (place > 0)
    keep = (rng.random(len(creator)) >= 0.08) | (place == 0)
    creator, day = creator[keep], day[keep]
    followers, _ = followers_at(creators, fraud, creator, day)
    return pl.DataFrame({
        "creator_id": pl.Series(ids(creators.platform[creator], creators.word[creator])),
        "observed_at": moments(day),
        "followers": np.round(followers * (1 + 0.002 * rng.standard_normal(len(creator)))).astype(np.int64),
        "following": with_gaps(pl.Series(np.round(creators.following[creator]).astype(np.int64)), rng, 0.15),
    })  # fmt: skip
