"""Exports of any shape: tables read in chunks, their columns named by a mapping, merged by key."""

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import polars as pl

from ...errors import InputError
from ...tables import TABLES
from .found import Found, find
from .mapping import Cell, Mapping, shipped_mappings
from .run import Progress, importing
from .staging import PLATFORM, ROW, Staging
from .tabular import ENDINGS, header, open_table


def import_csv(
    path: Path,
    into: Path,
    *,
    mapping: Mapping | None = None,
    max_rejected: float = 0.2,
    on_rows: Progress | None = None,
) -> dict[str, dict[str, int]]:
    """Import tables into those of ``into``, merging with what is there: for each column the later observation wins.

    :param path: A file, folder or zip of CSV, Excel, JSON lines or Parquet; never written to.
    :param mapping: Which column is what; by default the shipped mapping that fits.
    :param max_rejected: Largest share of a file's rows that may be turned away.
    :param on_rows: Called with (file, rows) after each chunk, for progress.
    :return: ``{file: {read, accepted, rejected}}``.
    :raises InputError: If a file is missing or unreadable, a column is missing, or too much is rejected.
    """
    files = tables_in(path)
    mapping = mapping or find_mapping(files, path)
    chosen = matching(files, mapping.files, path)
    names = {found.name: header(found) for group in chosen.values() for found in group}
    _require_columns(chosen, names, mapping)
    unmapped = {found.name: sorted(set(names[found.name]) - mapping.columns_of(pattern))
                for pattern, group in chosen.items() for found in group}  # fmt: skip
    with importing(into, on_rows) as (staging, quarantine, finishing):
        for pattern, group in chosen.items():
            for found in group:
                for chunk in open_table(found, quarantine).chunks:
                    _stage(chunk, mapping, pattern, found, staging)
        finishing(max_rejected, {"about": mapping.about, "columns not mapped": unmapped})
    return quarantine.summary()


def tables_in(path: Path) -> list[Found]:
    """List the files of a path that may hold a table.

    :raises InputError: If there is none.
    """
    files = [found for found in find(path) if found.suffix in ENDINGS]
    if not files:
        raise InputError(f"{path}: no table in it; expected {', '.join(sorted(ENDINGS))}, also .gz or zipped")
    return files


def matching(files: list[Found], patterns: list[str], path: Path) -> dict[str, list[Found]]:
    """Find the files that each pattern of a mapping names: by name, by ending of the path, or by ``*``.

    :raises InputError: If a pattern finds none.
    """
    if len(files) == len(patterns) == 1:
        return {patterns[0]: files}
    chosen = {pattern: [found for found in files if _named(found.name, pattern)] for pattern in patterns}
    missing = [pattern for pattern, group in chosen.items() if not group]
    if missing:
        seen = ", ".join(found.name for found in files[:10])
        raise InputError([f"{path}/{pattern}: no such file; the mapping expects {', '.join(patterns)}; found {seen}"
                          for pattern in missing])  # fmt: skip
    return chosen


def _named(name: str, pattern: str) -> bool:
    plain = name.removesuffix(".gz")
    return any(fnmatch(word, pattern) for word in (name, plain, PurePosixPath(name).name, PurePosixPath(plain).name))


def find_mapping(files: list[Found], path: Path) -> Mapping:
    """Find the shipped mapping that fits files.

    :raises InputError: If none fits, with the files and columns that were found.
    """
    found = {PurePosixPath(file.name).name: set(header(file)) for file in files}
    shipped = shipped_mappings()
    for mapping in shipped.values():
        if all(mapping.columns_of(file) <= found.get(file, set()) for file in mapping.files):
            return mapping
    seen = "; ".join(f"{name} with {', '.join(sorted(columns))}"[:200] for name, columns in found.items())
    raise InputError(f"{path}: no shipped mapping ({', '.join(shipped)}) fits; found {seen}; name yours with --mapping "
                     "FILE.yaml, --guess proposes one")  # fmt: skip


def _require_columns(chosen: dict[str, list[Found]], names: dict[str, list[str]], mapping: Mapping) -> None:
    faults = []
    for pattern, group in chosen.items():
        for found in group:
            missing = mapping.columns_of(pattern) - set(names[found.name])
            if missing:
                there = ", ".join(names[found.name])[:500]
                faults.append(f"{found.name}: column {', '.join(sorted(missing))} missing; found {there}")
    if faults:
        raise InputError(faults)


def _stage(chunk: pl.DataFrame, mapping: Mapping, pattern: str, found: Found, staging: Staging) -> None:
    """Name the columns of one chunk as our tables do, for each table that comes from its file."""
    observed = found.observed_at.isoformat()
    chunk = chunk.with_columns(raw_cell(mapping.platform, observed).alias(PLATFORM))
    raw = {
        name: chunk.select(
            *[raw_cell(source.columns.get(column, Cell()), observed).alias(column) for column in TABLES[name].columns],
            PLATFORM, ROW,
        )
        for name, source in mapping.tables.items()
        if source.file == pattern
    }  # fmt: skip
    staging.add(found.name, found.observed_at, len(chunk), raw, timezone=mapping.timezone)


def raw_cell(cell: Cell, observed: str) -> pl.Expr:
    """Return the text of a cell, before it is read as its type."""
    if cell.row:
        return pl.col(ROW).cast(pl.String)
    if cell.observed:
        return pl.lit(observed)
    if cell.column is None:
        return pl.lit(None if cell.value is None else str(cell.value), dtype=pl.String)
    text = pl.col(cell.column)
    if cell.values is not None:
        return text.str.strip_chars().replace_strict(
            {found: None if value is None else str(value) for found, value in cell.values.items()},
            default=text, return_dtype=pl.String,
        )  # fmt: skip
    return text
