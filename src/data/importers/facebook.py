"""Facebook Graph API: pages, groups, posts, videos, photos, comments with replies, insights."""

import re
from dataclasses import replace
from typing import Any

from .answers import NOTHING, Context, Reader, each, label, part, text_of

PLATFORM = "facebook"
_PAGE = {"fan_count", "followers_count", "category", "category_list", "about", "talking_about_count", "member_count",
         "verification_status", "global_brand_page_name"}  # fmt: skip
_POST = {"message", "story", "attachments", "status_type", "shares", "full_picture", "is_published", "live_views",
         "description", "length", "reactions", "embed_html", "page_story_id", "comments", "permalink_url"}  # fmt: skip
_COMMENT = {"comment_count", "can_comment", "can_remove", "user_likes", "parent"}
_ONLY_POSTS = {"attachments", "shares", "status_type", "full_picture", "is_published"}
_NOT_OURS = {"start_time", "email", "quota_usage", "stream_url", "creation_date"}  # events, people, settings
_KNOWN = frozenset(_POST | {"id", "created_time", "creation_time", "link", "from", "updated_time", "message_tags",
                            "likes", "like", "love", "wow", "haha", "sad", "angry", "picture", "icon", "title",
                            "status", "published", "sponsor_tags", "insights", "to", "type", "name"})  # fmt: skip
_FORMATS = {"photo": "photo", "album": "carousel", "video": "video", "video_inline": "video", "link": "text",
            "share": "text", "added_photos": "photo", "added_video": "video", "mobile_status_update": "text",
            "shared_story": "text"}  # fmt: skip
_FIGURES = {"post_impressions_unique": "reach", "post_total_media_view_unique": "reach", "post_video_views": "views",
            "post_media_view": "views", "total_video_views": "views", "blue_reels_play_count": "views"}  # fmt: skip
_FOLLOWERS = {"page_fans", "page_follows"}
_PRIVATE = {"participants", "senders", "snippet", "scoped_thread_key", "thread_id"}
_ADDRESS = re.compile(r"facebook\.com/([\w.]+)/(?:posts|videos|photos/[^/]+)/(\w+)")
_IN_ADDRESS = re.compile(r"[?&](comment_id|reply_comment_id)=(\d+)")
_EDGES = ("posts", "feed", "published_posts", "videos", "photos")
_PAIR = re.compile(r"\d+_\d+")


def take(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Make rows of one object, told by its fields; None where it wraps others."""
    if isinstance(node.get("error"), dict):
        return reader.fault("error", node["error"].get("code"), "Facebook answered with an error; ask again")
    maker = next((maker for fits, maker in _KINDS if fits(node, context)), None)
    if maker is not None:
        return maker(node, context, reader)
    holds_more = any(isinstance(part(node, edge).get("data"), list) for edge in node)
    return None if holds_more or "id" not in node else reader.aside(label(node), NOTHING)


def _is_private(node: dict[str, Any], context: Context) -> bool:
    told = node.keys() & _PRIVATE or str(node.get("id")).startswith(("m_", "t_"))
    return "id" in node and bool(told or context.has("conversation", "conversations", "messages", "messenger"))


def _is_page(node: dict[str, Any], _: Context) -> bool:
    """Tell pages and groups: by their figures, by a name with an address, by the posts that they hold."""
    if "id" not in node or node.keys() & _NOT_OURS:
        return "id" in node and "member_count" in node
    if "created_time" in node:
        return "member_count" in node
    holds_posts = any(isinstance(part(node, edge).get("data"), list) for edge in _EDGES)
    named = "username" in node or node.keys() >= {"name", "link"}
    return bool(node.keys() & _PAGE) or holds_posts or (named and not node.keys() & {"count", "message"})


def _is_post(node: dict[str, Any], context: Context) -> bool:
    if "id" not in node or node.keys() & (_NOT_OURS | {"count"}) or context.has("album", "albums"):
        return False
    paired = _PAIR.fullmatch(str(node["id"])) and "created_time" in node
    return bool(node.keys() & _POST or paired or ("created_time" in node and context.has("photo", "photos")))


def _private(_: dict[str, Any], __: Context, reader: Reader) -> int:
    return reader.aside("a conversation", "private messages are not read")


def _is_insight(node: dict[str, Any], _: Context) -> bool:
    return "period" in node and "values" in node


def _is_comment(node: dict[str, Any], context: Context) -> bool:
    if "message" not in node and "attachment" not in node:
        return False
    told = bool(node.keys() & _COMMENT) or "comment_id=" in str(node.get("permalink_url"))
    is_post = node.keys() & _ONLY_POSTS or context.has("posts", "post", "feed")
    return told or (not is_post and context.has("comments", "comment", "replies"))


def _page(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row = reader.row()
    who = {"creator_id": node.get("id"), "creator_name": node.get("username")}
    kind = {"kind": "facebook_group", "joined_at": node.get("created_time")} if "member_count" in node else {}
    reader.put("creators", row, {"platform": PLATFORM, **kind, **who})
    followers = next((node[name] for name in ("followers_count", "fan_count", "member_count") if name in node), None)
    if followers is not None:
        reader.put("audience", row, {"observed_at": reader.observed, "followers": followers, **who})
    owner = Context(context.words, text_of(who["creator_id"]), text_of(who["creator_name"]))
    return 1 + sum(each(part(node, edge).get("data"), owner, reader, _post) for edge in _EDGES)


def _post(node: dict[str, Any], context: Context, reader: Reader) -> int:
    reader.note("post", node, _KNOWN)
    native, short, owner = _ids_of_post(node)
    sponsors = part(node, "sponsor_tags").get("data")
    sponsor = text_of(_first(sponsors).get("name"))
    author = part(node, "from").get("id") or owner
    post = {
        "post_id": native,
        "creator_id": author if str(author).isdigit() else context.owner_id,
        "creator_name": None if str(author).isdigit() else author or context.owner_name,
        "published_at": node.get("created_time") or node.get("creation_time"),
        "format": _format(node, context),
        "caption": _caption(node),
        "likes": _total(node, "reactions", "likes", "like"),
        "comments": _total(node, "comments"),
        "shares": part(node, "shares").get("count"),
        "views": node.get("views"),
        "paid_label": True if sponsor else None,
        "brand": sponsor,
        **_figures(part(node, "insights").get("data")),
    }
    row = reader.row()
    reader.put("posts", row, post, also=short)
    for media in _shown(node):  # comments on a picture of the post name the picture
        reader.put("posts", row, {"post_id": native}, also=media, weak=True)
    inside = replace(context, owner_id=text_of(post["creator_id"]), owner_name=text_of(post["creator_name"]),
                     post_id=native)  # fmt: skip
    return 1 + each(part(node, "comments").get("data"), inside, reader, _comment)


def _ids_of_post(node: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return the post's id, its short form as comments write it, and the page: all three are in ``PAGE_POST``."""
    native = text_of(node.get("page_story_id") or node.get("post_id") or node.get("id"))
    address = _ADDRESS.search(_whole_address(node.get("permalink_url") or node.get("link")))
    if native and _PAIR.fullmatch(native):
        page, short = native.split("_")
        return native, short, page
    if address and address[2] == native and address[1].isdigit():
        return native, None, address[1]
    return native, None, address[1] if address else None


def _whole_address(address: Any) -> str:
    text = str(address)
    return f"facebook.com{text}" if text.startswith("/") else text


def _shown(node: dict[str, Any]) -> list[str]:
    items = part(node, "attachments").get("data")
    listed = items if isinstance(items, list) else []
    targets = [part(item, "target").get("id") for item in listed if isinstance(item, dict)]
    return [target for target in targets if isinstance(target, str) and target.isdigit()]


def _first(items: Any) -> dict[str, Any]:
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}


def _caption(node: dict[str, Any]) -> str | None:
    """Read what was written: the message, else title and description of a film, else a picture's name."""
    told = text_of(node.get("message") or node.get("story"))
    shown = [text for text in (text_of(node.get("title")), text_of(node.get("description"))) if text]
    return told or "\n\n".join(shown) or text_of(node.get("name"))


def _format(node: dict[str, Any], context: Context) -> str | None:
    if node.keys() & {"live_views", "length", "embed_html"} or context.key == "videos":
        return "video"
    first = _first(part(node, "attachments").get("data"))
    told = (first.get("media_type"), first.get("type"), node.get("status_type"), node.get("type"))
    known = next((_FORMATS[str(word)] for word in told if str(word) in _FORMATS), None)
    return known or ("photo" if context.has("photos", "photo") or "page_story_id" in node else None)


def _total(node: dict[str, Any], *edges: str) -> Any:
    """Read how many there are of something: the summary of its edge, never the length of one page."""
    found = (part(node, edge, "summary").get("total_count") for edge in edges)
    return next((total for total in found if total is not None), None)


def _figures(items: Any) -> dict[str, Any]:
    listed = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return {_FIGURES[str(item.get("name"))]: _last(item) for item in listed if str(item.get("name")) in _FIGURES}


def _last(item: dict[str, Any]) -> Any:
    values = item.get("values")
    return _first(values[-1:]).get("value") if isinstance(values, list) else None


def _insight(node: dict[str, Any], _: Context, reader: Reader) -> int:
    """Give one metric to its post, or a page's followers to its audience."""
    name, owner = str(node.get("name"))[:60], str(node.get("id") or "").split("/")[0]
    if name in _FIGURES and owner:
        post = {"post_id": owner, "creator_id": owner.split("_")[0] if _PAIR.fullmatch(owner) else None}
        reader.put("posts", reader.row(), {**post, _FIGURES[name]: _last(node)})
        return 1
    if name in _FOLLOWERS and owner.isdigit():
        row = reader.row()
        for value in node["values"] if isinstance(node["values"], list) else []:
            if isinstance(value, dict):
                day = {"creator_id": owner, "observed_at": value.get("end_time"), "followers": value.get("value")}
                reader.put("audience", row, day)
        return 1
    return reader.aside(name, f"the metric {NOTHING}")


def _comment(node: dict[str, Any], context: Context, reader: Reader) -> int:
    row, author = reader.row(), part(node, "from")
    native, post, parent, page = _ids_of_comment(node, context)
    comment = {
        "comment_id": native,
        "post_id": post,
        "parent_id": parent,
        "author_id": author.get("id"),
        "author_name": author.get("username"),
        "written_at": node.get("created_time"),
        "text": node.get("message"),
        "likes": node.get("like_count", _total(node, "likes", "reactions")),
    }
    reader.put("comments", row, comment)
    owner = {"creator_id": page if page and page.isdigit() else context.owner_id,
             "creator_name": page if page and not page.isdigit() else context.owner_name}  # fmt: skip
    reader.stub(row, post, owner)
    inside = replace(context, post_id=post, parent_id=native)
    return 1 + each(part(node, "comments").get("data"), inside, reader, _comment)


def _ids_of_comment(node: dict[str, Any], context: Context) -> tuple[str | None, str | None, str | None, str | None]:
    """Return the ids of comment, post and parent, and the page, from ``POST_COMMENT`` and the comment's address."""
    address = str(node.get("permalink_url"))
    place, ids = _ADDRESS.search(address), dict(_IN_ADDRESS.findall(address))
    page = place[1] if place else None
    short = place[2] if place else None
    native = text_of(node.get("id"))
    if native is None and short and ids:
        native = f"{short}_{ids.get('reply_comment_id') or ids.get('comment_id')}"
    if short is None and native and _PAIR.fullmatch(native):
        short = native.split("_")[0]
    parent = text_of(part(node, "parent").get("id")) or context.parent_id
    if parent is None and "reply_comment_id" in ids and "comment_id" in ids:
        parent = f"{short}_{ids['comment_id']}"
    post = context.post_id or (f"{page}_{short}" if page and page.isdigit() and short else short)
    return native, post, parent, page


_KINDS = (
    (_is_private, _private),
    (_is_insight, _insight),
    (_is_comment, _comment),
    (_is_page, _page),
    (_is_post, _post),
)
