"""What creators publish, block by block: when, as what, with which labels, and how many react.

Organic posts are a Poisson process at the creator's pace; a deal adds its own posts. Each label of a post is
Bernoulli with the creator's *visible* share. Engagement:

log interactions = log(followers * rate(platform, followers)) + 0.15 w_trust - 0.15 [disclosed ad] - 0.02 [undisclosed]
                   + effects.undisclosed / 2 * (lagged undisclosed share, SD) + creator 0.4 N + post 0.6 N (mean kept)

An undisclosed ad thus does better at once than a disclosed one, and what rejection there is comes later (FACTS 0.3).
"""

from dataclasses import dataclass, replace

import numpy as np

from .campaigns import Deals
from .creators import DAYS_A_MONTH, Creators
from .draws import Bools, Draws, Floats, Ints, runs
from .fraud import Fraud, followers_at
from .ids import BY_NAME
from .levers import levers_of
from .outcomes import log_reach, undisclosed_share, within_memory
from .settings import World

# interactions by follower: platform -> (followers, share), through the published tiers (FACTS 1.2)
_RATES = {
    "instagram": ((500, 1e3, 2e3, 5e3, 2e4, 1e5, 1e6, 5e6), (0.095, 0.060, 0.035, 0.025, 0.019, 0.0145, 0.0130, 0.012)),
    "tiktok": ((500, 1e3, 5e3, 1e4, 5e4, 1e5, 5e5, 5e6), (0.030, 0.022, 0.016, 0.012, 0.008, 0.0080, 0.0095, 0.0125)),
    "youtube": ((500, 1e4, 1e5, 5e6), (0.025, 0.018, 0.015, 0.016)),
    "facebook": ((500, 1e4, 1e5, 5e6), (0.040, 0.015, 0.009, 0.006)),
}
COMMENTS_AMONG = {"instagram": 0.05, "tiktok": 0.05, "youtube": 0.08, "facebook": 0.10}  # of interactions
AMBIGUOUS = 0.40  # share of disclosed ads that only hint: wordings like "collab" and thanks (FACTS 1.5)
_FORMATS = {  # shares in the order of tables.FORMATS
    "instagram": (0.30, 0.25, 0.33, 0.12, 0.0), "tiktok": (0.05, 0.05, 0.90, 0.0, 0.0),
    "youtube": (0.0, 0.0, 0.97, 0.0, 0.03), "facebook": (0.40, 0.10, 0.25, 0.05, 0.20),
}  # fmt: skip
STORY = 3


@dataclass(frozen=True)
class Posts:
    """Posts of one block, sorted by creator and time; ``creator`` and ``deal`` count over the whole world."""

    creator: Ints
    day: Floats
    deal: Ints  # -1 for none
    place: Ints  # number of the post in its deal
    uniform: Floats  # (6, n): ad, disclosed, ambiguous, polished, overconsumption, tested
    ad: Bools
    disclosure: Ints  # 0 none, 1 ambiguous, 2 clear
    polished: Bools
    overconsumption: Bools
    tested: Bools
    shifted: Bools  # speaks the new discourse: from the change on, for good

    def __len__(self) -> int:
        return len(self.creator)


@dataclass(frozen=True)
class Shares:
    """What behaviour is drawn from, a row for each creator (``undisclosed``: before and after the change of habit)."""

    ad_density: Floats
    undisclosed: tuple[Floats, Floats]
    polished: Floats
    overconsumption: Floats
    tested: Floats
    shift_at: Floats
    habit_at: Floats

    @classmethod
    def of(cls, world: World, creators: Creators) -> "Shares":
        """Read the visible shares of all creators."""
        levers, visible = levers_of(world), creators.visible
        plain = {name: levers[name].share(visible[name]) for name in
                 ("ad_density", "polished", "overconsumption", "tested")}  # fmt: skip
        habit = levers["undisclosed"]
        both = habit.share(visible["undisclosed"]), habit.share(creators.undisclosed_next_visible)
        return cls(undisclosed=both, shift_at=creators.shift_at_visible, habit_at=creators.habit_at, **plain)


def draw_posts(world: World, creators: Creators, deals: Deals, order: Ints, shares: Shares, block: range,
               draws: Draws) -> Posts:  # fmt: skip
    """Draw the posts of a block; ``order`` sorts the deals by creator."""
    rng, who = draws.of("posts", block.start), np.array(block)
    days = world.size.months * DAYS_A_MONTH
    counts = np.maximum(6, rng.poisson(creators.pace[who] * days / 7))
    hours = (19 + 4 * rng.standard_normal(int(counts.sum()))) % 24
    day = np.floor(rng.random(int(counts.sum())) * days) + hours / 24
    creator, deal = np.repeat(who, counts), np.full(int(counts.sum()), -1)
    mine = order[slice(*np.searchsorted(deals.creator[order], [block.start, block.stop]))]
    number, place = np.repeat(mine, deals.posts[mine]), runs(deals.posts[mine])
    paid = deals.first[number] + place * deals.days_between[number]
    creator, day = np.concatenate([creator, deals.creator[number]]), np.concatenate([day, paid])
    deal, place = np.concatenate([deal, number]), np.concatenate([np.zeros(int(counts.sum()), np.int64), place])
    first = np.lexsort((day, creator))
    blank = np.zeros(len(first), dtype=bool)
    posts = Posts(creator[first], day[first], deal[first], place[first], rng.random((6, len(first))),
                  blank, blank.astype(np.int64), blank, blank, blank, blank)  # fmt: skip
    return behave(posts, shares)


def behave(posts: Posts, shares: Shares) -> Posts:
    """Decide the labels of posts by comparing each post's own draws with its creator's shares."""
    who, draw = posts.creator, posts.uniform
    ad = (posts.deal >= 0) | (draw[0] < shares.ad_density[who])
    habit = np.where(posts.day < shares.habit_at[who], shares.undisclosed[0][who], shares.undisclosed[1][who])
    disclosure = np.where(draw[2] < AMBIGUOUS, 1, 2) * (ad & (draw[1] >= habit))
    return replace(
        posts, ad=ad, disclosure=disclosure, polished=draw[3] < shares.polished[who],
        overconsumption=draw[4] < shares.overconsumption[who], tested=draw[5] < shares.tested[who],
        shifted=posts.day > shares.shift_at[who],
    )  # fmt: skip


@dataclass(frozen=True)
class Reactions:
    """How many react to each post, before any of it is hidden by an export."""

    followers: Floats
    reach: Ints
    views: Ints
    likes: Ints
    comments: Ints  # by others, replies apart
    shares: Ints
    saves: Ints
    format: Ints
    suspicion: Floats  # share of real people's comments that are suspicious


def suspicion_rate(world: World, undisclosed: Floats, discourse: Floats, overconsumption: Floats) -> Floats:
    """Return the log share of suspicious comments: log 0.03 plus the reactions to (standardised) levers."""
    to = world.reactions
    total: Floats = np.log(0.03) + np.asarray(
        to.undisclosed_suspicion * undisclosed
        + to.discourse_suspicion * discourse
        + to.overconsumption_suspicion * overconsumption
    )
    return total


def draw_reactions(world: World, creators: Creators, fraud: Fraud, posts: Posts, block: range,
                   draws: Draws) -> Reactions:  # fmt: skip
    """Draw reach, views, interactions, and how suspicious the audience is."""
    rng, who, levers = draws.of("reactions", block.start), posts.creator, levers_of(world)
    n, platform = len(posts), creators.platform[posts.creator]
    followers, _ = followers_at(creators, fraud, who, posts.day)
    lagged = levers["undisclosed"].standard(undisclosed_share(world, creators, who, posts.day))
    log = np.log(followers * engagement_rate(platform, followers)) - (0.4**2 + 0.6**2 + 0.15**2) / 2
    log = log + 0.15 * creators.visible["trust"][who] + 0.4 * creators.engagement[who] + 0.6 * rng.standard_normal(n)
    log = log + 0.5 * world.effects.undisclosed * lagged
    log = log + np.where(posts.ad, np.where(posts.disclosure == 0, -0.02, -0.15), 0.0)
    among = np.array([COMMENTS_AMONG[name] for name in BY_NAME])[platform]
    form = _formats(platform, rng)
    comments = np.where(form == STORY, 0, rng.poisson(np.exp(log) * among))
    reach = np.exp(log_reach(world, followers) + world.funnel.reach_sd * rng.standard_normal(n))
    reach = np.minimum(reach, 3 * followers)
    turned = within_memory(creators.shift_at[who], posts.day)
    over = levers["overconsumption"].standard(levers["overconsumption"].share(creators.latent["overconsumption"][who]))
    return Reactions(
        followers=followers, reach=np.round(reach).astype(np.int64),
        views=np.round(reach * np.exp(0.25 + 0.2 * rng.standard_normal(n))).astype(np.int64),
        likes=rng.poisson(np.exp(log) * (0.93 - among)), comments=comments,
        shares=rng.poisson(np.exp(log) * 0.03), saves=rng.poisson(np.exp(log) * 0.04), format=form,
        suspicion=np.exp(suspicion_rate(world, lagged, turned, over)).clip(0, 0.5),
    )  # fmt: skip


def engagement_rate(platform: Ints, followers: Floats) -> Floats:
    """Return the mean interactions by follower of a platform at a size."""
    rate = np.empty(len(followers))
    for number, name in enumerate(BY_NAME):
        size, share = _RATES[name]
        mine = platform == number
        rate[mine] = np.exp(np.interp(np.log(followers[mine]), np.log(size), np.log(share)))
    return rate


def _formats(platform: Ints, rng: np.random.Generator) -> Ints:
    edges = np.cumsum([_FORMATS[name] for name in BY_NAME], axis=1)
    past = rng.random(len(platform))[:, None] >= edges[platform]
    return np.asarray(past.sum(axis=1).clip(0, 4), dtype=np.int64)
