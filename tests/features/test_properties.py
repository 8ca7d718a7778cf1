"""What holds for every feature on any tables: no look ahead, no order of rows, and the value of a plain loop."""

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, TellingScorer
from tiny import Rows, at, features_file, pairs, write_unsorted

from thiqa.features import FeatureConfig, column_names
from thiqa.features.config import FraudConfig

CREATORS = [f"instagram:{name}" for name in "abc"]
AS_OF, WINDOWS = at(60), (7, 30)
CONFIG = FeatureConfig(
    windows=WINDOWS, lag=(3, 20), spread=2, after_days=5, rival_days=6,
    fraud=FraudConfig(wide=2, rush=2, copied=2, early_minutes=600),
)  # fmt: skip
AUTHORS = ["instagram:u1", "instagram:u2", "instagram:u3", *CREATORS, None]
CAPTIONS = ["Mon café du matin à Agdal", "#pub avec le code promo SARA10", None, "Profitez du code promo AMAL",
            "#collab du mois", "Casablanca le soir #soleil", "صباح الخير", "ⴰⵣⵓⵍ #soleil", "Une recette simple",
            "Haul du jour #pub #soleil"]  # fmt: skip
# text of a comment: what is left of it without elongation, emoji, signs and digits
TEXTS = {"Top!!": "top", "tooop": "top", "Prix svp ?": "prix svp", "prix svp": "prix svp", "❤": None, None: None,
         "Salam Agdal": "salam agdal", "من Casablanca": "من casablanca", "12 34": None}  # fmt: skip
CHANGES = ("discourse_shift", "discourse_changed", "topic_shift", "language_shift", "polish_shift", "stance_shift")


def world(seed: int) -> Rows:
    """Draw tables that keep the contract, where nothing is answered before it was written.

    Dense, since what a test could miss hides where rows meet: many times fall on as_of or on the start of a window.
    """
    draw = random.Random(seed)
    edges = [AS_OF, *(AS_OF - timedelta(days=days) for days in (*WINDOWS, *CONFIG.lag))]
    huge = draw.random() < 0.3  # extreme counts

    def count() -> int | None:
        return draw.choice([None, 0, *(draw.randint(1, 10**9 if huge else 500) for _ in range(6))])

    def moment() -> datetime:
        return draw.choice(edges) if draw.random() < 0.3 else at(draw.randint(20, 80), draw.randint(0, 23))

    audience = {(draw.choice(CREATORS), moment()): draw.choice([0, *(draw.randint(1, 5000) for _ in range(9))])
                for _ in range(20)}  # fmt: skip
    posts = [
        {"post_id": f"p{i:02}", "creator_id": draw.choice(CREATORS[: 2 if seed % 5 == 0 else 3]),
         "published_at": draw.choice([moment(), moment(), None]), "likes": count(), "comments": count(),
         "reach": count(), "views": count(), "shares": count(), "saves": count(), "caption": draw.choice(CAPTIONS),
         "brand": draw.choice(["X", "Y", "Z", None, None]), "paid_label": draw.choice([None, None, None, True, False])}
        for i in range(45)
    ]  # fmt: skip
    comments: list[dict] = []
    for i in range(160):
        owner = draw.choice(posts)
        above = draw.choice([*(c for c in comments if c["post_id"] == owner["post_id"]), None])
        start = (above or {}).get("written_at") or owner["published_at"]
        when = moment() if start is None else draw.choice([start, start + timedelta(hours=draw.randint(0, 200)), AS_OF])
        comments.append(
            {"comment_id": f"c{i:03}", "post_id": owner["post_id"], "parent_id": above and above["comment_id"],
             "author_id": draw.choice(AUTHORS), "text": draw.choice(list(TEXTS)),
             "written_at": None if draw.random() < 0.1 else max(when, start or when),
             "by_creator": draw.choice([False, False, False, True, True, None])}
        )  # fmt: skip
    creators = [
        {"creator_id": creator, "platform": "instagram", "kind": draw.choice(["person", "club", None]),
         "city": draw.choice(["Rabat", "Casablanca", "Oz", None]), "niche": draw.choice(["cooking", "food", None]),
         "language": draw.choice(["fr", "ary-Latn", None]), "joined_at": draw.choice([None, at(-400), at(70)])}
        for creator in CREATORS
    ]  # fmt: skip
    return {
        "creators": creators,
        "audience": [
            {"creator_id": c, "observed_at": when, "followers": n, "following": draw.randint(0, 99)}
            for (c, when), n in audience.items()
        ],
        "posts": posts,
        "comments": comments,
        "brands": [
            {"brand": "X", "niche": "food", "rivals": ["Y", "X"]},
            {"brand": "Y", "niche": "cooking", "rivals": ["X"]},
        ],
    }


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
            name: None if expected[name] is None else pytest.approx(float(expected[name]), rel=1e-6, abs=1e-9)
            for name in names
        }
