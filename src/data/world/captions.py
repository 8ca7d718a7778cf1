"""The table ``posts``: captions with the tags that spread, and counts with the nulls of each platform's exports.

Tags spread: tag k takes off on day d_k; a creator who takes it up does so on d_k + 8 N days, nano creators
trends.nano_lead_days earlier, and uses it in the next three posts.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from ...tables import FORMATS
from . import places
from .audience import moments, with_gaps
from .campaigns import Campaigns, Deals
from .creators import DAYS_A_MONTH, Creators
from .draws import Draws, Floats, Ints, runs
from .ids import BY_NAME, ids, post_words
from .pools import Pools, joined, label_number
from .posts import STORY, Posts, Reactions
from .settings import TIERS, World

TAGS_A_CREATOR = 4
_USES = 3  # posts that carry a tag once it is taken up
_TAG_WORDS = ("dyalna", "challenge", "tag", "bladi", "fdar", "darija", "vibes", "lyoum")
_NICHE_TAGS = ("#sport", "#skincare", "#deco", "#cuisine", "#healthy", "#livres", "#modestfashion", "#voyage", "#tech",
               "#maman", "#maroc")  # fmt: skip


@dataclass(frozen=True)
class Trends:
    """``tag`` and ``day`` of shape (creators, tags a creator): which tags each takes up, and when."""

    names: pa.Array
    tag: Ints
    day: Floats


def draw_trends(world: World, creators: Creators, draws: Draws) -> Trends:
    """Draw the tags of a world and who takes them up when."""
    rng, n, days = draws.of("trends"), len(creators), world.size.months * DAYS_A_MONTH
    count = max(6, 2 * world.size.months)
    start = np.sort(rng.uniform(0.1, 0.9, count)) * days
    tag = rng.integers(0, count, (n, TAGS_A_CREATOR))
    lead = world.trends.nano_lead_days * (creators.tier == TIERS.index("nano"))
    day = start[tag] + 8.0 * rng.standard_normal((n, TAGS_A_CREATOR)) - lead[:, None]
    names = [f" #{_NICHE_TAGS[k % len(_NICHE_TAGS)][1:]}{_TAG_WORDS[k % len(_TAG_WORDS)]}{k}" for k in range(count)]
    return Trends(pa.array(["", *names]), tag, day)


def tags_of(posts: Posts, trends: Trends, block: range) -> Ints:
    """Return each post's tag: 0 for none, else 1 + its number. The later of two tags wins."""
    tag = np.zeros(len(posts), dtype=np.int64)
    starts = np.searchsorted(posts.creator, [*block, block.stop])
    who = np.repeat(np.arange(len(block)), TAGS_A_CREATOR)
    adopted, number = trends.day[block.start : block.stop].ravel(), trends.tag[block.start : block.stop].ravel()
    order = np.argsort(adopted, kind="stable")
    who, adopted, number = who[order], adopted[order], number[order]
    span = 1e6  # days: more than any world has, so that (creator, day) sorts as one number
    first = np.searchsorted(posts.creator * span + posts.day, (block.start + who) * span + adopted)
    at = np.repeat(first, _USES) + runs(np.full(len(first), _USES))
    inside = at < np.repeat(starts[who + 1], _USES)
    tag[at[inside]] = 1 + np.repeat(number, _USES)[inside]
    return tag


def posts_table(creators: Creators, campaigns: Campaigns, deals: Deals, posts: Posts, reactions: Reactions,
                replies: Ints, trends: Trends, first_post: int, pools: Pools, block: range,
                draws: Draws) -> pl.DataFrame:  # fmt: skip
    """Write the posts of a block as rows, sorted by id."""
    rng, who, n = draws.of("posts.rows", block.start), posts.creator, len(posts)
    platform, names = creators.platform[who], np.array(BY_NAME)
    on = names[platform]
    story = reactions.format == STORY
    insights = (rng.random(len(creators.word[block.start : block.stop])) < 0.3)[who - block.start]  # shared by some
    public = pl.DataFrame({
        "likes": reactions.likes, "comments": reactions.comments + replies, "shares": reactions.shares,
        "saves": reactions.saves, "views": reactions.views, "reach": reactions.reach,
    })  # fmt: skip
    seen = {
        "likes": ~story & (rng.random(n) >= 0.02), "comments": ~story,
        "shares": ~story & (on != "youtube") & ((on != "instagram") | insights),
        "saves": ~story & ((on == "tiktok") | ((on == "instagram") & insights)),
        "views": (on == "tiktok") | (on == "youtube") | (reactions.format == FORMATS.index("video")) | insights,
        "reach": insights & np.isin(on, ["instagram", "facebook"]),
    }  # fmt: skip
    label = np.where(posts.disclosure == 2, rng.random(n) < 0.4, posts.ad & (rng.random(n) < 0.02))
    table = public.select(pl.when(pl.lit(pl.Series(seen[name]))).then(pl.col(name)).alias(name) for name in seen)
    return table.with_columns(
        post_id=pl.Series(ids(platform, post_words(first_post + np.arange(n)))),
        creator_id=pl.Series(ids(platform, creators.word[who])),
        published_at=moments(posts.day),
        format=pl.Series(FORMATS).gather(reactions.format),
        caption=with_gaps(pl.Series(_captions(creators, posts, trends, pools, block, rng)), rng, 0.01),
        paid_label=pl.Series(label).cast(pl.Boolean).set(pl.Series((on == "facebook") & (rng.random(n) < 0.5)), None),
        brand=_brands(campaigns, deals, posts, rng),
    )


def _captions(creators: Creators, posts: Posts, trends: Trends, pools: Pools, block: range,
              rng: np.random.Generator) -> pa.Array:  # fmt: skip
    who, n = posts.creator, len(posts)
    # a new discourse: another niche, and for half of the creators another language
    turn = posts.shifted & (rng.random(n) < 0.95)
    niche = np.where(rng.random(n) < 0.75, creators.niche[who], (rng.random(n) * len(places.NICHE_NAMES)).astype(int))
    niche = np.where(turn, (creators.niche[who] + 1 + who % 5) % len(places.NICHE_NAMES), niche)
    variety = np.where(rng.random(n) < 0.8, creators.language[who], (rng.random(n) * 6).astype(int) % 5)
    variety = np.where(turn & (who % 2 == 0), (creators.language[who] + 2) % 5, variety)
    labels = label_number(posts.ad, posts.disclosure, posts.polished, posts.overconsumption, posts.tested)
    text = pools.caption(labels, niche, variety, rng.random(n))
    _, first = places.spelled()
    script = np.array([0, 1, 2, 1, 0, 2, 2])[variety]
    mention = pools.mentions.take(pa.array((first[creators.city[who]] + creators.neighbourhood[who]) * 3 + script))
    here = pa.array(np.where(rng.random(n) < 0.15, 1, 0))
    mention = pa.compute.if_else(pa.compute.equal(here, 1), mention, "")
    return joined(text, mention, trends.names.take(pa.array(tags_of(posts, trends, block))))


def _brands(campaigns: Campaigns, deals: Deals, posts: Posts, rng: np.random.Generator) -> pl.Series:
    """Tag the brand of a deal in six posts of ten, another brand in four of ten other ads."""
    n = len(posts)
    any_brand = (rng.random(n) * len(campaigns.brand_niche)).astype(np.int64)
    paid = posts.deal >= 0
    brand = np.where(paid, campaigns.brand[deals.campaign[posts.deal]], any_brand)
    tagged = rng.random(n) < np.where(paid, 0.6, np.where(posts.ad, 0.4, 0.01))
    names = pl.Series(campaigns.brand_names()).gather(brand)
    return pl.select(pl.when(pl.Series(tagged)).then(names)).to_series()
