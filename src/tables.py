"""The table contract: what each table holds, checked on every read and write.

All times are UTC, money is in MAD, ids are strings; creators and authors share one space for each platform.
A null means "not observed", never 0. A table that was not observed at all is an absent file, not an empty one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from .errors import InputError
from .files import replacing, rounded

TEXT, COUNT, MONEY = pa.string(), pa.int64(), pa.float64()
TIME, FLAG, IDS = pa.timestamp("us", tz="UTC"), pa.bool_(), pa.list_(pa.string())

PLATFORMS = ("instagram", "tiktok", "youtube", "facebook")
KINDS = ("person", "club", "student_association", "facebook_group")
FORMATS = ("photo", "carousel", "video", "story", "text")
OBJECTIVES = ("reach", "engagement", "conversion")

BATCH_ROWS = 131_072  # rows checked at once: bounds the memory of a read, whatever the size of the table
_PEOPLE = {
    TEXT: "a text", COUNT: "a whole number", MONEY: "a number", TIME: "a time in UTC", FLAG: "true or false",
    IDS: "a list of ids",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means in which unit, and what its values may be."""

    dtype: pa.DataType
    about: str
    required: bool = False
    one_of: tuple[str, ...] | None = None

    @property
    def at_least(self) -> int | None:
        """Counts and money start at 0; other types have no lower bound."""
        return 0 if self.dtype in (COUNT, MONEY) else None

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        what = f"one of {', '.join(self.one_of)}" if self.one_of else _PEOPLE[self.dtype]
        what += " of at least 0" if self.at_least is not None else ""
        return what if self.required else f"{what}, or null where it was not observed"


@dataclass(frozen=True)
class Table:
    """One table: its key, its columns, and the columns that point to the key of another table."""

    key: tuple[str, ...]
    columns: dict[str, Column]
    references: dict[str, str] = field(default_factory=dict)
    ordered: tuple[tuple[str, str], ...] = ()  # pairs (low, high) with low <= high in every row
    needed: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table."""
        return pa.schema([pa.field(name, column.dtype) for name, column in self.columns.items()])


def _key(about: str) -> Column:
    return Column(TEXT, about, required=True)


TABLES: dict[str, Table] = {
    "creators": Table(
        key=("creator_id",),
        needed=True,
        columns={
            "creator_id": _key("platform:keyed hash of the platform's own id"),
            "platform": Column(TEXT, "where the creator publishes", required=True, one_of=PLATFORMS),
            "kind": Column(TEXT, "a person or a community", one_of=KINDS),
            "city": Column(TEXT, "home city"),
            "neighbourhood": Column(TEXT, "home neighbourhood"),
            "niche": Column(TEXT, "what the creator mostly publishes about"),
            "language": Column(TEXT, "main variety: fr, ary-Arab, ary-Latn, arb, en, zgh or mixed"),
            "joined_at": Column(TIME, "when the account was opened"),
        },
    ),
    "audience": Table(
        key=("creator_id", "observed_at"),
        columns={
            "creator_id": _key("creators.creator_id"),
            "observed_at": Column(TIME, "when the counts were read", required=True),
            "followers": Column(COUNT, "accounts that follow the creator"),
            "following": Column(COUNT, "accounts that the creator follows"),
        },
        references={"creator_id": "creators"},
    ),
    "posts": Table(
        key=("post_id",),
        needed=True,
        columns={
            "post_id": _key("platform:id of the post"),
            "creator_id": _key("creators.creator_id"),
            "published_at": Column(TIME, "when it was published"),
            "format": Column(TEXT, "what it is", one_of=FORMATS),
            "caption": Column(TEXT, "the creator's text, as written"),
            "likes": Column(COUNT, "likes when last read"),
            "comments": Column(COUNT, "comments as the platform counts them"),
            "shares": Column(COUNT, "shares when last read"),
            "saves": Column(COUNT, "saves when last read"),
            "views": Column(COUNT, "views when last read"),
            "reach": Column(COUNT, "distinct accounts reached"),
            "paid_label": Column(FLAG, "the platform's own label for paid content"),
            "brand": Column(TEXT, "brand that is tagged"),
        },
        references={"creator_id": "creators"},
    ),
    "comments": Table(
        key=("comment_id",),
        columns={
            "comment_id": _key("platform:id of the comment"),
            "post_id": _key("posts.post_id"),
            "parent_id": Column(TEXT, "comment that this one answers"),
            "author_id": Column(TEXT, "platform:keyed hash of the author's own id"),
            "written_at": Column(TIME, "when it was written"),
            "text": Column(TEXT, "as written"),
            "likes": Column(COUNT, "likes when last read"),
            "by_creator": Column(FLAG, "whether the post's creator wrote it"),
        },
        references={"post_id": "posts", "parent_id": "comments"},
    ),
    "campaigns": Table(
        key=("campaign_id",),
        columns={
            "campaign_id": _key("id of the campaign"),
            "brand": Column(TEXT, "who pays"),
            "niche": Column(TEXT, "niche of the product"),
            "city": Column(TEXT, "city the campaign aims at; null for all of the country"),
            "starts_at": Column(TIME, "first day"),
            "ends_at": Column(TIME, "last day"),
            "objective": Column(TEXT, "what it is for", one_of=OBJECTIVES),
            "budget_mad": Column(MONEY, "budget, MAD"),
        },
        ordered=(("starts_at", "ends_at"),),
    ),
    "brands": Table(
        key=("brand",),
        columns={
            "brand": _key("name of the brand"),
            "niche": Column(TEXT, "niche of its products"),
            "rivals": Column(IDS, "brands that sell the same"),
        },
    ),
    "rates": Table(
        key=("creator_id", "valid_from", "format"),
        columns={
            "creator_id": _key("creators.creator_id"),
            "valid_from": Column(TIME, "from when the fee is asked", required=True),
            "format": Column(TEXT, "for what", required=True, one_of=FORMATS),
            "fee_mad": Column(MONEY, "fee asked for one post, MAD"),
        },
        references={"creator_id": "creators"},
    ),
    "placements": Table(
        key=("placement_id",),
        columns={
            "placement_id": _key("id of the deal"),
            "campaign_id": _key("campaigns.campaign_id"),
            "creator_id": _key("creators.creator_id"),
            "agreed_at": Column(TIME, "when the deal was agreed: features look back from here", required=True),
            "post_ids": Column(IDS, "posts made for the deal"),
            "fee_mad": Column(MONEY, "fee paid, MAD"),
            "goods_mad": Column(MONEY, "value of goods given, MAD"),
            "reach": Column(COUNT, "distinct accounts reached"),
            "clicks": Column(COUNT, "clicks to the shop"),
            "ordered": Column(COUNT, "orders placed"),
            "confirmed": Column(COUNT, "orders confirmed by phone"),
            "delivered": Column(COUNT, "orders delivered and paid (cash on delivery): the target"),
            "revenue_mad": Column(MONEY, "paid on delivery, MAD"),
        },
        references={"campaign_id": "campaigns", "creator_id": "creators"},
        ordered=(("confirmed", "ordered"), ("delivered", "confirmed")),
    ),
}


def present(folder: Path) -> dict[str, Path]:
    """Name the tables that are in ``folder``, with their files, in the order of the contract."""
    return {name: path for name in TABLES if (path := folder / f"{name}.parquet").exists()}


def check(folder: Path, *, whole: bool = True) -> dict[str, Path]:
    """Check every table in ``folder`` against the contract.

    :param whole: Whether the tables that everything needs must be there.
    :return: The file of each table that is there.
    :raises InputError: With one line for each fault: file, row (counted from 1), column, found, expected.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one that holds creators.parquet and posts.parquet")
    paths = present(folder)
    faults = [
        f"{folder / name}.parquet: missing; expected the table {name}: import your data or run 'thiqa world' first"
        for name, table in TABLES.items()
        if whole and table.needed and name not in paths
    ]
    sound = {}
    for name, path in paths.items():
        found = list(_faults_of_file(name, path))
        if not found:
            sound[name] = path
        faults += found
    faults += _faults_across(sound)
    if faults:
        raise InputError(faults)
    return paths


def _faults_of_file(name: str, path: Path) -> Iterator[str]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        yield f"{path}: not a readable Parquet file ({str(error).splitlines()[0]}); expected the table {name}"
        return
    with file:
        missing = [column for column in TABLES[name].columns if column not in file.schema_arrow.names]
        if missing:
            yield f"{path}: column {', '.join(missing)} missing; found {', '.join(file.schema_arrow.names)}"
            return
        if file.metadata.num_rows == 0:
            yield f"{path}: found 0 rows, expected at least one; remove the file if nothing was observed"
            return
        first_row, seen = 1, set()
        try:
            for batch in file.iter_batches(BATCH_ROWS, columns=list(TABLES[name].columns)):
                for column, line in _faults_of_batch(name, pa.Table.from_batches([batch]), str(path), first_row):
                    if column not in seen:  # one line a column: its first row, not a flood
                        seen.add(column)
                        yield line
                first_row += len(batch)
        except (pa.ArrowException, OSError) as error:
            yield f"{path}: not readable after row {first_row - 1} ({str(error).splitlines()[0]}); write it again"


def _faults_of_batch(name: str, batch: pa.Table, place: str, first_row: int) -> Iterator[tuple[str, str]]:
    """Yield (column, line) for the first fault of each column of a batch."""
    table, arrays = TABLES[name], {}
    for column, spec in table.columns.items():
        try:
            arrays[column] = conform(batch.column(column), spec.dtype)
        except pa.ArrowException:
            found = batch.schema.field(column).type
            yield column, f"{place}: column {column}: found the type {found}, expected {spec.expected}"
    frame = pl.DataFrame(pl.from_arrow(pa.table(arrays)))
    try:
        _pandera_schema(name).select_columns(list(arrays)).validate(frame, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases.drop_nulls("column").sort("index")
        for (column,), rows in failures.group_by("column", maintain_order=True):
            first = rows.row(0, named=True)
            yield str(column), _line(place, first_row + (first["index"] or 0), str(column), first["failure_case"],
                                     table.columns[str(column)].expected, rows["index"].n_unique())  # fmt: skip
    for low, high in table.ordered:
        if low in arrays and high in arrays:
            wrong = frame.with_row_index("row").filter(pl.col(low) > pl.col(high))
            if len(wrong):
                first = wrong.row(0, named=True)
                yield low, _line(place, first_row + first["row"], low, first[low],
                                 f"at most {high} ({first[high]})", len(wrong))  # fmt: skip


def _line(place: str, row: int, column: str, found: Any, expected: str, rows: int) -> str:
    more = f" ({rows - 1} more such rows)" if rows > 1 else ""
    return f"{place}: row {row}, column {column}: found {_shown(found)}, expected {expected}{more}"


def _shown(value: Any) -> str:
    """Show a value of hostile input on one short line."""
    if value is None:
        return "null"
    text = ascii(str(value))[1:-1] if not str(value).isprintable() else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def conform(array: pa.Array | pa.ChunkedArray, dtype: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """Cast without loss to the contract's type: whole floats to counts, any precision of times in UTC.

    :raises pyarrow.ArrowException: If the values cannot be cast without loss, or times have no zone.
    """
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_null(array.type):
        return array.cast(dtype)
    if dtype == TEXT and not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        raise pa.ArrowInvalid("not a text")
    if dtype == TIME and not (pa.types.is_timestamp(array.type) and array.type.tz):
        raise pa.ArrowInvalid("not a time with its zone")
    if dtype == COUNT and pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    return array.cast(dtype, safe=not pa.types.is_timestamp(dtype))


@cache
def _pandera_schema(name: str) -> pandera.DataFrameSchema:
    columns = {}
    for column, spec in TABLES[name].columns.items():
        checks = [pandera.Check.ge(spec.at_least)] if spec.at_least is not None else []
        checks += [pandera.Check.isin(spec.one_of)] if spec.one_of else []
        columns[column] = pandera.Column(None, checks, nullable=not spec.required, required=False)
    return pandera.DataFrameSchema(columns)


def _faults_across(paths: dict[str, Path]) -> Iterator[str]:
    """Yield what only shows across rows: duplicate keys, and references to rows that are not there."""
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    source = {name: "read_parquet('{}', file_row_number = true)".format(str(path).replace("'", "''"))
              for name, path in paths.items()}  # fmt: skip
    for name, path in paths.items():
        table, keys = TABLES[name], ", ".join(TABLES[name].key)
        twice = connection.execute(
            f"SELECT max(file_row_number) AS row, {keys}, count(*) FROM {source[name]} "
            f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY row LIMIT 1"
        ).fetchone()
        if twice:
            value = ", ".join(_shown(part) for part in twice[1:-1])
            yield f"{path}: row {twice[0] + 1}, column {keys}: found {value} {twice[-1]} times, expected each key once"
        for column, other in table.references.items():
            if other in paths:
                yield from _faults_of_reference(connection, source, path, (name, column, other))


def _faults_of_reference(
    connection: duckdb.DuckDBPyConnection, source: dict[str, str], path: Path, reference: tuple[str, str, str]
) -> Iterator[str]:
    name, column, other = reference
    (key,) = TABLES[other].key
    lost = connection.execute(
        f"SELECT min(file_row_number), arg_min({column}, file_row_number), count(*) FROM {source[name]} AS t "
        f"WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {source[other]} AS o WHERE o.{key} = t.{column})"
    ).fetchone()
    if lost and lost[2]:
        yield _line(str(path), lost[0] + 1, column, lost[1], f"a {key} that is in {other}.parquet", lost[2])


@contextmanager
def writing(name: str, folder: Path) -> Iterator["Writer"]:
    """Write the table ``name`` into ``folder`` batch by batch, in bounded memory; it appears whole or not at all.

    Rows must come sorted by key. A table that gets no rows is not written.
    """
    target = folder / f"{name}.parquet"
    with replacing(target) as temporary:
        writer = Writer(name, target, temporary)
        try:
            yield writer
        finally:
            writer.close()


class Writer:
    """Checks and appends batches of one table; made by :func:`writing`."""

    def __init__(self, name: str, target: Path, temporary: Path) -> None:
        self.name, self.target, self.temporary, self.rows = name, target, temporary, 0
        self._file: pq.ParquetWriter | None = None

    def write(self, batch: pa.Table | pl.DataFrame) -> None:
        """Append rows; columns may come in any order.

        :raises InputError: If a row breaks the contract.
        """
        arrow = batch.to_arrow() if isinstance(batch, pl.DataFrame) else batch
        missing = [column for column in TABLES[self.name].columns if column not in arrow.schema.names]
        faults = [f"{self.target}: column {', '.join(missing)} missing"] if missing else [
            line for _, line in _faults_of_batch(self.name, arrow, str(self.target), self.rows + 1)
        ]  # fmt: skip
        if faults:
            raise InputError(faults)
        schema = TABLES[self.name].schema
        columns = [conform(arrow.column(item.name), item.type) for item in schema]
        if self._file is None:
            self._file = pq.ParquetWriter(self.temporary, schema, compression="zstd")
        self._file.write_table(rounded(pa.table(columns, schema=schema)))
        self.rows += len(arrow)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


def write(name: str, batch: pa.Table | pl.DataFrame, folder: Path) -> Path | None:
    """Write one whole table, sorted by its key; returns its file, or None where there are no rows."""
    frame = pl.DataFrame(pl.from_arrow(batch)) if isinstance(batch, pa.Table) else batch
    with writing(name, folder) as writer:
        if len(frame):
            writer.write(frame.sort(TABLES[name].key))
    return folder / f"{name}.parquet" if len(frame) else None
