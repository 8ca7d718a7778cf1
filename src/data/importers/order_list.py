"""A shop's order list, read as one row an order: when, how far it came, by which code; customers as keyed hashes."""

import hmac
import re

import polars as pl

from .. import parse
from ..quarantine import Quarantine
from .attribution import Attribution, codes_in, plain_code
from .found import Found
from .guess import folded
from .order_words import OrderMapping, column, query_of, state, state_words, words
from .staging import ROW, Staging
from .tabular import open_table

UNKNOWN_STATE = "expected a known state; name it in the mapping under states:"
_QUERY_CODES = ("discount", "coupon", "code", "promo")


def read_orders(file: Found, columns: dict[str, str], mapping: OrderMapping, rules: Attribution, staging: Staging,
                 quarantine: Quarantine) -> pl.DataFrame:  # fmt: skip
    """Read one order list: one row an order, however many lines it has; customers leave as keyed hashes."""
    parts = []
    for chunk in open_table(file, quarantine).chunks:
        raw = pl.DataFrame({name: column(chunk, columns, name) for name in words("order_columns.yaml")["orders"]})
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
    for name, lost, reason in faults:
        found = lines["__state"].str.strip_chars_start("?") if name == "status" else raw[name]
        for row, value in zip(lines["ROW"].filter(lost), found.filter(lost), strict=True):
            quarantine.reject(file, row, name, value, reason)
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
    known = state_words() | {folded(word): state for word, state in mapping.states.items()}
    seen: dict[tuple[str | None, ...], str | None] = {}
    out = []
    for row in raw.select("status", "payment", "shipping", "cancelled_at").iter_rows():
        if row not in seen:
            seen[row] = state(row, known)
        out.append(seen[row])
    return out


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
        query = query_of(landing) if landing else {}
        found = codes_in(code) if code else []
        found += [plain_code(value) for name in _QUERY_CODES for value in query.get(name, []) if plain_code(value)]
        told = [campaign, content, source, *(v for n, vs in query.items() if n.startswith("utm_") for v in vs)]
        codes.append(list(dict.fromkeys(found)))
        utms.append(list(dict.fromkeys(plain_code(word) for word in told if word and plain_code(word))))
        place = f"{referrer or ''} {source or ''}".lower()
        sites.append(any(site in place for site in rules.coupon_sites))
    return [pl.Series("codes", codes, dtype=pl.List(pl.String)), pl.Series("utm", utms, dtype=pl.List(pl.String)),
            pl.Series("coupon_site", sites, dtype=pl.Boolean)]  # fmt: skip
