"""The solver against every plan there is, and what users of budget optimisers complain about (never again here)."""

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offers import campaign, offer, options, random_offers

from thiqa.plan.frontier import frontier
from thiqa.plan.objective import goal_of
from thiqa.plan.program import Program
from thiqa.plan.solve import InfeasibleError, solve

LIMITS = [
    {"of": "deliveries", "where": {"tier": "macro"}, "at_least": 2},
    {"of": "creators", "where": {"tier": "nano"}, "at_least_share": 0.3},
    {"of": "creators", "where": {"rival": True}, "at_most": 1},
    {"of": "spend", "where": {"city": "Rabat"}, "at_most_share": 0.7},
    {"of": "posts", "at_most": 7},
]


def every_plan(program: Program):
    """All ways to take at most one option of each creator."""
    groups = [np.flatnonzero(program.creator == c) for c in range(int(program.creator[-1]) + 1)]
    for plan in product(*([None, *group] for group in groups)):
        yield np.array([column for column in plan if column is not None], dtype=np.int64)


def allowed(program: Program, chosen: np.ndarray) -> bool:
    sums = [(one, one.weight[chosen].sum()) for one in program.conditions]
    inside = all(one.low - 1e-9 <= total <= one.high + 1e-9 for one, total in sums)
    return program.cents[chosen].sum() <= program.budget and inside


@pytest.mark.parametrize("segments", [0, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_all_plans_is_found(seed: int, segments: int):
    some = random_offers(seed, creators=6, segments=segments)
    goal = goal_of(campaign(4000, limits=LIMITS[: 1 + seed]), some)
    program = goal.program(400_000)
    worths = [program.worth(plan) for plan in every_plan(program) if allowed(program, plan)]
    if not worths:
        with pytest.raises(InfeasibleError):
            solve(program)
        return
    found = solve(program)
    assert allowed(program, found.chosen)
    assert found.worth == pytest.approx(max(worths), rel=1e-6)
    assert max(worths) <= found.bound * (1 + 1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), budget=st.integers(0, 2_000_000), segments=st.sampled_from([0, 3]))
def test_spend_is_within_the_budget_to_the_cent_and_the_gap_is_proven(seed: int, budget: int, segments: int):
    program = goal_of(campaign(max(budget, 1) / 100), random_offers(seed, 25, segments)).program(budget)
    found = solve(program)
    assert program.cents[found.chosen].sum() <= budget
    assert len(set(program.creator[found.chosen])) == len(found.chosen)
    assert 0 <= found.gap <= 0.005


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_more_budget_is_never_worse(seed: int):
    wanted = campaign(6000, frontier={"points": 5, "up_to": 2}, limits=LIMITS[:2])
    steps = frontier(goal_of(wanted, random_offers(seed, 14, 2)))
    worths = [step.plan.worth for step in steps if step.plan is not None]
    assert worths == sorted(worths)
    assert [step.plan is None for step in steps] == sorted((step.plan is None for step in steps), reverse=True)


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([3, 7, 100]))
def test_the_unit_of_money_does_not_matter(seed: int, factor: int):
    some = random_offers(seed, 14, 2)
    dearer = replace(some, table=some.table.with_columns(pl.col("cents", "cents_low", "cents_high") * factor))
    limits = [LIMITS[1], LIMITS[2]]
    one = goal_of(campaign(5000, limits=limits), some).best(500_000)
    other = goal_of(campaign(5000 * factor, limits=limits), dearer).best(500_000 * factor)
    assert one.chosen.tolist() == other.chosen.tolist()


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([1e-3, 0.3, 1e4]))
def test_the_unit_of_value_does_not_matter(seed: int, factor: float):
    program = goal_of(campaign(5000), random_offers(seed, 14, 2)).program(500_000)
    scaled = replace(program, value=program.value * factor, capacity=program.capacity * factor)
    assert solve(program).chosen.tolist() == solve(scaled).chosen.tolist()


def test_equal_creators_are_treated_alike_whatever_they_are_called():
    ten = [offer(f"c{n}", [1000, 1900], [3.0, 3.1]) for n in range(10)]
    goal = goal_of(campaign(10_000), options(*ten))
    posts = goal.options.table[goal.best(1_000_000).chosen]["posts"].to_list()
    assert posts == [1] * 10, "all are in, none twice"
    some = goal.options.table[goal.best(400_000).chosen]["creator_id"].to_list()
    assert some == ["c0", "c1", "c2", "c3"], "money for four: the first by id"


def test_returns_that_differ_do_not_get_equal_shares():
    """PyMC-Marketing #1681: equal budgets although returns differ."""
    strong = [offer(f"s{n}", [1000, 1800, 2500], [9.0, 14.0, 18.0]) for n in range(3)]
    weak = [offer(f"w{n}", [1000, 1800, 2500], [1.0, 1.5, 1.9]) for n in range(3)]
    goal = goal_of(campaign(7500), options(*strong, *weak))
    chosen = goal.options.table[goal.best(750_000).chosen]
    assert chosen["creator_id"].to_list() == ["s0", "s1", "s2"]
    assert chosen["posts"].to_list() == [3, 3, 3]


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), gain=st.floats(1.01, 3.0))
def test_a_creator_who_sells_more_is_not_dropped_for_it(seed: int, gain: float):
    """Monotone in returns: who is in the plan stays in it when it alone gets better."""
    some = random_offers(seed, 12)
    goal = goal_of(campaign(4000), some)
    chosen = goal.options.table[goal.best(400_000).chosen]["creator_id"].to_list()
    better = pl.when(pl.col("creator_id") == chosen[0]).then(pl.col("deliveries") * gain).otherwise("deliveries")
    after = goal_of(campaign(4000), replace(some, table=some.table.with_columns(deliveries=better)))
    assert chosen[0] in after.options.table[after.best(400_000).chosen]["creator_id"].to_list()


def test_overlap_counts_the_same_people_once():
    """Two audiences of 3,000 in a place of 6,000 people leave a quarter out."""
    pair = [offer(f"c{n}", [1000], [7.5], segment=0) for n in range(2)]  # reach 3,000 each
    program = goal_of(campaign(5000), options(*pair, people=[6000.0])).program(500_000)
    assert program.worth(np.array([0])) == pytest.approx(7.5), "alone, an audience counts in full"
    assert program.worth(np.array([0, 1])) == pytest.approx(15 * 0.75)
    elsewhere = offer("d", [1000], [6.0], segment=1, city="Fès")
    goal = goal_of(campaign(2000), options(*pair, elsewhere, people=[6000.0, 6000.0]))
    assert goal.options.table[goal.best(200_000).chosen]["creator_id"].to_list() == ["c0", "d"]


def test_risk_prefers_many_small_to_one_large():
    """The same expected deliveries for the same money: who fears a bad outcome spreads it."""
    large = offer("a", [10_000], [10.0], dispersion=2.0)
    small = [offer(f"b{n}", [1000], [0.99], dispersion=2.0) for n in range(10)]
    careless = goal_of(campaign(10_000), options(large, *small))
    assert careless.options.table[careless.best(1_000_000).chosen]["creator_id"].to_list() == ["a"]
    careful = goal_of(campaign(10_000, risk={"aversion": 0.8}), options(large, *small))
    found = careful.best(1_000_000)
    assert len(found.chosen) == 10
    assert found.worth == pytest.approx(careful.score(found.chosen))


def test_weights_trade_measures_off():
    """Meridian #584: weigh volume against effect."""
    seller, shouter = offer("a", [1000], [5.0], reach=100.0), offer("b", [1000], [1.0], reach=9000.0)
    picked = {}
    for weight in (0.1, 0.9):
        goal = goal_of(campaign(1000, objective={"deliveries": weight, "reach": 1 - weight}), options(seller, shouter))
        picked[weight] = goal.options.table[goal.best(100_000).chosen]["creator_id"].to_list()
    assert picked == {0.1: ["b"], 0.9: ["a"]}


def test_a_segment_whose_creators_are_worth_nothing_is_no_trouble():
    some = options(offer("a", [1000], [5.0], segment=0), offer("b", [1000], [3.0], segment=1, trusted_reach=0.0),
                   people=[9000.0, 9000.0])  # fmt: skip
    goal = goal_of(campaign(9000, objective="trusted_reach"), some)
    found = goal.best(900_000)
    assert np.isfinite(found.worth)
    assert "a" in goal.options.table[found.chosen]["creator_id"].to_list()
