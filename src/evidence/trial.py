"""Evidence's check of itself: its records held to the sealed truth of a simulated world. The only module here that may.

``python -m thiqa.evidence.trial evidence.json data/raw/world`` prints one line a claim.
"""

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..errors import InputError
from ..files import read_json
from ..origin import TRUTH_FOLDER

NOTHING_LEFT, MARGIN = "size_adds_nothing_given_relation", 0.10


def held_to_truth(records: list[dict[str, Any]], tables: Path) -> list[dict[str, Any]]:
    """Return ``claim, truth, called_for, verdict, false, covered`` for each record.

    :param records: What :func:`thiqa.evidence.examine` said of ``tables``.
    :raises InputError: If ``tables`` is not a simulated world.
    """
    path = tables / TRUTH_FOLDER / "effects.json"
    if not path.exists():
        raise InputError(f"{tables}: has no {TRUTH_FOLDER}/effects.json; expected a simulated world")
    claims = read_json(path)["claims"]
    return [held(record, claims[record["claim"]]) for record in records]


def held(record: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """Hold one record to its truth; ``covered`` is None where there is no estimate or no truth."""
    value, wanted = truth["truth"], called_for(record["claim"], record["side"], truth["truth"], truth["error"] or 0.0)
    told = record["verdict"] != "inconclusive"
    known = record["estimate"] is not None and value is not None
    return {"claim": record["claim"], "truth": value, "called_for": wanted, "verdict": record["verdict"],
            "false": told and record["verdict"] != wanted,
            "covered": record["low"] <= value <= record["high"] if known else None}  # fmt: skip


def called_for(claim: str, side: int, truth: float | None, error: float) -> str:
    """Name the verdict that the truth calls for; ``nothing`` where it is zero within twice its Monte-Carlo error.

    >>> called_for("replies", 1, -0.2, 0.01)
    'contradicted'
    """
    if truth is None:
        return "nothing"
    if claim == NOTHING_LEFT:
        return "supported" if abs(truth) <= MARGIN else "contradicted"
    if abs(truth) <= max(2 * error, 1e-9):
        return "nothing"
    return "supported" if truth * side > 0 else "contradicted"


def main(arguments: list[str]) -> None:
    """Print how the records of a file compare with the truth of a world."""
    records, tables = read_json(Path(arguments[0])), Path(arguments[1])
    shown = Table("claim", "simulated truth", "90 % interval", "called for", "verdict", "covered")
    for record, row in zip(records, held_to_truth(records, tables), strict=True):
        between = "" if record["low"] is None else f"{record['low']:+.3f} to {record['high']:+.3f}"
        truth = "" if row["truth"] is None else f"{row['truth']:+.3f}"
        covered = {None: "", True: "yes", False: "no"}[row["covered"]]
        shown.add_row(row["claim"], truth, between, row["called_for"], row["verdict"], covered)
    Console().print(shown)


if __name__ == "__main__":
    main(sys.argv[1:])
