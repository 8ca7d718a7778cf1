"""Where a text speaks of: Moroccan cities and neighbourhoods, spelled in Latin letters, Arabizi, Arabic and Tifinagh.

``gazetteer.csv`` holds them. Cities, their positions and most Arabic spellings come from GeoNames (geonames.org,
CC BY 4.0; ``source`` has the id); neighbourhoods and Arabizi were written for this project and have no positions.
A spelling that is also an everyday word is left out (Safi "enough", Salé "dirty", as-Salam "peace", Marjane the shop)
or given with its quarter word ("hay salam"). More places: ``annotate.gazetteer`` of params.yaml names a second file.
"""

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl
from pydantic import ValidationError, model_validator

from ..config import Frozen
from ..errors import InputError
from ..models.text.fold import fold

SPELLINGS = ("latin", "arabizi", "arabic", "tifinagh")
_BEFORE_ARABIC = ("", "ف", "ب", "ل", "و", "من", "وف", "وب", "ول")  # in, with, to, and, from: written on the word
_BEFORE_LATIN = ("", "f", "l", "b")  # as Arabizi writes them


class Place(Frozen):
    """One place; ``city`` is the id of the city it lies in, its own for a city."""

    place: str
    kind: str
    city: str
    spellings: dict[str, tuple[str, ...]]
    latitude: float | None = None
    longitude: float | None = None
    source: str = ""

    @model_validator(mode="after")
    def _known_kind(self) -> "Place":
        if self.kind not in ("city", "neighbourhood"):
            raise ValueError(f"kind city or neighbourhood, found {self.kind!r}")
        if (self.kind == "city") != (self.place == self.city):
            raise ValueError("city: a city's own id, a neighbourhood's city")
        return self


class Gazetteer:
    """Finds places in folded texts, whole words only, all texts of a column at once."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = tuple(places)
        spelled = [
            (place.place, script, word)
            for place in self.places
            for script, words in place.spellings.items()
            for word in words
        ]
        folded = _folded(pl.Series("word", [word for _, _, word in spelled], dtype=pl.String)).to_list()
        self._of: dict[str, str] = {}
        for (place, script, _), word in zip(spelled, folded, strict=True):  # the first to claim a spelling keeps it
            for pattern in _patterns(script, word.strip()):
                self._of.setdefault(pattern, place)

    def find(self, folded: pl.Expr) -> pl.Expr:
        """List the ids of the places that each folded text names, sorted, each once; empty where it names none."""
        hits = folded.str.extract_many(list(self._of), overlapping=True)
        ids = hits.list.eval(pl.element().replace_strict(self._of, return_dtype=pl.String))
        return ids.list.unique().list.sort()

    def table(self) -> pl.DataFrame:
        """Return ``place``, ``city`` (its id), ``kind``, and ``latitude`` and ``longitude`` in degrees, where known."""
        rows = [(place.place, place.city, place.kind, place.latitude, place.longitude) for place in self.places]
        schema = {
            "place": pl.String,
            "city": pl.String,
            "kind": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def city_of(self, names: pl.Series) -> pl.Series:
        """Give the id of the city that each name (as a creator or a campaign lists it) stands for, null if unknown."""
        cities = {place.place: place.city for place in self.places}
        exact = {f" {place.place.replace('-', ' ')} ": place.city for place in self.places if place.kind == "city"}
        exact |= {pattern: cities[place] for pattern, place in self._of.items()}
        return _folded(names).replace_strict(exact, default=None, return_dtype=pl.String)


def _folded(texts: pl.Series) -> pl.Series:
    return texts.to_frame("text").select(fold(pl.col("text"))).to_series()


def _patterns(script: str, word: str) -> list[str]:
    """Return a folded spelling with a blank at both ends, as a hashtag, and with the prefixes of its script."""
    before = {"arabic": _BEFORE_ARABIC, "arabizi": _BEFORE_LATIN}.get(script, ("",))
    found = [f" {prefix}{word} " for prefix in before] + [f" #{word.replace(' ', '')} "]
    if script == "arabic" and word.startswith("ال"):  # li + al- is written ll-
        found += [f" لل{word[2:]} ", f" ولل{word[2:]} "]
    return found


def read_gazetteer(more: Path | None = None) -> Gazetteer:
    """Read the project's gazetteer, and a further file of the same columns, whose places come first.

    :raises InputError: Naming file, line and fault.
    """
    own = _own()
    return Gazetteer([*read_places(more), *own.places]) if more else own


@cache
def _own() -> Gazetteer:
    text = files(__package__).joinpath("gazetteer.csv").read_text(encoding="utf-8")
    return Gazetteer(_parsed(text, "gazetteer.csv"))


def read_places(path: Path) -> list[Place]:
    """Read places from a CSV file with the columns of ``gazetteer.csv``.

    :raises InputError: Naming file, line and fault.
    """
    try:
        return list(_parsed(path.read_text(encoding="utf-8"), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); expected a gazetteer as UTF-8 CSV") from None


def _parsed(text: str, name: str) -> Iterable[Place]:
    reader = csv.DictReader(text.splitlines())
    needed = ("place", "kind", "city", *SPELLINGS)
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise InputError(f"{name}: column {', '.join(missing)} missing; expected {', '.join(needed)}")
    for number, row in enumerate(reader, 2):
        spellings = {script: tuple(word for word in (row[script] or "").split(";") if word) for script in SPELLINGS}
        fields = {key: row.get(key) or None for key in ("latitude", "longitude")}
        try:
            yield Place(place=row["place"], kind=row["kind"], city=row["city"], spellings=spellings,
                        source=row.get("source") or "", **fields)  # type: ignore[arg-type]  # fmt: skip
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "row"
            raise InputError(f"{name}: line {number}: {where}: {fault['msg'].removeprefix('Value error, ')}") from None
