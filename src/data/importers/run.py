"""One import: find, read, merge, commit. What fails leaves everything as it was."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock

from ...errors import InputError
from ...files import remove
from ...origin import TRUTH_FOLDER
from ..identity import id_key
from ..quarantine import Quarantine, open_quarantine, write_record
from . import facebook, instagram, tiktok_research, tiktok_web, youtube
from .answers import Context, Reader, Take, of_file, series_of
from .archive import Archives
from .found import Found, find
from .merge import commit, finish, merge
from .staging import Staging

Progress = Callable[[str, int], None]
ARCHIVE, MOST_FAULTS = "account-archive", 20
API: dict[str, Any] = {
    "instagram-graph": instagram,
    "facebook-pages": facebook,
    "youtube-data": youtube,
    "tiktok-research": tiktok_research,
    "tiktok-web": tiktok_web,
}


def import_answers(
    source: str, path: Path, into: Path, *, max_rejected: float = 0.2, on_rows: Progress | None = None
) -> dict[str, dict[str, int]]:
    """Import saved answers of a platform, merging with what is there: for each column the later observation wins.

    :param source: A key of :data:`API`, or :data:`ARCHIVE`.
    :param path: A file, a folder or an archive; never written to.
    :param max_rejected: Largest share of all rows that may be faulty; rows without a place are not counted.
    :param on_rows: Called with (file, rows) after each chunk, for progress.
    :return: ``{file: {read, accepted, rejected}}``.
    :raises InputError: If a file cannot be read, too much is rejected, or nothing is left.
    """
    archives = Archives() if source == ARCHIVE else None
    with importing(into, on_rows) as (staging, quarantine, finishing):
        quarantine.together = True
        reader = Reader(staging, quarantine, archives.platform if archives else API[source].PLATFORM)
        try:
            if archives:
                files = archives.prepare(find(path))
                read_all(files, reader, archives.take, lambda found, _: archives.context(found, reader))
            else:
                read_all(find(path), reader, API[source].take, of_file)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
        if not quarantine.read:
            raise InputError(f"{path}: no file to read; expected answers saved as .json, .jsonl, .json.gz or .zip")
        about: dict[str, Any] = {"fields not read": dict(sorted(reader.unknown.items()))}
        finishing(max_rejected, about | ({"files passed over": archives.passed_over} if archives else {}))
    return quarantine.summary()


def read_all(
    files: Iterable[Found], reader: Reader, take: Take, where: Callable[[Found, dict[str, Context]], Context]
) -> None:
    """Read every file; those that cannot be read are all named at once.

    :param where: Tells what a file's name says, given what earlier pages of each series said.
    :raises InputError: With one line for each such file.
    """
    faults: list[str] = []
    series: dict[str, Context] = {}
    for found in files:
        try:
            series[series_of(found)] = reader.read(found, take, where(found, series))
        except InputError as error:
            faults += error.faults
    if faults:
        more = len(faults) - MOST_FAULTS
        raise InputError([*faults[:MOST_FAULTS], *([f"and {more} more such files"] if more > 0 else [])])


Finish = Callable[..., None]


@contextmanager
def importing(into: Path, on_rows: Progress | None = None) -> Iterator[tuple[Staging, Quarantine, Finish]]:
    """Prepare an import into a folder; yields where to stage, what counts rows, and the call that ends it.

    That call takes the largest share of faults, what ``import.json`` says besides, and what is to be made of the merged
    tables before they are put in place.

    :raises InputError: If the folder holds a simulated world, or the disk is full.
    """
    if (into / TRUTH_FOLDER).is_dir():
        raise InputError(f"{into}: holds a simulated world; choose another folder with --into")
    with changing(into) as out, open_quarantine(out) as quarantine:
        work = out.parent / "work"
        work.mkdir()

        def finishing(max_rejected: float, about: dict[str, Any], after: Callable[[Path], None] | None = None) -> None:
            merge(work, into, out, quarantine)
            quarantine.require_at_most(max_rejected)
            if after:
                after(out)
            if not sum(quarantine.read.values()):
                raise InputError("no row to import; expected a header and rows below it")
            quarantine.close()
            write_record(out, into, quarantine, about)

        yield Staging(work, id_key(), quarantine, on_rows), quarantine, finishing


@contextmanager
def changing(into: Path) -> Iterator[Path]:
    """Yield a folder for new files of ``into``; they are put in place together when the block succeeds.

    One process at a time; what a killed one left is finished or removed.

    :raises InputError: If the files do not fit together, or cannot be written.
    """
    was_there = into.is_dir()
    into.mkdir(parents=True, exist_ok=True)
    lock = into.parent / f".{into.name}.lock"
    try:
        with FileLock(lock), tempfile.TemporaryDirectory(prefix=f".staging-{os.getpid()}-", dir=into) as folder:
            finish(into)
            _sweep(into, Path(folder))
            out = Path(folder) / "out"
            out.mkdir()
            yield out
            commit(out, into)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        raise InputError(f"{into}: could not be written ({str(error).splitlines()[0]}); nothing was changed") from None
    finally:
        lock.unlink(missing_ok=True)
        if not was_there and into.is_dir() and not any(into.iterdir()):
            into.rmdir()


def _sweep(into: Path, mine: Path) -> None:
    """Remove what killed imports left."""
    for left in into.glob(".staging-*"):
        if left != mine:
            remove(left)
