"""How well two niches fit: 1 the same, one half neighbours, 0 others."""

from functools import cache
from importlib.resources import files

import ibis
import ibis.expr.types as ir
import yaml

NEIGHBOURS = 0.5


@cache
def neighbours() -> frozenset[tuple[str, str]]:
    """Return pairs of neighbouring niches, both ways round.

    >>> ("cooking", "healthy-food") in neighbours()
    True
    """
    pairs = yaml.safe_load(files(__package__).joinpath("niches.yaml").read_text(encoding="utf-8"))
    return frozenset((one, other) for pair in pairs for one, other in (pair, pair[::-1]))


def fit(one: ir.StringValue, other: ir.StringValue) -> ir.FloatingValue:
    """Return the fit of two niches; null where one of them is not known."""
    near = ibis.or_(*((one == left) & (other == right) for left, right in sorted(neighbours())))
    grade = ibis.cases((one == other, 1.0), (near, NEIGHBOURS), else_=0.0)
    return (one.notnull() & other.notnull()).ifelse(grade.cast("float64"), ibis.null("float64"))
