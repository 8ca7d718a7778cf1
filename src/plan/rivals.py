"""How campaigns are planned today: rankings and rules of thumb, on the same options and the same budget."""

from collections.abc import Callable

import numpy as np
import polars as pl

from .options import Options

Rival = Callable[[Options, int, int], np.ndarray]


def by_followers(options: Options, budget: int, usual: int) -> np.ndarray:
    """Take the largest audiences until the money is spent, with the usual number of posts."""
    return _down_the_list(options.table, "followers", budget, usual)


def by_engagement(options: Options, budget: int, usual: int) -> np.ndarray:
    """Take the highest engagement rates until the money is spent, with the usual number of posts."""
    return _down_the_list(options.table, "engagement", budget, usual)


def greedy(options: Options, budget: int, usual: int) -> np.ndarray:  # noqa: ARG001 it chooses posts itself
    """Take the most predicted deliveries per MAD until the money is spent."""
    return _fill(options.table, options.table["deliveries"] / options.table["cents"].clip(1), budget)


def proportional(options: Options, budget: int, usual: int) -> np.ndarray:
    """Split the money over tiers in proportion to their creators, and go down the engagement rates in each."""
    table = options.table
    sizes = table.group_by("tier").agg(n=pl.col("creator_id").n_unique()).sort("tier")
    chosen = []
    for tier, n in sizes.iter_rows():
        inside = np.flatnonzero((table["tier"] == tier).to_numpy())
        part = int(budget * n / sizes["n"].sum())
        chosen.append(inside[_down_the_list(table[inside], "engagement", part, usual)])
    return np.sort(np.concatenate(chosen)) if chosen else np.array([], dtype=np.int64)


RIVALS: dict[str, Rival] = {
    "by_followers": by_followers, "by_engagement": by_engagement, "greedy": greedy, "proportional": proportional,
}  # fmt: skip


def _down_the_list(table: pl.DataFrame, column: str, budget: int, usual: int) -> np.ndarray:
    posts = possible(table, usual)
    merit = pl.select(pl.when(table["posts"] == posts).then(table[column].cast(pl.Float64))).to_series()
    return _fill(table, merit, budget)


def possible(table: pl.DataFrame, posts: int) -> int:
    """Return the number of posts nearest to ``posts`` that the campaign allows."""
    allowed = table["posts"].unique().sort().to_numpy()
    return int(np.clip(posts, allowed[0], allowed[-1])) if len(allowed) else posts


def _fill(table: pl.DataFrame, merit: pl.Series, budget: int) -> np.ndarray:
    """Take options from the highest merit down, one a creator, whatever still fits; ties by creator_id."""
    order = table.select("creator_id", "posts", "cents", merit=merit).with_row_index().drop_nulls("merit")
    order = order.sort("merit", "creator_id", "posts", descending=[True, False, False])
    taken, chosen = set(), []
    for index, creator, cents in order.select("index", "creator_id", "cents").iter_rows():
        if creator not in taken and cents <= budget:
            taken.add(creator)
            chosen.append(index)
            budget -= cents
    return np.array(sorted(chosen), dtype=np.int64)
