"""Every feature once: what it is, its formula and unit, and what its null means.

``docs/metrics.md`` is made of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Family = Literal["audience", "engagement", "authenticity", "sponsorship"]


@dataclass(frozen=True)
class Feature:
    """One feature; with ``windowed``, one column for each window, named ``<name>_<days>d``."""

    name: str
    family: Family
    formula: str
    unit: str
    needs: tuple[str, ...]  # columns of the contract without which it is null
    claim: str = ""  # what the source article says of it
    low: float | None = 0.0
    high: float | None = None
    windowed: bool = True
    null: str = "nothing of the kind in the window"


_COUNTS = ("posts.published_at", "posts.likes", "posts.comments")
_AD = ("posts.caption",)

FEATURES: tuple[Feature, ...] = (
    Feature("followers", "audience", "followers when last read before as_of", "accounts", ("audience.followers",),
            "small creators sell better", windowed=False, null="never read before as_of"),
    Feature("following", "audience", "following when last read before as_of", "accounts", ("audience.following",),
            windowed=False, null="never read before as_of"),
    Feature("posts", "engagement", "posts published", "posts", ("posts.post_id",), null="posts without dates"),
    Feature("posts_per_week", "engagement", "posts x 7 / days of the window", "posts a week", ("posts.published_at",),
            "slow campaigns: less, but better"),
    Feature("rate_by_followers", "engagement", "mean of (likes + comments) / followers", "share",
            ("posts.likes", "posts.comments", "audience.followers"), "a smaller audience is more engaged"),
    Feature("rate_by_reach", "engagement", "mean of (likes + comments) / reach", "share",
            ("posts.likes", "posts.comments", "posts.reach"), "a smaller audience is more engaged"),
    Feature("rate_by_views", "engagement", "mean of (likes + comments) / views", "share",
            ("posts.likes", "posts.comments", "posts.views"), "a smaller audience is more engaged"),
    Feature("comment_rate", "engagement", "mean of comments / followers", "share",
            ("posts.comments", "audience.followers"), "comments are real"),
    Feature("share_rate", "engagement", "mean of shares / followers", "share",
            ("posts.shares", "audience.followers"), "the audience shares sincerely"),
    Feature("save_rate", "engagement", "mean of saves / followers", "share",
            ("posts.saves", "audience.followers")),
    Feature("comment_weight", "engagement", "sum of comments / sum of (likes + comments)", "share",
            ("posts.likes", "posts.comments"), "comments are real", high=1.0),
    Feature("volatility", "engagement", "standard deviation / mean of (likes + comments), over posts", "ratio",
            ("posts.likes", "posts.comments"), null="fewer than two posts"),
    Feature("reply_rate", "engagement", "share of other people's first-level comments that the creator answered",
            "share", ("comments.parent_id", "comments.by_creator"), "talks with followers", high=1.0),
    Feature("reply_delay_hours", "engagement", "median time to the creator's first answer", "hours",
            ("comments.parent_id", "comments.by_creator", "comments.written_at"), "talks with followers"),
    Feature("thread_depth", "engagement", "answers / first-level comments", "answers a comment",
            ("comments.parent_id",), "talks with followers"),
    Feature("returning_share", "engagement", "share of commenters who commented on at least two posts", "share",
            ("comments.author_id",), "a community, not an audience", high=1.0),
    Feature("comments", "authenticity", "comments of other people", "comments", ("comments.comment_id",),
            null="comments without dates, or none exported"),
    Feature("genuine_share", "authenticity", "mean of the genuine score", "share", ("comments.text",),
            "comments are real", high=1.0),
    Feature("generic_share", "authenticity", "mean of the generic score: praise that fits any post", "share",
            ("comments.text",), "comments are real", high=1.0),
    Feature("emoji_only_share", "authenticity", "share of comments of emoji alone", "share", ("comments.text",),
            "comments are real", high=1.0),
    Feature("spam_share", "authenticity", "mean of the spam score", "share", ("comments.text",), high=1.0),
    Feature("duplicate_share", "authenticity", "1 - distinct skeletons / comments with a skeleton", "share",
            ("comments.text",), "comments are real", high=1.0),
    Feature("concentration", "authenticity", "sum over commenters of (their share of the comments) squared", "share",
            ("comments.author_id",), high=1.0),
    Feature("ad_density", "sponsorship", "share of posts that are ads (label of the platform, or ad score at the "
            "threshold)", "share", _AD, "too many placements", high=1.0),
    Feature("undisclosed_share", "sponsorship", "share of the ads that say nothing of it", "share", _AD,
            "unannounced placements are rejected", high=1.0, null="no ad in the window"),
    Feature("ambiguous_share", "sponsorship", "share of the ads with no more than a hint", "share", _AD, high=1.0,
            null="no ad in the window"),
    Feature("code_share", "sponsorship", "share of posts with a promo code", "share", _AD, high=1.0),
    Feature("link_share", "sponsorship", "share of posts that send to a link to buy", "share", _AD, high=1.0),
    Feature("brands_per_month", "sponsorship", "distinct brands of ads x 30 / days of the window", "brands a month",
            ("posts.published_at", "posts.brand"), "sponsored without coherence"),
    Feature("ad_engagement_ratio", "sponsorship", "mean of (likes + comments) of ads / of other posts", "ratio",
            ("posts.likes", "posts.comments", "posts.caption"), null="no ad, or no other post"),
    Feature("days_since_ad", "sponsorship", "days from the last ad to as_of, in the longest window", "days",
            ("posts.published_at", "posts.caption"), "too many placements", windowed=False, null="no ad in the window"),
)  # fmt: skip


def column_names(windows: Iterable[int]) -> dict[str, Feature]:
    """Name the columns of the feature table, in order, with the feature that each belongs to."""
    names = {}
    for feature in FEATURES:
        for name in [f"{feature.name}_{days}d" for days in windows] if feature.windowed else [feature.name]:
            names[name] = feature
    return names
