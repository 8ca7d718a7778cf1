"""TikTok Research API: video/query, video/comment/list, user/info; and the Display API's video/list."""

import re
from typing import Any

from .answers import NOTHING, Context, Reader, text_of

PLATFORM = "tiktok"
_VIDEO = {"video_description", "create_time", "view_count", "share_count", "hashtag_names", "region_code", "share_url",
          "cover_image_url", "favorites_count", "favourites_count", "music_id", "video_duration",
          "voice_to_text"}  # fmt: skip
_COMMENT = {"video_id", "parent_comment_id", "reply_count"}
_USER = {"follower_count", "following_count", "bio_description", "likes_count", "video_count"}
_KNOWN = frozenset(_VIDEO | {"id", "username", "like_count", "comment_count", "playlist_id", "effect_ids",
                             "video_label", "video_tag", "is_stem_verified", "hashtag_info_list", "video_mention_list",
                             "title", "duration", "sticker_info_list", "effect_info_list", "music"})  # fmt: skip
_PAID = re.compile(r"paid partnership|promotional content|branded content|partenariat|sponsor|publicit", re.IGNORECASE)
_HANDLE = re.compile(r"tiktok\.com/@([\w.]+)")


def take(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Make rows of one object, told by its fields; None where it wraps others."""
    error = node.get("error")
    if isinstance(error, dict) and error.get("code") not in ("ok", None, "0") and not _holds(node.get("data")):
        return reader.fault("error", error.get("code"), "TikTok answered with an error; ask again")
    if node.keys() & _COMMENT and "id" in node:
        return _comment(node, context, reader)
    if "id" in node and node.keys() & _VIDEO:
        return _video(node, context, reader)
    if node.keys() & _USER:
        return _user(node, context, reader)
    if "username" in node and "display_name" in node:
        return reader.aside("a follower", f"who follows whom {NOTHING}")
    return None


def _holds(data: Any) -> bool:
    return isinstance(data, dict) and any(data.values())


def _video(node: dict[str, Any], context: Context, reader: Reader) -> int:
    reader.note("video", node, _KNOWN)
    handle = _HANDLE.search(str(node.get("share_url")))
    post = {
        "post_id": node["id"],
        "creator_name": node.get("username") or (handle[1] if handle else context.owner_name),
        "published_at": node.get("create_time"),
        "format": "video",
        "caption": node.get("video_description") or node.get("title"),
        "likes": node.get("like_count"),
        "comments": node.get("comment_count"),
        "shares": node.get("share_count"),
        "saves": node.get("favorites_count", node.get("favourites_count")),
        "views": node.get("view_count"),
        "paid_label": _paid(node),
    }
    reader.put("posts", reader.row(), post)
    return 1


def _paid(node: dict[str, Any]) -> bool | None:
    """Read the platform's label, which is a text among the labels or tags; not told is not known."""
    for name in ("is_paid_partnership", "is_branded_content"):
        if isinstance(node.get(name), bool):
            return bool(node[name])
    labels = [node.get("video_label"), node.get("video_tag")]
    return True if _PAID.search(str([label for label in labels if label])) else None


def _comment(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row, video = reader.row(), text_of(node.get("video_id")) or context.post_id
    parent = text_of(node.get("parent_comment_id"))
    comment = {
        "comment_id": node["id"],
        "post_id": video,
        "parent_id": None if parent in (video, "0") else parent,  # the video's own id: answers nobody
        "author_name": node.get("username"),
        "written_at": node.get("create_time"),
        "text": node.get("text"),
        "likes": node.get("like_count"),
    }
    reader.put("comments", row, comment)
    reader.stub(row, video, {"format": "video"})
    return 1


def _user(node: dict[str, Any], context: Context, reader: Reader) -> int:
    """Make a creator; the answer itself names nobody, so the name comes from what stands around it or the file."""
    row = reader.row()
    handle = _HANDLE.search(str(node.get("profile_deep_link")))
    who = {"creator_name": node.get("username") or context.owner_name or (handle[1] if handle else None)}
    reader.put("creators", row, {"platform": PLATFORM, **who})
    figures = {"followers": node.get("follower_count"), "following": node.get("following_count")}
    if any(value is not None for value in figures.values()):
        reader.put("audience", row, {"observed_at": reader.observed, **figures, **who})
    return 1
