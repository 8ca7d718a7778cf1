"""Answers of platforms: nested JSON is walked, what is known becomes rows, what is not is counted and set aside."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from ...errors import InputError
from ..quarantine import Quarantine
from .decode import whole
from .documents import BadLine, documents
from .found import Found
from .staging import ALSO, FOREIGN, PLATFORM, ROW, WEAK, Staging

BUFFERED_ROWS = 20_000
NOTHING = "holds nothing for our tables"
_PAGE = re.compile(r"[-_ ]?(?:p|page|part)?[-_ ]?\d{1,3}(?=\.[a-z]+(?:\.gz)?$)", re.IGNORECASE)
_LONG_ID = re.compile(r"(?<!\d)\d{10,20}(?!\d)")


@dataclass(frozen=True)
class Context:
    """What is known about an object from where it stands: the file's name, the address of the page, its parents."""

    words: frozenset[str] = frozenset()  # of the file's name and its folders, lower case
    owner_id: str | None = None
    owner_name: str | None = None
    post_id: str | None = None
    parent_id: str | None = None  # comment that is answered
    key: str = ""  # under which the object stands in its parent

    def has(self, *words: str) -> bool:
        """Tell whether the file's name or a folder's holds one of the words."""
        return not self.words.isdisjoint(words)


Take = Callable[[dict[str, Any], Context, "Reader"], int | None]


@dataclass
class Reader:
    """Numbers the rows of the files of one import and gathers what they hold, table by table."""

    staging: Staging
    quarantine: Quarantine
    platform: str
    unknown: Counter[str] = field(default_factory=Counter)  # fields that no module knows, for import.json
    sets_aside: bool = True  # whether an unknown object of a list is a row
    _file: Found | None = None
    _row: int = 0
    _buffers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _buffered: int = 0
    _seen_posts: set[str] = field(default_factory=set)

    def read(self, found: Found, take: Take, context: Context) -> Context:
        """Read one file; returns what its last document said about where it stands.

        :raises InputError: If the file is not JSON, or damaged.
        """
        self._file, self._row = found, 0
        for line, document in documents(found):
            if isinstance(document, BadLine):
                self.fault("", None, f"line {line}: {document.reason}")
            else:
                context = located(document, context)
                made = self._walked(document, context, take)
                if line and not made and self.sets_aside:
                    self.aside("line", NOTHING)
        if not self._row:
            self.aside("document", NOTHING)
        self.flush()
        return context

    def _walked(self, document: Any, context: Context, take: Take) -> int:
        try:
            return walk(document, context, self, take)
        except RecursionError:
            raise InputError(f"{self.name}: nested too deeply to be an answer of a platform; refused") from None

    def row(self) -> int:
        """Count one more row of the file; returns its number, from 1."""
        if self._buffered >= BUFFERED_ROWS:
            self.flush()
        self._row += 1
        self.quarantine.count(self.name, 1)
        return self._row

    def put(self, table: str, row: int, values: dict[str, Any], *, weak: bool = False, foreign: bool = False,
            also: Any = None) -> None:  # fmt: skip
        """Keep what a row holds for one table, as text; what is no plain value is a fault of the row."""
        kept: dict[str, Any] = {ROW: row, WEAK: weak, FOREIGN: foreign, ALSO: text_of(also)}
        for column, value in values.items():
            if isinstance(value, dict | list):
                self.reject(row, column, type(value).__name__, "expected a plain value")
            kept[column] = text_of(value)
        self._buffers.setdefault(table, []).append(kept)
        self._buffered += 1

    def stub(self, row: int, post_id: Any, values: dict[str, Any]) -> None:
        """Make sure that a post that is only referred to exists; anything else that is known of it wins."""
        native = text_of(post_id)
        if native and native not in self._seen_posts:
            self._seen_posts.add(native)
            self.put("posts", row, {"post_id": native, **values}, weak=True)

    def aside(self, found: str, reason: str) -> int:
        """Count a row that is sound but has no place in the tables; returns 1."""
        self.quarantine.reject(self.name, self.row(), "", found, reason, fault=False)
        return 1

    def fault(self, column: str, found: Any, reason: str) -> int:
        """Count a row that cannot be used; returns 1."""
        self.reject(self.row(), column, found, reason)
        return 1

    def reject(self, row: int, column: str, found: Any, reason: str) -> None:
        """Turn a row away that was counted already."""
        self.quarantine.reject(self.name, row, column, found, reason)

    def note(self, what: str, fields: dict[str, Any], known: frozenset[str]) -> None:
        """Remember fields of an object that are not read, so that a change of the platform's shape is seen."""
        self.unknown.update(f"{what}.{name[:60]}" for name in fields.keys() - known)

    def flush(self) -> None:
        """Hand over what was gathered."""
        if self._buffered and self._file:
            rows = len({row[ROW] for rows in self._buffers.values() for row in rows})
            frames = {name: _frame(rows, self.platform) for name, rows in self._buffers.items()}
            self.staging.add(self.name, self._file.observed_at, rows, frames, strict=False)
        self._buffers, self._buffered = {}, 0

    @property
    def name(self) -> str:
        """The file that is being read."""
        return self._file.name if self._file else ""

    @property
    def observed(self) -> str:
        """When the file was written, as text."""
        return self._file.observed_at.isoformat() if self._file else ""


def _frame(rows: list[dict[str, Any]], platform: str) -> pl.DataFrame:
    schema: dict[str, Any] = {column: pl.String for row in rows for column in row}
    schema |= {ROW: pl.Int64, WEAK: pl.Boolean, FOREIGN: pl.Boolean}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.lit(platform).alias(PLATFORM))


def text_of(value: Any) -> str | None:
    """Write a plain JSON value as text; an empty one is null."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return whole(str(value)) or None


def walk(node: Any, context: Context, reader: Reader, take: Take) -> int:
    """Visit what is nested in ``node``; returns how many rows were made. An unknown object of a list is set aside."""
    if isinstance(node, list):
        made = 0
        for item in node:
            rows = walk(item, context, reader, take)
            if not rows and isinstance(item, dict) and reader.sets_aside:
                rows = reader.aside(label(item), NOTHING)
            made += rows
        return made
    if not isinstance(node, dict):
        return 0
    taken = take(node, context, reader)
    if taken is not None:
        return taken
    inside = around(node, context)
    return sum(
        walk(value, replace(inside, key=key), reader, take)
        for key, value in node.items()
        if isinstance(value, dict | list)
    )


def each(items: Any, context: Context, reader: Reader, maker: Callable[[dict[str, Any], Context, Reader], int]) -> int:
    """Make rows of the objects of a list; returns how many."""
    made = 0
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            made += maker(item, context, reader)
        else:
            made += reader.fault(context.key, type(item).__name__, "expected an object")
    return made


def part(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a nested object, empty where it is not there."""
    for name in names:
        inner = node.get(name)
        node = inner if isinstance(inner, dict) else {}
    return node


def label(item: dict[str, Any]) -> str:
    """Say what an object is by its kind or its fields, never by its content."""
    kind = item.get("kind")
    return kind[:60] if isinstance(kind, str) else "an object with " + (", ".join(sorted(item)[:5])[:80] or "no fields")


def around(node: dict[str, Any], context: Context) -> Context:
    """Add what a wrapping object says: the user name that was asked for."""
    name = node.get("username") or node.get("unique_id")
    request = node.get("request")
    if isinstance(request, dict):
        body = request.get("body") if isinstance(request.get("body"), dict) else request
        name = name or body.get("username")  # type: ignore[union-attr]
    return replace(context, owner_name=name) if isinstance(name, str) else context


def located(document: Any, context: Context) -> Context:
    """Read the ids in the addresses of the next and previous page: ``…/v11.0/178463…/comments``."""
    paging = document.get("paging") if isinstance(document, dict) else None
    address = (paging.get("next") or paging.get("previous")) if isinstance(paging, dict) else None
    match = re.search(r"/(\w+)/(\w+)(?:\?|$)", address) if isinstance(address, str) else None
    if not match or match[1] == "me" or re.fullmatch(r"v\d+", match[1]):
        return context
    if match[2] in ("comments", "replies"):
        return replace(context, post_id=match[1], words=context.words | {"comments"})
    if match[2] in ("tags", "tagged", "mentioned_media", "recent_media", "top_media"):
        return replace(context, words=context.words | {"tagged"})
    return replace(context, owner_id=match[1], words=context.words | {match[2]})


def of_file(found: Found, series: dict[str, Context]) -> Context:
    """Tell what a file's name says; pages of one series (``media_p1``, ``media_p2``) share what one of them said."""
    name = _PAGE.sub("", found.name)
    if name != found.name and name in series:
        return series[name]
    path = PurePosixPath(found.name)
    words = frozenset(re.findall(r"[a-z]+", found.name.lower()))
    ids = _LONG_ID.findall(path.stem) or (_LONG_ID.findall(path.parent.name) if path.parent.name else [])
    if len(ids) != 1:
        return Context(words)
    if words & {"comment", "comments", "replies", "insights"}:
        return Context(words, post_id=ids[0])
    return Context(words, owner_id=ids[0])


def series_of(found: Found) -> str:
    """Name the series of pages that a file belongs to."""
    return _PAGE.sub("", found.name)
