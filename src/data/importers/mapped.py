"""CSV exports of any shape: read in chunks, converted column by column, merged by key."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import polars as pl

from ...errors import InputError
from ...tables import COUNT, FLAG, IDS, MONEY, TABLES, TIME, check, writing
from .. import parse
from ..identity import id_key, person_ids
from ..quarantine import Quarantine, open_quarantine
from .mapping import Cell, Mapping, find_mapping, header

CHUNK_ROWS = 50_000  # rows converted at once: bounds the memory of an import
MERGED_ROWS = 100_000  # rows of a finished table written at once
PERSON_COLUMNS = {"creator_id", "author_id"}
NATIVE_COLUMNS = {"post_id", "comment_id", "parent_id"}  # ids that name no person: kept readable, with their platform
FILE, ROW, PLATFORM = "__file", "__row", "__platform"
csv.field_size_limit(10_000_000)


def import_csv(
    folder: Path,
    into: Path,
    *,
    mapping: Mapping | None = None,
    max_rejected: float = 0.2,
    on_rows: Callable[[str, int], None] | None = None,
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
    into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".staging-", dir=into) as staging,
        open_quarantine(into, {"about": mapping.about, "columns not mapped": unmapped}) as quarantine,
    ):
        key = id_key()
        for file in mapping.files:
            for number, chunk in enumerate(_chunks(folder / file, quarantine)):
                _stage(chunk, mapping, file, Path(staging) / f"{file}.{number}", key, quarantine)
                if on_rows:
                    on_rows(file, len(chunk))
        _merge(Path(staging), into, quarantine)
        quarantine.require_at_most(max_rejected)
    check(into)
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


def _stage(chunk: pl.DataFrame, mapping: Mapping, file: str, staging: Path, key: bytes, quarantine: Quarantine) -> None:
    """Convert one chunk for each table that comes from its file; a row with a fault goes nowhere."""
    chunk = chunk.with_columns(_raw(mapping.platform).alias(PLATFORM))
    converted = {
        name: _convert(chunk, name, source.columns, mapping.timezone, key)
        for name, source in mapping.tables.items()
        if source.file == file
    }
    for name, (_, faults) in converted.items():
        for column, row, found, reason in faults:
            quarantine.reject(file, row, mapping.tables[name].columns[column].column or column, found, reason)
    for name, (frame, _) in converted.items():
        good = frame.filter(~pl.col(ROW).is_in(list(quarantine.rejected_rows(file))))
        good.with_columns(pl.lit(file).alias(FILE)).write_parquet(f"{staging}.{name}.parquet")


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


Fault = tuple[str, int, str | None, str]


def _convert(
    chunk: pl.DataFrame, name: str, cells: dict[str, Cell], timezone: str, key: bytes
) -> tuple[pl.DataFrame, list[Fault]]:
    """Convert a chunk to one table; returns the rows and the faults (column, row, found, reason)."""
    raw = chunk.select(
        *[_raw(cells.get(column, Cell())).alias(column) for column in TABLES[name].columns], PLATFORM, ROW
    )
    values = raw.select(
        *[_typed(column, name, timezone) for column in TABLES[name].columns if column not in PERSON_COLUMNS], ROW
    ).with_columns(
        person_ids(raw[column], raw[PLATFORM], key).alias(column) for column in TABLES[name].columns
        if column in PERSON_COLUMNS
    )  # fmt: skip
    faults: list[Fault] = []
    for column, spec in TABLES[name].columns.items():
        empty = raw.select(parse.blank(pl.col(column))).to_series()
        lost = values[column].is_null() & (~empty | spec.required)
        if spec.one_of:
            lost |= ~values[column].is_in(list(spec.one_of)) & values[column].is_not_null()
        faults += [
            (column, row, found, f"expected {spec.expected}")
            for found, row in raw.filter(lost).select(column, ROW).iter_rows()
        ]
    return values.select(*TABLES[name].columns, ROW), faults


def _typed(column: str, table: str, timezone: str) -> pl.Expr:
    """Read a text column as the type that the contract gives it."""
    dtype, text = TABLES[table].columns[column].dtype, pl.col(column)
    readers = {COUNT: parse.count, MONEY: parse.money, FLAG: parse.flag}
    if dtype in readers:
        value = readers[dtype](text)
    elif dtype == TIME:
        value = parse.time(text, timezone)
    elif dtype == IDS:
        value = text.str.split(",")
    elif column in NATIVE_COLUMNS:
        value = pl.when(~parse.blank(text)).then(pl.col(PLATFORM) + ":" + text.str.strip_chars())
    else:
        value = pl.when(~parse.blank(text)).then(text)
    return value.alias(column)


def _merge(staging: Path, into: Path, quarantine: Quarantine) -> None:
    """Merge staged rows with the tables that are there, one row a key, sorted, in bounded memory."""
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for name, table in TABLES.items():
        if not list(staging.glob(f"*.{name}.parquet")):
            continue
        columns = ", ".join(table.columns)
        staged = f"SELECT {columns}, 1 AS __new, {FILE}, {ROW} FROM read_parquet('{_sql(staging)}/*.{name}.parquet')"
        existing = into / f"{name}.parquet"
        if existing.exists():
            staged += f" UNION ALL SELECT {columns}, 0, '', 0 FROM read_parquet('{_sql(existing)}')"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW staged_{name} AS {staged}")
        source = _without_lost_references(connection, name, into, quarantine)
        rows = connection.sql(
            f"SELECT {columns} FROM {source} QUALIFY row_number() OVER (PARTITION BY {', '.join(table.key)} "
            f"ORDER BY __new DESC, {FILE} DESC, {ROW} DESC) = 1 ORDER BY {', '.join(table.key)}"
        )
        with writing(name, into) as writer:
            for batch in rows.to_arrow_reader(MERGED_ROWS):
                writer.write(pl.DataFrame(pl.from_arrow(batch)))


def _without_lost_references(
    connection: duckdb.DuckDBPyConnection, name: str, into: Path, quarantine: Quarantine
) -> str:
    """Reject rows that point to nothing where they must; where they need not, the pointer becomes null."""
    source = f"staged_{name}"
    for column, other in TABLES[name].references.items():
        target = f"staged_{other}" if other == name else f"read_parquet('{_sql(into / f'{other}.parquet')}')"
        if other != name and not (into / f"{other}.parquet").exists():
            continue
        (key,) = TABLES[other].key
        if TABLES[name].columns[column].required:
            lost = f"FROM {source} WHERE {column} NOT IN (SELECT {key} FROM {target})"
            for file, row, found in connection.execute(f"SELECT {FILE}, {ROW}, {column} {lost}").fetchall():
                quarantine.reject(file, row, column, found, f"expected a {key} that is in {other}")
            source = f"(SELECT * FROM {source} WHERE {column} IN (SELECT {key} FROM {target}))"
        else:
            kept = f"CASE WHEN {column} IN (SELECT {key} FROM {target}) THEN {column} END AS {column}"
            source = f"(SELECT * REPLACE ({kept}) FROM {source})"
    return source


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")
