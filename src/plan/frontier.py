"""The best plan at other budgets: more money never brings less."""

from dataclasses import dataclass, replace

import numpy as np

from .objective import Goal
from .solve import GAP, InfeasibleError, Solution

ROUGH = 5e-3  # the gap with which other budgets are content


@dataclass(frozen=True)
class Step:
    """One budget, cents, and its best plan; None where the limits cannot be met with so little."""

    budget: int
    plan: Solution | None


def budgets(goal: Goal) -> list[int]:
    """Return the budgets that are shown, the campaign's own among them, ascending; cents."""
    own, asked = goal.campaign.budget_cents, goal.campaign.frontier
    steps = np.linspace(asked.up_to / asked.points, asked.up_to, asked.points) if asked.points else np.array([])
    return sorted({own, *(int(own * step) for step in steps)})


def frontier(goal: Goal) -> list[Step]:
    """Solve every budget from the smallest.

    A plan for less money is a plan for more, so where the solver, content with a small gap, found nothing better, the
    plan of the smaller budget stays. Nothing can be worth more than the bound of a larger budget, either.
    """
    steps: list[Step] = []
    before: Solution | None = None
    for budget in budgets(goal):
        try:
            found = goal.best(budget, GAP if budget == goal.campaign.budget_cents else ROUGH)
        except InfeasibleError:
            steps.append(Step(budget, None))
            continue
        if before is not None and before.worth > found.worth:
            found = replace(before, bound=max(before.worth, found.bound))
        steps.append(Step(budget, found))
        before = found
    bound = np.inf
    for place in reversed(range(len(steps))):
        plan = steps[place].plan
        if plan is not None:
            bound = min(bound, plan.bound)
            steps[place] = replace(steps[place], plan=replace(plan, bound=bound))
    return steps
