"""A mapping proposed from column names, for a person to check: the same words mean the same in most exports."""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ...errors import InputError
from .found import Found
from .tabular import header

TELLING = {
    "comments": {"text"}, "posts": {"caption", "likes", "views", "published_at"}, "audience": {"followers"},
    "placements": {"fee_mad", "agreed_at"}, "campaigns": {"starts_at", "budget_mad"},
}  # fmt: skip
FORMATS = {"GraphImage": "photo", "GraphSidecar": "carousel", "GraphVideo": "video", "IMAGE": "photo", "VIDEO": "video",
           "CAROUSEL_ALBUM": "carousel", "Image": "photo", "Video": "video", "Sidecar": "carousel", "image": "photo",
           "reel": "video", "reels": "video", "short": "video", "story": "story", "photo": "photo", "video": "video",
           "carousel": "carousel"}  # fmt: skip


@cache
def synonyms() -> dict[str, dict[str, list[str]]]:
    """Read the names that columns have in exports, by our tables and columns."""
    words: dict[str, dict[str, list[str]]] = yaml.safe_load(
        files(__package__).joinpath("synonyms.yaml").read_text(encoding="utf-8")
    )
    return words


def folded(name: str) -> str:
    """Write a column name plainly: no accents, no case, words apart.

    >>> folded("Nb_Abonnés"), folded("likeCount")
    ('nb abonnes', 'like count')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", plain.lower()))


def matched(names: list[str], words_of: dict[str, list[str]]) -> dict[str, str]:
    """Find for each of our columns the column that most likely holds it.

    :param words_of: For each of our columns the names that it has in exports, the best first.
    """
    plain = {folded(name): name for name in reversed(names)}
    joined = {key.replace(" ", ""): name for key, name in plain.items()}
    found: dict[str, str] = {}
    for column, words in words_of.items():
        taken = set(found.values())
        for word in words:
            name = plain.get(folded(word)) or joined.get(folded(word).replace(" ", ""))
            if name is not None and name not in taken:
                found[column] = name
                break
    return found


def guess(exports: list[Found]) -> str:
    """Propose a mapping as YAML for tables of an export.

    :raises InputError: If a file cannot be read.
    """
    tables: dict[str, Any] = {}
    left: dict[str, list[str]] = {}
    for found in exports:
        names = header(found)
        chosen = _tables_of(names)
        for table, columns in chosen.items():
            if len(columns) > len(tables.get(table, {}).get("columns", {})):
                tables[table] = {"file": found.name, "columns": columns}
        used = {cell for columns in chosen.values() for cell in columns.values() if isinstance(cell, str)}
        left[found.name] = [name for name in names if name not in used]
    if not tables:
        seen = "; ".join(f"{file}: {', '.join(names)}"[:200] for file, names in left.items())
        raise InputError(f"no column names that are known in posts, comments, followers or deals; found {seen}")
    words = " ".join([*(found.name for found in exports), *(name for names in left.values() for name in names)])
    words += " ".join(str(table) for table in tables.values())
    named = tables.get("creators", {}).get("columns", {}).get("platform")
    cell: dict[str, Any] = {"column": named} if isinstance(named, str) else {"value": _platform(words)}
    if "creators" in tables:
        tables["creators"]["columns"]["platform"] = dict(cell)
    head = "# Proposed from the column names: check each line, then: thiqa import csv PATH --mapping THIS_FILE\n"
    notes = "".join(f"# not used of {file}: {', '.join(names)}\n" for file, names in left.items() if names)
    body = {
        "about": "",
        "platform": cell,
        "timezone": "Africa/Casablanca",
        "tables": tables,
    }
    return head + notes + yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=120)


def _tables_of(names: list[str]) -> dict[str, dict[str, Any]]:
    """Choose the tables that a file feeds."""
    found: dict[str, dict[str, Any]] = {}
    for table in ("placements", "campaigns", "comments", "posts", "audience"):
        columns: dict[str, Any] = dict(matched(names, synonyms()[table]))
        if table == "comments" and "posts" not in found and not _is_comments(names, columns):
            continue
        if (table == "posts" and "comments" in found) or not TELLING[table] & columns.keys():
            continue
        if table == "placements" and not {"agreed_at", "creator_id", "fee_mad"} <= columns.keys():
            continue
        found[table] = columns
    return _completed(found, matched(names, synonyms()["creators"]))


def _is_comments(names: list[str], columns: dict[str, Any]) -> bool:
    told = any("comment" in folded(name) or "commentaire" in folded(name) for name in names)
    counted = {"views", "comments", "shares", "caption"} & matched(names, synonyms()["posts"]).keys()
    return "text" in columns and "post_id" in columns and (told or "author_id" in columns) and len(counted) < 2


def _completed(found: dict[str, dict[str, Any]], about: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Add what a table cannot do without; ``about`` has what the columns say of the creators themselves."""
    creator = about.get("creator_id")
    if "posts" in found:
        found["posts"].setdefault("post_id", {"row": True})
        if creator:
            found["posts"]["creator_id"] = creator
        if "format" in found["posts"]:
            found["posts"]["format"] = {"column": found["posts"]["format"], "values": FORMATS}
    if "comments" in found:
        found["comments"].setdefault("comment_id", {"row": True})
    if "audience" in found:
        found["audience"].setdefault("observed_at", {"observed": True})
        if creator is None:
            found.pop("audience")
        else:
            found["audience"]["creator_id"] = creator
    if "posts" in found or "audience" in found:
        kept: dict[str, Any] = {
            name: about[name] for name in ("creator_id", "platform", "city", "niche") if name in about
        }
        found = {"creators": {"platform": {"value": "instagram"}, **kept}, **found} if creator else found
    return found


def _platform(words: str) -> str:
    marks = {
        "tiktok": r"tiktok|aweme|digg|vid_n",
        "youtube": r"youtube|channel|subscriber",
        "facebook": r"facebook|fb_|page",
    }
    return next((name for name, mark in marks.items() if re.search(mark, words, re.IGNORECASE)), "instagram")
