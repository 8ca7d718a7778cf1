"""Imports lose nothing: what is read is accepted or rejected, with its row and its reason."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from thiqa.config import parse as parse_config
from thiqa.data import parse
from thiqa.data.identity import id_key, person_ids
from thiqa.data.importers import Mapping, import_csv
from thiqa.data.scrub import scrub
from thiqa.errors import InputError

MAPPING = parse_config(Mapping, {
    "platform": {"value": "instagram"},
    "tables": {
        "creators": {"file": "posts.csv", "columns": {"creator_id": "who", "platform": {"value": "instagram"}}},
        "posts": {"file": "posts.csv", "columns": {"post_id": "id", "creator_id": "who", "likes": "n", "caption": "t"}},
        "comments": {"file": "comments.csv", "columns": {
            "comment_id": {"row": True}, "post_id": "post", "author_id": "who", "text": "t"}},
    },
}, "mapping")  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "posts.csv").write_text(
        'id,who,n,t\n1,amal,304.9K,"a\nb"\n2,amal,-4,x\n3,driss,,y\n', encoding="utf-8-sig"
    )
    (folder / "comments.csv").write_text("post,who,t\n1,driss,زوين\n9,amal,nowhere\n1,amal\n3,amal,ok\n")
    return folder


def test_read_is_accepted_plus_rejected_and_twice_is_once(export: Path, tmp_path: Path):
    sources = {path.name: path.read_bytes() for path in export.iterdir()}
    counts = import_csv(export, tmp_path / "t", mapping=MAPPING, max_rejected=0.9)
    assert counts["posts.csv"] == {"read": 3, "accepted": 2, "rejected": 1}
    assert counts["comments.csv"] == {"read": 4, "accepted": 2, "rejected": 2}
    rejected = [json.loads(line) for line in (tmp_path / "t/rejected.jsonl").read_text().splitlines()]
    reasons = {(row["file"], row["row"], row["reason"].split(",")[0]) for row in rejected}
    assert ("posts.csv", 2, "expected a whole number of at least 0") in reasons
    assert ("comments.csv", 2, "expected a post_id that is in posts") in reasons
    assert ("comments.csv", 3, "found 2 fields") in reasons
    once = {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()}
    import_csv(export, tmp_path / "t", mapping=MAPPING, max_rejected=0.9)
    assert {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()} == once
    assert {path.name: path.read_bytes() for path in export.iterdir()} == sources
    posts = pl.read_parquet(tmp_path / "t/posts.parquet")
    assert posts.select("post_id", "likes", "caption").rows() == [
        ("instagram:1", 304_900, "a\nb"), ("instagram:3", None, "y")]  # fmt: skip
    comments, creators = (pl.read_parquet(tmp_path / f"t/{n}.parquet") for n in ("comments", "creators"))
    assert set(comments["author_id"]) == set(creators["creator_id"])  # one space for creators and authors


def test_too_much_rejected_stops(export: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"comments.csv: 2 of 4 rows rejected, more than 20%.*mend the mapping"):
        import_csv(export, tmp_path / "t", mapping=MAPPING)
    assert not (tmp_path / "t/import.json").exists()


@pytest.mark.parametrize(("text", "value"), [
    ("304.9K", 304_900), ("1,2 M", 1_200_000), ("12 345", 12_345), ("12\u202f345", 12_345), ("١٢٣", 123), ("0", 0),
    ("1.234.567", 1_234_567), ("1,234", 1_234), ("-3", None), ("beaucoup", None), ("2.5", None), ("1.5K", 1_500),
    ("3 millions", 3_000_000), ("١٢ ألف", 12_000), ("1’234", 1_234), ("12K MAD", None), ("1e5", None),
])  # fmt: skip
def test_counts_as_people_export_them(text: str, value: int | None):
    assert pl.select(parse.count(pl.lit(text))).item() == value


@pytest.mark.parametrize("text", [
    "2025-05-21 09:44:45", "2025-05-21T09:44:45Z", "2025-05-21T11:44:45+02:00", "2025-05-21T09:44:45+0000",
    "1747820685", "1747820685000", "21/05/2025 09:44:45", "21 mai 2025 à 09:44:45", "May 21, 2025, 9:44:45 AM",
    "٢١ مايو ٢٠٢٥ ٠٩:٤٤:٤٥", "21 ماي 2025 09:44:45", "Wed May 21 09:44:45 +0000 2025", "05/21/2025 9:44:45 am",
    "Wed, 21 May 2025 09:44:45 +0000", "mercredi 21 mai 2025 09:44:45",
])  # fmt: skip
def test_times_with_and_without_zone(text: str):
    assert parse.times(pl.Series([text])).item() == datetime(2025, 5, 21, 9, 44, 45, tzinfo=UTC)


def test_people_are_keyed_hashes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    names, platform = pl.Series(["amal", None, "amal"]), pl.Series(["tiktok"] * 3)
    first, second = (person_ids(names, platform, key).to_list() for key in (b"one", b"two"))
    assert first[0] == first[2] != second[0]
    assert first[1] is None
    assert "amal" not in first[0]
    monkeypatch.delenv("THIQA_ID_KEY")
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _: str(tmp_path / "config"))
    assert id_key() == id_key()
    assert stat.S_IMODE((tmp_path / "config/id.key").stat().st_mode) == 0o600


def test_contact_details_are_scrubbed():
    text = "wa.me/212600 ou +212 6 12 34 56 78, a.b@c.ma https://x.y/z prix 120 dh le 12/05"
    assert scrub(text) == "[link] ou [phone], [email] [link] prix 120 dh le 12/05"


@pytest.mark.parametrize("text", ["yesterday", "il y a 3 jours", "9999999999999999", "32/13/2024", "lundi", "12"])
def test_what_is_no_date_is_not_read_as_one(text: str):
    assert parse.times(pl.Series([text])).item() is None
