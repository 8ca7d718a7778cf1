"""The engine on a Spark cluster: the same expressions, row-wise functions and functions per creator as on DuckDB.

Needs the extra ``spark`` and Java 17. Every file that is read or written must be visible to the driver and to all
workers under the same path (a shared folder). Intermediate files are folders of Parquet parts; what
:meth:`Engine.write` writes is one file, sorted, as on DuckDB.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from .engine import BATCH_ROWS, Engine, EngineConfig
from .errors import InputError

_TIME = "timestamp('UTC', 6)"


@ibis.udf.scalar.builtin(name="xxhash64", signature=((dt.string,), dt.int64))
def _spark_hash(text: str) -> int:
    raise NotImplementedError


class SparkEngine(Engine):
    """Runs expressions on a Spark session; made by :func:`thiqa.engine.open_engine`."""

    def __init__(self, session: Any, scratch: Path) -> None:
        super().__init__(ibis.pyspark.connect(session), scratch)
        self.session = session

    def read(self, path: Path) -> ir.Table:
        """Read one Parquet file, or a folder of parts; times are in UTC, as on DuckDB."""
        table = self.backend.read_parquet(str(path.resolve()))
        times = {name: _TIME for name, kind in table.schema().items() if kind.is_timestamp()}
        return table.cast(times) if times else table

    def batches(self, expression: ir.Table, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Run an expression and yield its rows in bounded memory, in the order that it asks for."""
        schema = expression.schema().to_pyarrow()
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "rows.parquet"
            self._write_parts(self._frame(expression), path)
            for part in sorted(path.glob("part-*.parquet")):  # Spark numbers the parts in the order of the sort
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches(rows):
                        yield from pa.Table.from_batches([batch]).cast(schema).to_batches()

    def keep(self, expression: ir.Table, path: Path) -> ir.Table:
        """Run an expression into a folder of parts once and read it from there."""
        self._write_parts(self._frame(expression), path)
        return self.read(path)

    @contextmanager
    def held(self, expression: ir.Table, path: Path) -> Iterator[ir.Table]:
        """Run an expression into a folder of parts once."""
        yield self.keep(expression, path)

    def number(self, text: ir.StringValue) -> ir.IntegerValue:
        """Hash a text to 64 bits, null to null."""
        return text.notnull().ifelse(_spark_hash(text), ibis.null("int64"))

    def map_batches(
        self, expression: ir.Table, function: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema, path: Path
    ) -> ir.Table:
        """Apply a row-wise function to the batches of an expression, on the workers."""

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield from (function(batch) for batch in batches)

        frame = self._frame(expression).mapInArrow(each, _spark_schema(schema))
        self._write_parts(frame, path)
        return self.read(path)

    def per_creator(
        self, expression: ir.Table, function: Callable[[pa.Table], pa.Table], schema: pa.Schema, path: Path
    ) -> ir.Table:
        """Apply a function to all rows of each ``creator_id``, on the workers."""
        frame = self._frame(expression).groupBy("creator_id").applyInArrow(function, _spark_schema(schema))
        self._write_parts(frame, path)
        return self.read(path)

    def _frame(self, expression: ir.Table) -> Any:
        """Turn an expression into a Spark data frame."""
        self.backend._run_pre_execute_hooks(expression)  # registers tables that live in memory
        return self.session.sql(self.backend.compile(expression))

    @staticmethod
    def _write_parts(frame: Any, path: Path) -> None:
        frame.write.mode("overwrite").parquet(str(path.resolve()))


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - an extra that few have

    return from_arrow_schema(schema)


@contextmanager
def open_spark(config: EngineConfig, scratch: Path) -> Iterator[SparkEngine]:
    """Open a session on ``config.master`` and stop it at the end.

    :raises InputError: Where PySpark or Java is missing.
    """
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra that few have
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise InputError("engine.kind spark: pyspark is not installed; pip install 'thiqa[spark]'") from None
    paths = [str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings: dict[str, bool | float | int | str | None] = {
        "spark.driver.memory": _java_memory(config.memory),
        "spark.executor.memory": _java_memory(config.memory),
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(paths),
        "spark.local.dir": str(scratch.resolve()),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": str(config.threads or 2 * (os.cpu_count() or 1)),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        **config.spark,
    }
    try:
        builder = SparkSession.builder.master(config.master).appName("thiqa")
        session = builder.config(map=settings).getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise InputError(f"engine.master {config.master}: no Spark session ({error}); is Java 17 installed, and does "
                         "the cluster answer?") from None  # fmt: skip
    try:
        yield SparkEngine(session, scratch)
    finally:
        session.stop()


def _java_memory(memory: str) -> str:
    """Write an amount of memory (4GB) as Java does (4g)."""
    return memory.strip().lower().removesuffix("b").removesuffix("i")
