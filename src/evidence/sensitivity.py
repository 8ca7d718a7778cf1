"""How much a leftover confounder could add, if it were half as strong as the proxies that were measured.

Cinelli and Hazlett (2020): a confounder that explains R2d of the treatment and R2y of the outcome, beside the other
controls, moves a slope by at most sqrt(R2y R2d / (1 - R2d)) SD(y rest) / SD(d rest). The proxies' own R2 are the
benchmark. Proxies counted from few comments are weaker than what they stand for by their sampling noise, which can
be told from the counts: with the share s of their variance that is sampling, a leftover half as strong as the proxies
*without that noise* is k = (1/2 + s) / (1 - s) times as strong as the proxies as they are.
"""

from dataclasses import dataclass

import numpy as np

from .clusters import Spread
from .design import Design, Floats, Ints

HALF = 0.5


@dataclass(frozen=True)
class Leftover:
    """What the proxies leave over may add to a slope, in its unit."""

    bound: float  # most that a confounder half as strong as the proxies adds, in either direction
    shift: float  # what a confounder as strong as the proxies (mediators: half as strong), in their direction, adds

    def __mul__(self, factor: float) -> "Leftover":
        """Change the unit."""
        return Leftover(self.bound * abs(factor), self.shift * factor)


NOTHING = Leftover(0.0, 0.0)


def leftover(relative: Floats, treatment: Floats, controls: Design, spread: Spread, benchmark: tuple[str, ...],
             noise: float, *, mediators: bool = False) -> Leftover:  # fmt: skip
    """Return what may be left over; nothing where there is no proxy or it has no strength.

    R2 are of linear regressions on whitened columns, adjusted for the number of proxies with creators as
    observations, so that proxies of no strength have an R2 about 0 and not above it.

    :param mediators: The proxies do not stand for a confounder but for what the treatment works through: as far as
        they show it with noise, some of that is left in the slope. Half as much again is allowed for.
    """
    proxies = controls.only(benchmark)
    if not proxies.blocks:
        return NOTHING
    others = controls.without(benchmark)
    ones = np.ones((len(treatment), 1))
    columns = spread.whitened(np.column_stack([relative, treatment, ones, others.values, proxies.values]))
    products, clusters = columns.T @ columns, len(np.unique(spread.groups))
    base, full = np.arange(2, 3 + others.values.shape[1]), np.arange(2, columns.shape[1])
    of_lever = _partial(products, 1, base, full, clusters)
    of_outcome = _partial(products, 0, np.append(base, 1), np.append(full, 1), clusters)
    shift = _slope(products, base) - _slope(products, full)  # what the proxies took away
    strength = (HALF + noise) / (1 - min(noise, 0.8))
    odds = [min(strength * r2 / (1 - r2), 0.95) for r2 in (of_lever, of_outcome)]
    rests = [_rest(products, 0, np.append(full, 1)), _rest(products, 1, full)]
    bound = float(np.sqrt(odds[1] * odds[0] / (1 - odds[0]) * rests[0] / max(rests[1], 1e-12)))
    again = HALF if mediators else (1 + noise) / (1 - min(noise, 0.8))
    return Leftover(bound, shift * again)


def _slope(products: Floats, on: Ints) -> float:
    """Return the coefficient of column 1 in the regression of column 0 on it and others."""
    chosen = np.append(on, 1)
    inner = products[np.ix_(chosen, chosen)]
    inner = inner + 1e-9 * np.trace(inner) / len(chosen) * np.eye(len(chosen))
    return float(np.linalg.solve(inner, products[chosen, 0])[-1])


def _rest(products: Floats, value: int, on: Ints) -> float:
    """Return the sum of squares that a regression of one column on others leaves, from all columns' products."""
    inner = products[np.ix_(on, on)]
    inner = inner + 1e-9 * np.trace(inner) / len(on) * np.eye(len(on))  # columns that repeat one another
    part = products[on, value]
    return float(products[value, value] - part @ np.linalg.solve(inner, part))


def _partial(products: Floats, value: int, base: Ints, full: Ints, clusters: int) -> float:
    """Return the adjusted partial R2 of the columns that ``full`` has and ``base`` has not."""
    added, room = len(full) - len(base), max(clusters - len(full), 1)
    r2 = 1 - _rest(products, value, full) / max(_rest(products, value, base), 1e-12)
    return float(np.clip(1 - (1 - r2) * (room + added) / room, 0.0, 0.95))
