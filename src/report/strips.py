"""A small figure for one claim: its estimate and the rows beside it on one scale, with no effect in the middle."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from .figures import VERDICTS

_LEFT, _WIDTH, _ROW = 118, 260, 15  # pixels: where the scale starts and ends, and the height of a row


def strip(record: dict[str, Any], say: Callable[[str], str]) -> Markup:
    """Draw the estimate of a claim with its 90 % (thick) and 95 % (thin) interval, and a line for each row beside it.

    :param record: Of :func:`thiqa.evidence.examine`, with an estimate.
    :param say: Gives the words of a key in the reader's language.
    """
    rows = _rows(record)
    numbers = [abs(value) for _, row in rows for value in row.values() if isinstance(value, float | int)]
    reach = max([*numbers, abs(record["low_95"]), abs(record["high_95"])]) or 1.0
    centre, half = (_LEFT + _WIDTH) / 2, (_WIDTH - _LEFT) / 2 - 4

    def at(value: float) -> str:
        return f"{centre + half * value / reach:.1f}"

    height = _ROW * len(rows) + 4
    lines = [f'<line x1="{centre}" x2="{centre}" y1="0" y2="{height}" stroke="#777"/>']
    for place, (name, row) in enumerate(rows):
        y = _ROW * place + 9
        colour = VERDICTS[record["verdict"]] if place == 0 else "#555"
        lines.append(f'<text x="0" y="{y + 4}" font-size="10" fill="currentColor">{escape(say(name))}</text>')
        if place == 0:
            lines.append(_line(at(record["low_95"]), at(record["high_95"]), y, colour, 1))
        if "low" in row:
            lines.append(_line(at(row["low"]), at(row["high"]), y, colour, 3 if place == 0 else 2))
        lines.append(f'<circle cx="{at(row["estimate"])}" cy="{y}" r="{4 if place == 0 else 3}" fill="{colour}"/>')
    label = escape(f"{record['claim']}: {record['estimate']:.3g} ({record['low']:.3g}, {record['high']:.3g})")
    return Markup(  # noqa: S704 numbers and escaped words
        f'<svg class="strip" role="img" aria-label="{label}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}">{"".join(lines)}</svg>'
    )


def _rows(record: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """Name the rows that have an estimate, the claim's own first."""
    sensitivity = record.get("sensitivity") or {}
    found = [("strip_estimate", {name: record[name] for name in ("estimate", "low", "high")})]
    if "with_nothing_left_over" in sensitivity:
        found.append(("strip_nothing_left", {"estimate": sensitivity["with_nothing_left_over"]}))
    beside = [("strip_slope", record.get("slope"))]
    for prefix, rows in (("strip", record.get("by_tier")), ("strip_arousal", record.get("arousal"))):
        beside += [(f"{prefix}_{side}", (rows or {}).get(side)) for side in ("small", "macro")]
    for name, row in beside:
        if isinstance(row, dict) and "estimate" in row:
            found.append((name, {key: row[key] for key in ("estimate", "low", "high")}))
    return found


def _line(start: str, end: str, y: int, colour: str, width: int) -> str:
    return f'<line x1="{start}" x2="{end}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="{width}"/>'
