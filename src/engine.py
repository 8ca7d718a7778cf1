"""Where relational work runs: DuckDB, embedded, or a Spark cluster (:mod:`thiqa.spark`), behind Ibis expressions.

Everything across rows is an Ibis expression; everything inside a row is a function from an Arrow batch to an Arrow
batch (:meth:`Engine.map_batches`). Neither knows the engine.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from .config import Frozen
from .files import SIGNIFICANT_DIGITS, replacing, rounded
from .tables import TABLES

BATCH_ROWS = 50_000  # rows given to a row-wise function at once


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string,), dt.uint64))
def _duckdb_hash(text: str) -> int:
    raise NotImplementedError  # the engine's own: 64 bits, where that of Ibis makes a signed number of them, slowly


class EngineConfig(Frozen):
    """Which engine, and how much of the machine it may take."""

    kind: Literal["duckdb", "spark"] = "duckdb"  # embedded, or a cluster (extra `spark`)
    threads: Annotated[int, Field(ge=1)] | None = None  # null: all cores; of Spark, the partitions of a shuffle
    memory: str = "4GB"  # beyond it, DuckDB spills to disk; of Spark, of the driver and of each executor
    master: str = "local[*]"  # of Spark: spark://HOST:7077, yarn, k8s://…, or local[*]
    spark: dict[str, str] = Field(default_factory=dict)  # further settings of the Spark session, as Spark names them


class Engine:
    """A connection that reads tables, runs expressions and writes files; made by :func:`open_engine`."""

    def __init__(self, backend: Any, scratch: Path) -> None:
        self.backend, self.scratch = backend, scratch

    def read(self, path: Path) -> ir.Table:
        """Read one Parquet file."""
        return self.backend.read_parquet(str(path))

    def read_table(self, name: str, folder: Path) -> ir.Table:
        """Read a table of the contract with the contract's types; a table that is not there has no rows."""
        schema = ibis.schema({item.name: item.type for item in TABLES[name].schema})
        path = folder / f"{name}.parquet"
        if not path.exists():
            return ibis.memtable(TABLES[name].schema.empty_table())
        return self.read(path).select(*TABLES[name].columns).cast(schema)

    def batches(self, expression: ir.Table, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Run an expression and yield its rows in bounded memory.

        Through a file: the streaming call of Ibis 12 does not know DuckDB 2.0.
        """
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "rows.parquet"
            self.backend.to_parquet(expression, path)
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(rows)

    def write(self, expression: ir.Table, path: Path, key: list[str], digits: int = SIGNIFICANT_DIGITS) -> None:
        """Run an expression into one Parquet file, sorted by its key, floats rounded to ``digits``, atomically."""
        schema = expression.schema().to_pyarrow()
        with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as file:
            for batch in self.batches(expression.order_by(key)):
                file.write_table(rounded(pa.Table.from_batches([batch]).cast(schema), digits))

    def keep(self, expression: ir.Table, path: Path) -> ir.Table:
        """Run an expression into a file once and read it from there: what is used more than once is not run twice."""
        self.backend.to_parquet(expression, path)
        return self.read(path)

    @contextmanager
    def held(self, expression: ir.Table, path: Path) -> Iterator[ir.Table]:
        """Run an expression once, for as long as its rows are asked for: in memory, spilled where that is not enough.

        :param path: Where an engine that cannot hold rows writes them.
        """
        name = path.stem.replace(".", "_")
        self.backend.raw_sql(f'CREATE TEMP TABLE "{name}" AS {self.backend.compile(expression)}')
        try:
            yield self.backend.table(name)
        finally:
            self.backend.raw_sql(f'DROP TABLE "{name}"')

    def number(self, text: ir.StringValue) -> ir.IntegerValue:
        """Hash a text to 64 bits, null to null: what is only told apart is grouped twice as fast, in less memory.

        Of a million texts two share a number once in some forty million times.
        """
        return text.notnull().ifelse(_duckdb_hash(text), ibis.null("uint64"))

    def per_creator(
        self, expression: ir.Table, function: Callable[[pa.Table], pa.Table], schema: pa.Schema, path: Path
    ) -> ir.Table:
        """Apply a function to all rows of each ``creator_id``, through the file ``path``.

        :param schema: What the function returns.
        :return: The rows it returned, in no particular order.
        """
        with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as file:
            for rows in _runs(self.batches(expression.order_by("creator_id")), "creator_id"):
                file.write_table(function(rows))
        return self.read(path)

    def map_batches(
        self, expression: ir.Table, function: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema, path: Path
    ) -> ir.Table:
        """Apply a row-wise function to every batch of an expression, through the file ``path``.

        :param schema: What the function returns.
        :return: The rows it returned, in no particular order.
        """
        with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as file:
            for batch in self.batches(expression):
                file.write_batch(function(batch))
        return self.read(path)


@contextmanager
def open_engine(config: EngineConfig, scratch: Path) -> Iterator[Engine]:
    """Open the engine; what it spills goes to ``scratch``.

    :raises InputError: Where Spark is asked for and cannot be had.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    if config.kind == "spark":
        from .spark import open_spark  # noqa: PLC0415 - an extra that few have

        with open_spark(config, scratch) as engine:
            yield engine
        return
    backend = ibis.duckdb.connect(
        threads=config.threads or os.cpu_count() or 1, memory_limit=config.memory, temp_directory=str(scratch)
    )
    backend.raw_sql("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    try:
        yield Engine(backend, scratch)
    finally:
        backend.disconnect()


def _runs(batches: Iterator[pa.RecordBatch], key: str) -> Iterator[pa.Table]:
    """Cut batches sorted by a key into one table for each value of it."""
    rest: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        table = pa.concat_tables([rest, table]) if rest is not None else table
        values = table[key].combine_chunks()
        starts = [0, *(pc.indices_nonzero(pc.not_equal(values[1:], values[:-1])).to_numpy() + 1).tolist()]
        for start, end in pairwise(starts):
            yield table.slice(start, end - start)
        rest = table.slice(starts[-1])
    if rest is not None and len(rest):
        yield rest
