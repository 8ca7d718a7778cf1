"""Recorded answers of platform APIs import without loss: every object is accepted or set aside with its reason."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from thiqa.data.importers import import_answers

ROOT = Path(__file__).parents[3]
API = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data/external")) / "api"
FOLDERS = {"instagram-graph": "instagram_graph", "youtube-data": "youtube_data_v3"}


def recorded(source: str) -> Path:
    folder = API / FOLDERS[source]
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set THIQA_EXTERNAL_DATA")
    return folder


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in folder.glob("[a-z]*.parquet")}


@pytest.mark.parametrize("source", FOLDERS)
def test_all_is_counted_and_twice_is_once(source: str, tmp_path: Path):
    folder = recorded(source)
    counts = import_answers(source, folder, tmp_path / "t")
    assert set(counts) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    rejected = [json.loads(line) for line in (tmp_path / "t/rejected.jsonl").read_text().splitlines()]
    assert all(row["reason"] and not row["fault"] for row in rejected)
    for name, row in counts.items():
        assert row["read"] == row["accepted"] + row["rejected"] > 0
        assert row["rejected"] == len({line["row"] for line in rejected if line["file"] == name})
    once = {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()}
    import_answers(source, folder, tmp_path / "t")
    assert {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()} == once


def test_instagram(tmp_path: Path):
    import_answers("instagram-graph", recorded("instagram-graph"), tmp_path / "t")
    found = tables(tmp_path / "t")
    posts = {row["post_id"]: row for row in found["posts"].to_dicts()}
    insights = posts["instagram:17846368219941692"]  # media, its insights and its comments are in three files
    assert (insights["likes"], insights["comments"], insights["reach"], insights["saves"]) == (3, 6, 5, 0)
    assert found["comments"].filter(pl.col("post_id") == "instagram:17846368219941692").height == 4
    assert posts["instagram:17896129349106152"]["format"] == "carousel"
    assert posts["instagram:17879450117512729"]["format"] == "story"
    assert sorted(found["audience"]["followers"]) == [64363, 64976]
    assert found["audience"]["creator_id"].n_unique() == 1
    discovered = {posts[f"instagram:{n}"]["creator_id"] for n in ("17885103395504675", "17939347456563225")}
    assert discovered == set(found["audience"]["creator_id"])


def test_youtube(tmp_path: Path):
    import_answers("youtube-data", recorded("youtube-data"), tmp_path / "t")
    found = tables(tmp_path / "t")
    assert sorted(found["audience"]["followers"]) == [2_260_000, 10_700_000]
    replies = found["comments"].filter(pl.col("parent_id").is_not_null())
    assert replies["post_id"].to_list() == ["youtube:JE8xdDp5B8Q"] * 3  # told by the thread, not by the replies
    assert "Very nice , coupe" in found["comments"].filter(pl.col("likes") == 0)["text"].str.join("\n").item()
