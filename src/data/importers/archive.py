"""What Instagram and TikTok give their own users: "download your data", as JSON, in a folder or a zip.

Read are the account, its posts, and how many follow it and are followed. Who they are, messages, searches and what was
watched are private: they are passed over, and never reach a rejected row either.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ...errors import InputError
from ..identity import keyed_hash
from .answers import Context, Reader, each, part, text_of
from .decode import unmangled
from .found import Found

_IG_POSTS = {"ig_reels_media": "video", "ig_stories": "story", "ig_igtv_media": "video", "ig_archived_post_media": "",
             "ig_other_media": ""}  # fmt: skip
_IG_NAMES = ("Username", "Nom d’utilisateur", "Nom d'utilisateur", "Nom de profil", "اسم المستخدم")
_IG_CAPTIONS = {"Caption", "Légende", "الشرح", "التسمية التوضيحية"}
_IG_FILE = re.compile(r"(?:posts|reels|stories|igtv_videos|archived_posts|other_content|personal_information|followers|"
                      r"following|post_comments|reels_comments)(?:_\d+)?\.json")  # fmt: skip
_TIKTOK_FILE = re.compile(r"user_data(?:_tiktok)?\.json")
_FOLDERS = {"personal_information", "your_instagram_activity", "connections", "content", "comments", "media",
            "followers_and_following", "account_information", "tiktok"}  # fmt: skip
_FILM = re.compile(r"\.(?:mp4|mov|m4v|webm)$", re.IGNORECASE)
_TIKTOK_ID = re.compile(r"/(?:video|photo)/(\d+)")
_OWN_VIDEOS = {"Videos", "Posts", "Post", "Video"}
_PAID = re.compile(r"branded|paid|partnership|partenariat", re.IGNORECASE)


@dataclass
class _Account:
    """What is known of the account of one archive."""

    observed: str
    name: str | None = None
    counts: dict[str, int] = field(default_factory=dict)


class Archives:
    """Reads the archives of one import, each told by its zip or its outermost folder."""

    platform = "instagram"  # until a file says otherwise

    def __init__(self) -> None:
        self.passed_over: dict[str, int] = {}
        self._accounts: dict[str, _Account] = {}

    def prepare(self, files: Iterable[Found]) -> list[Found]:
        """Choose the files that hold something for our tables, the account first.

        :raises InputError: If there is none.
        """
        chosen = []
        for found in files:
            file = PurePosixPath(found.name)
            if (_IG_FILE.fullmatch(file.name) or _TIKTOK_FILE.fullmatch(file.name)) and "messages" not in file.parts:
                chosen.append(found)
            else:
                self.passed_over[file.suffix] = self.passed_over.get(file.suffix, 0) + 1
        if not chosen:
            kinds = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in self.passed_over.items())
            advice = "ask the platform for the archive again, in the format JSON"
            raise InputError(f"no file of Instagram's or TikTok's own archives; found {kinds or 'nothing'}; {advice}")
        return sorted(chosen, key=lambda found: ("personal_information" not in found.name, found.name))

    def context(self, found: Found, reader: Reader) -> Context:
        """Say whose archive a file is of."""
        reader.platform = "tiktok" if _TIKTOK_FILE.fullmatch(PurePosixPath(found.name).name) else "instagram"
        reader.sets_aside = False
        root = PurePosixPath(found.name).parts[0]
        root = "" if root in _FOLDERS or root == found.name else root
        account = self._accounts.setdefault(root, _Account(found.observed_at.isoformat()))
        return Context(
            frozenset(re.findall(r"[a-z]+", PurePosixPath(found.name).stem)), owner_name=account.name, key=root
        )

    def take(self, node: dict[str, Any], context: Context, reader: Reader) -> int | None:
        """Make rows of one object of an archive; None where it wraps others."""
        account = self._accounts[self._root(reader)]
        if "profile_user" in node:
            return self._instagram_account(node["profile_user"], account, reader)
        if isinstance(node.get("ProfileMap"), dict):
            account.name = text_of(node["ProfileMap"].get("userName"))
            return self._creator(account, reader)
        for name, column in (("FansList", "followers"), ("Following", "following")):
            if isinstance(node.get(name), list):
                return self._count(node[name], column, account, reader)
        if "VideoList" in node:
            own = context.key in _OWN_VIDEOS
            return each(node["VideoList"], Context(owner_name=account.name), reader, _tiktok_video) if own else 0
        if isinstance(node.get("CommentsList"), list):
            return sum(_without_post(reader) for _ in node["CommentsList"])
        return self._instagram_part(node, context, account, reader)

    def _root(self, reader: Reader) -> str:
        root = PurePosixPath(reader.name).parts[0]
        return root if root in self._accounts else ""

    def _instagram_part(self, node: dict[str, Any], context: Context, account: _Account, reader: Reader) -> int | None:
        inside = Context(context.words, owner_name=account.name)
        for name, form in _IG_POSTS.items():
            if isinstance(node.get(name), list):
                return each(node[name], Context(owner_name=account.name, key=form), reader, _instagram_post)
        for name, items in node.items():
            if name.startswith("relationships_follow") and isinstance(items, list):
                column = "following" if name == "relationships_following" else "followers"
                return self._count(items, column, account, reader)
        if "string_map_data" in node or "string_list_data" in node:
            told = next((word for word in ("followers", "following") if context.has(word)), None)
            return self._count([node], told, account, reader) if told else _without_post(reader)
        if "creation_timestamp" in node or "media" in node:
            return _instagram_post(node, inside, reader)
        return None

    def _instagram_account(self, users: Any, account: _Account, reader: Reader) -> int:
        user = users[0] if isinstance(users, list) and users and isinstance(users[0], dict) else {}
        fields = {unmangled(title): value for title, value in part(user, "string_map_data").items()}
        names = [text_of(part(fields, title).get("value")) for title in _IG_NAMES]
        found = next((value for value in names if value), None)
        if found is None:
            return reader.fault("Username", None, "expected the account's user name")
        account.name = unmangled(found)
        return self._creator(account, reader)

    @staticmethod
    def _creator(account: _Account, reader: Reader) -> int:
        if account.name is None:
            return reader.fault("userName", None, "expected the account's user name")
        reader.put("creators", reader.row(), {"platform": reader.platform, "creator_name": account.name})
        return 1

    @staticmethod
    def _count(people: list[Any], column: str, account: _Account, reader: Reader) -> int:
        """Count who follows or is followed; each is a row, none is kept."""
        for _ in people:
            row = reader.row()
            account.counts[column] = account.counts.get(column, 0) + 1
        if people:
            count = {column: account.counts[column], "observed_at": account.observed, "creator_name": account.name}
            reader.put("audience", row, count)
        return len(people)


def _without_post(reader: Reader) -> int:
    return reader.aside("a comment of the account", "the archive does not say under which post it stands")


def _instagram_post(node: dict[str, Any], context: Context, reader: Reader) -> int:
    """Make a post; the archive gives it no id, so that account, kind and second of publication are its id."""
    shown = node.get("media")
    media = [item for item in shown if isinstance(item, dict)] if isinstance(shown, list) else []
    first = media[0] if media else node
    published = text_of(node.get("creation_timestamp")) or text_of(first.get("creation_timestamp"))
    if published is None:
        return reader.fault("creation_timestamp", None, "expected when it was published, in seconds")
    form = context.key or ("story" if context.has("stories") else _form(media or [node]))
    caption = text_of(node.get("title")) or text_of(first.get("title")) or _labelled(node)
    post = {
        "post_id": _made_id(context, form, published, reader),
        "creator_name": context.owner_name,
        "published_at": published,
        "format": form,
        "caption": unmangled(caption) if caption else None,
    }
    reader.put("posts", reader.row(), post)
    return 1


def _made_id(context: Context, form: str, published: str, reader: Reader) -> str:
    whose = keyed_hash(f"@{(context.owner_name or '').lower()}", reader.staging.key)[:8]
    return f"archive-{whose}-{form}-{published}"


def _labelled(node: dict[str, Any]) -> str | None:
    labels = node.get("label_values")
    for item in labels if isinstance(labels, list) else []:
        if isinstance(item, dict) and unmangled(str(item.get("label"))) in _IG_CAPTIONS:
            return text_of(item.get("value"))
    return None


def _form(media: list[dict[str, Any]]) -> str:
    if len(media) > 1:
        return "carousel"
    return "video" if _FILM.search(str(media[0].get("uri"))) else "photo"


def _tiktok_video(node: dict[str, Any], context: Context, reader: Reader) -> int:
    date = text_of(node.get("Date", node.get("date")))
    link = _TIKTOK_ID.search(str(node.get("Link", node.get("link"))))
    if date is None:
        return reader.fault("Date", None, "expected when it was published")
    post = {
        "post_id": link[1] if link else _made_id(context, "video", re.sub(r"\D", "", date), reader),
        "creator_name": context.owner_name,
        "published_at": date,
        "format": "video",
        "caption": _told(node.get("Title", node.get("title"))),
        "likes": _told(node.get("Likes", node.get("likes"))),
        "paid_label": True if _PAID.search(str(node.get("ContentDisclosure"))) else None,
    }
    reader.put("posts", reader.row(), post)
    return 1


def _told(value: Any) -> str | None:
    """Read a text in which TikTok writes N/A for what is not there."""
    text = text_of(value)
    return None if text in ("N/A", "None", "") else text
