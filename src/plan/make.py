"""A campaign's plan, whole: who, how many posts, for how much, how good that is, and what else was possible."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..errors import InputError
from ..tiers import Tiers
from .campaign import Campaign
from .compare import ten_against_one, tiers_added
from .conflict import conflict
from .frontier import frontier
from .objective import Goal, goal_of
from .options import Forecaster, Market, Options, build_options, usual_posts
from .outlook import common_spread, draw, outlook
from .rivals import RIVALS
from .schedule import calendar
from .solve import Solution

NAMED = 500  # creators left out who are named with their reason; all are counted
SHOWN = ("creator_id", "tier", "kind", "platform", "city", "neighbourhood", "niche", "followers", "posts", "fee_mad",
         "price", "fee_low_mad", "fee_high_mad", "deliveries", "low", "high", "reach", "trust", "rival")  # fmt: skip


def make_plan(campaign: Campaign, market: Market, model: Forecaster, tiers: Tiers, seed: int) -> dict[str, Any]:
    """Make the plan of a campaign, as plain values for JSON.

    :raises InputError: If no plan meets the conditions, naming those in conflict and how far each would have to give.
    """
    options = build_options(campaign, market, model)
    if not len(options.table):
        raise InputError(f"no creator can be chosen: {_why_nobody(options)}")
    goal = goal_of(campaign, options)
    steps = frontier(goal)
    plan = next(step.plan for step in steps if step.budget == campaign.budget_cents)
    if plan is None:
        raise InputError(no_plan(goal))
    common = common_spread(market.deals, model)
    context = _Context(goal, common, seed, round(usual_posts(market.deals)))
    return {
        "campaign": campaign.name, "as_of": f"{market.as_of:%Y-%m-%d}", "budget_mad": campaign.budget_cents / 100,
        **_plan(context, plan), "objective": _objective(goal, plan), "limits": _limits(goal, plan),
        "chosen": _chosen(context, plan), "calendar": _calendar(goal, plan),
        "tiers": tiers_added(goal, plan, tiers.names), "frontier": [_step(context, s.budget, s.plan) for s in steps],
        "ten_micro_one_macro": ten_against_one(goal, common, np.random.default_rng(seed), context.usual),
        "rivals": _rivals(context), "candidates": options.table["creator_id"].n_unique(),
        "left_out": _left_out(options), "common_spread": common,
    }  # fmt: skip


@dataclass(frozen=True)
class _Context:
    goal: Goal
    common: float
    seed: int
    usual: int  # posts of a deal

    def outlook(self, chosen: np.ndarray) -> dict[str, Any]:
        """Describe a plan; the same draws for every plan."""
        tail, random = self.goal.campaign.risk.tail, np.random.default_rng(self.seed)
        return outlook(self.goal.options, chosen, self.common, tail, random)


def _why_nobody(options: Options) -> str:
    counts = options.left_out.group_by("reason").len().sort("reason")
    return "; ".join(f"{reason} ({creators})" for reason, creators in counts.iter_rows()) or "there are no creators"


def no_plan(goal: Goal) -> list[str]:
    """Say which conditions are in conflict, a line each."""
    lines = []
    for one in conflict(goal.program(goal.campaign.budget_cents)):
        possible = (
            "nothing alone mends it"
            if one["possible"] is None
            else f"possible beside the others: {one['possible']:.6g}"
        )
        lines.append(f"no plan is possible: {one['name']}: asked {one['asked']:.6g}, {possible}")
    return lines


def _plan(context: _Context, plan: Solution) -> dict[str, Any]:
    rows = context.goal.options.table[plan.chosen]
    spend = {name: int(rows[name].sum()) / 100 for name in ("cents", "cents_low", "cents_high")}
    expected = context.outlook(plan.chosen)
    return {
        "spend_mad": spend["cents"], "spend_low_mad": spend["cents_low"], "spend_high_mad": spend["cents_high"],
        "creators": len(rows), "posts": int(rows["posts"].sum()),
        "estimated_fees": int((rows["price"] == "estimated").sum()),
        "expected": expected,
        "per_1000_mad": 1000 * expected["deliveries"] / spend["cents"] if spend["cents"] else None,
    }  # fmt: skip


def _objective(goal: Goal, plan: Solution) -> dict[str, Any]:
    return {"weights": goal.campaign.objective.model_dump(), "risk_aversion": goal.campaign.risk.aversion,
            "value": plan.worth, "bound": plan.bound, "gap": plan.gap}  # fmt: skip


def _limits(goal: Goal, plan: Solution) -> list[dict[str, Any]]:
    """Say of each condition what it asks for, what the plan has, and whether it binds."""
    rows = []
    for one in goal.program(goal.campaign.budget_cents).conditions:
        got = float(one.weight[plan.chosen].sum())
        low, high = (None if not np.isfinite(edge) else edge for edge in (one.low, one.high))
        rows.append({"name": one.name, "at_least": low, "at_most": high, "plan": got})
    return rows


def _chosen(context: _Context, plan: Solution) -> list[dict[str, Any]]:
    rows = context.goal.options.table[plan.chosen]
    drawn = draw(rows["deliveries"].to_numpy(), rows["dispersion"].to_numpy(), context.common,
                 np.random.default_rng(context.seed))  # fmt: skip
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0) if len(rows) else (np.zeros(0), np.zeros(0))
    table = rows.with_columns(
        fee_mad=pl.col("cents") / 100, fee_low_mad=pl.col("cents_low") / 100, fee_high_mad=pl.col("cents_high") / 100,
        low=pl.Series(low), high=pl.Series(high),
    )  # fmt: skip
    return table.select(SHOWN).sort("fee_mad", "creator_id", descending=[True, False]).to_dicts()


def _calendar(goal: Goal, plan: Solution) -> list[dict[str, Any]]:
    rows = goal.options.table[plan.chosen]
    return calendar(goal.campaign, dict(zip(rows["creator_id"], rows["posts"], strict=True)))


def _step(context: _Context, budget: int, plan: Solution | None) -> dict[str, Any]:
    if plan is None:
        return {"budget_mad": budget / 100, "possible": False}
    rows, expected = context.goal.options.table[plan.chosen], context.outlook(plan.chosen)
    names = ("deliveries", "deliveries_low", "deliveries_high", "reach", "trusted_reach")
    return {"budget_mad": budget / 100, "possible": True, "spend_mad": int(rows["cents"].sum()) / 100,
            "creators": len(rows), "value": plan.worth, "gap": plan.gap,
            **{name: expected[name] for name in names}}  # fmt: skip


def _rivals(context: _Context) -> dict[str, dict[str, Any]]:
    """Value the rules of thumb by the same forecasts; they know the budget, not the limits."""
    goal, table = context.goal, context.goal.options.table
    found = {}
    for name, rival in RIVALS.items():
        chosen = rival(goal.options, goal.campaign.budget_cents, context.usual)
        found[name] = {"creators": len(chosen), "spend_mad": int(table["cents"].to_numpy()[chosen].sum()) / 100,
                       "value": goal.score(chosen), "deliveries": context.outlook(chosen)["deliveries"],
                       "missed": _missed(goal, chosen)}  # fmt: skip
    return found


def _missed(goal: Goal, chosen: np.ndarray) -> list[str]:
    missed = []
    for one in goal.program(goal.campaign.budget_cents).conditions:
        got = float(one.weight[chosen].sum())
        if not one.low - 1e-9 <= got <= one.high + 1e-9:
            missed.append(one.name)
    return missed


def _left_out(options: Options) -> dict[str, Any]:
    counts = options.left_out.group_by("reason").len().sort("reason")
    named = options.left_out.sort("creator_id").head(NAMED)
    return {"counts": dict(zip(counts["reason"], counts["len"], strict=True)),
            "creators": dict(zip(named["creator_id"], named["reason"], strict=True))}  # fmt: skip
