"""TikTok as its web pages and app answer: items, users, comments, wherever they stand in the answer."""

from datetime import UTC, datetime
from typing import Any

from .answers import Context, Reader, each, part, text_of

PLATFORM = "tiktok"
BRANDED = "2"  # brandOrganicType: 1 the creator's own brand, 2 somebody else's, paid
_KNOWN = frozenset({"id", "aweme_id", "desc", "createTime", "create_time", "author", "authorId", "stats", "statsV2",
                    "statistics", "authorStats", "authorStatsV2", "isAd", "is_ads", "video", "music", "challenges",
                    "imagePost", "image_post_info", "textExtra", "contents", "comments"})  # fmt: skip


def take(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Make rows of one object, told by its fields; None where it wraps others."""
    if ("cid" in node or "reply_id" in node) and "text" in node:
        return _comment(node, context, reader)
    if node.keys() & {"id", "aweme_id"} and node.keys() & {"stats", "statsV2", "statistics"} and _dated(node):
        return _item(node, reader)
    if "users" in node and isinstance(node.get("stats"), dict):  # as embedded in older pages
        return _users(node, reader)
    info = node["userInfo"] if isinstance(node.get("userInfo"), dict) else node
    if isinstance(info.get("user"), dict) and info.keys() & {"stats", "statsV2"}:
        return _user(info, node, reader)
    status = text_of(node.get("statusCode", node.get("status_code")))
    if status not in (None, "0") and not node.keys() & {"itemList", "comments", "aweme_list", "itemInfo"}:
        return reader.fault("statusCode", status, "TikTok answered with an error; save the page again")
    return None


def _dated(node: dict[str, Any]) -> bool:
    return bool(node.keys() & {"createTime", "create_time"})


def _item(node: dict[str, Any], reader: Reader) -> int:
    row = reader.row()
    reader.note("item", node, _KNOWN)
    stats = {**part(node, "statistics"), **part(node, "stats"), **part(node, "statsV2")}
    author = part(node, "author")
    handle = author.get("uniqueId") or author.get("unique_id") or text_of(node.get("author"))
    who = {"creator_id": author.get("id") or author.get("uid") or node.get("authorId"), "creator_name": handle}
    post = {
        "post_id": node.get("id") or node.get("aweme_id"),
        "published_at": node.get("createTime") or node.get("create_time"),
        "format": "carousel" if node.get("imagePost") or node.get("image_post_info") else "video",
        "caption": node.get("desc"),
        "likes": stats.get("diggCount", stats.get("digg_count")),
        "comments": stats.get("commentCount", stats.get("comment_count")),
        "shares": stats.get("shareCount", stats.get("share_count")),
        "saves": stats.get("collectCount", stats.get("collect_count")),
        "views": stats.get("playCount", stats.get("play_count")),
        "paid_label": _paid(node),
        **who,
    }
    reader.put("posts", row, post)
    joined = author.get("createTime") or author.get("create_time")
    reader.put("creators", row, {"platform": PLATFORM, "joined_at": joined if joined != "0" else None, **who})
    _audience({**part(node, "authorStats"), **part(node, "authorStatsV2")} or author, reader.observed, row, who, reader)
    inside = Context(post_id=text_of(post["post_id"]))
    return 1 + each(node.get("comments"), inside, reader, _comment)


def _paid(node: dict[str, Any]) -> bool | None:
    """Read the platform's label of paid content: branded content, or an ad; not told is not known."""
    told = node.get("isAd", node.get("is_ads"))
    if text_of(node.get("brandOrganicType")) == BRANDED or node.get("isPaidPartnership") is True:
        return True
    return bool(told) if isinstance(told, bool) else None


def _audience(figures: dict[str, Any], observed: str, row: int, who: dict[str, Any], reader: Reader) -> None:
    followers = figures.get("followerCount", figures.get("follower_count"))
    following = figures.get("followingCount", figures.get("following_count"))
    if followers is not None or following is not None:
        counts = {"observed_at": observed, "followers": followers, "following": following}
        reader.put("audience", row, {**counts, **who})


def _user(node: dict[str, Any], answer: dict[str, Any], reader: Reader) -> int:
    row, user = reader.row(), part(node, "user")
    who = {
        "creator_id": user.get("id") or user.get("uid"),
        "creator_name": user.get("uniqueId") or user.get("unique_id"),
    }
    joined = user.get("createTime")
    reader.put("creators", row, {"platform": PLATFORM, "joined_at": joined if joined != "0" else None, **who})
    observed = _answered(answer) or reader.observed
    _audience({**part(node, "stats"), **part(node, "statsV2")}, observed, row, who, reader)
    return 1


def _users(node: dict[str, Any], reader: Reader) -> int:
    """Read users and their figures from two objects keyed by user name."""
    made = 0
    for name, user in part(node, "users").items():
        if isinstance(user, dict):
            made += _user({"user": {"uniqueId": name, **user}, "stats": part(node, "stats", name)}, node, reader)
    return made


def _answered(answer: dict[str, Any]) -> str | None:
    """Read when the answer was given, which it says in milliseconds."""
    now = text_of(part(answer, "extra").get("now"))
    if now is None or not now.isdigit() or len(now) != len("1772136810000"):
        return None
    return datetime.fromtimestamp(int(now) // 1000, UTC).isoformat()


def _comment(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row, user = reader.row(), part(node, "user")
    video = text_of(node.get("aweme_id")) or context.post_id
    native, parent = text_of(node.get("cid") or node.get("id")), text_of(node.get("reply_id"))
    comment = {
        "comment_id": native,
        "post_id": video,
        "parent_id": context.parent_id if parent in (None, "0") else parent,
        "author_id": user.get("uid") or user.get("id"),
        "author_name": user.get("unique_id") or user.get("uniqueId"),
        "written_at": node.get("create_time") or node.get("createTime"),
        "text": node.get("text"),
        "likes": node.get("digg_count", node.get("diggCount")),
    }
    reader.put("comments", row, comment)
    reader.stub(row, video, {"format": "video"})
    inside = Context(post_id=video, parent_id=native)
    return 1 + each(node.get("reply_comment"), inside, reader, _comment)
