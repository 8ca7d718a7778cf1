"""Looking back: rows of a window that ends strictly before ``as_of``."""

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir


def look_back(pairs: ir.Table, rows: ir.Table, at: str, windows: Sequence[int]) -> ir.Table:
    """Join each pair with the rows of its creator in the longest window before its ``as_of``.

    A pair without ``as_of`` (its creator has no dates) gets all rows, as of the longest window.

    :param pairs: ``pair_id``, ``creator_id``, ``as_of``.
    :param rows: With ``creator_id`` and the time column ``at``.
    :return: The rows with ``pair_id``, ``as_of`` and one flag a window, ``in_<days>d``.
    """
    longest = max(windows)
    seen = pairs.as_of.isnull() | _within(pairs.as_of, rows[at], longest)
    joined = pairs.join(rows, [pairs.creator_id == rows.creator_id, seen])
    undated = joined.as_of.isnull()
    flags = {
        f"in_{days}d": (undated & (days == longest)) | _within(joined.as_of, joined[at], days).fill_null(False)
        for days in windows
    }
    return joined.mutate(**flags)


def _within(as_of: ir.Value, at: ir.Value, days: int) -> ir.BooleanValue:
    return (at < as_of) & (at >= as_of - ibis.interval(days=days))


def for_each_window(
    windows: Sequence[int], rows: ir.Table, aggregates: Callable[[ir.BooleanValue, int], dict[str, ir.Value]]
) -> dict[str, ir.Value]:
    """Name the aggregates of every window: ``aggregates`` gets the window's flag and its days."""
    return {
        f"{name}_{days}d": value for days in windows for name, value in aggregates(rows[f"in_{days}d"], days).items()
    }


def ratio(above: ir.Value, below: ir.Value) -> ir.Value:
    """Divide; null where the denominator is 0."""
    return above / below.cast("float64").nullif(0)


def seconds(later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.FloatingValue:
    """Return the seconds between two times, as a float: Spark would divide whole numbers as decimals of few digits."""
    return later.delta(earlier, unit="second").cast("float64")
