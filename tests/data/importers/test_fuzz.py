"""Answers and tables that nobody would send: never anything but rows counted or one clear line, never a lost row."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thiqa.config import parse
from thiqa.data.importers import API, Mapping, import_answers, import_csv
from thiqa.data.importers.answers import Reader, of_file
from thiqa.data.importers.archive import Archives
from thiqa.data.importers.found import find
from thiqa.data.importers.staging import ROW, Staging
from thiqa.data.quarantine import open_quarantine
from thiqa.errors import InputError

WORDS = [
    "id", "kind", "data", "items", "error", "code", "message", "text", "media_type", "timestamp", "caption",
    "comments", "replies", "username", "owner", "from", "user", "like_count", "insights", "name", "values", "value",
    "period", "snippet", "statistics", "videoId", "topLevelComment", "authorChannelId", "publishedAt", "fan_count",
    "created_time", "attachments", "summary", "permalink_url", "parent", "shares", "video_description",
    "create_time", "video_id", "parent_comment_id", "follower_count", "display_name", "cid", "aweme_id", "desc",
    "createTime", "stats", "author", "userInfo", "users", "media", "paging", "next", "business_discovery",
    "followers_count", "string_map_data", "creation_timestamp", "VideoList", "ProfileMap", "FansList",
    "profile_user", "title",
]  # fmt: skip
VALUES = ["1", "17_8", "youtube#video", "youtube#commentThread", "youtube#comment", "IMAGE", "2024-01-01",
          "https://facebook.com/7/posts/8/?comment_id=9", "lifetime", "v1/x/y", "@amal", "\u202e\ud83d",
          ""]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.sampled_from(VALUES), st.text(max_size=8)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS), inner, max_size=7)),
    max_leaves=40,
)
MAPPING = parse(Mapping, {
    "platform": {"value": "tiktok"},
    "tables": {
        "creators": {"file": "a.csv", "columns": {"creator_id": "who", "platform": {"value": "tiktok"}}},
        "audience": {"file": "a.csv", "columns": {"creator_id": "who", "observed_at": "when", "followers": "n"}},
        "posts": {"file": "a.csv", "columns": {"post_id": "id", "creator_id": "who", "published_at": "when",
                                               "caption": "text", "likes": "n", "paid_label": "flag"}},
    },
}, "mapping")  # fmt: skip


def ended(command: Callable[[], dict[str, dict[str, int]]]) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Import; returns the counts, or the lines of a refusal."""
    try:
        return command(), []
    except InputError as error:
        return {}, error.faults


def staged_rows(folder: Path) -> set[int]:
    return {row for path in folder.glob("*.parquet") for row in pl.read_parquet(path, columns=[ROW])[ROW]}


@pytest.mark.parametrize("source", [*API, "account-archive"])
@given(document=TREES, name=st.sampled_from(["a.json", "comments_p1.json", "178414000000/media.json", "posts_1.json"]))
@settings(max_examples=40)
def test_every_row_of_an_answer_is_staged_or_rejected(source: str, document: Any, name: str):
    with tempfile.TemporaryDirectory() as temporary:
        folder, work = Path(temporary) / "e", Path(temporary) / "w"
        path = folder / ("posts_1.json" if source == "account-archive" else name)
        path.parent.mkdir(parents=True)
        work.mkdir()
        path.write_text(json.dumps(document), encoding="utf-8")
        with open_quarantine(work) as quarantine:
            archives = Archives() if source == "account-archive" else None
            reader = Reader(Staging(work, b"key", quarantine), quarantine, "instagram")
            (found,) = archives.prepare(find(folder)) if archives else find(folder)
            if archives:
                reader.read(found, archives.take, archives.context(found, reader))
            else:
                reader.read(found, API[source].take, of_file(found, {}))
            rows = set(range(1, quarantine.read[found.name] + 1))
            assert rows
            assert rows == staged_rows(work) | quarantine.rejected_rows(found.name)


@given(source=st.sampled_from(sorted(API)), document=TREES)
@settings(max_examples=12)
def test_an_import_ends_with_counts_or_with_a_line(source: str, document: Any):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "a.json").write_text(json.dumps(document), encoding="utf-8")
        counts, faults = ended(lambda: import_answers(source, folder / "a.json", folder / "t", max_rejected=1))
        assert all("\n" not in fault for fault in faults)
        assert all(row["read"] == row["accepted"] + row["rejected"] for row in counts.values())
        assert (folder / "t").exists() == bool(counts)


ODD = ["1", "1,2 K", "2024-01-01", "03/04/2024", "32/13/2024", "-1", "true", '"', "é", "<b>x", "&#0;"]
CELLS = st.one_of(st.sampled_from(ODD), st.text(max_size=10))


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=8), sign=st.sampled_from(",;\t"),
       code=st.sampled_from(["utf-8", "utf-16", "cp1256"]))  # fmt: skip
@settings(max_examples=25)
def test_every_row_of_a_table_is_accepted_or_rejected(rows: list[list[str]], sign: str, code: str):
    lines = [sign.join(["id", "who", "when", "text", "n", "flag"]), *(sign.join(row) for row in rows)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "a.csv").write_bytes("\n".join(lines).encode(code, errors="replace"))
        counts, faults = ended(lambda: import_csv(folder / "a.csv", folder / "t", mapping=MAPPING, max_rejected=1))
        assert all("\n" not in fault for fault in faults)
        assert all(row["read"] == row["accepted"] + row["rejected"] for row in counts.values())
        assert (folder / "t").exists() == bool(counts)
