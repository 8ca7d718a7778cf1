"""The labelled corpus (``data/corpus/*.jsonl``): reading its parts, and checking them against the labels' rules."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import InputError

POST_LABELS = ("ad", "polished", "overconsumption", "tested")
COMMENT_LABELS = ("genuine", "spam", "intent", "suspicion", "trust")
LABELS = POST_LABELS + COMMENT_LABELS
VARIETIES = ("fr", "ary-Arab", "ary-Latn", "arb", "en", "zgh", "mixed")
DISCLOSURES = ("none", "ambiguous", "clear")
SLICES = ("easy", "hard", "evasive")
_SCHEMA = {
    "id": pl.String, "part": pl.String, "batch": pl.String, "kind": pl.String, "text": pl.String,
    "variety": pl.String, "slice": pl.String, "disclosure": pl.String, **dict.fromkeys(LABELS, pl.Int8),
}  # fmt: skip


def read_corpus(*files: Path) -> pl.DataFrame:
    """Read labelled texts, one row a text, sorted by id.

    :return: ``id part batch kind text variety slice disclosure`` and one column a label, null where it does not apply.
    :raises InputError: With one line for each row that breaks the rules of the labels.
    """
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for file in files:
        for number, line in enumerate(_lines(file), 1):
            row, fault = _row(line)
            rows.append(row)
            faults += [f"{file}: line {number}: {fault}"] if fault else []
    if faults:
        raise InputError(faults)
    return pl.DataFrame([{name: row.get(name) for name in _SCHEMA} for row in rows], schema=_SCHEMA).sort("id")


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}); the corpus is part of a checkout") from None


def _row(line: str) -> tuple[dict[str, Any], str | None]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        return {}, f"not JSON ({error})"
    if not isinstance(row, dict):
        return {}, f"found {type(row).__name__}, expected an object"
    return row, next(_faults(row), None)


def _faults(row: dict[str, Any]) -> Iterator[str]:
    allowed = {"kind": ("post", "comment"), "variety": VARIETIES, "slice": SLICES}
    for name, values in allowed.items():
        if row.get(name) not in values:
            yield f"{name}: found {row.get(name)!r}, expected one of {', '.join(values)}"
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        yield "text: missing or empty"
    labels = POST_LABELS if row.get("kind") == "post" else COMMENT_LABELS
    for name in labels:
        if row.get(name) not in (0, 1):
            yield f"{name}: found {row.get(name)!r}, expected 0 or 1"
    if row.get("kind") == "post" and row.get("disclosure") not in DISCLOSURES:
        yield f"disclosure: found {row.get('disclosure')!r}, expected one of {', '.join(DISCLOSURES)}"
