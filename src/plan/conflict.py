"""Why no plan is possible: a smallest set of conditions that cannot hold together, and how far one must give way."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import LinearConstraint, milp

from .master import Tangents, matrices
from .program import Condition, Program

BUDGET = "budget_mad"


def conflict(program: Program) -> list[dict[str, Any]]:
    """Find conditions that cannot hold together though any of them could be dropped (deletion filter).

    A condition is dropped for good while the rest stays impossible; what cannot be dropped is in conflict (Chinneck
    and Dravnieks 1991). Then each is asked how far it alone would have to give way.

    :return: For each: ``name``, ``asked`` and ``possible`` (its best value while the others hold; None where none).
    """
    kept, budget = list(program.conditions), True
    for one in list(kept):
        rest = [other for other in kept if other is not one]
        if not _possible(program, rest, budget=budget):
            kept = rest
    if not _possible(program, kept, budget=False):
        budget = False
    found = [_asked(program, one, [other for other in kept if other is not one], budget=budget) for one in kept]
    if budget:
        cheapest = _least_spend(program, kept)
        found.append({"name": BUDGET, "asked": program.budget / 100, "possible": cheapest})
    return found


def _with(program: Program, conditions: list[Condition], *, budget: bool) -> Program:
    spent = program.cents.sum() if not budget else program.budget
    return replace(program, conditions=tuple(conditions), budget=int(max(spent, 1)))


def _possible(program: Program, conditions: list[Condition], *, budget: bool) -> bool:
    return _extreme(program, conditions, np.zeros(len(program)), budget=budget) is not None


def _extreme(program: Program, conditions: list[Condition], weight: np.ndarray, *, budget: bool) -> float | None:
    """Return the largest sum of ``weight`` under conditions, None where nothing meets them."""
    linear = replace(program, value=weight, segment=np.full(len(program), -1), capacity=np.zeros(0))
    at = matrices(_with(linear, [one.scaled for one in conditions], budget=budget), Tangents())
    found = milp(-at.profit, integrality=np.ones(at.columns), options={"node_limit": 2000, "mip_rel_gap": 1e-3},
                 constraints=LinearConstraint(at.rows, -np.inf, at.right))  # fmt: skip
    return None if found.x is None else float(weight @ np.round(found.x))


def _asked(program: Program, one: Condition, rest: list[Condition], *, budget: bool) -> dict[str, Any]:
    up = np.isfinite(one.low)
    best = _extreme(program, rest, one.weight if up else -one.weight, budget=budget)
    possible = None if best is None else best if up else -best
    return {"name": one.name, "asked": one.low if up else one.high, "possible": possible}


def _least_spend(program: Program, conditions: list[Condition]) -> float | None:
    best = _extreme(program, conditions, -program.cents.astype(float), budget=False)
    return None if best is None else -best / 100
