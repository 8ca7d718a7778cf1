"""Change points equal an exhaustive search, and say which kind of change it was."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thiqa.features import FeatureConfig
from thiqa.features.changes import SMALLEST, Series, _change_points, changes, schema

CONFIG = FeatureConfig(windows=(30, 180))
START = datetime(2025, 1, 1, tzinfo=UTC)
TYPES = {"creator_id": pl.String, "pair_id": pl.Int64, "as_of": pl.Datetime("us", "UTC"),
         "at": pl.Datetime("us", "UTC"), "embedding": pl.List(pl.Float32), "variety": pl.String,
         "polished": pl.Float64, "ad": pl.Float64}  # fmt: skip


def asked(posts: list[dict], as_of: list[datetime]) -> pl.DataFrame:
    rows = [{"creator_id": "a", **post} for post in posts]
    rows += [{"creator_id": "a", "pair_id": number, "as_of": when} for number, when in enumerate(as_of)]
    table = pl.DataFrame(rows, schema=TYPES).to_arrow()
    answer = changes(CONFIG)(table)
    assert answer.schema == schema(CONFIG.windows)
    return pl.DataFrame(pl.from_arrow(answer))


def post(day: int, topic: list[float], variety: str = "fr", polished: float | None = 0.2, ad: float = 0.0) -> dict:
    return {"at": START + timedelta(days=day), "embedding": topic, "variety": variety, "polished": polished, "ad": ad}


def wobbling(day: int) -> list[float]:
    return [1.0, 0.3 * (-1) ** day, 0.2 * (-1) ** (day // 2)]


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(8, 18), st.floats(0.5, 8))
def test_the_points_are_those_of_an_exhaustive_search(seed, n, penalty):
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal((n, 2)) + np.where(np.arange(n) > n // 2, 2.0, 0.0)[:, None]

    def cost(start: int, end: int) -> float:
        part = signal[start:end]
        return float(((part - part.mean(axis=0)) ** 2).sum())

    best: dict[int, tuple[float, list[int]]] = {0: (-penalty, [])}
    for end in range(SMALLEST, n + 1):
        found = [(total + penalty + cost(start, end), [*points, end]) for start, (total, points) in best.items()
                 if end - start >= SMALLEST]  # fmt: skip
        if found:
            best[end] = min(found)
    total = best[n][0]
    points = _change_points(signal, penalty)
    assert sum(cost(a, b) for a, b in pairwise(points)) + penalty * (len(points) - 2) == (pytest.approx(total))


def test_a_new_topic_in_another_language():
    posts = [post(3 * day, wobbling(day)) for day in range(40)]
    posts += [post(3 * day, [-x for x in wobbling(day)], "ary-Latn", 0.9) for day in range(40, 60)]
    before, after, late = asked(
        posts, [START + timedelta(days=days) for days in (118, 150, 119 + 185)]
    ).iter_rows(named=True)  # fmt: skip
    assert before["discourse_changed_180d"] == 0 == before["topic_shift_180d"]
    assert after["discourse_changed_180d"] == 1
    assert after["discourse_changed_30d"] == 1
    assert after["discourse_shift_180d"] > 0.4
    assert after["topic_shift_180d"] == pytest.approx(2, abs=0.1)
    assert after["language_shift_180d"] == 1
    assert after["polish_shift_180d"] == pytest.approx(0.7)
    assert after["stance_shift_180d"] == 0
    assert late["discourse_changed_180d"] == 0  # it is older than the window


def test_seven_posts_say_nothing_and_an_export_without_dates_neither():
    posts = [post(day, wobbling(day)) for day in range(7)]
    (few,) = asked(posts, [START + timedelta(days=9)]).iter_rows(named=True)
    assert few["discourse_shift_180d"] is None
    assert few["niche_focus_180d"] > 0.7
    undated = [{**one, "at": None} for one in posts]
    rows = pl.DataFrame([{"creator_id": "a", **one} for one in undated] + [{"creator_id": "a", "pair_id": 1}], TYPES)
    (row,) = changes(CONFIG)(rows.to_arrow()).to_pylist()
    assert row["niche_focus_180d"] == pytest.approx(few["niche_focus_180d"])
    assert {name for name, value in row.items() if value is not None} == {"pair_id", "niche_focus_180d"}


def test_a_constant_series_has_no_change():
    posts = [post(day, [1.0, 0.0]) for day in range(30)]
    (row,) = asked(posts, [START + timedelta(days=40)]).iter_rows(named=True)
    assert row["discourse_shift_180d"] == 0
    assert row["niche_focus_30d"] == pytest.approx(1)


def test_the_order_of_rows_does_not_matter():
    posts = [
        post(day // 2, wobbling(day), ("fr", "en")[day % 2], None if day % 5 == 0 else day / 60) for day in range(40)
    ]
    as_of = [START + timedelta(days=18)]
    assert asked(posts, as_of).equals(asked(posts[::-1], as_of))


def test_a_caption_without_embedding_has_no_topic():
    frame = pl.DataFrame([post(0, [3.0, 4.0]), {**post(1, [0.0]), "embedding": None}], schema_overrides=TYPES)
    assert Series.of(frame).topic.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
