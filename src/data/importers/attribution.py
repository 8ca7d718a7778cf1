"""Orders linked to placements by promo code, by UTM and by date; what could not be linked says why."""

import re
import unicodedata

import polars as pl
from pydantic import Field

from ...config import Frozen, Share

STATES = ("cancelled", "ordered", "confirmed", "returned", "delivered")  # from worst to best; a return was confirmed
_HOMOGLYPHS = str.maketrans("АВЕКМНОРСТХІЈЅУΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTXIJSYABEZHIKMNOPTYX")
_LOOKALIKES = str.maketrans("OQILSBZG", "00115826")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class Attribution(Frozen):
    """By which rules an order counts for a placement; `coupon_sites` has what gives the name of such a site away."""

    days_before: float = Field(default=0, ge=0)  # before the first day of the deal
    days_after: float = Field(default=30, ge=0)  # after its last day, or after it was agreed where no end is known
    utm: bool = True  # whether a UTM alone links
    window_alone: bool = False  # whether an order without code and UTM goes to the only deal that runs
    duplicate_hours: float = Field(default=48, ge=0)  # same customer and total within these: one order
    leak_orders: int = Field(default=5, ge=1)  # so many orders from coupon sites or out of time: the code leaked
    leak_share: Share = 0.3  # and at least this share of the code's orders
    keep_leaked: bool = False  # whether orders that came through a coupon site count all the same
    coupon_sites: tuple[str, ...] = (
        "coupon", "promo-code", "codepromo", "code-promo", "honey", "retailmenot", "radins", "igraal", "poulpeo",
        "dealabs", "vouchercodes", "almowafir", "couponat", "wafferly", "kobonaty",
    )  # fmt: skip


def plain_code(code: str) -> str:
    """Write a code as one types it: no case, no blanks or signs, letters of other scripts as Latin ones.

    >>> plain_code(" amal-10 "), plain_code("АMAL 10")
    ('AMAL10', 'AMAL10')
    """
    upper = unicodedata.normalize("NFKD", code).upper().translate(_HOMOGLYPHS).translate(_DIGITS)
    return "".join(sign for sign in upper if sign.isalnum())


def look(code: str) -> str:
    """Fold signs that look alike: O and 0, I, L and 1.

    >>> look(plain_code("AMAL1O")) == look(plain_code("AMALIO")) == look("AMAL10")
    True
    """
    return code.translate(_LOOKALIKES)


def codes_in(cell: str) -> list[str]:
    """Read the codes of a cell: ``AMAL10, FREE`` or ``AMAL10 (-10%)`` or ``code:amal10|amount:5``."""
    found = []
    for part in re.split(r"[,;|\n]", cell):
        text = re.sub(r"\(.*|(?<=\w)\s*:\s*-?[\d.,]+.*$", "", part)
        text = re.sub(r"^\s*code\s*:\s*", "", text, flags=re.IGNORECASE)
        if plain_code(text) and not re.match(r"\s*\w+\s*:", text):
            found.append(plain_code(text))
    return found


def without_duplicates(orders: pl.DataFrame, rules: Attribution) -> pl.DataFrame:
    """Mark all but one of the orders that one customer placed twice: same total, within hours; the best state stays."""
    order = pl.col("ordered_at")
    gap = (order - order.shift(1).over("customer", "total_mad", order_by="ordered_at")).dt.total_seconds() / 3600
    known = pl.col("customer").is_not_null() & order.is_not_null()
    orders = orders.with_columns(__run=(gap.is_null() | (gap > rules.duplicate_hours)).cast(pl.Int64))
    orders = orders.with_columns(
        __run=pl.col("__run").cum_sum().over("customer", "total_mad", order_by="ordered_at"),
        __state=pl.col("state").replace_strict({s: i for i, s in enumerate(STATES)}, return_dtype=pl.Int64),
    )
    group = ["customer", "total_mad", "__run"]
    best = pl.struct(-pl.col("__state"), "ordered_at", "order_id").rank("ordinal").over(group)
    return orders.with_columns(duplicate=known & (best > 1)).drop("__run", "__state")


def attribute(orders: pl.DataFrame, placements: pl.DataFrame, codes: pl.DataFrame, rules: Attribution) -> pl.DataFrame:
    """Link each order to at most one placement.

    :param orders: order_id, ordered_at, state, codes, utm, total_mad, customer, coupon_site.
    :param placements: placement_id, starts, ends (the days in which orders count).
    :param codes: placement_id, kind (``code`` or ``utm``), value.
    :return: The orders with placement_id, how, duplicate, leaked and reason (null where they are linked).
    """
    orders = without_duplicates(orders, rules)
    candidates = _candidates(orders, codes, rules).join(placements, on="placement_id")
    timely = pl.col("ordered_at").is_between(pl.col("starts"), pl.col("ends")).fill_null(value=False)
    candidates = candidates.with_columns(timely=timely)
    leaked = _leaked(candidates, rules)
    best = (
        candidates.filter("timely")
        .sort("order_id", "rank", pl.col("starts"), "placement_id", descending=[False, False, True, False])
        .unique("order_id", keep="first", maintain_order=True)
        .select("order_id", "placement_id", "how", "value")
    )
    orders = orders.join(best, on="order_id", how="left")
    if rules.window_alone:
        orders = _only_deal(orders, placements)
    late = candidates.filter(~pl.col("timely"))["order_id"].unique()
    orders = orders.with_columns(leaked=pl.col("value").is_in(leaked.to_list()) & pl.col("coupon_site")
                                 if len(leaked) else pl.lit(value=False))  # fmt: skip
    reason = (
        pl.when("duplicate").then(pl.lit("the same customer ordered the same again"))
        .when(pl.col("leaked") & (not rules.keep_leaked)).then(pl.lit("the code leaked to a coupon site"))
        .when(pl.col("placement_id").is_not_null()).then(None)
        .when(pl.col("ordered_at").is_null()).then(pl.lit("no date"))
        .when(pl.col("order_id").is_in(late.to_list())).then(pl.lit("of a deal that did not run then"))
        .when(pl.col("codes").list.len() > 0).then(pl.lit("its code belongs to no deal"))
        .when(pl.col("utm").list.len() > 0).then(pl.lit("its UTM belongs to no deal"))
        .otherwise(pl.lit("neither code nor UTM"))
    )  # fmt: skip
    orders = orders.with_columns(reason=reason)
    linked = pl.col("reason").is_null()
    return orders.with_columns(placement_id=pl.when(linked).then("placement_id"), how=pl.when(linked).then("how")).sort(
        "order_id"
    )


def _candidates(orders: pl.DataFrame, codes: pl.DataFrame, rules: Attribution) -> pl.DataFrame:
    """Pair orders with the deals whose code or UTM they carry; a code that only looks alike ranks behind."""
    base = orders.select("order_id", "ordered_at", "coupon_site", "codes", "utm")
    by_code = base.explode("codes").rename({"codes": "value"}).drop("utm").drop_nulls("value")
    promo = codes.filter(pl.col("kind") == "code")
    exact = by_code.join(promo, on="value").with_columns(how=pl.lit("code"), rank=pl.lit(0))
    folds = promo.with_columns(look=_looks(promo["value"]))
    one = folds.group_by("look").agg(pl.col("value").n_unique()).filter(pl.col("value") == 1)["look"]
    folds = folds.filter(pl.col("look").is_in(one.to_list())).drop("value")
    rest = by_code.join(exact.select("order_id"), on="order_id", how="anti")
    alike = rest.with_columns(look=_looks(rest["value"])).join(folds, on="look").drop("look")
    alike = alike.with_columns(how=pl.lit("code that looks alike"), rank=pl.lit(1))
    parts = [exact, alike.select(exact.columns)]
    if rules.utm:
        by_utm = base.explode("utm").rename({"utm": "value"}).drop("codes").drop_nulls("value")
        marks = codes.filter(pl.col("kind") == "utm")
        parts.append(
            by_utm.join(marks, on="value").with_columns(how=pl.lit("utm"), rank=pl.lit(2)).select(exact.columns)
        )
    return pl.concat(parts)


def _looks(codes: pl.Series) -> pl.Series:
    return pl.Series([look(code) for code in codes], dtype=pl.String)


def _leaked(candidates: pl.DataFrame, rules: Attribution) -> pl.Series:
    """Name the codes that many use who did not come from the creator: through coupon sites, or out of time."""
    strange = pl.col("coupon_site") | ~pl.col("timely")
    per_order = candidates.filter(pl.col("rank") < 2).group_by("value", "order_id").agg(strange=strange.all())
    counted = per_order.group_by("value").agg(pl.col("strange").sum(), orders=pl.len())
    many = (pl.col("strange") >= rules.leak_orders) & (pl.col("strange") >= rules.leak_share * pl.col("orders"))
    return counted.filter(many)["value"].sort()


def leaked_codes(orders: pl.DataFrame) -> list[str]:
    """List the codes that leaked, from attributed orders."""
    return sorted(orders.filter("leaked")["value"].drop_nulls().unique())


def _only_deal(orders: pl.DataFrame, placements: pl.DataFrame) -> pl.DataFrame:
    """Give orders without code and UTM to the deal that runs, where exactly one does."""
    bare = orders.filter(
        pl.col("placement_id").is_null() & (pl.col("codes").list.len() == 0) & (pl.col("utm").list.len() == 0)
    )
    running = bare.select("order_id", "ordered_at").join_where(
        placements.select("starts", "ends", only="placement_id"),
        pl.col("ordered_at") >= pl.col("starts"),
        pl.col("ordered_at") <= pl.col("ends"),
    )
    only = running.group_by("order_id").agg(pl.col("only").first(), n=pl.len()).filter(pl.col("n") == 1)
    orders = orders.join(only.select("order_id", "only"), on="order_id", how="left")
    how = pl.when(pl.col("only").is_not_null()).then(pl.lit("dates alone")).otherwise("how")
    return orders.with_columns(pl.coalesce("placement_id", "only"), how=how).drop("only")


def funnel(orders: pl.DataFrame) -> pl.DataFrame:
    """Count ordered, confirmed and delivered orders, and what was paid, of each placement with a linked order."""
    state = pl.col("state")
    paid = (pl.col("total_mad") - pl.col("refunded_mad").fill_null(0)).clip(lower_bound=0)
    return (
        orders.filter(pl.col("placement_id").is_not_null())
        .group_by("placement_id")
        .agg(
            ordered=pl.len().cast(pl.Int64),
            confirmed=state.is_in(["confirmed", "returned", "delivered"]).sum().cast(pl.Int64),
            delivered=(state == "delivered").sum().cast(pl.Int64),
            revenue_mad=paid.filter(state == "delivered").sum(),
        )
        .sort("placement_id")
    )
