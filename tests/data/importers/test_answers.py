"""Each source on answers written by hand in the shapes that its documentation gives."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thiqa.data.importers import import_answers
from thiqa.errors import InputError

COMMENT_ADDRESS = "https://www.facebook.com/77/posts/88/?comment_id=99"
PAGE = {"id": "77", "name": "Dar Amal", "username": "DarAmal", "fan_count": 1200, "followers_count": 1300}
PAGE_POST = {
    "id": "77_88", "message": "Salam", "created_time": "2024-05-01T10:00:00+0000", "status_type": "added_photos",
    "attachments": {"data": [{"media_type": "album", "target": {"id": "555"}}]}, "shares": {"count": 4},
    "reactions": {"data": [], "summary": {"total_count": 9}},
    "comments": {"data": [{"id": "88_99", "message": "zwin", "created_time": "2024-05-01T11:00:00+0000",
                           "from": {"id": "5", "name": "U"}, "like_count": 2,
                           "comments": {"data": [{"id": "88_100", "message": "merci", "from": {"id": "77"},
                                                  "created_time": "2024-05-01T12:00:00+0000"}]}}],
                 "summary": {"total_count": 2}},
}  # fmt: skip


def write(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        path = folder / (name.replace("__", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return folder


def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {path.stem: pl.read_parquet(path).to_dicts() for path in folder.glob("[a-z]*.parquet")}


def test_a_facebook_page_with_its_comments(tmp_path: Path):
    without_id = {"message": "bghit", "created_time": "2024-05-02T11:00:00+0000", "comment_count": 0,
                  "permalink_url": COMMENT_ADDRESS + "&reply_comment_id=101"}  # fmt: skip
    on_picture = {"id": "555_7", "message": "hna", "created_time": "2024-05-02T11:00:00+0000", "like_count": 0}
    insight = {"name": "post_impressions_unique", "period": "lifetime", "values": [{"value": 321}],
               "id": "77_88/insights/post_impressions_unique/lifetime"}  # fmt: skip
    export = write(tmp_path / "e", page=PAGE, posts={"data": [PAGE_POST]}, insights={"data": [insight]},
                   comments={"data": [without_id, on_picture]},
                   album={"id": "1", "name": "a", "created_time": "2024-01-01"})  # fmt: skip
    counts = import_answers("facebook-pages", export, tmp_path / "t")
    assert {name: (row["read"], row["accepted"]) for name, row in counts.items()} == {
        "album.json": (1, 0), "comments.json": (2, 2), "insights.json": (1, 1), "page.json": (1, 1),
        "posts.json": (3, 3)}  # fmt: skip
    found = tables(tmp_path / "t")
    (post,) = found["posts"]
    assert (post["post_id"], post["format"], post["likes"], post["comments"], post["shares"], post["reach"]) == (
        "facebook:77_88", "carousel", 9, 2, 4, 321)  # fmt: skip
    assert {(row["comment_id"], row["parent_id"], row["by_creator"]) for row in found["comments"]} == {
        ("facebook:88_99", None, False), ("facebook:88_100", "facebook:88_99", True),
        ("facebook:88_101", "facebook:88_99", None), ("facebook:555_7", None, None)}  # fmt: skip
    assert {row["post_id"] for row in found["comments"]} == {"facebook:77_88"}
    assert [row["followers"] for row in found["audience"]] == [1300]


def test_tiktok_research_answers_name_people_by_user_name_only(tmp_path: Path):
    video = {"id": 7210000000000000001, "create_time": 1700000000, "username": "Amal.B", "video_description": "jdid",
             "like_count": 5, "comment_count": 1, "share_count": 2, "view_count": 900, "favorites_count": 3,
             "video_tag": {"number": 1, "type": "Paid partnership"}}  # fmt: skip
    ok = {"code": "ok", "message": "", "log_id": "x"}
    comments = [{"id": 1, "text": "top", "video_id": video["id"], "create_time": 1700000100, "like_count": 0,
                 "parent_comment_id": video["id"], "reply_count": 1},
                {"id": 2, "text": "oui", "video_id": video["id"], "create_time": 1700000200, "like_count": 0,
                 "parent_comment_id": 1, "reply_count": 0}]  # fmt: skip
    user = {"display_name": "Amal", "follower_count": 15_000, "following_count": 10, "likes_count": 9, "video_count": 3}
    export = write(tmp_path / "e", videos={"data": {"videos": [video], "has_more": False}, "error": ok},
                   comments={"data": {"comments": comments}, "error": ok}, user={"data": user, "error": ok},
                   failed={"data": {}, "error": {"code": "scope_not_authorized", "message": "no"}})  # fmt: skip
    counts = import_answers("tiktok-research", export, tmp_path / "t", max_rejected=1)
    assert counts["failed.json"] == {"read": 1, "accepted": 0, "rejected": 1}
    found = tables(tmp_path / "t")
    (post,), (audience,) = found["posts"], found["audience"]
    assert post["post_id"] == "tiktok:7210000000000000001"  # beyond 2^53, exact
    assert (post["saves"], post["views"], post["paid_label"]) == (3, 900, True)
    assert audience["creator_id"] == post["creator_id"]  # the only account of the import
    assert {row["comment_id"]: row["parent_id"] for row in found["comments"]} == {
        "tiktok:1": None, "tiktok:2": "tiktok:1"}  # fmt: skip


def test_user_names_become_ids_once_an_answer_gives_both(tmp_path: Path):
    research = {"data": {"videos": [{"id": "9", "create_time": 1700000000, "username": "amal"}]}}
    import_answers("tiktok-research", write(tmp_path / "a", videos=research), tmp_path / "t")
    web = {"userInfo": {"user": {"id": "66", "uniqueId": "Amal"}, "stats": {"followerCount": 10}}, "statusCode": 0}
    import_answers("tiktok-web", write(tmp_path / "b", user=web), tmp_path / "t")
    found = tables(tmp_path / "t")
    assert {row["creator_id"] for row in found["posts"]} == {row["creator_id"] for row in found["audience"]}
    assert len(found["creators"]) == 1


def test_the_later_observation_wins_and_followers_become_a_history(tmp_path: Path):
    def answers(likes: int, followers: int, **more: Any) -> dict[str, Any]:
        media = {"id": "1", "media_type": "IMAGE", "timestamp": "2024-01-01T00:00:00+0000", "like_count": likes, **more}
        return {"business_discovery": {"id": "55", "username": "amal", "followers_count": followers,
                                       "media": {"data": [media]}}, "id": "7"}  # fmt: skip

    later = write(tmp_path / "e", **{"2024-02-01__media": answers(20, 600)})
    import_answers("instagram-graph", later, tmp_path / "t")
    earlier = write(tmp_path / "f", **{"2024-01-02__media": answers(10, 500, caption="hi")})
    import_answers("instagram-graph", earlier, tmp_path / "t")
    found = tables(tmp_path / "t")
    (post,) = found["posts"]
    assert (post["likes"], post["caption"]) == (20, "hi")  # what only the earlier download held is kept
    assert [(row["observed_at"].month, row["followers"]) for row in found["audience"]] == [(1, 500), (2, 600)]
    both = json.loads((tmp_path / "t/import.json").read_text())["files"]
    assert set(both) == {"2024-01-02/media.json", "2024-02-01/media.json"}


def mangled(text: str) -> str:
    return text.encode().decode("latin-1")


def archive(folder: Path) -> Path:
    person = {"title": "", "string_list_data": [{"value": "somebody", "timestamp": 1}]}
    return write(
        folder,
        personal_information__personal_information={
            "profile_user": [{"string_map_data": {mangled("Nom d’utilisateur"): {"value": "amal"}}}]},
        your_instagram_activity__media__posts_1=[
            {"media": [{"uri": "a.jpg", "creation_timestamp": 1700000000, "title": mangled("Été 😍 سلام")}]},
            {"media": [{"uri": "a.jpg"}, {"uri": "b.jpg"}], "title": "two", "creation_timestamp": 1700000009}],
        your_instagram_activity__messages__inbox__message_1={"messages": [{"content": "a secret"}]},
        connections__followers_1=[person, person],
        connections__following={"relationships_following": [person]},
    )  # fmt: skip


def test_an_instagram_archive_zipped(tmp_path: Path):
    folder = archive(tmp_path / "e")
    with zipfile.ZipFile(tmp_path / "me.zip", "w") as packed:
        for path in folder.rglob("*.json"):
            packed.write(path, path.relative_to(folder))
    counts = import_answers("account-archive", tmp_path / "me.zip", tmp_path / "t")
    assert sum(row["read"] for row in counts.values()) == sum(row["accepted"] for row in counts.values()) == 6
    found = tables(tmp_path / "t")
    assert [row["caption"] for row in found["posts"]] == ["two", "Été 😍 سلام"]
    assert [(row["followers"], row["following"]) for row in found["audience"]] == [(2, 1)]
    written = b"".join(path.read_bytes() for path in (tmp_path / "t").iterdir())
    assert b"secret" not in written
    assert b"somebody" not in written


def test_gzip_lines_and_other_encodings(tmp_path: Path):
    (tmp_path / "e").mkdir()
    thread = {
        "kind": "youtube#commentThread",
        "id": "t",
        "snippet": {
            "videoId": "v",
            "topLevelComment": {
                "id": "t",
                "snippet": {"textDisplay": "C&#39;est <br>bien", "publishedAt": "2024-01-01T00:00:00Z"},
            },
        },
    }
    lines = json.dumps(thread) + "\n{broken\n" + json.dumps({**thread, "id": "u"})
    with gzip.open(tmp_path / "e/threads.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(lines)
    (tmp_path / "e/wide.json").write_text(json.dumps({"kind": "youtube#channel", "id": "UC1"}), encoding="utf-16")
    counts = import_answers("youtube-data", tmp_path / "e", tmp_path / "t", max_rejected=0.5)
    assert counts["threads.jsonl.gz"] == {"read": 3, "accepted": 2, "rejected": 1}
    assert counts["wide.json"]["accepted"] == 1
    assert tables(tmp_path / "t")["comments"][0]["text"] == "C'est \nbien"


def test_files_that_cannot_be_read_are_named_and_nothing_changes(tmp_path: Path):
    export = write(tmp_path / "e", good={"kind": "youtube#channel", "id": "UC1"})
    (export / "cut.json").write_text('{"kind": "youtube#chan')
    (export / "page.json").write_text("<html>log in</html>")
    with pytest.raises(InputError, match=r"cut.json: not JSON .*cut short") as raised:
        import_answers("youtube-data", export, tmp_path / "t")
    assert len(raised.value.faults) == 2
    assert not (tmp_path / "t").exists()


def test_archives_that_leave_their_folder_or_explode_are_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as packed:
        packed.writestr("../../evil.json", "{}")
    with pytest.raises(InputError, match="leaves the folder"):
        import_answers("youtube-data", tmp_path / "up.zip", tmp_path / "t")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.json", b" " * 30_000_000)
    with pytest.raises(InputError, match="zip bomb"):
        import_answers("youtube-data", tmp_path / "bomb.zip", tmp_path / "t")
    with gzip.open(tmp_path / "bomb.json.gz", "wb") as file:
        file.write(b" " * 30_000_000)
    with pytest.raises(InputError, match="refused as a bomb"):
        import_answers("youtube-data", tmp_path / "bomb.json.gz", tmp_path / "t")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bomb.json.gz", "bomb.zip", "up.zip"]


def test_a_killed_commit_is_finished_by_the_next_import(tmp_path: Path):
    export = write(tmp_path / "e", channel={"kind": "youtube#channel", "id": "UC1"})
    import_answers("youtube-data", export, tmp_path / "t")
    (tmp_path / "t/.commit").mkdir()
    (tmp_path / "t/creators.parquet").replace(tmp_path / "t/.commit/creators.parquet")
    import_answers("youtube-data", export, tmp_path / "t")
    assert len(tables(tmp_path / "t")["creators"]) == 1
    assert not (tmp_path / "t/.commit").exists()
