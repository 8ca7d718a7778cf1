"""A plan as tables for the terminal."""

from typing import Any

from rich.markup import escape
from rich.table import Table

MOST = 40  # creators shown; all are in the file


def tables_of(plan: dict[str, Any]) -> list[Table | str]:
    """Show who is chosen, what each tier adds, other budgets, and ten micro against one macro."""
    return [*_head(plan), _who(plan), _tiers(plan), *_frontier(plan), *_duel(plan), *_left_out(plan)]


def _head(plan: dict[str, Any]) -> list[str]:
    expected = plan["expected"]
    fees = f", {plan['estimated_fees']} fees estimated" if plan["estimated_fees"] else ""
    spent = f"{_whole(plan['spend_mad'])} of {_whole(plan['budget_mad'])} MAD{fees}"
    interval = _interval(expected["deliveries_low"], expected["deliveries_high"])
    return [
        *(["SIMULATED data: no creator, brand or sale in these figures exists."] if plan["simulated"] else []),
        f"{escape(plan['campaign'])}: {plan['creators']} creators, {plan['posts']} posts, {spent}",
        f"expected deliveries {expected['deliveries']:.1f} (90 %: {interval})",
        f"people reached {_whole(expected['reach'])}",
        f"proven: no plan is better by more than {100 * plan['objective']['gap']:.2f} %",
    ]


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _interval(low: float, high: float) -> str:
    return f"{_whole(low)} to {_whole(high)}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for place, name in enumerate(columns):
        table.add_column(name, no_wrap=True, justify="left" if place == 0 else "right")
    return table


def _who(plan: dict[str, Any]) -> Table:
    table = _table("Who", "creator", "tier", "city", "posts", "fee, MAD", "price", "deliveries", "90 %")
    for row in plan["chosen"][:MOST]:
        table.add_row(escape(row["creator_id"]), row["tier"], escape(row["city"] or "–"), str(row["posts"]),
                      _whole(row["fee_mad"]), row["price"], f"{row['deliveries']:.2f}",
                      _interval(row["low"], row["high"]))  # fmt: skip
    if len(plan["chosen"]) > MOST:
        table.caption = f"and {len(plan['chosen']) - MOST} more in the file"
    return table


def _tiers(plan: dict[str, Any]) -> Table:
    table = _table("Tiers", "tier", "creators", "spend, MAD", "share", "deliveries", "the plan loses without")
    for row in plan["tiers"]:
        lost = "the limits need it"
        if row["adds"] is not None and plan["objective"]["value"] > 0:
            lost = f"{100 * row['adds'] / plan['objective']['value']:.1f} %"
        share, delivered = f"{100 * row['share_of_spend']:.0f} %", f"{row['deliveries']:.1f}"
        table.add_row(row["tier"], str(row["creators"]), _whole(row["spend_mad"]), share, delivered, lost)
    return table


def _frontier(plan: dict[str, Any]) -> list[Table]:
    table = _table("Other budgets", "budget, MAD", "creators", "deliveries", "90 %", "reach", "gap")
    for row in plan["frontier"]:
        if row["possible"]:
            interval = _interval(row["deliveries_low"], row["deliveries_high"])
            table.add_row(_whole(row["budget_mad"]), str(row["creators"]), f"{row['deliveries']:.1f}", interval,
                          _whole(row["reach"]), f"{100 * row['gap']:.2f} %")  # fmt: skip
        else:
            table.add_row(_whole(row["budget_mad"]), "–", "limits cannot be met", "", "", "")
    return [table] if len(plan["frontier"]) > 1 else []


def _duel(plan: dict[str, Any]) -> list[str]:
    duel = plan["ten_micro_one_macro"]
    if "reason" in duel:
        return [f"ten micro against one macro: {duel['reason']}"]
    said = []
    for key, words in (("as_priced", "as priced"), ("equal_money", "for equal money")):
        one = duel[key]
        delivered = f"{one['micro_deliveries']:.1f} against {one['macro_deliveries']:.1f} deliveries"
        difference = f"difference {one['difference']:+.1f} (90 %: {one['low']:+.0f} to {one['high']:+.0f})"
        wins = f"the micro win {100 * one['micro_win']:.0f} % of draws"
        said.append(f"ten micro against one macro, {words}: {delivered}, {difference}, {wins}")
    return said


def _left_out(plan: dict[str, Any]) -> list[str]:
    return [f"left out: {count} creators, {escape(reason)}" for reason, count in plan["left_out"]["counts"].items()]
