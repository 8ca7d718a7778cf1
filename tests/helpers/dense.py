"""Small random tables where rows meet: three creators who comment on one another, many times on the same moments."""

import random
from datetime import datetime, timedelta

from tiny import Rows, at

from thiqa.features import FeatureConfig
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
