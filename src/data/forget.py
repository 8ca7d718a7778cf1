"""A person taken out of imported tables and all that was made from them here (law 09-08, GDPR)."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..files import remove
from ..tables import PLATFORMS, TABLES, check, present, write
from .identity import id_key, keyed_hash
from .importers.merge import ALIASES, FORGOTTEN
from .importers.run import changing
from .quarantine import REJECTED

_PERSONS = ("creator_id", "author_id")


@dataclass(frozen=True)
class Forgotten:
    """What was done, and what is left that this command may not touch."""

    rows: dict[str, int]  # removed, by table
    redacted: int  # lines of rejected rows
    caches: list[Path]  # removed
    held: list[Path]  # files elsewhere that still name the person


def forget(person: str, folder: Path, caches: Iterable[Path] = (), elsewhere: Iterable[Path] = ()) -> Forgotten:
    """Remove a person from the tables of ``folder``, from caches and from rejected rows, and keep them out.

    :param person: ``platform:native id`` or ``platform:user name``.
    :param caches: Folders of caches; they are removed, since they are made again from the tables.
    :param elsewhere: Files or folders that are searched for what still names the person.
    :raises InputError: If the person is not written so, or the folder holds no tables.
    """
    platform, _, native = person.partition(":")
    if platform not in PLATFORMS or not native.strip():
        raise InputError(
            f"{person!r}: expected PLATFORM:ID or PLATFORM:USERNAME, PLATFORM one of {', '.join(PLATFORMS)}"
        )
    check(folder, whole=False)
    with changing(folder) as out:
        ids = _ids(platform, native.strip(), folder)
        rows = {name: _without(name, folder, out, ids) for name in present(folder)}
        removed_posts = _posts_of(folder, ids)
        rows |= _orphans(folder, out, removed_posts, rows)
        redacted = _redact(folder, out, platform, ids)
        _hidden(folder, out, ids)
    gone = [path for cache in caches for path in _emptied(cache)]
    return Forgotten(
        {name: count for name, count in rows.items() if count}, redacted, gone, list(_holding(elsewhere, ids))
    )


def _ids(platform: str, native: str, folder: Path) -> list[str]:
    """Return every id under which the person may stand: of the native id, of the user name, and what it stood for."""
    key = id_key()
    ids = {f"{platform}:{keyed_hash(native, key)}", f"{platform}:{keyed_hash('@' + native.lstrip('@').lower(), key)}"}
    if (folder / ALIASES).exists():
        aliases = pl.read_parquet(folder / ALIASES)
        for _ in range(2):  # name to id, and id back to its other names
            ids |= set(aliases.filter(pl.col("alias").is_in(list(ids)))["id"])
            ids |= set(aliases.filter(pl.col("id").is_in(list(ids)))["alias"])
    return sorted(ids)


def _without(name: str, folder: Path, out: Path, ids: list[str]) -> int:
    columns = [column for column in TABLES[name].columns if column in _PERSONS]
    if not columns:
        return 0
    table = pl.read_parquet(folder / f"{name}.parquet")
    kept = table.filter(~pl.any_horizontal(pl.col(column).is_in(ids).fill_null(value=False) for column in columns))
    if len(kept) < len(table):
        _replace(name, kept, out)
    return len(table) - len(kept)


def _replace(name: str, kept: pl.DataFrame, out: Path) -> None:
    if len(kept):
        write(name, kept, out)
    else:
        (out / f"{name}.gone").touch()


def _posts_of(folder: Path, ids: list[str]) -> list[str]:
    file = folder / "posts.parquet"
    return pl.read_parquet(file).filter(pl.col("creator_id").is_in(ids))["post_id"].to_list() if file.exists() else []


def _orphans(folder: Path, out: Path, posts: list[str], done: dict[str, int]) -> dict[str, int]:
    """Remove comments under removed posts; replies to removed comments lose only their pointer."""
    source = out / "comments.parquet" if (out / "comments.parquet").exists() else folder / "comments.parquet"
    if not source.exists() or (out / "comments.gone").exists():
        return {}
    table = pl.read_parquet(source)
    kept = table.filter(~pl.col("post_id").is_in(posts))
    lost = pl.col("parent_id").is_not_null() & ~pl.col("parent_id").is_in(kept["comment_id"].to_list())
    mended = kept.with_columns(parent_id=pl.when(~lost).then("parent_id"))
    if not mended.equals(table):
        _replace("comments", mended, out)
    return {"comments": done.get("comments", 0) + len(table) - len(kept)}


def _redact(folder: Path, out: Path, platform: str, ids: list[str]) -> int:
    """Take out what rejected rows show of the person: every word that hashes to one of the ids."""
    if not (folder / REJECTED).exists():
        return 0
    redacted, lines = 0, []
    for line in (folder / REJECTED).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if _names(str(row["found"]), platform, ids):
            row["found"], redacted = None, redacted + 1
        lines.append(json.dumps(row, ensure_ascii=False))
    if redacted:
        (out / REJECTED).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return redacted


def _names(found: str, platform: str, ids: list[str]) -> bool:
    key, words = id_key(), {found.strip(), *re.findall(r"[\w.-]+", found)}
    hashes = {keyed_hash(word, key) for word in words} | {keyed_hash(f"@{word.lower()}", key) for word in words}
    return bool({f"{platform}:{one}" for one in hashes} & set(ids))


def _hidden(folder: Path, out: Path, ids: list[str]) -> None:
    """Keep the hashes of who is forgotten, so that no later import brings them back; drop their user names."""
    old = pl.read_parquet(folder / FORGOTTEN)["id"].to_list() if (folder / FORGOTTEN).exists() else []
    pl.DataFrame({"id": sorted({*old, *ids})}, schema={"id": pl.String}).write_parquet(out / FORGOTTEN)
    if (folder / ALIASES).exists():
        aliases = pl.read_parquet(folder / ALIASES)
        aliases.filter(~pl.col("id").is_in(ids)).write_parquet(out / ALIASES)


def _emptied(cache: Path) -> Iterator[Path]:
    for path in sorted(cache.iterdir()) if cache.is_dir() else []:
        remove(path)
        yield path


def _holding(places: Iterable[Path], ids: list[str]) -> Iterator[Path]:
    """Name the files that still hold one of the ids: Parquet by its columns of ids, others by their bytes."""
    for place in places:
        files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for path in files:
            if path.is_file() and _holds(path, ids):
                yield path


def _holds(path: Path, ids: list[str]) -> bool:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic != b"PAR1":
            content = path.read_bytes()
            return any(one.encode() in content for one in ids)
        named = [column for column in pq.ParquetFile(path).schema_arrow.names if column in _PERSONS]
        listed = ", ".join(f"'{one}'" for one in ids)
        where = " OR ".join(f"{column} IN ({listed})" for column in named)
        source = str(path).replace("'", "''")
        query = f"SELECT 1 FROM read_parquet('{source}') WHERE {where} LIMIT 1"
        return bool(named) and bool(duckdb.connect().execute(query).fetchall())
    except (OSError, pa.ArrowException, duckdb.Error):
        return False
