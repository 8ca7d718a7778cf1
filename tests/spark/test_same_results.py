"""The same tables give the same annotations and features on DuckDB and on a cluster."""

import polars as pl
import pytest
from dense import AS_OF, CONFIG, CREATORS, world
from oracle import TellingScorer
from tiny import features_file, pairs, write_unsorted

TOLERANCE = 1e-5  # relative: floats are added up in another order, and a feature keeps six digits


def test_every_annotation_and_every_feature(engine, spark, tmp_path):
    """Dense random tables: ties, nulls, several scripts, pods, tags that spread, series long enough to change."""
    rows, built = world(3), {}
    for name, some in (("duckdb", engine), ("spark", spark)):
        tables = write_unsorted(tmp_path / name / "tables", rows)
        asked = pairs(tmp_path / name, [(creator, AS_OF) for creator in CREATORS])
        features = features_file(some, tables, asked, config=CONFIG, scorer=TellingScorer())
        annotated = [tables.parent / "tables.annotated" / f"{table}.parquet" for table in ("posts", "comments")]
        built[name] = [pl.read_parquet(path) for path in (features, *annotated)]
    for one, other in zip(*built.values(), strict=True):
        equal(one, other)
    known = built["spark"][0].select(pl.exclude("creator_id", "as_of").count()).row(0)
    assert sum(count > 0 for count in known) > 0.9 * len(known)  # what is null on both proves nothing


def equal(one: pl.DataFrame, other: pl.DataFrame) -> None:
    assert one.schema == other.schema
    assert one.height == other.height > 0
    for name in one.columns:
        left, right = one[name].to_list(), other[name].to_list()
        if one[name].dtype == pl.Float64:
            left = [None if value is None else pytest.approx(value, rel=TOLERANCE, abs=1e-9) for value in left]
        assert right == left, name
