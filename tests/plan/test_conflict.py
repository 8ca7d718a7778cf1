"""Requests that cannot be met: the conditions in conflict are named, the others are not."""

import pytest
from offers import campaign, offer, options

from thiqa.plan.conflict import conflict
from thiqa.plan.objective import goal_of

SOME = options(
    offer("a", [5000], [9.0], tier="macro"), offer("b", [800], [2.0], tier="nano"), offer("c", [900], [2.0])
)  # fmt: skip


def found(budget: float, **more) -> dict[str, float | None]:
    goal = goal_of(campaign(budget, **more), SOME)
    return {one["name"]: one["possible"] for one in conflict(goal.program(goal.campaign.budget_cents))}


def test_a_must_that_the_budget_cannot_pay():
    named = found(3000, must=["a"], limits=[{"of": "posts", "at_most": 20}])
    assert named == {"must: a": pytest.approx(0.0), "budget_mad": pytest.approx(5000)}


def test_only_the_limits_in_conflict_are_named():
    limits = [
        {"of": "creators", "where": {"tier": "nano"}, "at_least": 1},
        {"of": "reach", "where": {"tier": "macro"}, "at_least": 99_000},
        {"of": "spend", "where": {"tier": "macro"}, "at_most_share": 0.9},
    ]
    named = found(50_000, limits=limits)
    assert named == {"limits.1: reach of tier macro at least 99000": pytest.approx(3600)}


def test_a_pair_of_limits():
    limits = [{"of": "creators", "at_least": 3}, {"of": "posts", "at_most": 2}]
    named = found(50_000, limits=limits)
    assert named == {"limits.0: creators of all creators at least 3": 2, "limits.1: posts of all creators at most 2": 3}
