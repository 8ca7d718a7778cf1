"""Tables as people export them, read in chunks of text: CSV of any separator, Excel, JSON lines, Parquet."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TextIO

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import InputError
from ..quarantine import Quarantine
from .answers import text_of
from .decode import as_text, encoding, whole
from .documents import BadLine, documents
from .found import Found, readable
from .staging import ROW

CHUNK_ROWS = 50_000  # rows converted at once: bounds the memory of an import
SEPARATORS = ",;\t|"
LARGEST_CELL = 10_000_000
LARGEST_EXCEL = 200_000_000  # bytes; Excel itself holds about a million rows
ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".jsonl", ".ndjson", ".json", ".parquet"}


@dataclass(frozen=True)
class Table:
    """One table: its column names, and its rows in chunks, each with :data:`ROW` counted from 1 below the header."""

    names: list[str]
    chunks: Iterator[pl.DataFrame]


def open_table(found: Found, quarantine: Quarantine | None = None) -> Table:
    """Open a file as a table of texts; rows that do not fit it are rejected.

    :raises InputError: If it cannot be read.
    """
    if found.suffix == ".parquet":
        return _parquet(found, quarantine)
    if found.suffix in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        return _excel(found, quarantine)
    if found.suffix in (".jsonl", ".ndjson", ".json"):
        return _json(found, quarantine)
    return _csv(found, quarantine)


def header(found: Found) -> list[str]:
    """Read the column names of a table.

    :raises InputError: If it cannot be read.
    """
    return open_table(found).names


def _csv(found: Found, quarantine: Quarantine | None) -> Table:
    try:
        return _csv_table(found, quarantine)
    except csv.Error as error:
        raise InputError(f"{found.name}: not readable as CSV ({error})") from None


def _csv_table(found: Found, quarantine: Quarantine | None) -> Table:
    code = encoding(found)
    csv.field_size_limit(LARGEST_CELL)
    with readable(found) as stream, as_text(stream, code) as text:
        head = [line for line in islice(text, 20) if line.strip()]
    if not head:
        raise InputError(f"{found.name}: it is empty; expected a header and rows")
    told = head[0].strip().strip("\ufeff")[4:5] if _tells_separator(head[0]) else ""  # as Excel writes it
    separator = told or _separator(head)
    with readable(found) as stream, as_text(stream, code) as text:
        names = _names(next(_records(text, separator), []), found.name)
    return Table(names, _csv_chunks(found, code, separator, names, quarantine or _Ignored()))


def _separator(head: list[str]) -> str:
    """Choose the separator that cuts the most lines alike."""

    def fit(sign: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(head, delimiter=sign)]
        return (sum(width == widths[0] for width in widths) if widths[0] > 1 else 0, widths[0])

    return max(SEPARATORS, key=fit)


def _records(text: TextIO, separator: str) -> Iterator[list[str]]:
    reader = csv.reader((line.replace("\0", "") for line in text), delimiter=separator)
    first = next(reader, [])
    return reader if first and _tells_separator(first[0]) else chain([first], reader)


def _tells_separator(line: str) -> bool:
    return line.strip("\ufeff").lower().startswith("sep=")


def _names(row: list[str], file: str) -> list[str]:
    """Clean column names; the second of two alike gets a number."""
    names: list[str] = []
    for index, name in enumerate(row, 1):
        plain = whole(name).strip().strip("\ufeff").strip() or f"column {index}"
        names.append(plain if plain not in names else f"{plain} {index}")
    if not names:
        raise InputError(f"{file}: no header; expected column names in the first row")
    return names


def _csv_chunks(found: Found, code: str, separator: str, names: list[str], quarantine: Any) -> Iterator[pl.DataFrame]:
    schema: dict[str, Any] = dict.fromkeys(names, pl.String) | {ROW: pl.Int64}
    with readable(found) as stream, as_text(stream, code) as text:
        records, row = _records(text, separator), 0
        next(records, None)
        try:
            while lines := list(islice(records, CHUNK_ROWS)):
                kept = []
                for line in lines:
                    if line:
                        row += 1
                        kept += _fitted(line, row, len(names), found.name, quarantine)
                yield pl.DataFrame(kept, schema=schema, orient="row")
        except csv.Error as error:
            raise InputError(f"{found.name}: not readable after row {row} ({error}); expected CSV") from None


def _fitted(line: list[str], row: int, width: int, file: str, quarantine: Any) -> list[tuple[Any, ...]]:
    """Return a line as one row; blank cells beyond the header are dropped, another width is rejected."""
    quarantine.count(file, 1)
    while len(line) > width and not line[-1].strip():
        line.pop()
    if len(line) != width:
        quarantine.reject(
            file, row, "", [whole(cell)[:40] for cell in line[:3]], f"found {len(line)} fields, expected {width}"
        )
        return []
    return [(*map(whole, line), row)]


class _Ignored:
    """Stands for the quarantine where only the header is wanted."""

    def count(self, file: str, rows: int) -> None:
        """Count nothing."""

    def reject(self, *fault: Any) -> None:
        """Keep nothing."""


def _counted(chunks: Iterable[pl.DataFrame], file: str, quarantine: Quarantine | None) -> Iterator[pl.DataFrame]:
    """Give each row of chunks of text its number, and count it."""
    first = 1
    for chunk in chunks:
        if quarantine:
            quarantine.count(file, len(chunk))
        yield chunk.with_columns(pl.Series(ROW, range(first, first + len(chunk)), dtype=pl.Int64))
        first += len(chunk)


def _excel(found: Found, quarantine: Quarantine | None) -> Table:
    with readable(found) as stream:
        content = stream.read(LARGEST_EXCEL + 1)
    if len(content) > LARGEST_EXCEL:
        raise InputError(f"{found.name}: over {LARGEST_EXCEL:,} bytes; save the sheet as CSV")
    try:
        sheet = fastexcel.read_excel(content).load_sheet(0, dtypes="string")
        frame = pl.DataFrame(sheet.to_polars())
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        raise InputError(f"{found.name}: not a readable Excel file ({str(error).splitlines()[0]})") from None
    except BaseException as error:  # a panic of the reader in Rust is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(f"{found.name}: not a readable Excel file; save it again, or as CSV") from None
    frame = frame.rename(dict(zip(frame.columns, _names(frame.columns, found.name), strict=True)))
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null())) if frame.width else frame
    return Table(frame.columns, _counted(frame.iter_slices(CHUNK_ROWS), found.name, quarantine))


def _json(found: Found, quarantine: Quarantine | None) -> Table:
    first = next((item for item in _objects(found) if isinstance(item, dict)), None)
    if first is None:
        raise InputError(f"{found.name}: no object in it; expected one a line, or a list of objects")
    names = list(
        dict.fromkeys(name for item in islice(_objects(found), 1_000) if isinstance(item, dict) for name in flat(item))
    )
    return Table(names, _json_chunks(found, names, quarantine or _Ignored()))


def _objects(found: Found) -> Iterator[Any]:
    for _, document in documents(found):
        yield from document if isinstance(document, list) else [document]


def flat(item: dict[str, Any], before: str = "") -> dict[str, str | None]:
    """Name nested values by their path, ``user.name``; lists stay JSON."""
    found: dict[str, str | None] = {}
    for name, value in item.items():
        key = f"{before}{whole(name)}"
        if isinstance(value, dict):
            found |= flat(value, f"{key}.")
        else:
            found[key] = whole(json.dumps(value, ensure_ascii=False)) if isinstance(value, list) else text_of(value)
    return found


def _json_chunks(found: Found, names: list[str], quarantine: Any) -> Iterator[pl.DataFrame]:
    schema: dict[str, Any] = dict.fromkeys(names, pl.String) | {ROW: pl.Int64}
    objects, row = _objects(found), 0
    while items := list(islice(objects, CHUNK_ROWS)):
        kept = []
        for item in items:
            row += 1
            quarantine.count(found.name, 1)
            if isinstance(item, dict):
                cells = flat(item)
                kept.append((*(cells.get(name) for name in names), row))
            else:
                reason = item.reason if isinstance(item, BadLine) else "expected an object"
                quarantine.reject(found.name, row, "", type(item).__name__, reason)
        yield pl.DataFrame(kept, schema=schema, orient="row")


def _parquet(found: Found, quarantine: Quarantine | None) -> Table:
    with readable(found) as stream:
        content = pa.BufferReader(stream.read())
    try:
        file = pq.ParquetFile(content)
        chunks = (_as_text(pl.DataFrame(pl.from_arrow(batch))) for batch in file.iter_batches(CHUNK_ROWS))
        return Table(list(file.schema_arrow.names), _guarded(_counted(chunks, found.name, quarantine), found.name))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{found.name}: not a readable Parquet file ({str(error).splitlines()[0]})") from None


def _guarded(chunks: Iterator[pl.DataFrame], file: str) -> Iterator[pl.DataFrame]:
    try:
        yield from chunks
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: not readable to its end ({str(error).splitlines()[0]})") from None


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Write every column as text: lists of texts with commas, other nested values as JSON."""

    def written(name: str, dtype: pl.DataType) -> pl.Expr:
        column = pl.col(name)
        if isinstance(dtype, pl.List) and dtype.inner == pl.String:
            return column.list.join(",")
        if isinstance(dtype, pl.Struct):
            return column.struct.json_encode()
        if isinstance(dtype, pl.Datetime):
            return column.dt.to_string("iso:strict")
        return column.cast(pl.String, strict=False)

    return frame.select(written(name, dtype) for name, dtype in frame.schema.items())
