"""Every feature once: what it is, its formula and unit, and what its null means.

``docs/metrics.md`` is made of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Family = Literal["audience", "engagement", "authenticity", "sponsorship", "discourse", "proximity"]


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
_CAPTION = ("posts.caption",)
_DATED_CAPTION = ("posts.caption", "posts.published_at")
_TEXT = ("comments.text",)
_WHO = ("comments.author_id",)
_WHO_WHEN = ("comments.author_id", "comments.written_at")
_WHEN = ("comments.written_at", "posts.published_at")
_FEW = "fewer than eight posts that say something in the year before as_of"


def _share(name: str, family: Family, formula: str, needs: tuple[str, ...], claim: str = "", *,
           null: str = "nothing of the kind in the window") -> Feature:  # fmt: skip
    return Feature(name, family, formula, "share", needs, claim, high=1.0, null=null)


_AUDIENCE = (
    Feature("followers", "audience", "followers when last read before as_of", "accounts", ("audience.followers",),
            "small creators sell better", windowed=False, null="never read before as_of"),
    Feature("following", "audience", "following when last read before as_of", "accounts", ("audience.following",),
            windowed=False, null="never read before as_of"),
    Feature("account_age_days", "audience", "days from joined_at to as_of", "days", ("creators.joined_at",),
            windowed=False, null="not known when the account was opened, or opened after as_of"),
    Feature("community", "audience", "1 for a club, a student association or a group, 0 for a person", "0 or 1",
            ("creators.kind",), "communities carry weight", high=1.0, windowed=False, null="kind not known"),
    Feature("follower_growth", "audience", "log of followers last read / first read in the window", "log ratio",
            ("audience.followers",), low=None, null="fewer than two readings in the window"),
    Feature("follower_jump", "audience", "largest log rise of followers from one reading to the next, less the "
            "creator's median rise in the window", "log ratio", ("audience.followers",), "followers can be bought",
            low=None, null="no two readings in a row in the window"),
    Feature("idle_jump", "audience", "largest log rise of followers between two readings without a post between them",
            "log ratio", ("audience.followers", "posts.published_at"), "followers can be bought", low=None,
            null="a post between all readings in the window"),
)  # fmt: skip

_ENGAGEMENT = (
    Feature("posts", "engagement", "posts published", "posts", ("posts.post_id",), null="posts without dates"),
    Feature("posts_per_week", "engagement", "posts x 7 / days of the window", "posts a week", ("posts.published_at",),
            "slow campaigns: less, but better"),
    Feature("rate_by_followers", "engagement", "mean of (likes + comments) / followers", "share",
            ("posts.likes", "posts.comments", "audience.followers"), "a smaller audience is more engaged"),
    Feature("rate_by_reach", "engagement", "mean of (likes + comments) / reach", "share",
            ("posts.likes", "posts.comments", "posts.reach"), "a smaller audience is more engaged"),
    Feature("rate_by_views", "engagement", "mean of (likes + comments) / views", "share",
            ("posts.likes", "posts.comments", "posts.views"), "a smaller audience is more engaged"),
    Feature("reach_by_followers", "engagement", "mean of reach / followers", "share",
            ("posts.reach", "audience.followers")),
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
    _share("reply_rate", "engagement", "share of other people's first-level comments that the creator answered",
           ("comments.parent_id", "comments.by_creator"), "talks with followers"),
    _share("reply_rate_real", "engagement", "reply_rate over comments with a doubt below one half",
           ("comments.parent_id", "comments.by_creator"), "talks with followers"),
    Feature("reply_delay_hours", "engagement", "median time to the creator's first answer", "hours",
            ("comments.parent_id", "comments.by_creator", "comments.written_at"), "talks with followers"),
    Feature("thread_depth", "engagement", "answers / first-level comments", "answers a comment",
            ("comments.parent_id",), "talks with followers"),
    _share("returning_share", "engagement", "share of commenters who commented on at least two posts", _WHO,
           "a community, not an audience"),
    Feature("first_levels", "engagement", "other people's first-level comments", "comments",
            ("comments.parent_id", "comments.by_creator")),
    Feature("commenters", "engagement", "other people who commented", "people", _WHO),
)  # fmt: skip

_AUTHENTICITY = (
    Feature("comments", "authenticity", "comments of other people", "comments", ("comments.comment_id",),
            null="comments without dates, or none exported"),
    _share("genuine_share", "authenticity", "mean of the genuine score", _TEXT, "comments are real"),
    _share("generic_share", "authenticity", "mean of the generic score: praise that fits any post", _TEXT,
           "comments are real"),
    _share("emoji_only_share", "authenticity", "share of comments of emoji alone", _TEXT, "comments are real"),
    _share("spam_share", "authenticity", "mean of the spam score", _TEXT),
    _share("intent_share", "authenticity", "mean of the score of an intent to buy", _TEXT, "trust sells"),
    _share("trust_share", "authenticity", "mean of the score of trust", _TEXT, "trusts the creator"),
    _share("suspicion_share", "authenticity", "mean of the score of suspicion", _TEXT, "suspicion follows ads"),
    _share("trust_share_real", "authenticity", "trust_share over comments with a doubt below one half", _TEXT,
           "trusts the creator"),
    _share("duplicate_share", "authenticity", "1 - distinct skeletons / comments with a skeleton", _TEXT,
           "comments are real"),
    _share("near_duplicate_share", "authenticity", "1 - distinct texts / comments with a signature, where texts that "
           "share one of two bands of MinHash over letters count as one (the smaller count of the two bands)", _TEXT,
           "comments are real"),
    _share("copied_share", "authenticity", "share of comments whose near text had been below posts of at least "
           "features.fraud.copied creators when it first came to this creator", ("comments.text",
           "comments.written_at"), "comments are real"),
    Feature("concentration", "authenticity", "sum over commenters of (their share of the comments) squared", "share",
            _WHO, high=1.0),
    _share("wide_share", "authenticity", "share of comments whose author had commented on at least "
           "features.fraud.wide creators when they first came to this one", _WHO_WHEN, "comments are real"),
    _share("rush_share", "authenticity", "share of comments whose author wrote at least features.fraud.rush comments, "
           "this one included, in the hour up to it", _WHO_WHEN, "comments are real"),
    _share("early_share", "authenticity", "share of first-level comments written in the first "
           "features.fraud.early_minutes minutes of the post", _WHEN, "comments are real"),
    _share("fellow_share", "authenticity", "share of comments written by other creators", _WHO, "comments are real"),
    _share("reciprocal_share", "authenticity", "share of comments by other creators on whose posts this creator "
           "commented in the longest window", _WHO_WHEN, "comments are real"),
    Feature("pod_partners", "authenticity", "other creators who commented here and on whose posts this creator "
            "commented, in the longest window", "creators", _WHO_WHEN, "comments are real", windowed=False,
            null="no comment of a known author in the longest window"),
    _share("language_match", "authenticity", "share of comments in the creator's main variety",
           ("comments.text", "creators.language"), "we trust those who resemble us"),
    _share("language_match_real", "authenticity", "language_match over comments with a doubt below one half",
           ("comments.text", "creators.language"), "we trust those who resemble us"),
    Feature("authenticity_score", "authenticity", "1 - shrunk mean doubt of comments; the doubt of one is "
            "1 - product over its signs (early, wide, rush, fellow, copied, spam) of (1 - weight), weights in "
            "features.fraud.weights", "share", _WHO_WHEN, "comments are real", high=1.0),
)  # fmt: skip

_SPONSORSHIP = (
    _share("ad_density", "sponsorship", "share of posts that are ads: label of the platform, or ad score at the "
           "threshold, its odds times features.brand_odds where a brand is tagged, and lowered "
           "where none is (features.brand_share, from the creator's first post with a tagged brand on)", _CAPTION,
           "too many placements"),
    _share("ad_likeness", "sponsorship", "mean of that score, 1 with the platform's label", _CAPTION,
           "sounds like a friend, not like an ad"),
    _share("undisclosed_share", "sponsorship", "share of the ads that say nothing of it", _CAPTION,
           "unannounced placements are rejected", null="no ad in the window"),
    _share("ambiguous_share", "sponsorship", "share of the ads with no more than a hint", _CAPTION,
           null="no ad in the window"),
    _share("undisclosed_posts", "sponsorship", "share of all posts that are ads and say nothing of it", _CAPTION,
           "unannounced placements are rejected"),
    replace(_share("undisclosed_lagged", "sponsorship", "undisclosed_share, shrunk, of the ads of the lag "
                   "(features.lag: from 180 to 30 days before as_of)", _DATED_CAPTION,
                   "unannounced placements are rejected later", null="no ad in the lag"), windowed=False),
    _share("code_share", "sponsorship", "share of posts with a promo code", _CAPTION),
    _share("link_share", "sponsorship", "share of posts that send to a link to buy", _CAPTION),
    Feature("ads", "sponsorship", "ads", "posts", _CAPTION, "too many placements"),
    Feature("captions", "sponsorship", "posts with a caption or a label", "posts", _CAPTION),
    Feature("brands_per_month", "sponsorship", "distinct brands of ads x 30 / days of the window", "brands a month",
            ("posts.published_at", "posts.brand"), "sponsored without coherence"),
    Feature("rival_brands", "sponsorship", "ads that come within 60 days (features.rival_days) after an ad for a rival "
            "brand", "posts", ("posts.published_at", "posts.brand", "brands.rivals"), "sponsored without coherence",
            null="no ad with a known brand in the window"),
    _share("brand_coherence", "sponsorship", "mean fit of the niches of the brands in ads with the creator's niche: "
           "1 the same, one half neighbours (niches.yaml), 0 others", ("posts.brand", "brands.niche",
           "creators.niche"), "sponsored without coherence", null="no ad with a known brand in the window"),
    Feature("ad_engagement_ratio", "sponsorship", "mean of (likes + comments) of ads / of other posts", "ratio",
            ("posts.likes", "posts.comments", "posts.caption"), null="no ad, or no other post"),
    Feature("after_undisclosed_ratio", "sponsorship", "mean of (likes + comments) of posts that are no ads in the 30 "
            "days (features.after_days) after an undisclosed ad / of other such posts", "ratio",
            (*_COUNTS, "posts.caption"), "unannounced placements are rejected later",
            null="no such post after an undisclosed ad, or none elsewhere"),
    Feature("suspicion_after_undisclosed", "sponsorship", "suspicion_share below posts in the 30 days after an "
            "undisclosed ad - suspicion_share elsewhere", "difference of shares", ("comments.text",
            "posts.published_at", "posts.caption"), "unannounced placements are rejected later", low=-1.0, high=1.0,
            null="no comment after an undisclosed ad, or none elsewhere"),
    Feature("days_since_ad", "sponsorship", "days from the last ad to as_of, in the longest window", "days",
            ("posts.published_at", "posts.caption"), "too many placements", windowed=False, null="no ad in the window"),
)  # fmt: skip

_DISCOURSE = (
    _share("polished_share", "discourse", "mean of the score of polish", _CAPTION, "too perfect to be true"),
    _share("overconsumption_share", "discourse", "mean of the score of displayed overconsumption", _CAPTION,
           "displayed overconsumption irritates"),
    _share("tested_share", "discourse", "mean of the score of evidence of real use", _CAPTION,
           "really tests the products"),
    Feature("polished_trend", "discourse", "slope of the score of polish on time, over the window",
            "share in one window", _DATED_CAPTION, "too perfect to be true", low=None,
            null="fewer than three posts with a caption"),
    Feature("discourse_shift", "discourse", "share of the variance of the creator's own series (embedding of captions, "
            "variety, polish, ads) that the change points explain which fall in the window, beyond the share that a "
            "series without change would show; 0 where there is none", "share", _DATED_CAPTION,
            "a sudden change of discourse is suspect", high=1.0, null=_FEW),
    Feature("discourse_changed", "discourse", "1 where a change point of that series falls in the window", "0 or 1",
            _DATED_CAPTION, "a sudden change of discourse is suspect", high=1.0, null=_FEW),
    Feature("topic_shift", "discourse", "distance of the mean embeddings of captions before and after the last change "
            "point in the window, 0 where there is none", "1 - cosine", _DATED_CAPTION,
            "a sudden change of discourse is suspect", high=2.0, null=_FEW),
    Feature("language_shift", "discourse", "half the sum of absolute differences of the shares of varieties before and "
            "after it, 0 where there is none", "share", _DATED_CAPTION, "a sudden change of discourse is suspect",
            high=1.0, null=_FEW),
    Feature("polish_shift", "discourse", "mean score of polish after it - before it, 0 where there is none",
            "difference of shares", _DATED_CAPTION, "a sudden change of discourse is suspect", low=-1.0, high=1.0,
            null=_FEW),
    Feature("stance_shift", "discourse", "share of ads after it - before it, 0 where there is none",
            "difference of shares", _DATED_CAPTION, "a sudden change of discourse is suspect", low=-1.0, high=1.0,
            null=_FEW),
    _share("niche_focus", "discourse", "mean cosine of the embeddings of two captions, at least 0", _CAPTION,
           "niches are communities", null="fewer than two captions in the window"),
)  # fmt: skip

_PROXIMITY = (
    _share("place_posts", "proximity", "share of posts that name a place of the gazetteer", _CAPTION,
           "creators of the neighbourhood"),
    _share("home_posts", "proximity", "share of posts that name a place of the creator's city",
           ("posts.caption", "creators.city"), "creators of the neighbourhood"),
    _share("neighbourhood_posts", "proximity", "share of posts that name a neighbourhood", _CAPTION,
           "creators of the neighbourhood"),
    _share("place_comments", "proximity", "share of comments that name a place of the gazetteer", _TEXT,
           "creators of the neighbourhood"),
    _share("local_commenters", "proximity", "share of the commenters who named a place that named one of the "
           "creator's city", ("comments.text", "comments.author_id", "creators.city"),
           "we trust those who resemble us", null="no comment names a place"),
    _share("tag_earliness", "proximity", "mean over tags first used in the window that had spread before as_of (used "
           "by features.spread creators) of 1 - creators who had used it before / features.spread, at least 0",
           _DATED_CAPTION, "nano creators make the trend", null="no such tag"),
    Feature("tag_lead_days", "proximity", "mean over those tags of days from the creator's first use to the spread",
            "days", _DATED_CAPTION, "nano creators make the trend", low=None, null="no such tag"),
    Feature("spread_tags", "proximity", "tags first used in the window that had spread before as_of", "tags",
            _DATED_CAPTION, null="no such tag"),
)  # fmt: skip

# share -> the feature that counts what it is a share of; each has a shrunk twin
SHRUNK = {
    "reply_rate": "first_levels", "returning_share": "commenters",
    "genuine_share": "comments", "generic_share": "comments", "emoji_only_share": "comments", "spam_share": "comments",
    "intent_share": "comments", "trust_share": "comments", "suspicion_share": "comments", "wide_share": "comments",
    "early_share": "comments", "fellow_share": "comments", "language_match": "comments",
    "ad_density": "captions", "undisclosed_share": "ads", "ambiguous_share": "ads",
    "polished_share": "captions", "overconsumption_share": "captions", "tested_share": "captions",
}  # fmt: skip
COUNTED = ("posts", "posts_per_week", "comments")  # 0, not null, where nothing happened in a dated window


def _with_shrunk(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Put the shrunk twin of a share behind it."""
    result = []
    for feature in features:
        result.append(feature)
        if feature.name in SHRUNK:
            formula = (
                f"({SHRUNK[feature.name]} x {feature.name} + strength x mean) / ({SHRUNK[feature.name]} + strength); "
                "mean and strength are the prior of the creator's tier"
            )
            result.append(replace(feature, name=f"{feature.name}_shrunk", formula=formula))
    return tuple(result)


FEATURES: tuple[Feature, ...] = _with_shrunk(
    (*_AUDIENCE, *_ENGAGEMENT, *_AUTHENTICITY, *_SPONSORSHIP, *_DISCOURSE, *_PROXIMITY)
)


def column_names(windows: Iterable[int]) -> dict[str, Feature]:
    """Name the columns of the feature table, in order, with the feature that each belongs to."""
    names = {}
    for feature in FEATURES:
        for name in [f"{feature.name}_{days}d" for days in windows] if feature.windowed else [feature.name]:
            names[name] = feature
    return names
