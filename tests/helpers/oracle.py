"""The features of one creator as of one date, row by row in plain Python, from their formulas alone."""

import math
import statistics
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import polars as pl
from tiny import Rows

from thiqa.annotate.signature import near
from thiqa.features import FeatureConfig
from thiqa.features.registry import COUNTED, SHRUNK
from thiqa.models.text.fold import fold_word

VARIETIES = ("fr", "ary-Latn", "ary-Arab")
PLACES = {"Agdal": ("rabat/agdal", "rabat", True), "Casablanca": ("casablanca", "casablanca", False)}
HOMES = {"Rabat": "rabat", "Casablanca": "casablanca"}
NEIGHBOURS = {("cooking", "food"), ("food", "cooking")}


def told(text: str) -> dict:
    """Score a text: any numbers will do, as long as they depend on the text alone."""
    digest = blake2b(text.encode(), digest_size=16).digest()
    part = [byte / 255 for byte in digest]
    return {
        "ad": 0.9 if "#pub" in text or "promo" in text else part[0] / 2,
        "ad_masked": part[1], "polished": part[2], "overconsumption": part[3], "tested": part[4],
        "disclosure": "clear" if "#pub" in text else "ambiguous" if "#collab" in text else "none",
        "has_code": "promo" in text, "has_link": digest[5] % 2 == 0, "variety": VARIETIES[digest[6] % 3],
        "embedding": [part[7] - 0.5, part[8] - 0.5, part[9] - 0.5],
        "genuine": part[10], "generic": part[11], "spam": part[12], "intent": part[13], "suspicion": part[14],
        "trust": part[15],
    }  # fmt: skip


class TellingScorer:
    """Scores texts by :func:`told`."""

    name = "oracle"

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        names = ("ad", "ad_masked", "polished", "overconsumption", "tested", "disclosure", "has_code", "has_link",
                 "variety", "embedding")  # fmt: skip
        return self._scores(texts, names)

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        return self._scores(texts, ("genuine", "generic", "spam", "intent", "suspicion", "trust", "variety"))

    @staticmethod
    def _scores(texts: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
        rows = [{name: told(text)[name] for name in names} for text in texts["text"]]
        return pl.DataFrame(rows, schema_overrides={"embedding": pl.List(pl.Float32)} if "embedding" in names else None)


def mean(values) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def per(above: float | None, below: float | None) -> float | None:
    return above / below if below and above is not None else None


def less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def days(span: timedelta) -> float:
    return span.total_seconds() / 86_400


def bands(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    return near(pl.Series([fold_word(text)])).row(0)


class Oracle:
    """All features of ``rows``, asked pair by pair."""

    def __init__(self, rows: Rows, config: FeatureConfig, skeletons: dict) -> None:
        self.rows, self.config, self.skeletons = rows, config, skeletons
        self.creators = {row["creator_id"]: row for row in rows["creators"]}
        self.brands = {row["brand"]: row for row in rows.get("brands", [])}
        self.posts = {row["post_id"]: self._post(row) for row in rows["posts"]}
        for post in self.posts.values():
            post["after"] = self._after(post)
        self.comments = [self._comment(row) for row in rows["comments"]]
        for comment in self.comments:
            comment.update(self._signs(comment))

    def _post(self, row: dict) -> dict:
        score = told(row["caption"]) if row["caption"] is not None else dict.fromkeys(told(""))
        likely = score["ad"]
        if likely is not None:
            odds = self._brand_odds(row)
            likely = likely * odds / (likely * odds + 1 - likely)
        label = bool(row.get("paid_label"))
        likely = 1.0 if label else likely
        both = None in (row.get("likes"), row.get("comments"))
        return {
            **row, **score, "interactions": None if both else row["likes"] + row["comments"], "likely": likely,
            "is_ad": None if likely is None else likely >= self.config.ad_threshold,
            "said": "clear" if label else score["disclosure"], "at": row.get("published_at"),
        }  # fmt: skip

    def _brand_odds(self, row: dict) -> float:
        odds, share, at = self.config.brand_odds, self.config.brand_share, row.get("published_at")
        if row.get("brand"):
            return odds
        before = [
            p["published_at"]
            for p in self.rows["posts"]
            if p.get("brand") and p["published_at"] and p["creator_id"] == row["creator_id"]
        ]
        tagged = at is not None and any(when <= at for when in before)
        return (1 - share) / (1 - share / odds) if tagged else 1.0

    def _after(self, post: dict) -> bool | None:
        if post["at"] is None:
            return None
        return any(
            q["is_ad"] and q["said"] == "none" and q["at"] is not None and q["creator_id"] == post["creator_id"]
            and timedelta(0) < post["at"] - q["at"] <= timedelta(days=self.config.after_days)
            for q in self.posts.values()
        )  # fmt: skip

    def _comment(self, row: dict) -> dict:
        post = self.posts[row["post_id"]]
        score = told(row["text"]) if row["text"] is not None else dict.fromkeys(told(""))
        near_a, near_b = bands(row["text"])
        return {**row, **score, "owner": post["creator_id"], "post": post, "near_a": near_a, "near_b": near_b,
                "at": row["written_at"], "others": not row["by_creator"]}  # fmt: skip

    def _reached(self, comment: dict, key: str) -> int | None:
        if comment[key] is None or comment["at"] is None:
            return None
        first: dict[str, datetime] = {}
        for c in self.comments:
            if c[key] == comment[key] and c["at"] is not None:
                first[c["owner"]] = min(first.get(c["owner"], c["at"]), c["at"])
        order = sorted(first, key=lambda owner: (first[owner], owner))
        return order.index(comment["owner"]) + 1

    def _signs(self, comment: dict) -> dict:
        fraud, at, published = self.config.fraud, comment["at"], comment["post"]["at"]
        author = comment["author_id"]
        signs: dict = dict.fromkeys(("early", "wide", "rush", "fellow", "copied"))
        if comment["parent_id"] is None and at and published:
            signs["early"] = (at - published).total_seconds() / 60 < fraud.early_minutes
        reached = self._reached(comment, "author_id")
        signs["wide"] = None if reached is None else reached >= fraud.wide
        text = self._reached(comment, "near_a")
        signs["copied"] = None if text is None else text >= fraud.copied
        if author is not None:
            signs["fellow"] = author in self.creators and author != comment["owner"]
            if at is not None:
                hour = [c for c in self.comments if c["author_id"] == author and c["at"] is not None
                        and timedelta(0) <= at - c["at"] <= timedelta(hours=1)]  # fmt: skip
                signs["rush"] = len(hour) >= fraud.rush
        calm = 1 - fraud.weights.spam * (comment["spam"] or 0)
        for name, sign in signs.items():
            calm *= 1 - getattr(fraud.weights, name) if sign else 1
        return {**signs, "doubt": 1 - calm}

    def ask(self, creator: str, as_of: datetime) -> dict[str, float | None]:
        """Compute every feature."""
        found = self._once(creator, as_of)
        for width in self.config.windows:
            window = {**self._of_posts(creator, as_of, width), **self._of_comments(creator, as_of, width),
                      **self._of_audience(creator, as_of, width), **self._tags(creator, as_of, width),
                      **self._changes(creator, as_of, width)}  # fmt: skip
            for share, count in SHRUNK.items():
                prior = self.config.prior(share)
                n, p = window[count], window[share]
                window[f"{share}_shrunk"] = (
                    None if None in (n, p) else (n * p + prior.strength * prior.mean) / (n + prior.strength)
                )
            found |= {f"{name}_{width}d": value for name, value in window.items()}
        return found

    @staticmethod
    def _within(at: datetime | None, as_of: datetime, width: float) -> bool:
        return at is not None and timedelta(0) < as_of - at <= timedelta(days=width)

    def _own(self, creator: str) -> list[dict]:
        return [post for post in self.posts.values() if post["creator_id"] == creator]

    def _once(self, creator: str, as_of: datetime) -> dict[str, float | None]:
        row, config = self.creators[creator], self.config
        read = [r for r in self.rows["audience"] if r["creator_id"] == creator and r["observed_at"] < as_of]
        last = max(read, key=lambda r: r["observed_at"], default={})
        joined = row.get("joined_at")
        lag = [p for p in self._own(creator) if p["is_ad"] and self._within(p["at"], as_of, config.lag[1])
               and not self._within(p["at"], as_of, config.lag[0])]  # fmt: skip
        prior = config.prior("undisclosed_share")
        ads = [days(as_of - p["at"]) for p in self._own(creator)
               if p["is_ad"] and self._within(p["at"], as_of, config.windows[-1])]  # fmt: skip
        longest = [c for c in self.comments if self._within(c["at"], as_of, config.windows[-1])]
        own = [c for c in longest if c["owner"] == creator and c["others"] and c["author_id"]]
        to = {c["owner"] for c in longest if c["fellow"] and c["author_id"] == creator}
        return {
            "followers": last.get("followers"),
            "following": last.get("following"),
            "account_age_days": days(as_of - joined) if joined and joined <= as_of else None,
            "community": None if row.get("kind") is None else row["kind"] != "person",
            "undisclosed_lagged": per(
                sum(p["said"] == "none" for p in lag) + prior.strength * prior.mean, len(lag) + prior.strength
            )
            if lag
            else None,
            "days_since_ad": min(ads, default=None),
            "pod_partners": len({c["author_id"] for c in own} & to) if own else None,
        }

    def _of_audience(self, creator: str, as_of: datetime, width: int) -> dict[str, float | None]:
        read = sorted((r["observed_at"], r["followers"]) for r in self.rows["audience"]
                      if r["creator_id"] == creator and r["followers"])  # fmt: skip
        published = [p["at"] for p in self._own(creator) if p["at"]]
        inside = [n for at, n in read if self._within(at, as_of, width)]
        rises, idle = [], []
        for (before, old), (at, new) in pairwise(read):
            if self._within(at, as_of, width) and self._within(before, as_of, width):
                rises.append(math.log(new / old))
                if not any(before < when <= at for when in published):
                    idle.append(rises[-1])
        return {
            "follower_growth": math.log(inside[-1] / inside[0]) if len(inside) >= 2 else None,
            "follower_jump": max(rises) - statistics.median(rises) if rises else None,
            "idle_jump": max(idle, default=None),
        }

    def _of_posts(self, creator: str, as_of: datetime, width: int) -> dict[str, float | None]:
        config, row = self.config, self.creators[creator]
        read = [r for r in self.rows["audience"] if r["creator_id"] == creator and r["observed_at"] < as_of]
        followers = max(read, key=lambda r: r["observed_at"])["followers"] if read else None
        posts = [p for p in self._own(creator) if self._within(p["at"], as_of, width)]
        ads, quiet = [p for p in posts if p["is_ad"]], [p for p in posts if p["is_ad"] is False]
        known = [p for p in posts if p["is_ad"] is not None]
        some = [p["interactions"] for p in posts if p["interactions"] is not None]
        spread = statistics.stdev(some) if len(some) > 1 else None
        after, before = [p for p in quiet if p["after"]], [p for p in quiet if p["after"] is False]
        texts = [p for p in posts if p["caption"] is not None]
        named = [[PLACES[w] for w in PLACES if w in p["caption"]] for p in texts]
        home = HOMES.get(row.get("city"))
        with_brand = [p for p in ads if p.get("brand")]
        fits = [self._fit(row.get("niche"), self.brands[p["brand"]]["niche"]) for p in with_brand
                if p["brand"] in self.brands]  # fmt: skip
        longest = [p for p in self._own(creator) if p["is_ad"] and p.get("brand")
                   and self._within(p["at"], as_of, config.windows[-1])]  # fmt: skip
        clashes = sum(
            any(timedelta(0) <= p["at"] - q["at"] <= timedelta(days=config.rival_days)
                and q["brand"] in self.brands.get(p["brand"], {}).get("rivals", []) for q in longest)
            for p in with_brand if p["brand"] in self.brands
        )  # fmt: skip
        return {
            "posts": len(posts),
            "posts_per_week": len(posts) * 7 / width,
            "rate_by_followers": mean(per(p["interactions"], followers) for p in posts),
            "rate_by_reach": mean(per(p["interactions"], p.get("reach")) for p in posts),
            "rate_by_views": mean(per(p["interactions"], p.get("views")) for p in posts),
            "reach_by_followers": mean(per(p.get("reach"), followers) for p in posts),
            "comment_rate": mean(per(p["comments"], followers) for p in posts),
            "share_rate": mean(per(p.get("shares"), followers) for p in posts),
            "save_rate": mean(per(p.get("saves"), followers) for p in posts),
            "comment_weight": per(sum(p["comments"] for p in posts if p["interactions"] is not None), sum(some)),
            "volatility": per(spread, mean(some)),
            "ad_density": mean(p["is_ad"] for p in posts),
            "ad_likeness": mean(p["likely"] for p in posts),
            "undisclosed_share": mean(p["said"] == "none" for p in ads),
            "ambiguous_share": mean(p["said"] == "ambiguous" for p in ads),
            "undisclosed_posts": mean(p["is_ad"] and p["said"] == "none" for p in known),
            "code_share": mean(p["has_code"] for p in posts),
            "link_share": mean(p["has_link"] for p in posts),
            "ads": len(ads) if known else None,
            "captions": len(known) or None,
            "brands_per_month": len({p["brand"] for p in with_brand}) * 30 / width if posts else None,
            "rival_brands": clashes if any(p["brand"] in self.brands for p in with_brand) else None,
            "brand_coherence": mean(fits),
            "ad_engagement_ratio": per(mean(p["interactions"] for p in ads), mean(p["interactions"] for p in quiet)),
            "after_undisclosed_ratio": per(
                mean(p["interactions"] for p in after), mean(p["interactions"] for p in before)
            ),
            "polished_share": mean(p["polished"] for p in posts),
            "overconsumption_share": mean(p["overconsumption"] for p in posts),
            "tested_share": mean(p["tested"] for p in posts),
            "polished_trend": self._slope(
                [(-days(as_of - p["at"]) / width, p["polished"]) for p in posts if p["polished"] is not None]
            ),
            "place_posts": mean(bool(places) for places in named),
            "home_posts": mean(any(city == home for _, city, _ in places) for places in named) if home else None,
            "neighbourhood_posts": mean(any(quarter for *_, quarter in places) for places in named),
        }

    @staticmethod
    def _fit(one: str | None, other: str | None) -> float | None:
        if one is None or other is None:
            return None
        return 1.0 if one == other else 0.5 if (one, other) in NEIGHBOURS else 0.0

    @staticmethod
    def _slope(points: list[tuple[float, float]]) -> float | None:
        if len(points) < 3 or statistics.pvariance([x for x, _ in points]) <= 1e-9:
            return None
        return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope

    def _of_comments(self, creator: str, as_of: datetime, width: int) -> dict[str, float | None]:
        config, row = self.config, self.creators[creator]
        longest = [c for c in self.comments if self._within(c["at"], as_of, config.windows[-1])]
        seen = [c for c in longest if c["owner"] == creator and self._within(c["at"], as_of, width)]
        others = [c for c in seen if c["others"]]
        first = [c for c in seen if c["by_creator"] is False and c["parent_id"] is None]
        own = [c for c in longest if c["owner"] == creator and c["by_creator"] and c["parent_id"]]
        answers = {c["comment_id"]: [r["at"] for r in own if r["parent_id"] == c["comment_id"]] for c in first}
        delays = [(min(answers[c["comment_id"]]) - c["at"]).total_seconds() / 3600
                  for c in first if answers[c["comment_id"]]]  # fmt: skip
        roles = [c for c in seen if c["by_creator"] is not None]
        of_author = Counter(c["author_id"] for c in others if c["author_id"])
        posts_of = defaultdict(set)
        for c in others:
            posts_of[c["author_id"]].add(c["post_id"])
        real = [c for c in others if c["doubt"] < 0.5]
        skeletons = [self.skeletons[c["text"]] for c in others if self.skeletons.get(c["text"])]
        near_a = [c["near_a"] for c in others if c["near_a"] is not None]
        near_b = [c["near_b"] for c in others if c["near_b"] is not None]
        distinct = min(len(set(near_a)), len(set(near_b)))
        to = {c["owner"] for c in longest if c["fellow"] and c["author_id"] == creator}
        spoken, home = row.get("language"), HOMES.get(row.get("city"))
        alike = {id(c): None if None in (c["variety"], spoken) else c["variety"] == spoken for c in others}
        local: dict[str, bool] = {}
        for c in others:
            named = [PLACES[w] for w in PLACES if w in (c["text"] or "")]
            if c["author_id"] and home and named:
                here = any(city == home for _, city, _ in named)
                local[c["author_id"]] = local.get(c["author_id"], False) or here
        prior = config.prior("doubt")
        doubt = (sum(c["doubt"] for c in others) + prior.mean * prior.strength) / (len(others) + prior.strength)
        return {
            "reply_rate": mean(bool(answers[c["comment_id"]]) for c in first),
            "reply_rate_real": mean(bool(answers[c["comment_id"]]) for c in first if c["doubt"] < 0.5),
            "reply_delay_hours": statistics.median(delays) if delays else None,
            "thread_depth": per(sum(c["parent_id"] is not None for c in roles),
                                sum(c["parent_id"] is None for c in roles)),
            "returning_share": per(sum(len(posts_of[a]) >= 2 for a in of_author), len(of_author)),
            "first_levels": len(first) or None,
            "commenters": len(of_author) or None,
            "comments": len(others),
            **{f"{name}_share": mean(c[name] for c in others)
               for name in ("genuine", "generic", "spam", "intent", "trust", "suspicion", "copied", "wide", "rush",
                            "early", "fellow")},
            "emoji_only_share": mean(c["text"] == "❤" for c in others if c["text"] is not None),
            "trust_share_real": mean(c["trust"] for c in real),
            "duplicate_share": 1 - len(set(skeletons)) / len(skeletons) if skeletons else None,
            "near_duplicate_share": 1 - distinct / len(near_a) if near_a else None,
            "concentration": per(sum(n * n for n in of_author.values()), sum(of_author.values()) ** 2),
            "reciprocal_share": mean(c["author_id"] in to for c in others if c["author_id"]),
            "language_match": mean(alike[id(c)] for c in others),
            "language_match_real": mean(alike[id(c)] for c in real),
            "authenticity_score": 1 - doubt if others else None,
            "suspicion_after_undisclosed": less(
                mean(c["suspicion"] for c in others if c["post"]["after"]),
                mean(c["suspicion"] for c in others if c["post"]["after"] is False)),
            "place_comments": mean(any(w in c["text"] for w in PLACES) for c in others if c["text"] is not None),
            "local_commenters": mean(local.values()),
        }  # fmt: skip

    def _tags(self, creator: str, as_of: datetime, width: int) -> dict[str, float | None]:
        first: dict[str, dict[str, datetime]] = defaultdict(dict)
        for post in self.posts.values():
            for word in (post["caption"] or "").split():
                if word.startswith("#") and post["at"] is not None:
                    own = first[word.lower()]
                    own[post["creator_id"]] = min(own.get(post["creator_id"], post["at"]), post["at"])
        early, lead = [], []
        for users in first.values():
            order = sorted(users, key=lambda name: (users[name], name))
            if len(order) < self.config.spread or creator not in users:
                continue
            spread = users[order[self.config.spread - 1]]
            if self._within(users[creator], as_of, width) and spread < as_of:
                early.append(max(1 - order.index(creator) / self.config.spread, 0.0))
                lead.append(days(spread - users[creator]))
        return {"tag_earliness": mean(early), "tag_lead_days": mean(lead), "spread_tags": len(early) or None}

    def _changes(self, creator: str, as_of: datetime, width: int) -> dict[str, float | None]:
        names = ("discourse_shift", "discourse_changed", "topic_shift", "language_shift", "polish_shift",
                 "stance_shift")  # fmt: skip
        past = [p for p in self._own(creator) if p["caption"] is not None
                and self._within(p["at"], as_of, self.config.history)]  # fmt: skip
        units = [np.array(p["embedding"], dtype=np.float32).astype(float) for p in past
                 if self._within(p["at"], as_of, width)]  # fmt: skip
        units = [v / np.linalg.norm(v) for v in units]
        pairs = [float(a @ b) for i, a in enumerate(units) for b in units[:i]]
        focus = {"niche_focus": min(max(mean(pairs), 0.0), 1.0) if pairs else None}
        return {**dict.fromkeys(names), **focus} if len(past) < 8 else {**focus, "_changes": True}


def counted(name: str) -> bool:
    """Tell whether a column holds 0 where nothing happened."""
    return name.rsplit("_", 1)[0] in COUNTED
