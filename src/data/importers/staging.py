"""Raw rows, as text, become typed rows of our tables on disk; a row with a fault goes nowhere."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl

from ...tables import COUNT, FLAG, IDS, MONEY, TABLES, TIME
from .. import parse
from ..identity import person_ids
from ..quarantine import Quarantine
from .decode import clean

PERSONS = {"creator_id": "creator", "author_id": "author"}  # column -> prefix of its helper columns
NATIVE = {"post_id", "comment_id", "parent_id"}  # ids that name no person: kept readable, with their platform
TEXTS = {"caption", "text"}
FILE, ROW, PLATFORM, OBSERVED, WEAK, ALSO = "__file", "__row", "__platform", "__observed", "__weak", "__also"
FOREIGN = "__foreign"
UNKNOWN = "unknown-"  # creator of a post whose author no answer names: a creator of that one post
RESOLVED_LATER = {("posts", "creator_id"), ("comments", "post_id"), ("creators", "creator_id"),
                  ("audience", "creator_id"), ("placements", "creator_id"), ("placements", "campaign_id"),
                  ("placements", "agreed_at")}  # fmt: skip
Fault = tuple[str, int, str | None, str]  # column, row, found, reason


def name_column(column: str) -> str:
    """Name the raw column that holds a user name where no id is known: ``creator_name``, ``author_name``."""
    return f"{PERSONS[column]}_name"


def alias_column(column: str) -> str:
    """Name the staged column that holds the keyed hash of the user name."""
    return f"{PERSONS[column]}_alias"


class Staging:
    """Converts chunks of text columns and keeps them as Parquet files, one a chunk and table."""

    def __init__(self, folder: Path, key: bytes, quarantine: Quarantine,
                 on_rows: Callable[[str, int], None] | None = None) -> None:  # fmt: skip
        self.folder, self.key, self.quarantine = folder, key, quarantine
        self._on_rows, self._chunks = on_rows, 0

    def add(self, file: str, observed: datetime, rows: int, raw: dict[str, pl.DataFrame], *,
            timezone: str = "UTC", strict: bool = True) -> None:  # fmt: skip
        """Convert one chunk of a file for each table it feeds.

        :param rows: How many rows of the file the chunk holds, for progress.
        :param raw: For each table its columns as text, with :data:`ROW`, :data:`PLATFORM`, and the optional
            :data:`WEAK` (true: any other observation wins), :data:`ALSO` (another id of the same post) and
            :data:`FOREIGN` (true: a post of somebody else than the account that was asked about).
        :param strict: Whether ids that other rows could tell must be there.
        """
        later = set() if strict else RESOLVED_LATER
        converted = {name: convert(frame, name, timezone, self.key, later) for name, frame in raw.items()}
        for _, faults in converted.values():
            for column, row, found, reason in faults:
                self.quarantine.reject(file, row, column, found, reason)
        bad = list(self.quarantine.rejected_rows(file))
        for name, (frame, _) in converted.items():
            good = frame.filter(~pl.col(ROW).is_in(bad)) if bad else frame
            if len(good):
                good.with_columns(
                    pl.lit(file).alias(FILE), pl.lit(observed).dt.cast_time_unit("us").alias(OBSERVED)
                ).write_parquet(self.folder / f"{self._chunks:06d}.{name}.parquet")
        self._chunks += 1
        self.progress(file, rows)

    def progress(self, file: str, rows: int) -> None:
        """Tell that rows were read."""
        if self._on_rows:
            self._on_rows(file, rows)


def convert(
    raw: pl.DataFrame, name: str, timezone: str, key: bytes, later: set[tuple[str, str]]
) -> tuple[pl.DataFrame, list[Fault]]:
    """Convert a chunk to one table; returns the rows and the faults (column, row, found, reason)."""
    columns = TABLES[name].columns
    people = [column for column in columns if column in PERSONS]
    missing = [column for column in [*columns, *map(name_column, people), ALSO] if column not in raw.columns]
    raw = raw.with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in missing)
    raw = raw.with_columns(pl.lit(value=False).alias(column) for column in (WEAK, FOREIGN) if column not in raw.columns)
    values = raw.select(
        *[_typed(column, name, raw, timezone) for column in columns if column not in PERSONS],
        _native(ALSO), ROW, WEAK,
    ).with_columns(
        *[person_ids(raw[column].replace("", None), raw[PLATFORM], key).alias(column) for column in people],
        *[person_ids(_handle(raw[name_column(column)]), raw[PLATFORM], key).alias(alias_column(column))
          for column in people],
    )  # fmt: skip
    if name == "posts":
        own = raw[PLATFORM] + f":{UNKNOWN}" + raw["post_id"]
        values = values.with_columns(creator_id=pl.when(raw[FOREIGN]).then(own).otherwise(pl.col("creator_id")))
    faults: list[Fault] = []
    for column, spec in columns.items():
        empty = raw.select(parse.blank(pl.col(column))).to_series()
        lost = values[column].is_null() & ~empty
        if spec.required and (name, column) not in later:
            lost |= values[column].is_null()
        if spec.one_of:
            lost |= ~values[column].is_in(list(spec.one_of)) & values[column].is_not_null()
        faults += [
            (column, row, found, f"expected {spec.expected}")
            for found, row in raw.filter(lost).select(column, ROW).iter_rows()
        ]
    return values, faults


def _typed(column: str, table: str, raw: pl.DataFrame, timezone: str) -> pl.Expr:
    """Read a text column as the type that the contract gives it."""
    dtype, text = TABLES[table].columns[column].dtype, pl.col(column)
    readers = {COUNT: parse.count, MONEY: parse.money, FLAG: parse.flag}
    if dtype in readers:
        return readers[dtype](text).alias(column)
    if dtype == TIME:
        return pl.lit(parse.times(raw[column], timezone)).alias(column)
    if dtype == IDS:
        return text.str.split(",").alias(column)
    if column in NATIVE:
        return _native(column)
    if column in TEXTS:
        return pl.lit(cleaned(raw[column])).alias(column)
    return pl.when(~parse.blank(text)).then(text.str.strip_chars()).alias(column)


def _native(column: str) -> pl.Expr:
    text = pl.col(column)
    return pl.when(~parse.blank(text)).then(pl.col(PLATFORM) + ":" + text.str.strip_chars()).alias(column)


def _handle(names: pl.Series) -> pl.Series:
    """Write user names as one writes them: ``@name``, lower case; an empty one is null."""
    plain = names.str.strip_chars().str.strip_chars_start("@").str.to_lowercase().replace("", None)
    return "@" + plain


def cleaned(texts: pl.Series) -> pl.Series:
    """Take HTML remnants out of texts; only those that may hold some are looked at one by one."""
    texts = texts.str.replace_all("\0", "", literal=True)
    doubtful = texts.str.contains("<|&").fill_null(value=False)
    if doubtful.any():
        mended = {text: clean(text) for text in texts.filter(doubtful).unique()}
        texts = texts.replace(mended)
    return texts.replace("", None)
