"""The exact solver: a mixed-integer program for HiGHS, on the few creators that can be in the best plan.

The relaxed program is solved by column generation: HiGHS sees some creators, and those with a positive reduced profit
join, until none is left. Saturation (concave) enters by tangents where it was overrated (Kelley 1960). The optimum of
the relaxation bounds every plan from above, and a creator whose reduced profit is further below zero than what is
missing to that bound cannot be in a better plan: the integer program does without it, and the proof still holds.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import LinearConstraint, milp

from .master import Tangents, matrices, relaxed
from .program import Floats, Program, restricted, tidy

START = 400  # creators that the relaxation starts with, and that join in one round
ROUNDS = 100
SMALL = 64  # columns up to which a program is solved to the end
EXACT = 1e-6  # the gap asked of the solver for those
GAP = 2e-3  # the gap with which a larger one is content
ENOUGH = 4.9e-3  # the gap below which the last and longest step is not worth its time
STEPS = ((150, 1), (1_500, 20), (8_000, 100))  # columns beside those of the relaxed plan; branch-and-bound nodes


@dataclass(frozen=True)
class Solution:
    """A plan: the chosen columns, what they are worth, and what no plan can exceed."""

    chosen: np.ndarray
    worth: float
    bound: float

    @property
    def gap(self) -> float:
        """The proven gap: no plan is better by more than this share of the bound."""
        return max(0.0, self.bound - self.worth) / self.bound if self.bound > 0 else 0.0


class InfeasibleError(Exception):
    """No plan meets all conditions."""


@dataclass(frozen=True)
class _Relaxation:
    bound: float
    loss: Floats  # of each column: a plan that has it is worth at most bound - loss
    support: np.ndarray  # columns of the relaxed plan
    tangents: Tangents


def solve(program: Program, gap: float = GAP) -> Solution:
    """Find the best plan, and prove how good it is.

    :param gap: The proven gap with which to be content; small programs are solved to the end.

    :raises InfeasibleError: If no plan meets the budget and the conditions.
    """
    if not len(program):
        if any(one.low > 0 for one in program.conditions):
            raise InfeasibleError
        return Solution(np.array([], dtype=np.int64), 0.0, 0.0)
    scaled, unit = _normalised(program)
    plan = _integer(scaled, _relax(scaled), gap)
    chosen = _canonical(program, plan.chosen)
    worth = program.worth(chosen)
    return Solution(chosen, worth, max(worth, plan.bound * unit))


def relaxed_bound(program: Program) -> float:
    """Return what no plan can exceed, from the relaxation alone.

    :raises InfeasibleError: If not even a plan with fractions meets the budget and the conditions.
    """
    scaled, unit = _normalised(program)
    return _relax(scaled).bound * unit if len(program) else 0.0


def _normalised(program: Program) -> tuple[Program, float]:
    """Scale value by its largest and each condition by its largest weight; returns the unit of value, too."""
    unit = float(program.value.max(initial=0.0)) or 1.0
    return Program(
        program.creator, program.cents, tidy(program.value / unit), program.segment, tidy(program.capacity / unit),
        program.budget, tuple(one.scaled for one in program.conditions),
    ), unit  # fmt: skip


def _relax(program: Program) -> _Relaxation:
    inside, tangents = _first(program), Tangents()
    if program.conditions:
        inside = _feasible(program, inside, tangents)
    bound = np.inf
    for _ in range(ROUNDS):
        columns = inside[program.creator]
        part = restricted(program, columns)
        at = matrices(part, tangents)
        found = relaxed(part, at)
        x, gross, net = at.parts(found.z)
        reduced = found.duals.reduced(program)
        profit = np.maximum(_best(program, reduced), 0.0)
        outside = np.where(inside, 0.0, profit)
        bound = min(bound, found.value + float(outside.sum()))
        curved = tangents.add(gross, net, part.capacity)
        if not _join(inside, outside) and not curved:
            break
    support = np.flatnonzero(columns)[x > 1e-9]
    return _Relaxation(bound, profit[program.creator] - reduced, support, tangents)


def _feasible(program: Program, inside: np.ndarray, tangents: Tangents) -> np.ndarray:
    """Let creators join until the relaxation meets the conditions.

    :raises InfeasibleError: If all of them together do not.
    """
    for _ in range(ROUNDS):
        part = restricted(program, inside[program.creator])
        found = relaxed(part, matrices(part, tangents), missing=True)
        if found.value > -1e-9:
            return inside
        profit = _best(program, found.duals.reduced(program, valued=False))
        if not _join(inside, np.where(inside, 0.0, np.maximum(profit, 0.0))):
            break
    raise InfeasibleError


def _first(program: Program) -> np.ndarray:
    """Name the creators to start with: the best by value for money, and by what conditions ask for."""
    creators = int(program.creator[-1]) + 1
    inside = np.zeros(creators, dtype=bool)
    cost = np.maximum(program.cents, 1)
    asked = [one.weight * (1 if np.isfinite(one.low) else -1) for one in program.conditions]
    for measure in (program.value, *asked):
        merit = _best(program, measure / cost)
        inside[np.argsort(-merit, kind="stable")[:START]] = True
    return inside


def _best(program: Program, by_column: Floats) -> Floats:
    starts = np.flatnonzero(np.diff(program.creator, prepend=-1))
    return np.maximum.reduceat(by_column, starts)


def _join(inside: np.ndarray, profit: Floats) -> bool:
    """Let the most profitable creators join; tell whether there were any."""
    joining = np.flatnonzero(profit > 1e-9)
    joining = joining[np.argsort(-profit[joining], kind="stable")[:START]]
    inside[joining] = True
    return bool(len(joining))


def _integer(program: Program, relaxation: _Relaxation, gap: float) -> Solution:
    """Solve the integer program on the creators nearest to the relaxed plan, and widen it where the proof needs it."""
    order, wanted = np.argsort(relaxation.loss, kind="stable"), EXACT if len(program) <= SMALL else gap
    steps = ((len(order), 10_000),) if len(program) <= SMALL else STEPS
    best: Solution | None = None
    for beside, nodes in steps:
        if best is not None and best.gap <= ENOUGH and beside == STEPS[-1][0]:
            break
        missing = np.inf if best is None else relaxation.bound - best.worth
        useful = int((relaxation.loss <= missing).sum())  # the others cannot be in a better plan
        columns = np.zeros(len(order), dtype=bool)
        columns[order[: min(len(relaxation.support) + beside, useful)]] = True
        columns[relaxation.support] = True
        found = _branch(program, columns, relaxation, wanted, nodes)
        if found is not None:
            left = relaxation.bound - float(relaxation.loss[~columns].min(initial=np.inf))
            best = _better(best, found, min(relaxation.bound, max(found.bound, left)))
            if best.gap <= wanted:
                break
    if best is None:  # the few columns had no plan in whole posts: all of them may have
        found = _branch(program, np.ones(len(program), dtype=bool), relaxation, wanted, 10_000)
        if found is None:
            raise InfeasibleError
        best = _better(None, found, min(relaxation.bound, found.bound))
    return best


def _better(best: Solution | None, found: Solution, bound: float) -> Solution:
    """Keep the better plan and the lower bound."""
    if best is None:
        return Solution(found.chosen, found.worth, bound)
    plan = found if found.worth > best.worth else best
    return Solution(plan.chosen, plan.worth, min(bound, best.bound))


def _branch(
    program: Program, columns: np.ndarray, relaxation: _Relaxation, wanted: float, nodes: int
) -> Solution | None:
    """Solve one integer program, with tangents added where its plan was overrated; None where there is no plan."""
    part, number = restricted(program, columns), np.flatnonzero(columns)
    best: Solution | None = None
    for _ in range(6):
        at = matrices(part, relaxation.tangents)
        whole = np.concatenate([np.ones(at.columns), np.zeros(2 * at.segments)])
        rows = LinearConstraint(at.rows, -np.inf, at.right)
        options = {"mip_rel_gap": wanted, "node_limit": nodes}
        with _quiet():
            found = milp(-at.profit, integrality=whole, constraints=rows, options=options)
        if found.x is None:
            break
        x, filled, claimed = at.parts(found.x)
        chosen = number[x > 0.5]
        best = _better(best, Solution(chosen, program.worth(chosen), 0.0), -found.mip_dual_bound)
        if best.gap <= wanted or not relaxation.tangents.add(filled, claimed, part.capacity):
            break
    return best


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what C code prints to nowhere: HiGHS tells of some of its inner steps on stdout, whatever it is asked."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _canonical(program: Program, chosen: np.ndarray) -> np.ndarray:
    """Among creators who are equal in everything, let the first by id have the most posts.

    The solver may take any of them; this makes the plan the same whatever it took.
    """
    alike = np.isin(program.value, program.value[np.isin(program.creator, program.creator[chosen])])
    twins: dict[bytes, list[int]] = {}
    for creator in np.unique(program.creator[alike]):
        columns = slice(*np.searchsorted(program.creator, [creator, creator + 1]))
        facts = [program.cents[columns], program.value[columns], program.segment[columns],
                 *(one.weight[columns] for one in program.conditions)]  # fmt: skip
        twins.setdefault(np.concatenate(facts).astype(float).tobytes(), []).append(int(creator))
    starts = np.searchsorted(program.creator, np.arange(program.creator[-1] + 2))
    offset = {int(program.creator[c]): int(c - starts[program.creator[c]]) for c in chosen}
    plan = []
    for creators in twins.values():
        taken = sorted((offset[c] for c in creators if c in offset), reverse=True)
        plan += [int(starts[c]) + place for c, place in zip(sorted(creators), taken, strict=False)]
    return np.array(sorted(plan), dtype=np.int64)
