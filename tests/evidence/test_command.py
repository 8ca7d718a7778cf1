"""``thiqa evidence`` on folders of tables: the form of its records, and what it says of data that cannot answer."""

import json
from collections.abc import Callable
from pathlib import Path

from thiqa.evidence.claims import CLAIMS

Command = Callable[..., tuple[int, str, str]]
FIELDS = {"claim", "estimate", "low", "high", "p", "q", "n", "verdict", "how"}
IDS = [
    "small_per_follower", "small_per_reach", "small_per_mad", "small_absolute", "small_more_engaged",
    "small_cheaper", "small_less_risky", "trust_converts", "replies", "genuine", "ad_density", "undisclosed_later",
    "undisclosed_suspicion", "polished", "discourse_shift", "discourse_suspicion", "overconsumption",
    "overconsumption_suspicion", "tested", "proximity", "community", "coherence", "resemblance", "slow",
    "nano_leads_trends", "ten_micro_beat_one_macro", "mix_beats_single_tier", "relation_mediates_size",
    "size_adds_nothing_given_relation",
]  # fmt: skip


def test_every_claim_has_a_record_in_its_fixed_place_and_a_tiny_folder_cannot_tell(
    thiqa: Command, tables: Path, tmp_path: Path
):
    code, _, errors = thiqa("evidence", str(tables), "--out", str(tmp_path / "evidence.json"))
    assert code == 0, errors
    records = json.loads((tmp_path / "evidence.json").read_text())
    assert [record["claim"] for record in records] == IDS == [claim.name for claim in CLAIMS]
    for record in records:
        assert record.keys() >= FIELDS
        assert record["verdict"] == "inconclusive"
        assert record["withheld"]


def test_tables_without_placements_say_why_nothing_can_be_told(thiqa: Command, tables: Path, tmp_path: Path):
    (tables / "placements.parquet").unlink()
    code, _, errors = thiqa("evidence", str(tables), "--out", str(tmp_path / "evidence.json"))
    assert code == 0, errors
    reasons = {record["claim"]: record["withheld"] for record in json.loads((tmp_path / "evidence.json").read_text())}
    assert "no outcome" in reasons["trust_converts"]
    assert "cost" in reasons["mix_beats_single_tier"]


def test_a_missing_folder_is_one_line_and_exit_2(thiqa: Command, tmp_path: Path):
    code, _, errors = thiqa("evidence", str(tmp_path / "nothing"), "--out", str(tmp_path / "evidence.json"))
    assert code == 2
    assert "no such folder" in errors
    assert not (tmp_path / "evidence.json").exists()


def test_each_claim_is_said_in_french_and_english():
    for claim in CLAIMS:
        assert claim.words["fr"] != claim.words["en"]
        assert claim.words["fr"].endswith(".")
