"""What a user's PATH holds: files, folders, gzip and zip, opened one at a time, hostile archives refused."""

import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ...errors import InputError

LARGEST_RATIO = 250  # unpacked to packed bytes; text packs 5 to 50 times, a bomb a thousand times
HARMLESS_BYTES = 10_000_000  # an archive that unpacks to less is no bomb
MOST_MEMBERS = 200_000
MEDIA = frozenset({
    ".aac", ".avi", ".css", ".gif", ".heic", ".ico", ".jpeg", ".jpg", ".js", ".license", ".m4a", ".m4v", ".md", ".mov",
    ".mp3", ".mp4", ".ogg", ".pdf", ".png", ".srt", ".svg", ".toml", ".ttf", ".vtt", ".wav", ".webm", ".webp", ".woff",
    ".woff2", ".yaml", ".yml",
})  # fmt: skip
_STAMP = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?:[T_ .-]?([0-2]\d)[-_:.hH]?([0-5]\d)(?:[-_:.mM]?([0-5]\d))?)?(?!\d)"
)


@dataclass(frozen=True)
class Found:
    """One file of data: its name below PATH, when it was written, and how to open it."""

    name: str
    observed_at: datetime  # from its name, else the date of the file
    open: Callable[[], Any]  # a binary stream

    @property
    def suffix(self) -> str:
        """Return the ending that says what is inside, ``.gz`` taken off."""
        path = PurePosixPath(self.name.lower())
        return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


def find(path: Path) -> Iterator[Found]:
    """Yield the files of data in ``path``, sorted by name: a file, a folder (recursively), gzip, zip.

    Pictures, films and the like are passed over; links are not followed out of the folder.

    :raises InputError: If ``path`` is not there, or an archive is a bomb, leaves its folder, or is cut short.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    inside = path.resolve()
    for file in files:
        name = path.name if file == path else file.relative_to(path).as_posix()
        hidden = any(part.startswith(".") for part in PurePosixPath(name).parts) and file != path
        if hidden or not file.resolve().is_relative_to(inside):
            continue
        yield from _opened(file, name)


def _opened(file: Path, name: str) -> Iterator[Found]:
    written = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=file.stat().st_mtime_ns // 1000)
    suffix = file.suffix.lower()
    if suffix == ".zip":
        yield from _members(file, name)
    elif suffix == ".gz":
        packed = file.stat().st_size
        yield Found(name, stamp(name) or written, lambda: _Limited(gzip.GzipFile(file), packed, name))
    elif wanted(name):
        yield Found(name, stamp(name) or written, lambda: file.open("rb"))


def _members(file: Path, name: str) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{name}: not a readable zip ({error}); download it again") from None
    _refuse_hostile(members, file.stat().st_size, name)
    for member in sorted(members, key=lambda item: item.filename):
        if not member.is_dir() and wanted(member.filename):
            yield Found(f"{name}/{member.filename}", stamp(member.filename) or _written(member), _opener(file, member))


def _opener(file: Path, member: zipfile.ZipInfo) -> Callable[[], Any]:
    def opened() -> Any:
        try:
            with zipfile.ZipFile(file) as archive:
                stream: Any = archive.open(member)
        except RuntimeError as error:  # zipfile's word for a password
            raise InputError(f"{file.name}/{member.filename}: {error}; unpack it with its password first") from None
        packed = gzip.GzipFile(fileobj=stream) if member.filename.lower().endswith(".gz") else stream
        return _Limited(packed, max(member.compress_size, member.file_size // LARGEST_RATIO), member.filename)

    return opened


def _refuse_hostile(members: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{name}: {len(members)} files inside, expected at most {MOST_MEMBERS}; unpack what is needed")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or member.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", member.filename):
            raise InputError(f"{name}: holds {member.filename[:60]!r}, which leaves the folder; refused")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"{name}: holds the link {member.filename[:60]!r}; refused")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(HARMLESS_BYTES, LARGEST_RATIO * packed):
        raise InputError(
            f"{name}: unpacks to {unpacked:,} bytes, over {LARGEST_RATIO} times its size; refused as a zip bomb"
        )


def _written(member: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*member.date_time, tzinfo=UTC)
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=UTC)


class _Limited(io.RawIOBase):
    """A stream that stops a bomb: no more than :data:`LARGEST_RATIO` times the packed bytes come out."""

    def __init__(self, stream: Any, packed: int, name: str) -> None:
        self._stream, self._left, self._name = stream, max(HARMLESS_BYTES, LARGEST_RATIO * packed), name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self._stream.read(len(buffer))
        self._left -= len(block)
        if self._left < 0:
            raise InputError(f"{self._name}: unpacks to over {LARGEST_RATIO} times its size; refused as a bomb")
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def readable(found: Found) -> Iterator[IO[bytes]]:
    """Open a file; what breaks while it is read becomes one clear line.

    :raises InputError: If it is cut short, damaged or may not be read.
    """
    try:
        with found.open() as raw:
            yield io.BufferedReader(raw, 1 << 20) if isinstance(raw, io.RawIOBase) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(f"{found.name}: cut short or damaged ({error}); download it again") from None
    except OSError as error:
        raise InputError(f"{found.name}: cannot be read ({error.strerror or error})") from None


def wanted(name: str) -> bool:
    """Tell whether a file may hold data, by its ending; zip in zip is not opened."""
    path = PurePosixPath(name)
    hidden = path.name.startswith((".", "__MACOSX")) or "__MACOSX" in path.parts
    return not hidden and path.suffix.lower() not in MEDIA and path.name.upper() not in {"LICENSE", "README"}


def stamp(name: str) -> datetime | None:
    """Read the time of a download from a file's name or its folder's, the innermost that has one.

    >>> stamp("2024-05-01/media_2024-06-02T10-30.json").isoformat()
    '2024-06-02T10:30:00+00:00'
    """
    for part in reversed(PurePosixPath(name).parts):
        for match in reversed(list(_STAMP.finditer(part))):
            year, month, day, hour, minute, second = (int(group or 0) for group in match.groups())
            try:
                return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            except ValueError:
                continue
    return None
