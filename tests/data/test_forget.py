"""A person who asks for it is gone from tables, caches and rejected rows, and does not come back."""

import json
from pathlib import Path

import polars as pl
import pytest

from thiqa.data.forget import forget
from thiqa.data.importers import import_answers
from thiqa.data.scrub import scrub
from thiqa.errors import InputError
from thiqa.tables import check


def video(native: str, channel: str) -> dict:
    return {"kind": "youtube#video", "id": native, "snippet": {"channelId": channel, "title": "t",
            "publishedAt": "2024-01-01T00:00:00Z"}}  # fmt: skip


def thread(native: str, author: str, on: str, **reply: dict) -> dict:
    def comment(one: str, by: str) -> dict:
        return {"id": one, "snippet": {"authorChannelId": {"value": by}, "authorDisplayName": f"@{by}-name",
                "textOriginal": "x", "publishedAt": "2024-01-02T00:00:00Z", "videoId": on}}  # fmt: skip

    return {"kind": "youtube#commentThread", "id": native, "snippet": {"videoId": on, "topLevelComment":
            comment(native, author)}, "replies": {"comments": [comment(k, v) for k, v in reply.items()]}}  # fmt: skip


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    answers = [video("v1", "UCa"), video("v2", "UCb"), thread("c1", "UCb", "v1", r1="UCx"), thread("c2", "UCx", "v2"),
               video("v3", "UCb") | {"statistics": {"likeCount": "UCb likes"}}]  # fmt: skip
    (tmp_path / "e.json").write_text(json.dumps({"items": answers}))
    import_answers("youtube-data", tmp_path / "e.json", tmp_path / "t", max_rejected=0.5)
    return tmp_path / "t"


def everything(folder: Path) -> str:
    frames = [pl.read_parquet(path).write_json() for path in folder.glob("[a-z]*.parquet")]
    return "".join([*frames, (folder / "rejected.jsonl").read_text()])


def test_a_person_is_gone_by_id_and_by_name(imported: Path, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/features.parquet").touch()
    held = tmp_path / "held.parquet"
    pl.read_parquet(imported / "posts.parquet").write_parquet(held)
    gone = pl.read_parquet(imported / "posts.parquet").filter(pl.col("post_id") == "youtube:v2")["creator_id"].item()
    done = forget("youtube:UCb-name", imported, [tmp_path / "cache"], [held, tmp_path / "e.json"])
    assert done.rows == {"creators": 1, "posts": 1, "comments": 2}  # c1 by the person, c2 under the person's post
    assert done.redacted == 1
    assert (done.held, list((tmp_path / "cache").iterdir())) == ([held], [])
    assert gone not in everything(imported)
    assert "UCb" not in everything(imported)
    comments = pl.read_parquet(imported / "comments.parquet")
    assert comments.select("comment_id", "parent_id").rows() == [("youtube:r1", None)]
    check(imported)
    counts = import_answers("youtube-data", tmp_path / "e.json", imported, max_rejected=0.5)
    assert counts["e.json"]["read"] == counts["e.json"]["accepted"] + counts["e.json"]["rejected"]
    assert gone not in everything(imported)


def test_the_last_rows_go_too(imported: Path):
    for person in ("UCa", "UCb", "UCx"):
        forget(f"youtube:{person}", imported)
    assert [path.name for path in imported.glob("[a-z]*.parquet")] == []


def test_a_person_is_named_with_the_platform(imported: Path):
    with pytest.raises(InputError, match="expected PLATFORM:ID"):
        forget("amal", imported)


@pytest.mark.parametrize(("text", "kept"), [
    ("00212 6 12 34 56 78", "[phone]"), ("(0)6-12-34-56-78 ok", "[phone] ok"), ("٠٦١٢٣٤٥٦٧٨", "[phone]"),
    ("a (at) b.ma", "[email]"), ("instagram.com/amal.x svp", "[link] svp"),
    ("le 12/05/2024 à 120 dh", "le 12/05/2024 à 120 dh"),
    ("code AMAL10, -20%", "code AMAL10, -20%"),
])  # fmt: skip
def test_contact_details_in_many_writings(text: str, kept: str):
    assert scrub(text) == kept
