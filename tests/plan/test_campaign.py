"""The campaign file: every stored example is sound, and faults are told by the full name of the key."""

from pathlib import Path

import pytest

from thiqa.errors import InputError
from thiqa.plan.campaign import read_campaign

EXAMPLES = sorted((Path(__file__).parents[2] / "experiments" / "campaigns").glob("*.yaml"))
START = "name: x\nstarts_at: 2025-03-01\nends_at: 2025-03-28\nbudget_mad: 1000\n"

FAULTS = {
    "budget: 5": "unknown key budget; expected one of as_of, brand, budget_mad",
    "limits: [{of: reach, wher: {}, at_least: 1}]": "unknown key limits.0.wher; expected one of at_least, at",
    "limits: [{of: spend, where: {teir: macro}, at_least: 1}]": "unknown key limits.0.where.teir; expected one of city",
    "limits: [{of: money, at_least: 1}]": "limits.0.of: found 'money', expected 'spend', 'creators'",
    "limits: [{of: reach}]": "limits.0: found {'of': 'reach'}, expected at_least, at_most",
    "limits: [{of: reach, at_least: 5, at_most: 4}]": "expected at_least not above at_most",
    "posts: {least: 4, most: 2}": "posts: found {'least': 4, 'most': 2}, expected least not above most",
    "objective: profit": "unknown key objective.profit; expected one of deliveries, reach, trusted_reach",
    "objective: {deliveries: 0}": "objective: found {'deliveries': 0}, expected at least one weight above 0",
    "must: [a]\nnever: [a]": "no creator in both must and never (a)",
    "as_of: 2025-04-01": "as_of not after starts_at",
    "ends_at: 2025-01-01": "expected ends_at not before starts_at",
    "budget_mad: .inf": "budget_mad: found inf",
    "risk: {aversion: 2}": "risk.aversion: found 2, expected less than or equal to 1",
}  # fmt: skip


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_sound(path: Path):
    assert read_campaign(path).most_posts >= 1


@pytest.mark.parametrize("text", FAULTS)
def test_each_fault_is_one_clear_line(text: str, tmp_path: Path):
    key = text.split(":", maxsplit=1)[0]
    kept = "".join(f"{line}\n" for line in START.splitlines() if not line.startswith(f"{key}:"))
    (tmp_path / "c.yaml").write_text(f"{kept}{text}\n")
    with pytest.raises(InputError) as error:
        read_campaign(tmp_path / "c.yaml")
    (line,) = error.value.faults
    assert line.startswith(f"{tmp_path / 'c.yaml'}: ")
    assert FAULTS[text] in line
