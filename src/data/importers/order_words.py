"""The words of order lists: names of columns, states of an order, and a mapping for those that are not known."""

import re
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import yaml
from pydantic import Field

from ...config import Frozen
from .guess import folded


class OrderMapping(Frozen):
    """Where names or words of an export are not known: which column is what, and what a state means."""

    orders: dict[str, str] = Field(default_factory=dict)
    deals: dict[str, str] = Field(default_factory=dict)
    states: dict[str, str] = Field(default_factory=dict)  # a word of the export: a state of attribution.STATES
    platform: str | None = None  # of the deals' creators
    timezone: str = "Africa/Casablanca"
    mad_per_unit: float = 1.0  # what one unit of the shop's currency is worth


@cache
def words(name: str) -> dict[str, Any]:
    """Read a list of words that comes with the package."""
    read: dict[str, Any] = yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return read


def column(chunk: pl.DataFrame, columns: dict[str, str], name: str) -> pl.Series:
    """Return the texts of one of our columns, null where the export has none."""
    if name in columns:
        return chunk[columns[name]].str.strip_chars().replace("", None)
    return pl.Series([None] * len(chunk), dtype=pl.String)


def query_of(address: str) -> dict[str, list[str]]:
    """Read the parameters of an address within a text."""
    match = re.search(r"[\w./:-]*\?\S+", address)
    try:
        return parse_qs(urlsplit(match[0]).query) if match else {}
    except ValueError:
        return {}


@cache
def state_words() -> dict[str, str]:
    """Return what each known word says of an order."""
    return {folded(word): told for told, names in words("states.yaml").items() for word in names}


def state(row: tuple[str | None, ...], known: dict[str, str]) -> str | None:
    """Say how far an order came; a word that is not known comes back after a question mark.

    >>> state(("x", None, None, None), {"x": "shipped"}), state((None, "paid", "fulfilled", None), state_words())
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
