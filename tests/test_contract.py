"""The table contract, as a user meets it: one clear line a fault, exit code 2, nothing half written."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from thiqa.errors import InputError
from thiqa.tables import TABLES, check, write


def spoil(tables: Path, name: str, change) -> None:
    path = tables / f"{name}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


FAULTS = {
    "missing column": ("posts", lambda t: t.drop("likes"), "column likes missing; found post_id"),
    "duplicate key": ("posts", lambda t: pl.concat([t, t.head(1)]), "column post_id: found p1 2 times, expected each"),
    "negative count": (
        "posts",
        lambda t: t.with_columns(likes=pl.when(pl.col("post_id") == "p2").then(-3).otherwise("likes")),
        "row 2, column likes: found -3, expected a whole number of at least 0",
    ),
    "comment without its post": (
        "comments",
        lambda t: t.with_columns(post_id=pl.lit("nowhere")),
        "row 1, column post_id: found nowhere, expected a post_id that is in posts.parquet",
    ),
    "empty table": ("comments", lambda t: t.head(0), "found 0 rows, expected at least one"),
    "unknown platform": (
        "creators",
        lambda t: t.with_columns(platform=pl.lit("myspace")),
        "row 1, column platform: found myspace, expected one of instagram",
    ),
    "time without zone": (
        "posts",
        lambda t: t.with_columns(published_at=pl.lit(datetime(2025, 1, 1))),  # noqa: DTZ001 that is the fault
        "column published_at: found the type timestamp",
    ),
    "half a like": ("posts", lambda t: t.with_columns(likes=pl.lit(2.5)), "column likes: found the type double"),
    "more delivered than confirmed": (
        "placements",
        lambda t: t.with_columns(ordered=9, confirmed=1, delivered=5),
        "row 1, column delivered: found 5, expected at most confirmed (1)",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_one_clear_line(name: str, tables: Path, thiqa, tmp_path: Path):
    table, change, expected = FAULTS[name]
    spoil(tables, table, change)
    code, out, err = thiqa("features", tables, "--out", tmp_path / "features.parquet")
    (line,) = err.strip().splitlines()
    assert code == 2
    assert out == ""
    assert str(tables / f"{table}.parquet") in line
    assert expected in line
    assert not (tmp_path / "features.parquet").exists()


def test_a_file_that_is_not_parquet(tables: Path, thiqa, tmp_path: Path):
    (tables / "posts.parquet").write_text("post_id,likes\n")
    code, _, err = thiqa("evaluate", tables, "--out", tmp_path / "x.json")
    (line,) = err.strip().splitlines()
    assert (code, "posts.parquet: not a readable Parquet file" in line) == (2, True)


def test_sound_tables_pass_and_are_read_by_other_writers_too(tables: Path):
    before = check(tables)
    frame = pl.read_parquet(tables / "posts.parquet").to_pandas()  # counts with nulls become floats there
    frame.to_parquet(tables / "posts.parquet")
    assert check(tables) == before


def test_nothing_bad_is_written(tmp_path: Path):
    row = dict.fromkeys(TABLES["audience"].columns) | {
        "creator_id": "a",
        "observed_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    with pytest.raises(InputError, match="row 1, column followers: found -1"):
        write("audience", pl.DataFrame([row | {"followers": -1, "following": 1}]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_rows_is_an_absent_file(tmp_path: Path):
    assert write("audience", TABLES["audience"].schema.empty_table(), tmp_path) is None
    assert not (tmp_path / "audience.parquet").exists()


def test_unknown_parameters_are_refused_by_their_full_name(tables: Path, thiqa, tmp_path: Path):
    (tmp_path / "p.yaml").write_text("features: {windws: [30]}\ntiers: {nano: [500, 900]}\n")
    code, _, err = thiqa("features", tables, "--out", tmp_path / "f.parquet", "--params", tmp_path / "p.yaml")
    assert code == 2
    assert "unknown key features.windws; expected one of ad_threshold, " in err
    assert "one ends at 900, the next starts at 2000" in err
