"""The same tables give the same annotations and features on DuckDB and on a cluster."""

from pathlib import Path

import polars as pl
import pytest
from tiny import features_file, tiny, write_tables

TOLERANCE = 1e-7  # relative: sums of floats in another order


def test_the_small_creator(engine, spark, tmp_path):
    """Every feature of the golden creator, and every annotation."""
    found = both(engine, spark, lambda folder: write_tables(folder, tiny()), tmp_path)
    assert found["duckdb"].columns == found["spark"].columns
    equal(found["duckdb"], found["spark"])
    for name in ("posts", "comments"):
        one, other = (
            pl.read_parquet(tmp_path / kind / f"tables.annotated/{name}.parquet") for kind in ("duckdb", "spark")
        )
        equal(one, other)


def both(engine, spark, write, tmp_path: Path) -> dict[str, pl.DataFrame]:
    return {
        name: pl.read_parquet(features_file(some, write(tmp_path / name / "tables")))
        for name, some in (("duckdb", engine), ("spark", spark))
    }


def equal(one: pl.DataFrame, other: pl.DataFrame) -> None:
    assert one.schema == other.schema
    assert one.height == other.height > 0
    for name in one.columns:
        left, right = one[name].to_list(), other[name].to_list()
        if one[name].dtype == pl.Float64:
            left = [None if value is None else pytest.approx(value, rel=TOLERANCE, abs=1e-9) for value in left]
        assert right == left, name
