"""Looking back: rows of a window that ends strictly before ``as_of``."""

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

Aggregates = Callable[[ir.BooleanValue, int], dict[str, ir.Value]]  # a window's flag and its days to its aggregates


def look_back(pairs: ir.Table, rows: ir.Table, at: str, windows: Sequence[int]) -> ir.Table:
    """Join each pair with the rows of its creator in the longest window before its ``as_of``.

    A pair without ``as_of`` (its creator has no dates) gets all rows, as of the longest window.

    :param pairs: ``pair_id``, ``creator_id``, ``as_of``.
    :param rows: With ``creator_id`` and the time column ``at``.
    :return: The rows with ``pair_id``, ``as_of`` and one flag a window, ``in_<days>d``.
    """
    longest = max(windows)
    # days are taken from a moment once a pair, not once a row: with time zones that is slow
    starts = {days: f"start_{days}d" for days in windows}
    asked = pairs.select(
        "pair_id",
        "creator_id",
        "as_of",
        **{start: pairs.as_of - ibis.interval(days=days) for days, start in starts.items()},
    )
    seen = asked.as_of.isnull() | ((rows[at] < asked.as_of) & (rows[at] >= asked[starts[longest]]))
    joined = asked.join(rows, [asked.creator_id == rows.creator_id, seen])
    flags = {f"in_{days}d": (joined[at] >= joined[start]).fill_null(False) for days, start in starts.items()}
    return joined.mutate(**flags | {f"in_{longest}d": ibis.literal(True)}).drop(*starts.values())


def in_one_pass(rows: ir.Table, windows: Sequence[int], *parts: Aggregates) -> ir.Table:
    """Aggregate rows (from :func:`look_back`) pair by pair, all windows of all parts at once."""
    columns: dict[str, ir.Value] = {}
    for part in parts:
        columns |= for_each_window(windows, rows, part)
    return rows.group_by("pair_id").aggregate(**columns)


def for_each_window(windows: Sequence[int], rows: ir.Table, aggregates: Aggregates) -> dict[str, ir.Value]:
    """Name the aggregates of every window."""
    return {
        f"{name}_{days}d": value for days in windows for name, value in aggregates(rows[f"in_{days}d"], days).items()
    }


def ratio(above: ir.Value, below: ir.Value) -> ir.Value:
    """Divide; null where the denominator is 0."""
    return above / below.cast("float64").nullif(0)


def seconds(later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.FloatingValue:
    """Return the seconds between two times, as a float: Spark would divide whole numbers as decimals of few digits."""
    return later.delta(earlier, unit="second").cast("float64")
