"""CSV exports of any shape: read in chunks, converted column by column, merged by key."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import polars as pl

from ...errors import InputError
from ...tables import TABLES
from ..quarantine import Quarantine
from .mapping import Cell, Mapping, find_mapping, header
from .run import Progress, importing
from .staging import PLATFORM, ROW, Staging

CHUNK_ROWS = 50_000  # rows converted at once: bounds the memory of an import
csv.field_size_limit(10_000_000)


def import_csv(
    folder: Path,
    into: Path,
    *,
    mapping: Mapping | None = None,
    max_rejected: float = 0.2,
    on_rows: Progress | None = None,
) -> dict[str, dict[str, int]]:
    """Import CSV files into the tables of ``into``, merging with what is there: the later observation wins.

    :param folder: The folder that holds the files, never written to.
    :param mapping: Which column is what; by default the shipped mapping that fits.
    :param max_rejected: Largest share of a file's rows that may be turned away.
    :param on_rows: Called with (file, rows) after each chunk, for progress.
    :return: ``{file: {read, accepted, rejected}}``.
    :raises InputError: If a file is missing or unreadable, a column is missing, or too much is rejected.
    """
    mapping = mapping or find_mapping(folder)
    _require_columns(folder, mapping)
    unmapped = {file: sorted(set(header(folder / file)) - mapping.columns_of(file)) for file in mapping.files}
    with importing(into, on_rows) as (staging, quarantine, finishing):
        for file in mapping.files:
            written = timedelta(microseconds=(folder / file).stat().st_mtime_ns // 1000)
            for chunk in _chunks(folder / file, quarantine):
                _stage(chunk, mapping, file, datetime(1970, 1, 1, tzinfo=UTC) + written, staging)
        finishing(max_rejected, {"about": mapping.about, "columns not mapped": unmapped})
    return quarantine.summary()


def _require_columns(folder: Path, mapping: Mapping) -> None:
    faults = []
    for file in mapping.files:
        path = folder / file
        missing = mapping.columns_of(file) - set(header(path)) if path.is_file() else set()
        if not path.is_file():
            faults.append(f"{path}: no such file; the mapping expects {', '.join(mapping.files)}")
        elif missing:
            faults.append(f"{path}: column {', '.join(sorted(missing))} missing; found {', '.join(header(path))}")
    if faults:
        raise InputError(faults)


def _chunks(path: Path, quarantine: Quarantine) -> Iterator[pl.DataFrame]:
    """Yield text columns with the row (counted from 1 below the header); rows of another width are rejected."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(line.replace("\0", "") for line in file)
        names = next(reader, [])
        row = 0
        try:
            while lines := list(islice(reader, CHUNK_ROWS)):
                quarantine.count(path.name, len(lines))
                kept = []
                for line in lines:
                    row += 1
                    if len(line) == len(names):
                        kept.append((*line, row))
                    else:
                        reason = f"found {len(line)} fields, expected {len(names)}"
                        quarantine.reject(path.name, row, "", line[:3], reason)
                yield pl.DataFrame(kept, schema=dict.fromkeys(names, pl.String) | {ROW: pl.Int64}, orient="row")
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{path}: not readable after row {row} ({error}); expected CSV in UTF-8") from None


def _stage(chunk: pl.DataFrame, mapping: Mapping, file: str, observed: datetime, staging: Staging) -> None:
    """Name the columns of one chunk as our tables do, for each table that comes from its file."""
    chunk = chunk.with_columns(_raw(mapping.platform).alias(PLATFORM))
    raw = {
        name: chunk.select(
            *[_raw(source.columns.get(column, Cell())).alias(column) for column in TABLES[name].columns], PLATFORM, ROW
        )
        for name, source in mapping.tables.items()
        if source.file == file
    }
    staging.add(file, observed, len(chunk), raw, timezone=mapping.timezone)


def _raw(cell: Cell) -> pl.Expr:
    """Return the text of a cell, before it is read as its type."""
    if cell.row:
        return pl.col(ROW).cast(pl.String)
    if cell.column is None:
        return pl.lit(None if cell.value is None else str(cell.value), dtype=pl.String)
    text = pl.col(cell.column)
    if cell.values is not None:
        return text.str.strip_chars().replace_strict(
            {found: None if value is None else str(value) for found, value in cell.values.items()},
            default=text, return_dtype=pl.String,
        )  # fmt: skip
    return text
