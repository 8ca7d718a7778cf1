"""YouTube Data API v3: channels, videos, search results, playlist items, comment threads and comments."""

from typing import Any

from .answers import NOTHING, Context, Reader, part

PLATFORM = "youtube"
_KNOWN = frozenset({"kind", "etag", "id", "snippet", "statistics", "status", "contentDetails", "replies", "player",
                    "paidProductPlacementDetails", "brandingSettings", "topicDetails", "recordingDetails",
                    "localizations"})  # fmt: skip


def take(node: dict[str, Any], context: Context, reader: Reader) -> int | None:
    """Make rows of one resource, told by its ``kind``; None where it is a list of others."""
    kind = node.get("kind")
    if isinstance(node.get("error"), dict):
        return reader.fault("error", node["error"].get("code"), "YouTube answered with an error; ask again")
    if not isinstance(kind, str) or kind.endswith("Response"):
        return None
    what = kind.removeprefix("youtube#")
    maker = _MAKERS.get(what)
    if maker is None:
        return reader.aside(kind[:60], f"{what[:40]}: {NOTHING}")
    reader.note(what, node, _KNOWN)
    return maker(node, context, reader)


def _channel(node: dict[str, Any], _: Context, reader: Reader) -> int:
    row, snippet, figures = reader.row(), part(node, "snippet"), part(node, "statistics")
    who = {"creator_id": node.get("id"), "creator_name": snippet.get("customUrl")}
    reader.put("creators", row, {"platform": PLATFORM, "joined_at": snippet.get("publishedAt"), **who})
    if figures.get("subscriberCount") is not None and figures.get("hiddenSubscriberCount") is not True:
        reader.put("audience", row, {"observed_at": reader.observed, "followers": figures["subscriberCount"], **who})
    return 1


def _video(node: dict[str, Any], _: Context, reader: Reader) -> int:
    snippet, figures = part(node, "snippet"), part(node, "statistics")
    post = {
        "post_id": node.get("id"),
        "creator_id": snippet.get("channelId"),
        "published_at": snippet.get("publishedAt"),
        "format": "video",
        "caption": _caption(snippet),
        "likes": figures.get("likeCount"),
        "comments": figures.get("commentCount"),
        "views": figures.get("viewCount"),
        "paid_label": part(node, "paidProductPlacementDetails").get("hasPaidProductPlacement"),
    }
    reader.put("posts", reader.row(), post)
    return 1


def _caption(snippet: dict[str, Any]) -> str | None:
    parts = [snippet.get(name) for name in ("title", "description")]
    return "\n\n".join(text for text in parts if isinstance(text, str) and text) or None


def _listed_video(node: dict[str, Any], _: Context, reader: Reader) -> int:
    """Make a post of a search result or a playlist item, whose texts may be shortened."""
    snippet, details = part(node, "snippet"), part(node, "contentDetails")
    video = part(node, "id").get("videoId") or details.get("videoId") or part(snippet, "resourceId").get("videoId")
    channel = part(node, "id").get("channelId")
    if channel:
        joined = snippet.get("publishedAt")
        reader.put("creators", reader.row(), {"platform": PLATFORM, "creator_id": channel, "joined_at": joined})
        return 1
    if not video:
        return reader.aside(str(node.get("kind")), f"no video: {NOTHING}")
    listed = node.get("kind") == "youtube#playlistItem"  # its channel and date are those of the list
    post = {
        "post_id": video,
        "creator_id": snippet.get("videoOwnerChannelId") or (None if listed else snippet.get("channelId")),
        "published_at": details.get("videoPublishedAt") or (None if listed else snippet.get("publishedAt")),
        "format": "video",
        "caption": _caption(snippet),
    }
    reader.put("posts", reader.row(), post, weak=True)
    return 1


def _thread(node: dict[str, Any], _: Context, reader: Reader) -> int:
    snippet = part(node, "snippet")
    around = {name: snippet.get(name) for name in ("videoId", "channelId")}
    made = _comment({"id": node.get("id"), **part(snippet, "topLevelComment")}, around, None, reader)
    replies = part(node, "replies").get("comments")
    for reply in replies if isinstance(replies, list) else []:
        if isinstance(reply, dict):
            made += _comment(reply, around, node.get("id"), reader)
        else:
            made += reader.fault("replies", type(reply).__name__, "expected a comment")
    return made


def _comment(node: dict[str, Any], around: dict[str, Any], parent: Any, reader: Reader) -> int:
    row, snippet = reader.row(), part(node, "snippet")
    video = snippet.get("videoId") or around.get("videoId")
    author, name = snippet.get("authorChannelId"), snippet.get("authorDisplayName")
    comment = {
        "comment_id": node.get("id"),
        "post_id": video,
        "parent_id": snippet.get("parentId") or parent or _thread_of(node.get("id")),
        "author_id": author.get("value") if isinstance(author, dict) else author,
        "author_name": name if isinstance(name, str) and name.startswith("@") else None,
        "written_at": snippet.get("publishedAt"),
        "text": snippet.get("textOriginal") or snippet.get("textDisplay"),
        "likes": snippet.get("likeCount"),
    }
    reader.put("comments", row, comment)
    channel = snippet.get("channelId") or around.get("channelId")
    reader.stub(row, video, {"creator_id": channel, "format": "video"})
    return 1


def _thread_of(comment: Any) -> str | None:
    """Take the thread out of a reply's id, ``THREAD.REPLY``."""
    return comment.split(".")[0] if isinstance(comment, str) and "." in comment else None


def _single_comment(node: dict[str, Any], _: Context, reader: Reader) -> int:
    return _comment(node, {}, None, reader)


_MAKERS = {
    "channel": _channel,
    "video": _video,
    "searchResult": _listed_video,
    "playlistItem": _listed_video,
    "commentThread": _thread,
    "comment": _single_comment,
}
