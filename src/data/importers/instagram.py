"""Instagram Graph API: accounts, media, comments with replies, insights, business discovery, mentions, stories."""

import re
from dataclasses import replace
from typing import Any

from .answers import NOTHING, Context, Reader, each, part, text_of

PLATFORM = "instagram"
FORMATS = {"IMAGE": "photo", "VIDEO": "video", "REELS": "video", "REEL": "video", "CAROUSEL_ALBUM": "carousel",
           "BROADCAST": "video", "STORY": "story"}  # fmt: skip
_ACCOUNT = {"followers_count", "follows_count", "biography", "media_count", "account_type"}
_MEDIA = {"media_type", "media_url", "permalink", "like_count", "comments_count", "caption", "media_product_type",
          "insights"}  # fmt: skip
_FIGURES = {"reach": "reach", "saved": "saves", "saves": "saves", "shares": "shares", "likes": "likes",
            "comments": "comments", "views": "views", "video_views": "views", "plays": "views",
            "ig_reels_aggregated_all_plays_count": "views"}  # fmt: skip
_OLDER = {"impressions": "views"}  # the platform's name of views until 2025
_FOREIGN = ("tagged", "tags", "mentioned", "hashtag", "hashtags")
_MEDIA_KNOWN = frozenset(_MEDIA | {"id", "ig_id", "timestamp", "username", "owner", "shortcode", "children", "comments",
                                   "thumbnail_url", "is_comment_enabled", "is_shared_to_feed"})  # fmt: skip
_STORY = re.compile(r"instagram\.com/stories/([\w.]+)/")


def take(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Make rows of one object, told by its fields; None where it wraps others."""
    if isinstance(node.get("error"), dict):
        return reader.fault("error", node["error"].get("code"), "Instagram answered with an error; ask again")
    if "values" in node or "total_value" in node:
        return _insight(node, reader)
    if "text" in node and not node.keys() & {"media_type", "media_url"}:
        return _comment(node, context, reader)
    if _is_account(node, context):
        return _account(node, context, reader)
    if _is_media(node):
        return _media(node, context, reader)
    return _rest(node, context, reader)


def _is_account(node: dict[str, Any], context: Context) -> bool:
    if node.keys() & {"media_type", "timestamp"}:
        return False
    holds_media = any(isinstance(part(node, name).get("data"), list) for name in ("media", "stories"))
    nested = holds_media or context.key == "business_discovery"
    return bool(node.keys() & _ACCOUNT) or ("id" in node and nested)


def _is_media(node: dict[str, Any]) -> bool:
    told = {"media_type", "media_url", "media_product_type", "like_count", "comments_count", "permalink"}
    return bool(node.keys() & told) or ("id" in node and isinstance(part(node, "comments").get("data"), list))


def _rest(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Tell the objects that hold others from those that hold nothing for us."""
    nested = [value for value in node.values() if isinstance(value, dict | list)]
    if "id" in node and "username" in node and not nested:
        return _account(node, context, reader)
    if "id" not in node:
        return None
    if set(node) <= {"id", "name"}:
        what = "a hashtag's id" if context.has("hashtag", "hashtags") or "name" in node else "an id alone"
        return reader.aside(what, f"{what} {NOTHING}")
    return None


def _account(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row = reader.row()
    who = {"creator_id": node.get("id"), "creator_name": node.get("username")}
    reader.put("creators", row, {"platform": PLATFORM, **who})
    figures = {"followers": node.get("followers_count"), "following": node.get("follows_count")}
    if any(value is not None for value in figures.values()):
        reader.put("audience", row, {"observed_at": reader.observed, **figures, **who})
    words = context.words - frozenset(_FOREIGN)
    owner = Context(words, text_of(who["creator_id"]), text_of(who["creator_name"]))
    return 1 + sum(each(part(node, name).get("data"), owner, reader, _media) for name in ("media", "stories"))


def _media(node: dict[str, Any], context: Context, reader: Reader) -> int:
    if context.has("children") or context.key == "children":
        return reader.aside("an item of a carousel", "its carousel is the post")
    reader.note("media", node, _MEDIA_KNOWN)
    owner_id, owner_name = _owner(node, context)
    post = {
        "post_id": node.get("id"),
        "creator_id": owner_id,
        "creator_name": owner_name,
        "published_at": node.get("timestamp"),
        "format": _format(node, context),
        "caption": node.get("caption"),
        "likes": node.get("like_count"),
        "comments": node.get("comments_count"),
        **_figures(part(node, "insights").get("data")),
    }
    foreign = owner_id is None and owner_name is None and context.has(*_FOREIGN)
    reader.put("posts", reader.row(), post, foreign=foreign)
    under = Context(context.words - frozenset(_FOREIGN), owner_id, owner_name, post_id=text_of(node.get("id")))
    return 1 + each(part(node, "comments").get("data"), under, reader, _comment)


def _owner(node: dict[str, Any], context: Context) -> tuple[str | None, str | None]:
    """Find whose media it is: its own fields, a story's address, else where it stands."""
    story = _STORY.search(str(node.get("permalink")))
    owner = part(node, "owner")
    found = text_of(owner.get("id")), text_of(node.get("username") or owner.get("username") or (story and story[1]))
    if any(found):
        return found
    return (None, None) if context.has(*_FOREIGN) else (context.owner_id, context.owner_name)


def _format(node: dict[str, Any], context: Context) -> str | None:
    told = node.get("media_product_type") == "STORY" or "/stories/" in str(node.get("permalink"))
    if told or context.has("stories", "story"):
        return "story"
    return FORMATS.get(str(node.get("media_type")))


def _figures(items: Any) -> dict[str, Any]:
    """Read the metrics of a media from its insights: the last value of each that has a column."""
    found: dict[str, Any] = {}
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            name, value = str(item.get("name")), _value(item)
            if name in _FIGURES and value is not None:
                found[_FIGURES[name]] = value
            elif name in _OLDER and value is not None:
                found.setdefault(_OLDER[name], value)
    return found


def _value(item: dict[str, Any]) -> Any:
    values = item.get("values")
    last = values[-1] if isinstance(values, list) and values and isinstance(values[-1], dict) else {}
    return last.get("value", part(item, "total_value").get("value"))


def _insight(node: dict[str, Any], reader: Reader) -> int:
    """Give one metric to its media; what is told of an account as a whole has no column."""
    name = str(node.get("name"))[:60]
    post = str(node.get("id") or "").split("/")[0]
    column = _FIGURES.get(name) or _OLDER.get(name)
    if node.get("period") not in (None, "lifetime"):
        return reader.aside(name, "a figure of the account as a whole has no column")
    if column is None or not post:
        return reader.aside(name, f"the metric {NOTHING}")
    reader.put("posts", reader.row(), {"post_id": post, column: _value(node)}, weak=name in _OLDER)
    return 1


def _comment(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row = reader.row()
    author = part(node, "from") or part(node, "user")
    post = text_of(part(node, "media").get("id") or context.post_id)
    comment = {
        "comment_id": node.get("id"),
        "post_id": post,
        "parent_id": node.get("parent_id") or context.parent_id,
        "author_id": author.get("id"),
        "author_name": node.get("username") or author.get("username"),
        "written_at": node.get("timestamp"),
        "text": node.get("text"),
        "likes": node.get("like_count"),
    }
    reader.put("comments", row, comment)
    reader.stub(row, post, {"creator_id": context.owner_id, "creator_name": context.owner_name})
    inside = replace(context, post_id=post, parent_id=text_of(node.get("id")))
    return 1 + each(part(node, "replies").get("data"), inside, reader, _comment)
