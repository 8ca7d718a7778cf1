"""The relaxed program as matrices for HiGHS, and the reduced profit of every column from its duals."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

from .program import Condition, Floats, Program, tidy, together

TOLERANCE = 2e-5  # of all that is claimed: below it, overlap needs no further tangent


@dataclass
class Tangents:
    """Where the overlap is bounded from above by a straight line: pairs (segment, how filled it is there).

    A concave function lies below its tangents, so a program with tangents in its place bounds the true one.
    """

    points: list[tuple[int, float]] = field(default_factory=list)

    def add(self, filled: Floats, claimed: Floats, capacity: Floats) -> bool:
        """Add a tangent wherever more was claimed than is true; tell whether there was such a place."""
        over = claimed - together(filled, capacity)
        places = np.flatnonzero(over > TOLERANCE * max(1e-9, float(claimed.sum())) / max(1, len(claimed)))
        self.points += [(int(segment), float(filled[segment])) for segment in places]
        return bool(len(places))


@dataclass(frozen=True)
class Matrices:
    """Maximise ``profit @ z`` under ``rows @ z <= right``, ``z >= 0``.

    z holds the columns, then how filled each segment is, then what each segment is worth.
    """

    profit: Floats
    rows: csr_array
    right: Floats
    columns: int
    creators: int
    segments: int
    conditions: tuple[tuple[int, float], ...]  # of each row after the budget's: number of the condition, its sign

    def parts(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Split a point into columns, filling and worth of segments."""
        k, s = self.columns, self.segments
        return z[:k], z[k : k + s], z[k + s : k + 2 * s]


def matrices(program: Program, tangents: Tangents) -> Matrices:
    """Write out a program.

    In every segment: filled <= sum of crowding; worth <= sum of value (a creator in part is worth no more than that
    part); worth <= each tangent.
    """
    k, s, creators = len(program), len(program.capacity), int(program.creator[-1]) + 1
    inside = program.segment >= 0
    signed = [(n, sign) for n, one in enumerate(program.conditions) for sign in (-1.0, 1.0) if _edge(one, sign)]
    side = [program.conditions[n].weight * sign for n, sign in signed]
    limits = [_edge(program.conditions[n], sign)[0] for n, sign in signed]
    head = np.vstack([tidy(program.cents / max(1, program.budget)), *side])
    groups = coo_array((np.ones(k), (program.creator, np.arange(k))), shape=(creators, k))
    of = np.array([segment for segment, _ in tangents.points], dtype=np.int64)
    at = np.array([filled for _, filled in tangents.points])
    slope = program.capacity[of] * np.exp(-at)
    number, count = np.arange(len(of)), len(of)
    filled = hstack([_summed(-program.crowding, program.segment, inside, s), eye_array(s), coo_array((s, s))])
    alone = hstack([_summed(-program.value, program.segment, inside, s), coo_array((s, s)), eye_array(s)])
    tangent = hstack([
        coo_array((count, k)),
        coo_array((-slope, (number, of)), shape=(count, s)),
        coo_array((np.ones(count), (number, of)), shape=(count, s)),
    ])  # fmt: skip
    first = hstack([vstack([coo_array(head), groups]), coo_array((head.shape[0] + creators, 2 * s))])
    right = np.concatenate([
        [1.0 if program.budget else 0.0], limits, np.ones(creators), np.zeros(2 * s),
        together(at, program.capacity[of]) - slope * at,
    ])  # fmt: skip
    profit = np.concatenate([np.where(inside, 0.0, program.value), np.zeros(s), np.ones(s)])
    rows = csr_array(vstack([first, filled, alone, tangent]))
    return Matrices(profit, rows, right, k, creators, s, tuple(signed))


def _edge(condition: Condition, sign: float) -> tuple[float, ...]:
    edge = -condition.low if sign < 0 else condition.high
    return (edge,) if np.isfinite(edge) else ()


def _summed(weight: Floats, segment: np.ndarray, inside: np.ndarray, segments: int) -> coo_array:
    """Sum columns over segments."""
    where = np.flatnonzero(inside)
    return coo_array((weight[where], (segment[where], where)), shape=(segments, len(segment)))


@dataclass(frozen=True)
class Duals:
    """What a unit of each row is worth at the optimum of a relaxation."""

    budget: float
    conditions: Floats
    filled: Floats  # by segment
    alone: Floats  # by segment

    def reduced(self, program: Program, *, valued: bool = True) -> Floats:
        """Return the reduced profit of every column of a program: its worth less what it uses up."""
        earned = np.append(self.alone, float(valued))[program.segment] * program.value  # segment -1 is the last
        earned = earned + np.append(self.filled, 0.0)[program.segment] * program.crowding
        earned = earned - self.budget * program.cents / max(1, program.budget)
        for one, dual in zip(program.conditions, self.conditions, strict=True):
            if dual:
                earned = earned - dual * one.weight
        return earned


@dataclass(frozen=True)
class Relaxed:
    """The optimum of a relaxation."""

    value: float
    z: Floats
    duals: Duals


def relaxed(program: Program, at: Matrices, *, missing: bool = False) -> Relaxed:
    """Solve the relaxation; with ``missing``, minimise by how much conditions are missed instead."""
    profit, rows, conditions = at.profit, at.rows, len(at.conditions)
    if missing:
        free = np.arange(conditions)
        slack = coo_array((-np.ones(conditions), (free + 1, free)), shape=(rows.shape[0], conditions))
        rows, profit = hstack([rows, slack], format="csr"), np.append(np.zeros(len(profit)), -np.ones(conditions))
    # a simplex ends in a vertex, with few creators in part, and its duals are exact
    found = linprog(-profit, A_ub=rows, b_ub=at.right, method="highs-ds")
    if found.status != 0:
        raise RuntimeError(f"HiGHS: {found.message}")
    price = -found.ineqlin.marginals
    duals = np.zeros(len(program.conditions))
    for row, (number, sign) in enumerate(at.conditions, start=1):
        duals[number] += sign * price[row]
    after = 1 + conditions + at.creators
    filled, alone = price[after : after + at.segments], price[after + at.segments : after + 2 * at.segments]
    return Relaxed(-found.fun, found.x, Duals(price[0], duals, filled, alone))
