"""A shop's order list (Shopify, WooCommerce, YouCan and the like) and the deals whose codes brought the orders."""

import hmac
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import yaml
from pydantic import Field

from ...config import Frozen
from ...errors import InputError
from ...tables import check, write
from .. import parse
from ..identity import keyed_hash
from ..quarantine import Quarantine
from .attribution import STATES, Attribution, attribute, codes_in, funnel, leaked_codes, plain_code
from .found import Found
from .guess import folded, matched
from .mapped import tables_in
from .merge import ALIASES
from .run import Progress, importing
from .staging import PLATFORM, ROW, Staging
from .tabular import open_table

ORDERS, CODES, UNLINKED = "orders.parquet", ".codes.parquet", "unlinked.jsonl"
_TIME, _LIST = pl.Datetime("us", "UTC"), pl.List(pl.String)
_KEPT: dict[str, Any] = {
    "order_id": pl.String, "ordered_at": _TIME, "state": pl.String, "codes": _LIST, "utm": _LIST,
    "total_mad": pl.Float64, "refunded_mad": pl.Float64, "customer": pl.String, "coupon_site": pl.Boolean,
    "observed": _TIME,
}  # fmt: skip
_CODES: dict[str, Any] = {
    "placement_id": pl.String,
    "kind": pl.String,
    "value": pl.String,
    "starts": _TIME,
    "ends": _TIME,
}
UNKNOWN_STATE = "expected a known state; name it in the mapping under states:"
_QUERY_CODES = ("discount", "coupon", "code", "promo")
_ATTRIBUTED = ("ordered", "confirmed", "delivered", "revenue_mad")


class OrderMapping(Frozen):
    """Where names or words of an export are not known: which column is what, and what a state means."""

    orders: dict[str, str] = Field(default_factory=dict)
    deals: dict[str, str] = Field(default_factory=dict)
    states: dict[str, str] = Field(
        default_factory=dict
    )  # word of the export: ordered, confirmed, delivered, returned or cancelled
    platform: str | None = None  # of the deals' creators
    timezone: str = "Africa/Casablanca"
    mad_per_unit: float = 1.0  # what one unit of the shop's currency is worth


@cache
def _words(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    words: dict[str, Any] = yaml.safe_load(text)
    return words


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
        codes = [_read_deals(file, columns, mapping, into, staging, quarantine)
                 for file, kind, columns in kinds.values() if kind == "deals"]  # fmt: skip
        orders = [_read_orders(file, columns, mapping, rules, staging, quarantine)
                  for file, kind, columns in kinds.values() if kind == "orders"]  # fmt: skip
        about: dict[str, Any] = {}

        def after(out: Path) -> None:
            about["orders"] = _link(_merged_codes(codes, into), _merged_orders(orders, into), into, out, rules)

        finishing(max_rejected, about, after)
    return quarantine.summary()


def _kind(file: Found, mapping: OrderMapping) -> tuple[str, dict[str, str]]:
    """Tell orders from deals by their columns."""
    names = open_table(file).names
    synonyms = _words("order_columns.yaml")
    orders = matched(names, synonyms["orders"]) | {k: v for k, v in mapping.orders.items() if v in names}
    deals = matched(names, synonyms["deals"]) | {k: v for k, v in mapping.deals.items() if v in names}
    states = {"status", "payment", "shipping"} & orders.keys()
    if {"order_id", "ordered_at"} <= orders.keys() and states:
        return "orders", orders
    if "creator" in deals and {"code", "utm", "agreed_at"} & deals.keys():
        return "deals", deals
    raise InputError(f"{file.name}: neither orders (number, date, state) nor deals (creator, code, date); found "
                     f"{', '.join(names)[:300]}; name the columns with --mapping")  # fmt: skip


def _column(chunk: pl.DataFrame, columns: dict[str, str], name: str) -> pl.Series:
    if name in columns:
        return chunk[columns[name]].str.strip_chars().replace("", None)
    return pl.Series([None] * len(chunk), dtype=pl.String)


def _read_orders(file: Found, columns: dict[str, str], mapping: OrderMapping, rules: Attribution, staging: Staging,
                 quarantine: Quarantine) -> pl.DataFrame:  # fmt: skip
    """Read one order list: one row an order, however many lines it has; customers leave as keyed hashes."""
    parts = []
    for chunk in open_table(file, quarantine).chunks:
        raw = pl.DataFrame({name: _column(chunk, columns, name) for name in _words("order_columns.yaml")["orders"]})
        lines = raw.select(
            "order_id",
            pl.lit(parse.times(raw["ordered_at"], mapping.timezone)).alias("ordered_at"),
            pl.Series("__state", _states(raw, mapping), dtype=pl.String),
            *[(parse.money(pl.col(name)) * mapping.mad_per_unit).alias(name) for name in ("total_mad", "refunded_mad")],
            *_marks(raw, rules),
            pl.Series("customer", _customers(raw["customer"], staging.key), dtype=pl.String),
            ROW=chunk[ROW],
        )
        parts.append(_sound(raw, lines, file.name, quarantine))
        staging.progress(file.name, len(chunk))
    lines = pl.concat(parts) if parts else pl.DataFrame()
    return _one_an_order(lines).with_columns(observed=pl.lit(file.observed_at).dt.cast_time_unit("us"))


def _sound(raw: pl.DataFrame, lines: pl.DataFrame, file: str, quarantine: Quarantine) -> pl.DataFrame:
    """Reject lines with a fault. The further lines of an order say little: they need its number alone."""
    first = raw["ordered_at"].is_not_null()
    faults = [
        ("order_id", raw["order_id"].is_null(), "expected the order's number"),
        ("ordered_at", first & lines["ordered_at"].is_null(), "expected a date"),
        ("status", lines["__state"].str.starts_with("?").fill_null(value=False), UNKNOWN_STATE),
        ("total_mad", raw["total_mad"].is_not_null() & lines["total_mad"].is_null(), "expected an amount"),
    ]  # fmt: skip
    bad = pl.Series([False] * len(lines), dtype=pl.Boolean)
    for column, lost, reason in faults:
        found = lines["__state"].str.strip_chars_start("?") if column == "status" else raw[column]
        for row, value in zip(lines["ROW"].filter(lost), found.filter(lost), strict=True):
            quarantine.reject(file, row, column, value, reason)
        bad |= lost
    return lines.filter(~bad).drop("ROW")


def _one_an_order(lines: pl.DataFrame) -> pl.DataFrame:
    first = ["ordered_at", "total_mad", "refunded_mad", "customer", "__state"]
    orders = lines.group_by("order_id", maintain_order=True).agg(
        *[pl.col(name).drop_nulls().first() for name in first],
        *[pl.col(name).explode().drop_nulls().unique(maintain_order=True) for name in ("codes", "utm")],
        pl.col("coupon_site").any(),
    )
    return orders.with_columns(state=pl.col("__state").fill_null("ordered")).drop("__state")


def _states(raw: pl.DataFrame, mapping: OrderMapping) -> list[str | None]:
    """Put status, payment, shipping and cancellation together, once for each combination that occurs."""
    known = _state_words() | {folded(word): state for word, state in mapping.states.items()}
    seen: dict[tuple[str | None, ...], str | None] = {}
    out = []
    for row in raw.select("status", "payment", "shipping", "cancelled_at").iter_rows():
        if row not in seen:
            seen[row] = _state(row, known)
        out.append(seen[row])
    return out


@cache
def _state_words() -> dict[str, str]:
    words: dict[str, list[str]] = _words("states.yaml")
    return {folded(word): state for state, names in words.items() for word in names}


def _state(row: tuple[str | None, ...], known: dict[str, str]) -> str | None:
    """Say how far an order came; a word that is not known comes back after a question mark.

    >>> _state(("x", None, None, None), {"x": "shipped"}), _state((None, "paid", "fulfilled", None), _state_words())
    ('confirmed', 'delivered')
    """
    told = [known.get(folded(word).removeprefix("wc ")) for word in row[:3] if word]
    if not told:
        return "cancelled" if row[3] else None
    if None in told:
        return "?" + next(word for word in row[:3] if word and folded(word).removeprefix("wc ") not in known)
    parts = [known.get(folded(word).removeprefix("wc ")) if word else None for word in row[:3]]
    return "cancelled" if row[3] and "returned" not in told else _furthest(*parts)


def _furthest(status: str | None, payment: str | None, shipping: str | None) -> str:
    """Say how far an order came from the three states that shops keep apart."""
    told = {status, payment, shipping}
    for end in ("returned", "cancelled"):
        if end in told:
            return end
    paid = payment in ("delivered", "partly refunded")
    arrived = (
        shipping == "delivered" or (shipping == "shipped" and paid) or (shipping is None and status == "delivered")
    )
    if arrived and (payment is None or paid or shipping == "delivered"):
        return "delivered"
    return "confirmed" if told & {"confirmed", "shipped", "delivered"} else "ordered"


def _customers(contacts: pl.Series, key: bytes) -> list[str | None]:
    """Hash phone numbers (their last nine digits) or e-mail addresses, each distinct one once."""

    def hashed(contact: str) -> str:
        digits = re.sub(r"\D", "", contact)
        return hmac.digest(key, (digits[-9:] if len(digits) >= 9 else contact.lower()).encode(), "sha256")[:8].hex()

    hashes = {contact: hashed(contact) for contact in contacts.drop_nulls().unique()}
    return [hashes.get(contact) for contact in contacts]


def _marks(raw: pl.DataFrame, rules: Attribution) -> list[pl.Series]:
    """Read codes and UTMs of each line: from their columns and from the address of the first page."""
    codes, utms, sites = [], [], []
    for code, campaign, source, content, landing, referrer in raw.select(
        "code", "utm", "utm_source", "utm_content", "landing", "referrer"
    ).iter_rows():
        query = _query(landing) if landing else {}
        found = codes_in(code) if code else []
        found += [plain_code(value) for name in _QUERY_CODES for value in query.get(name, []) if plain_code(value)]
        words = [campaign, content, source, *(v for n, vs in query.items() if n.startswith("utm_") for v in vs)]
        codes.append(list(dict.fromkeys(found)))
        utms.append(list(dict.fromkeys(plain_code(word) for word in words if word and plain_code(word))))
        place = f"{referrer or ''} {source or ''}".lower()
        sites.append(any(site in place for site in rules.coupon_sites))
    return [pl.Series("codes", codes, dtype=pl.List(pl.String)), pl.Series("utm", utms, dtype=pl.List(pl.String)),
            pl.Series("coupon_site", sites, dtype=pl.Boolean)]  # fmt: skip


def _query(address: str) -> dict[str, list[str]]:
    match = re.search(r"[\w./:-]*\?\S+", address)
    try:
        return parse_qs(urlsplit(match[0]).query) if match else {}
    except ValueError:
        return {}


def _read_deals(file: Found, columns: dict[str, str], mapping: OrderMapping, into: Path, staging: Staging,
                quarantine: Quarantine) -> pl.DataFrame:  # fmt: skip
    """Stage campaigns and placements of a table of deals; returns their codes and UTMs with the days they run."""
    found = []
    creators = _Creators(into, staging.key)
    for chunk in open_table(file, quarantine).chunks:
        raw = pl.DataFrame({name: _column(chunk, columns, name) for name in _words("order_columns.yaml")["deals"]})
        platform = raw["platform"].str.to_lowercase().fill_null(mapping.platform or creators.platform)
        raw = raw.with_columns(platform.alias(PLATFORM), chunk[ROW].alias(ROW))
        raw = raw.with_columns(
            campaign_id=pl.coalesce("campaign_id", "brand", pl.lit("campaign")),
            agreed_at=pl.coalesce("agreed_at", "starts_at"),
        )
        raw = raw.with_columns(
            pl.coalesce("placement_id", pl.concat_str("creator", "campaign_id", "agreed_at", separator=" / "))
        )
        known = [creators.find(p, c) for p, c in raw.select(PLATFORM, "creator").iter_rows()]
        raw = raw.with_columns(
            pl.Series(
                "creator_id",
                [c if how == "id" else None for c, how in zip(raw["creator"], known, strict=True)],
                dtype=pl.String,
            ),
            pl.Series(
                "creator_name",
                [c if how == "name" else None for c, how in zip(raw["creator"], known, strict=True)],
                dtype=pl.String,
            ),
        )
        for row, how in zip(raw[ROW], known, strict=True):
            if how is None:
                quarantine.reject(
                    file.name, row, "creator", None, "expected a creator whose account was imported before"
                )
        sound = raw.filter(pl.Series([how is not None for how in known], dtype=pl.Boolean))
        staging.add(
            file.name, file.observed_at, len(chunk), _deal_tables(sound), timezone=mapping.timezone, strict=False
        )
        found.append(
            _codes_of(sound.filter(~pl.col(ROW).is_in(list(quarantine.rejected_rows(file.name)))), mapping.timezone)
        )
    return pl.concat(found) if found else pl.DataFrame(schema=_CODES)


def _deal_tables(raw: pl.DataFrame) -> dict[str, pl.DataFrame]:
    campaigns = raw.select("campaign_id", "brand", "starts_at", "ends_at", PLATFORM, ROW)
    placements = raw.select("placement_id", "campaign_id", "creator_id", "creator_name", "agreed_at", "fee_mad",
                            "goods_mad", "reach", "clicks", PLATFORM, ROW)  # fmt: skip
    return {"campaigns": campaigns, "placements": placements.with_columns(post_ids=_post_ids(raw))}


def _post_ids(raw: pl.DataFrame) -> pl.Series:
    """Write the ids of a deal's posts with their platform, from ids or from the posts' addresses."""
    cells = []
    for platform, cell in raw.select(PLATFORM, "post_ids").iter_rows():
        ids = [re.sub(r"[/?#].*$", "", re.sub(r"^.*/(?:p|reel|video|posts|watch\?v=|shorts)/?", "", part.strip()))
               for part in re.split(r"[,;\s]+", cell or "") if part.strip()]  # fmt: skip
        cells.append(",".join(f"{platform}:{one}" for one in ids if one) or None)
    return pl.Series(cells, dtype=pl.String)


def _codes_of(raw: pl.DataFrame, timezone: str) -> pl.DataFrame:
    starts = parse.times(raw["starts_at"].fill_null(raw["agreed_at"]), timezone)
    ends = parse.times(raw["ends_at"], timezone)
    rows = []
    for deal, code, utm, start, end in zip(raw["placement_id"], raw["code"], raw["utm"], starts, ends, strict=True):
        marks = [("code", value) for value in (codes_in(code) if code else [])]
        marks += [("utm", value) for value in _utms(utm)] or ([] if marks else [("none", "")])
        rows += [(deal, kind, value, start, end) for kind, value in marks]
    return pl.DataFrame(rows, schema=_CODES, orient="row")


def _utms(cell: str | None) -> list[str]:
    """Read the UTMs of a cell: a link's parameters, else the cell itself."""
    if not cell:
        return []
    query = _query(cell)
    told = [value for name in ("utm_content", "utm_campaign", "utm_source") for value in query.get(name, [])][:1]
    return [
        plain_code(value) for value in told or ([] if "/" in cell else re.split(r"[,;]", cell)) if plain_code(value)
    ]


class _Creators:
    """The creators of a folder, to be found by native id or by user name."""

    def __init__(self, into: Path, key: bytes) -> None:
        self._key = key
        file = into / "creators.parquet"
        ids = (
            pl.read_parquet(file, columns=["creator_id"])["creator_id"]
            if file.exists()
            else pl.Series([], dtype=pl.String)
        )
        aliases = (
            pl.read_parquet(into / ALIASES)["alias"] if (into / ALIASES).exists() else pl.Series([], dtype=pl.String)
        )
        self._ids, self._aliases = set(ids), set(aliases)
        platforms = {one.split(":")[0] for one in self._ids}
        self.platform = platforms.pop() if len(platforms) == 1 else None

    def find(self, platform: str | None, creator: str | None) -> str | None:
        """Say whether a creator is known by ``id`` or by ``name``; None where not at all."""
        if not platform or not creator:
            return None
        if f"{platform}:{keyed_hash(creator, self._key)}" in self._ids:
            return "id"
        alias = f"{platform}:{keyed_hash('@' + creator.strip().lstrip('@').lower(), self._key)}"
        return "name" if alias in self._ids or alias in self._aliases else None


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
