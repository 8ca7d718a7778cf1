"""Orders linked to the deals whose codes brought them, and each placement's funnel counted anew."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from ...errors import InputError
from ...tables import check, write
from .attribution import STATES, Attribution, attribute, funnel, leaked_codes
from .deals import read_deals
from .found import Found
from .guess import matched
from .mapped import tables_in
from .order_list import read_orders
from .order_words import OrderMapping, words
from .run import Progress, importing
from .tabular import open_table

ORDERS, CODES, UNLINKED = "orders.parquet", ".codes.parquet", "unlinked.jsonl"
_TIME, _LIST = pl.Datetime("us", "UTC"), pl.List(pl.String)
_KEPT: dict[str, Any] = {
    "order_id": pl.String, "ordered_at": _TIME, "state": pl.String, "codes": _LIST, "utm": _LIST,
    "total_mad": pl.Float64, "refunded_mad": pl.Float64, "customer": pl.String, "coupon_site": pl.Boolean,
    "observed": _TIME,
}  # fmt: skip
_ATTRIBUTED = ("ordered", "confirmed", "delivered", "revenue_mad")


def import_orders(
    path: Path,
    into: Path,
    *,
    deals: Path | None = None,
    mapping: OrderMapping | None = None,
    rules: Attribution | None = None,
    max_rejected: float = 0.2,
    on_rows: Progress | None = None,
) -> dict[str, dict[str, int]]:
    """Import orders, link them to the placements of ``into`` and count each placement's funnel anew.

    :param path: A file or folder of order lists; deals may lie beside them.
    :param into: A folder of imported tables; the creators of the deals must be there.
    :param deals: A table of deals with their promo codes or UTMs, unless it is in ``path`` or was imported before.
    :return: ``{file: {read, accepted, rejected}}``.
    :raises InputError: If a file cannot be read, no deal is known, or too much is rejected.
    """
    mapping, rules = mapping or OrderMapping(), rules or Attribution()
    check(into, whole=False)
    found = [*tables_in(path), *(tables_in(deals) if deals else [])]
    with importing(into, on_rows) as (staging, quarantine, finishing):
        kinds = {file.name: (file, *_kind(file, mapping)) for file in found}
        codes = [read_deals(file, columns, mapping, into, staging, quarantine)
                 for file, kind, columns in kinds.values() if kind == "deals"]  # fmt: skip
        orders = [read_orders(file, columns, mapping, rules, staging, quarantine)
                  for file, kind, columns in kinds.values() if kind == "orders"]  # fmt: skip
        about: dict[str, Any] = {}

        def after(out: Path) -> None:
            about["orders"] = _link(_merged_codes(codes, into), _merged_orders(orders, into), into, out, rules)

        finishing(max_rejected, about, after)
    return quarantine.summary()


def _kind(file: Found, mapping: OrderMapping) -> tuple[str, dict[str, str]]:
    """Tell orders from deals by their columns."""
    names = open_table(file).names
    synonyms = words("order_columns.yaml")
    orders = matched(names, synonyms["orders"]) | {k: v for k, v in mapping.orders.items() if v in names}
    deals = matched(names, synonyms["deals"]) | {k: v for k, v in mapping.deals.items() if v in names}
    states = {"status", "payment", "shipping"} & orders.keys()
    if {"order_id", "ordered_at"} <= orders.keys() and states:
        return "orders", orders
    if "creator" in deals and {"code", "utm", "agreed_at"} & deals.keys():
        return "deals", deals
    raise InputError(f"{file.name}: neither orders (number, date, state) nor deals (creator, code, date); found "
                     f"{', '.join(names)[:300]}; name the columns with --mapping")  # fmt: skip


def _merged_codes(new: Iterable[pl.DataFrame], into: Path) -> pl.DataFrame:
    old = [pl.read_parquet(into / CODES)] if (into / CODES).exists() else []
    parts = [*new, *old]
    if not parts:
        raise InputError(
            f"{into}: no deal has a promo code or UTM; give a table of deals (creator, code, date) with --deals"
        )
    return pl.concat(parts).unique(["placement_id", "kind", "value"], keep="first", maintain_order=True).sort(
        "placement_id", "kind", "value")  # fmt: skip


def _merged_orders(new: Iterable[pl.DataFrame], into: Path) -> pl.DataFrame:
    """Put new orders and those of earlier imports together: the later observation of an order counts."""
    old = [pl.read_parquet(into / ORDERS)] if (into / ORDERS).exists() else []
    parts = [part.select(pl.col(name).cast(dtype) for name, dtype in _KEPT.items()) for part in [*old, *new]]
    if not parts:
        return pl.DataFrame(schema=_KEPT)
    return pl.concat(parts).sort("observed", maintain_order=True).unique("order_id", keep="last", maintain_order=True)


def _link(codes: pl.DataFrame, orders: pl.DataFrame, into: Path, out: Path, rules: Attribution) -> dict[str, Any]:
    """Attribute all orders, count each placement's funnel, list what could not be linked."""
    file = next(
        (folder / "placements.parquet" for folder in (out, into) if (folder / "placements.parquet").exists()), None
    )
    if file is None:
        raise InputError(f"{into}: no placement; import deals (creator, code, date) with the orders or before them")
    placements = pl.read_parquet(file)
    days = codes.group_by("placement_id").agg(pl.col("starts").min(), pl.col("ends").max())
    before, after = pl.duration(hours=24 * rules.days_before), pl.duration(hours=24 * rules.days_after)
    windows = placements.select("placement_id", "agreed_at").join(days, on="placement_id", how="left").select(
        "placement_id", starts=pl.coalesce("starts", "agreed_at") - before,
        ends=pl.coalesce("ends", "starts", "agreed_at") + after)  # fmt: skip
    linked = attribute(orders, windows, codes.select("placement_id", "kind", "value"), rules)
    counted = _counted(windows, codes, linked)
    kept = placements.drop(_ATTRIBUTED).join(counted, on="placement_id", how="left")
    earlier = placements.select("placement_id", *_ATTRIBUTED)
    kept = kept.join(earlier, on="placement_id", suffix="_before").with_columns(
        pl.coalesce(name, f"{name}_before").alias(name) for name in _ATTRIBUTED)  # fmt: skip
    write("placements", kept.select(placements.columns), out)
    codes.write_parquet(out / CODES)
    linked.select(*_KEPT, "placement_id", "how", "duplicate", "leaked", "reason").write_parquet(out / ORDERS)
    lost = linked.filter(pl.col("reason").is_not_null())
    lost.select(
        "order_id", pl.col("ordered_at").dt.to_string("iso:strict"), "state", "codes", "utm", "reason"
    ).write_ndjson(out / UNLINKED)
    return {
        "orders": len(linked),
        "linked": len(linked) - len(lost),
        "unlinked": len(lost),
        "reasons": dict(
            lost["reason"].value_counts(sort=True).sort("count", "reason", descending=[True, False]).iter_rows()
        ),
        "by": dict(linked["how"].drop_nulls().value_counts().sort("how").iter_rows()),
        "states": {state: int((linked["state"] == state).sum()) for state in STATES},
        "duplicates": int(linked["duplicate"].sum()),
        "leaked codes": leaked_codes(linked),
    }


def _counted(windows: pl.DataFrame, codes: pl.DataFrame, linked: pl.DataFrame) -> pl.DataFrame:
    """Count the funnel; a deal whose code was read throughout its days, and brought nothing, brought 0."""
    first, last = linked["ordered_at"].min(), linked["ordered_at"].max()
    marked = codes.filter(pl.col("kind") != "none")["placement_id"].unique()
    seen = windows.filter(
        pl.col("placement_id").is_in(marked.to_list()) & (pl.col("starts") <= last) & (pl.col("ends") >= first)
    ).select("placement_id")
    zeros = [pl.col(name).fill_null(0) for name in _ATTRIBUTED]
    watched = seen.join(funnel(linked), on="placement_id", how="full", coalesce=True)
    return watched.with_columns(zeros)
