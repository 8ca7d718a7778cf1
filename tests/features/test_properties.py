"""What holds for every feature on any tables: no look ahead, no order of rows, and the value of a plain loop."""

import random
import tempfile
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from dense import AS_OF, CONFIG, CREATORS, TEXTS, WINDOWS, world
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, TellingScorer
from tiny import Rows, features_file, pairs, write_unsorted

from thiqa.features import column_names

CHANGES = ("discourse_shift", "discourse_changed", "topic_shift", "language_shift", "polish_shift", "stance_shift")


worlds = st.integers(0, 2**32).map(world)


def built(engine, rows: Rows, folder: Path, name: str) -> Path:
    tables = write_unsorted(folder / name, rows)
    asked = pairs(folder, [(c, AS_OF) for c in CREATORS])
    return features_file(engine, tables, asked, config=CONFIG, scorer=TellingScorer())


def until(rows: Rows, end: datetime) -> Rows:
    """Leave out every row of ``end`` or later."""

    def kept(row: dict) -> bool:
        when = row.get("published_at") or row.get("written_at") or row.get("observed_at")
        return when is None or when < end

    return {name: [row for row in some if kept(row)] for name, some in rows.items()}


@settings(max_examples=3)
@given(worlds)
def test_later_rows_change_no_feature(engine, rows):
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = (
            pl.read_parquet(built(engine, some, Path(folder), name))
            for name, some in (("whole", rows), ("cut", until(rows, AS_OF)))
        )
    assert whole.equals(cut, null_equal=True)


@settings(max_examples=2)
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(engine, rows, order: random.Random):
    shuffled = {name: order.sample(some, len(some)) for name, some in rows.items()}
    with tempfile.TemporaryDirectory() as folder:
        first, second = (
            built(engine, some, Path(folder), name).read_bytes()
            for name, some in (("first", rows), ("second", shuffled))
        )
    assert first == second


def test_other_creators_rows_change_only_what_they_may(engine, tmp_path):
    """A creator's features are the same in a part of the tables, but for signs that authors and texts carry over."""
    rows = world(11)
    own = {post["post_id"] for post in rows["posts"] if post["creator_id"] == CREATORS[0]}
    part = rows | {
        "posts": [post for post in rows["posts"] if post["post_id"] in own],
        "comments": [comment for comment in rows["comments"] if comment["post_id"] in own],
        "audience": [row for row in rows["audience"] if row["creator_id"] == CREATORS[0]],
    }
    whole, alone = (
        pl.read_parquet(built(engine, some, tmp_path, name)).filter(pl.col("creator_id") == CREATORS[0])
        for name, some in (("whole", rows), ("part", part))
    )
    across = ("copied", "wide", "rush", "_real", "reciprocal", "pod_partners", "authenticity_score", "tag")
    names = [name for name in whole.columns if not any(word in name for word in across)]
    assert len(names) > 100
    assert whole.select(names).equals(alone.select(names), null_equal=True)


@settings(max_examples=4)
@given(worlds)
def test_features_equal_a_plain_loop(engine, rows):
    with tempfile.TemporaryDirectory() as folder:
        table = pl.read_parquet(built(engine, rows, Path(folder), "tables"))
    oracle = Oracle(rows, CONFIG, TEXTS)
    names = [name for name in column_names(WINDOWS) if not name.startswith(CHANGES)]
    for row in table.iter_rows(named=True):
        expected = oracle.ask(row["creator_id"], AS_OF)
        found = {name: row[name] for name in names}
        assert found == {
            name: None if expected[name] is None else pytest.approx(float(expected[name]), rel=1e-5, abs=1e-9)
            for name in names
        }
