"""Nested values as MLflow takes them: names with dots, numbers apart from words."""

from collections.abc import Iterator
from typing import Any

from ..files import plain

Numbers = dict[str, float]


def flat(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Name the leaves of nested values with dots; rows of a list are named by what they are about, or by number."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from flat(value, f"{prefix}{key}.")
    elif isinstance(values, list) and any(isinstance(item, dict) for item in values):
        for index, item in enumerate(values):
            yield from flat(item, f"{prefix}{_name(item) or index}.")
    else:
        yield prefix.rstrip("."), plain(values)


def _name(item: dict[str, Any]) -> str | None:
    return next((str(item[key]) for key in ("tier", "claim", "name") if isinstance(item.get(key), str)), None)


def numbers(values: Any) -> Numbers:
    """Keep the leaves that are metrics: numbers, not flags, under names that MLflow takes."""
    return {
        "".join(sign if sign.isalnum() or sign in "_-./ " else "_" for sign in name): float(value)
        for name, value in flat(values)
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
