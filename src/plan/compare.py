"""What each tier adds to a plan, and ten micro against one macro."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from .frontier import ROUGH
from .objective import Goal
from .program import Floats
from .rivals import possible
from .solve import InfeasibleError, Solution

PAIRINGS = 2000  # draws of who is compared with whom
MICRO = 10


def tiers_added(goal: Goal, plan: Solution, names: list[str]) -> list[dict[str, Any]]:
    """Describe each tier's part of a plan, and what the plan would lose without it.

    ``without`` is the best plan of the other tiers, ``alone`` the best of this one; both keep every limit, and are
    None where the limits cannot be met so. Values are in the units of the objective.
    """
    table, chosen = goal.options.table, goal.options.table[plan.chosen]
    spend = max(1, int(chosen["cents"].sum()))
    rows = []
    for name in names:
        if not (table["tier"] == name).any():
            continue
        part = chosen.filter(pl.col("tier") == name)
        without = _best_where(goal, (table["tier"] != name).to_numpy())
        alone = _best_where(goal, (table["tier"] == name).to_numpy())
        rows.append({
            "tier": name, "creators": len(part), "posts": int(part["posts"].sum()),
            "spend_mad": part["cents"].sum() / 100, "share_of_spend": part["cents"].sum() / spend,
            "deliveries": float(part["deliveries"].sum()), "reach": float(part["reach"].sum()),
            "without": without, "adds": None if without is None else max(0.0, plan.worth - without), "alone": alone,
        })  # fmt: skip
    return rows


def _best_where(goal: Goal, kept: np.ndarray) -> float | None:
    must = set(goal.campaign.must)
    some = replace(goal.options, table=goal.options.table.filter(pl.Series(kept)))
    if not must <= set(some.table["creator_id"]):
        return None
    try:
        return replace(goal, options=some).best(goal.campaign.budget_cents, ROUGH).worth
    except InfeasibleError:
        return None


def ten_against_one(goal: Goal, common: float, random: np.random.Generator, posts: int) -> dict[str, Any]:
    """Compare ten random micro with one random macro of the campaign's candidates, as priced and for equal money.

    The interval is that of a new campaign: who is drawn and what they deliver both vary. ``break_even`` is how many
    micro are expected to deliver what one macro does.
    """
    table = goal.options.table
    posts = possible(table, posts)
    deals = table.filter(pl.col("posts") == posts)
    micro, macro = (deals.filter(pl.col("tier") == tier) for tier in ("micro", "macro"))
    if len(micro) < MICRO or not len(macro):
        return {"reason": f"{len(micro)} micro and {len(macro)} macro candidates; {MICRO} and 1 are needed"}
    each = (float(micro["deliveries"].mean()), float(macro["deliveries"].mean()))  # type: ignore[arg-type]
    cost = (float(micro["cents"].mean()) / 100, float(macro["cents"].mean()) / 100)  # type: ignore[arg-type]
    as_priced, equal = (_duel(micro, macro, common, random, money=money) for money in (False, True))
    return {
        "posts": posts, "micro": len(micro), "macro": len(macro), "deliveries_of_one_micro": each[0],
        "deliveries_of_one_macro": each[1], "fee_of_one_micro": cost[0], "fee_of_one_macro": cost[1],
        "break_even": each[1] / each[0] if each[0] > 0 else None, "as_priced": as_priced, "equal_money": equal,
    }  # fmt: skip


def _duel(micro: pl.DataFrame, macro: pl.DataFrame, common: float, random: np.random.Generator, *,
          money: bool) -> dict[str, Any]:  # fmt: skip
    """Draw pairings; with ``money``, the macro's deliveries are scaled to the money that the ten micro cost."""
    one = random.integers(len(macro), size=PAIRINGS)
    ten = np.argsort(random.random((PAIRINGS, len(micro))), axis=1)[:, :MICRO] if len(micro) <= 500 else (
        random.integers(len(micro), size=(PAIRINGS, MICRO)))  # fmt: skip
    shared = np.exp(common * random.standard_normal(PAIRINGS) - common**2 / 2)
    small = _delivered(micro, ten, shared[:, None], random).sum(axis=1)
    large = _delivered(macro, one, shared, random).astype(float)
    spent = micro["cents"].to_numpy()[ten].sum(axis=1) / 100
    paid = macro["cents"].to_numpy()[one] / 100
    if money:
        large = large * spent / paid
        paid = spent
    difference = small - large
    low, high = np.quantile(difference, [0.05, 0.95])
    return {
        "micro_deliveries": float(small.mean()), "macro_deliveries": float(large.mean()),
        "micro_spend_mad": float(spent.mean()), "macro_spend_mad": float(paid.mean()),
        "difference": float(difference.mean()), "low": float(low), "high": float(high),
        "micro_win": float(np.mean(difference > 0)), "draws": PAIRINGS,
    }  # fmt: skip


def _delivered(rows: pl.DataFrame, who: np.ndarray, shared: Floats, random: np.random.Generator) -> np.ndarray:
    mean, dispersion = rows["deliveries"].to_numpy()[who], np.maximum(rows["dispersion"].to_numpy()[who], 1e-9)
    return random.poisson(mean * shared * random.gamma(1 / dispersion, dispersion))
