"""What holds for every feature on any tables: no look ahead, no order of rows, and the value of a plain loop."""

import random
import statistics
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import Rows, at, features_file, pairs, write_unsorted

CREATORS = [f"instagram:{name}" for name in "abc"]
AS_OF, WINDOWS = at(60), (7, 30)
AUTHORS = ["instagram:u1", "instagram:u2", "instagram:u3", CREATORS[1], None]
# text: whether it is an ad, and how it says so; and for comments what is left of it without elongation and signs
CAPTIONS = {"Mon café du matin": (False, "none"), "#pub avec le code SARA10": (True, "clear"), None: (None, None),
            "Profitez du code promo AMAL": (True, "none"), "#collab du mois": (True, "ambiguous")}  # fmt: skip
TEXTS = {"Top!!": "top", "tooop": "top", "Prix svp ?": "prix svp", "prix svp": "prix svp", "❤": None, None: None}


def world(seed: int) -> Rows:
    """Draw tables that keep the contract, where nothing is answered before it was written.

    Dense, since what a test could miss hides where rows meet: many times fall on as_of or on the start of a window.
    """
    draw = random.Random(seed)
    edges = [AS_OF, *(AS_OF - timedelta(days=days) for days in WINDOWS)]

    def count() -> int | None:
        return draw.choice([None, 0, *(draw.randint(1, 500) for _ in range(6))])

    def moment() -> datetime:
        return draw.choice(edges) if draw.random() < 0.3 else at(draw.randint(20, 80), draw.randint(0, 23))

    audience = {(draw.choice(CREATORS), moment()): draw.randint(1, 5000) for _ in range(15)}
    posts = [
        {"post_id": f"p{i:02}", "creator_id": draw.choice(CREATORS),
         "published_at": draw.choice([moment(), moment(), None]), "likes": count(), "comments": count(),
         "reach": count(), "caption": draw.choice(list(CAPTIONS)), "brand": draw.choice(["X", "Y", "Z", None]),
         "paid_label": draw.choice([None, None, None, True, False])}
        for i in range(40)
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
    return {
        "creators": [{"creator_id": creator, "platform": "instagram"} for creator in CREATORS],
        "audience": [{"creator_id": c, "observed_at": when, "followers": n} for (c, when), n in audience.items()],
        "posts": posts,
        "comments": comments,
    }


worlds = st.integers(0, 2**32).map(world)


def built(engine, rows: Rows, folder: Path, name: str) -> Path:
    tables = write_unsorted(folder / name, rows)
    return features_file(engine, tables, pairs(folder, [(c, AS_OF) for c in CREATORS]), windows=WINDOWS)


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


@settings(max_examples=3)
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(engine, rows, order: random.Random):
    shuffled = {name: order.sample(some, len(some)) for name, some in rows.items()}
    with tempfile.TemporaryDirectory() as folder:
        first, second = (
            built(engine, some, Path(folder), name).read_bytes()
            for name, some in (("first", rows), ("second", shuffled))
        )
    assert first == second


@settings(max_examples=4)
@given(worlds)
def test_features_equal_a_plain_loop(engine, rows):
    with tempfile.TemporaryDirectory() as folder:
        table = pl.read_parquet(built(engine, rows, Path(folder), "tables"))
    for row in table.iter_rows(named=True):
        for days in WINDOWS:
            expected = by_hand(rows, row["creator_id"], days)
            found = {name: row[f"{name}_{days}d"] for name in expected}
            assert found == {n: v if v is None else pytest.approx(v, rel=1e-8) for n, v in expected.items()}
        assert row["days_since_ad"] == (
            None if (gap := last_ad(rows, row["creator_id"])) is None else pytest.approx(gap)
        )


def mean(values: list) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def per(above: float | None, below: float | None) -> float | None:
    return above / below if below and above is not None else None


def within(when: datetime | None, days: int) -> bool:
    return when is not None and 0 < (AS_OF - when).total_seconds() <= days * 86_400


def is_ad(post: dict) -> bool | None:
    return True if post["paid_label"] else CAPTIONS[post["caption"]][0]


def last_ad(rows: Rows, creator: str) -> float | None:
    times = [p["published_at"] for p in rows["posts"] if p["creator_id"] == creator and is_ad(p)]
    return min(((AS_OF - t).total_seconds() / 86_400 for t in times if within(t, max(WINDOWS))), default=None)


def by_hand(rows: Rows, creator: str, days: int) -> dict[str, float | None]:
    """Compute the features of one creator at AS_OF row by row, from their formulas alone."""
    own_counts = [row for row in rows["audience"] if row["creator_id"] == creator]
    read = sorted((row["observed_at"], row["followers"]) for row in own_counts if row["observed_at"] < AS_OF)
    followers = read[-1][1] if read else None
    own = [p for p in rows["posts"] if p["creator_id"] == creator]
    posts = [p for p in own if within(p["published_at"], days)]
    both = [(p["likes"], p["comments"]) for p in posts if None not in (p["likes"], p["comments"])]
    ads = [p for p in posts if is_ad(p)]
    said = ["clear" if p["paid_label"] else CAPTIONS[p["caption"]][1] for p in ads]

    ids = {p["post_id"] for p in own}
    everything = [c for c in rows["comments"] if c["post_id"] in ids]
    seen = [c for c in everything if within(c["written_at"], days)]
    others = [c for c in seen if not c["by_creator"]]
    first = [c for c in seen if c["by_creator"] is False and c["parent_id"] is None]
    replies = [c for c in everything if c["by_creator"] and within(c["written_at"], max(WINDOWS))]
    answers = {c["comment_id"]: [r["written_at"] for r in replies if r["parent_id"] == c["comment_id"]] for c in first}
    delays = [(min(answers[c["comment_id"]]) - c["written_at"]).total_seconds() / 3600
              for c in first if answers[c["comment_id"]]]  # fmt: skip
    of_author = Counter(c["author_id"] for c in others if c["author_id"])
    posts_of_author = {a: len({c["post_id"] for c in others if c["author_id"] == a}) for a in of_author}
    skeletons = [TEXTS[c["text"]] for c in others if TEXTS[c["text"]]]
    duplicates = per(len(set(skeletons)), len(skeletons))
    return {
        "posts": len(posts),
        "posts_per_week": len(posts) * 7 / days,
        "rate_by_followers": mean([per(likes + comments, followers) for likes, comments in both]),
        "comment_weight": per(sum(c for _, c in both), sum(likes + c for likes, c in both)),
        "reply_rate": mean([bool(answers[c["comment_id"]]) for c in first]),
        "reply_delay_hours": statistics.median(delays) if delays else None,
        "returning_share": per(sum(n >= 2 for n in posts_of_author.values()), len(posts_of_author)),
        "concentration": per(sum(n * n for n in of_author.values()), sum(of_author.values()) ** 2),
        "duplicate_share": None if duplicates is None else 1 - duplicates,
        "ad_density": mean([is_ad(p) for p in posts]),
        "undisclosed_share": mean([s == "none" for s in said]),
        "brands_per_month": len({p["brand"] for p in ads if p["brand"]}) * 30 / days if posts else None,
    }
