"""Annotate the posts and comments of a folder of tables."""

from pathlib import Path

from ..engine import Engine
from ..files import remove
from .batch import SCHEMAS, Kind, Scorer, annotator
from .gazetteer import Gazetteer

_TABLES: dict[Kind, tuple[str, str, str]] = {  # kind: table, its key, its text
    "post": ("posts", "post_id", "caption"),
    "comment": ("comments", "comment_id", "text"),
}


def annotate(engine: Engine, tables: Path, out: Path, scorer: Scorer, gazetteer: Gazetteer | None = None) -> None:
    """Annotate every text once and write ``posts.parquet`` and ``comments.parquet``, one row a key, into ``out``.

    A row without a text has no row here. A table that is not there gives an empty file.

    :param gazetteer: Places to look for; by default the project's own.
    """
    for kind, (table, key, column) in _TABLES.items():
        rows = engine.read_table(table, tables)
        rows = rows.select(key, text=rows[column]).filter(lambda row: row.text.notnull())
        # sorted: the most doubtful of a batch are asked twice, so the same texts must meet in a batch in every run
        distinct = rows.select("text").distinct().order_by("text")
        texts = engine.map_batches(
            distinct, annotator(scorer, kind, gazetteer), SCHEMAS[kind], out / f".{table}.texts.parquet"
        )
        engine.write(rows.join(texts, "text").drop("text"), out / f"{table}.parquet", [key])
        remove(out / f".{table}.texts.parquet")
