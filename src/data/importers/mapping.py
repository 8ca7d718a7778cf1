"""Mapping files: which columns of an export hold which columns of our tables."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from ...config import Frozen, load
from ...tables import TABLES


class Cell(Frozen):
    """Where one value comes from: a ``column``, or one of the stand-ins below.

    One fixed ``value``; the ``row`` number where rows have no id; when the file was ``observed`` (a date in its name,
    else the date of the file).
    ``values`` translates what is found in a column.
    """

    column: str | None = None
    value: Any = None
    row: bool = False
    observed: bool = False
    values: dict[str, Any] | None = None


class Source(Frozen):
    """One table: the file it comes from, and each of its columns; what is not named stays null."""

    file: str
    columns: dict[str, Cell]

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        """``likes: like_count`` is short for ``likes: {column: like_count}``."""
        if not isinstance(columns, dict):
            return columns
        return {name: {"column": cell} if isinstance(cell, str) else cell for name, cell in columns.items()}


class Mapping(Frozen):
    """A mapping file."""

    about: str = ""
    platform: Cell
    timezone: str = "UTC"  # of times that name no zone
    tables: dict[str, Source] = Field(min_length=1)

    @field_validator("tables")
    @classmethod
    def _known(cls, tables: dict[str, Source]) -> dict[str, Source]:
        for name, source in tables.items():
            if name not in TABLES:
                raise ValueError(f"one of {', '.join(TABLES)} (not {name})")
            unknown = set(source.columns) - set(TABLES[name].columns)
            if unknown:
                raise ValueError(f"columns of {name}: {', '.join(TABLES[name].columns)} (not {', '.join(unknown)})")
        return tables

    def columns_of(self, file: str) -> set[str]:
        """Name the columns that the mapping reads from a file."""
        cells = [cell for source in self.tables.values() if source.file == file for cell in source.columns.values()]
        return {cell.column for cell in [*cells, self.platform] if cell.column is not None}

    @property
    def files(self) -> list[str]:
        """Name the files that the mapping reads, each once."""
        return list(dict.fromkeys(source.file for source in self.tables.values()))


def shipped_mappings() -> dict[str, Mapping]:
    """Load the mappings that come with the package, by name."""
    folder = Path(str(files(__package__))) / "mappings"
    return {path.stem: load(Mapping, path) for path in sorted(folder.glob("*.yaml"))}
