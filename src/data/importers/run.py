"""One import: find, read, merge, commit. What fails leaves everything as it was."""

import os
import tempfile
from collections.abc import Callable, Iterator
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
from . import instagram, youtube
from .answers import Context, Reader, of_file, series_of
from .found import Found, find
from .merge import commit, finish, merge
from .staging import Staging

Progress = Callable[[str, int], None]
API = {"instagram-graph": instagram, "youtube-data": youtube}


def import_answers(
    source: str, path: Path, into: Path, *, max_rejected: float = 0.2, on_rows: Progress | None = None
) -> dict[str, dict[str, int]]:
    """Import saved answers of a platform, merging with what is there: for each column the later observation wins.

    :param source: A key of :data:`API`.
    :param path: A file, a folder or an archive; never written to.
    :param max_rejected: Largest share of a file's rows that may be faulty; rows without a place are not counted.
    :param on_rows: Called with (file, rows) after each chunk, for progress.
    :return: ``{file: {read, accepted, rejected}}``.
    :raises InputError: If a file cannot be read, too much is rejected, or nothing is left.
    """
    module = API[source]
    with importing(into, on_rows) as (staging, quarantine, finishing):
        reader = Reader(staging, quarantine, module.PLATFORM)
        read_all(find(path), reader, module, path)
        finishing(max_rejected, {"fields not read": dict(sorted(reader.unknown.items()))})
    return quarantine.summary()


def read_all(files: Iterator[Found], reader: Reader, module: Any, path: Path) -> None:
    """Read every file; those that cannot be read are all named at once.

    :raises InputError: With one line for each such file.
    """
    faults: list[str] = []
    series: dict[str, Context] = {}
    for found in files:
        try:
            series[series_of(found)] = reader.read(found, module.take, of_file(found, series))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError([*faults[:20], *([f"… and {len(faults) - 20} more such files"] if len(faults) > 20 else [])])
    if not reader.quarantine.read:
        raise InputError(f"{path}: no file to read; expected answers saved as .json, .jsonl, .json.gz or .zip")


@contextmanager
def importing(
    into: Path, on_rows: Progress | None = None
) -> Iterator[tuple[Staging, Quarantine, Callable[[float, dict[str, Any]], None]]]:
    """Prepare an import into a folder; yields where to stage, what counts rows, and the call that ends it.

    :raises InputError: If the folder holds a simulated world, or the disk is full.
    """
    if (into / TRUTH_FOLDER).is_dir():
        raise InputError(f"{into}: holds a simulated world; choose another folder with --into")
    was_there = into.is_dir()
    into.mkdir(parents=True, exist_ok=True)
    lock = into.parent / f".{into.name}.lock"
    try:
        with FileLock(lock), tempfile.TemporaryDirectory(prefix=f".staging-{os.getpid()}-", dir=into) as folder:
            finish(into)
            _sweep(into, Path(folder))
            work, out = Path(folder) / "work", Path(folder) / "out"
            work.mkdir()
            out.mkdir()
            with open_quarantine(out) as quarantine:
                staging = Staging(work, id_key(), quarantine, on_rows)

                def finishing(max_rejected: float, about: dict[str, Any]) -> None:
                    merge(work, into, out, quarantine)
                    quarantine.require_at_most(max_rejected)
                    if not list(out.glob("*.parquet")):
                        raise InputError(f"nothing could be imported: {quarantine.commonest() or 'no rows'}")
                    quarantine.close()
                    write_record(out, into, quarantine, about)
                    commit(out, into)

                yield staging, quarantine, finishing
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
