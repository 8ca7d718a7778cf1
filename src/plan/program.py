"""The campaign as numbers: one column an option (a creator with a number of posts), one row a condition."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..errors import InputError
from .campaign import Campaign, Limit, Where

Floats = np.ndarray
DIGITS = 12  # coefficients are rounded to these, so that the unit of money or value cannot tip a tie


@dataclass(frozen=True)
class Condition:
    """``low <= sum of weight over the chosen columns <= high``, under the name a campaign file knows it by."""

    name: str
    weight: Floats
    low: float = -np.inf
    high: float = np.inf

    @property
    def scaled(self) -> "Condition":
        """The same condition with its largest weight at 1."""
        size = float(np.abs(self.weight).max(initial=0.0)) or 1.0
        return Condition(self.name, tidy(self.weight / size), self.low / size, self.high / size)


@dataclass(frozen=True)
class Program:
    """Maximise what the chosen columns are worth together; at most one column a creator.

    Columns are sorted by creator. Within a segment audiences overlap, see :func:`together`; a column whose segment is
    -1 adds its value in full.
    """

    creator: np.ndarray  # number of the creator of each column, 0, 1, … ascending
    cents: np.ndarray  # what each column costs, whole cents
    value: Floats  # of each column alone
    segment: np.ndarray
    capacity: Floats  # of each segment: what all of its people are worth, above the value of any column in it
    budget: int  # cents
    conditions: tuple[Condition, ...] = ()

    def __len__(self) -> int:
        return len(self.creator)

    @property
    def crowding(self) -> Floats:
        """Return how much each column fills its segment: -log(1 - value / capacity), 0 outside of segments."""
        inside = self.segment >= 0
        size = np.where(inside, np.append(self.capacity, 1.0)[self.segment], 1.0)
        return np.where(inside, -np.log1p(-np.where(inside, self.value, 0.0) / size), 0.0)

    def worth(self, chosen: np.ndarray) -> float:
        """Return what a set of columns is worth together."""
        segment = self.segment[chosen]
        inside = segment >= 0
        filled = np.bincount(segment[inside], self.crowding[chosen][inside], minlength=len(self.capacity))
        return float(together(filled, self.capacity).sum() + self.value[chosen][~inside].sum())


def together(filled: Floats, capacity: Floats) -> Floats:
    """Return capacity (1 - exp(-filled)): what audiences of one segment are worth together.

    Audiences r1, r2, … drawn independently from N people leave N (1 - r1 / N) (1 - r2 / N) … of them out. With filled
    = -log(1 - r1 / N) - log(1 - r2 / N) - … that is N exp(-filled). One audience alone counts in full.
    """
    return np.asarray(-capacity * np.expm1(-filled))


def tidy(values: Floats) -> Floats:
    """Round to 12 significant digits."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        rounded = np.round(values * scale) / scale
    return np.where(np.isfinite(rounded), rounded, 0.0)


def matches(where: Where) -> pl.Expr:
    """Turn conditions on creators into an expression; a creator of whom it is not known does not match."""
    kept = [
        pl.col(key) == wanted if isinstance(wanted, bool) else pl.col(key).is_in(list(wanted))
        for key, wanted in where.model_dump(exclude_none=True).items()
    ]
    return pl.all_horizontal(pl.lit(value=True), *kept).fill_null(value=False)


def program_of(campaign: Campaign, options: pl.DataFrame, value: Floats, capacity: Floats) -> Program:
    """Build the program of a campaign.

    :param options: One row an option, sorted by ``creator_id`` and ``posts``: see :mod:`thiqa.plan.options`.
    :param value: What each option is worth.
    :param capacity: Of each segment, in units of value.
    """
    number = options["creator_id"].rle_id().cast(pl.Int64).to_numpy()
    return Program(
        creator=number, cents=options["cents"].to_numpy(), value=value, segment=options["segment"].to_numpy(),
        capacity=capacity, budget=campaign.budget_cents, conditions=tuple(_conditions(campaign, options)),
    )  # fmt: skip


def _conditions(campaign: Campaign, options: pl.DataFrame) -> Iterator[Condition]:
    for creator_id in campaign.must:
        chosen = (options["creator_id"] == creator_id).to_numpy().astype(float)
        if not chosen.any():
            raise InputError(f"must: creator {creator_id} is not among the candidates: not in the tables, or left out "
                             "for want of features, followers or a fee, or by candidates or never")  # fmt: skip
        yield Condition(f"must: {creator_id}", chosen, low=1.0)
    if campaign.pace.per_week is not None:
        most = campaign.pace.per_week * campaign.weeks
        yield Condition(f"pace.per_week: at most {most} posts in {campaign.weeks} weeks",
                        options["posts"].to_numpy().astype(float), high=most)  # fmt: skip
    for place, limit in enumerate(campaign.limits):
        yield from _of_limit(f"limits.{place}", limit, options)


def _of_limit(place: str, limit: Limit, options: pl.DataFrame) -> Iterator[Condition]:
    quantity = quantities(options, limit.of)
    inside = quantity * options.select(matches(limit.where).alias("inside"))["inside"].to_numpy()
    name = f"{place}: {limit.of} of {limit.where.said}"
    unit = " MAD" if limit.of == "spend" else ""
    if limit.at_least is not None:
        yield Condition(f"{name} at least {limit.at_least:g}{unit}", inside, low=limit.at_least)
    if limit.at_most is not None:
        yield Condition(f"{name} at most {limit.at_most:g}{unit}", inside, high=limit.at_most)
    if limit.at_least_share is not None:
        name_of = f"{name} at least {limit.at_least_share:.4g} of all"
        yield Condition(name_of, inside - limit.at_least_share * quantity, low=0.0)
    if limit.at_most_share is not None:
        name_of = f"{name} at most {limit.at_most_share:.4g} of all"
        yield Condition(name_of, inside - limit.at_most_share * quantity, high=0.0)


def quantities(options: pl.DataFrame, of: str) -> Floats:
    """Return how much of a quantity each option brings: MAD, creators, posts, deliveries, persons."""
    if of == "creators":
        return np.ones(len(options))
    if of == "spend":
        return options["cents"].to_numpy() / 100
    return options[of].to_numpy().astype(float)


def restricted(program: Program, columns: np.ndarray) -> Program:
    """Keep some columns, which must be whole creators."""
    kept = tuple(replace(one, weight=one.weight[columns]) for one in program.conditions)
    _, creator = np.unique(program.creator[columns], return_inverse=True)
    return replace(program, creator=creator, cents=program.cents[columns], value=program.value[columns],
                   segment=program.segment[columns], conditions=kept)  # fmt: skip
