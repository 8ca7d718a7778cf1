"""Twin worlds: one lever alone is drawn again, and the tables' view of it with it; all else stays.

In the twin of a lever its values are permuted over the creators (or over the placements, for what belongs to a
deal), so it depends on nothing else; posts and comments are drawn again from what behaviour then shows, by the same
uniforms. The *feature* is what anyone can count in the tables before the deal, read without error from the texts:
shares of posts and of sampled comments over the last 180 days, listed cities and niches, dates of posts.

How the tables show a lever moves with it. For a share of comments that takes in the fraud of the account, whose bots
dilute the share: were it left where it is, the twin's feature would still know the tier (macro cheats more) and the
genuine comments of the account, which sell too. For ``genuine`` the fakes among the followers move as well, since
what makes comments genuine is also who is real; for the others they stay, and nobody's real share changes.
"""

from dataclasses import dataclass, replace

import numpy as np

from .campaigns import NATIONAL
from .comments import Voices, draw_thread
from .creators import Creators
from .drawn import Drawn
from .draws import Floats, Ints
from .fraud import followers_at
from .outcomes import coherence, exposure, proximity
from .posts import Posts, Reactions, Shares, behave, draw_posts, draw_reactions

WINDOW = 180.0  # days before a deal in which features count
OF_POSTS = ("ad_density", "undisclosed", "polished", "discourse_shift", "overconsumption", "tested")
OF_COMMENTS = ("trust", "replies", "genuine", "resemblance")
OF_DEALS = ("proximity", "coherence", "slow")


@dataclass(frozen=True)
class Scene:
    """A drawn world with the posts of its blocks, kept to be looked at again and again."""

    drawn: Drawn
    posts: list[Posts]
    reactions: list[Reactions]


def scene(drawn: Drawn) -> Scene:
    """Draw all posts of a (small) world."""
    world, creators, draws = drawn.world, drawn.creators, drawn.draws
    shares, order = Shares.of(world, creators), np.argsort(drawn.deals.creator, kind="stable")
    posts = [draw_posts(world, creators, drawn.deals, order, shares, block, draws) for block in drawn.blocks]
    reactions = [
        draw_reactions(world, creators, drawn.fraud, mine, block, draws)
        for mine, block in zip(posts, drawn.blocks, strict=True)
    ]
    return Scene(drawn, posts, reactions)


def twin(drawn: Drawn, lever: str) -> Drawn:
    """Draw one lever again from its own marginal, independent of all else."""
    rng = drawn.draws.of(f"twin.{lever}")
    creators, fraud, deals = drawn.creators, drawn.fraud, drawn.deals
    if lever in OF_DEALS:
        order = rng.permutation(len(deals))
        value = drawn.exposure.values[lever][order]
        return replace(drawn, exposure=drawn.exposure.with_value(lever, value))
    order = rng.permutation(len(creators))
    moved = _permuted(creators, lever, order)
    if lever in OF_COMMENTS:
        fraud = replace(fraud, bots=fraud.bots[order], pods=fraud.pods[order])
    if lever == "genuine":
        fraud = replace(fraud, fake=fraud.fake[order], jumps=fraud.jumps[order])
        _, real = followers_at(moved, fraud, deals.creator, deals.agreed)
        deals = replace(deals, real=real)
    at = exposure(drawn.world, moved, fraud, drawn.campaigns, deals)
    value = at.values[lever]
    return replace(drawn, creators=moved, fraud=fraud, deals=deals,
                   exposure=drawn.exposure.with_value(lever, value))  # fmt: skip


def _permuted(creators: Creators, lever: str, order: Ints) -> Creators:
    """Give each creator another's lever, with what behaviour shows of it."""
    if lever == "community":
        return replace(creators, kind=creators.kind[order])
    if lever == "discourse_shift":
        return replace(creators, shift_at=creators.shift_at[order], shift_at_visible=creators.shift_at_visible[order])
    latent = {**creators.latent, lever: creators.latent[lever][order]}
    visible = {**creators.visible, lever: creators.visible[lever][order]}
    if lever == "undisclosed":
        return replace(creators, latent=latent, visible=visible, undisclosed_next=creators.undisclosed_next[order],
                       undisclosed_next_visible=creators.undisclosed_next_visible[order])  # fmt: skip
    return replace(creators, latent=latent, visible=visible)


def feature(seen: Scene, moved: Drawn, lever: str) -> Floats:
    """Return the feature of a lever at each placement of the twin ``moved``; NaN where there is nothing to count."""
    if lever in OF_DEALS:
        return _of_deals(seen.drawn, lever)[seen.drawn.draws.of(f"twin.{lever}").permutation(len(seen.drawn.deals))]
    if lever == "community":
        return (moved.creators.kind[moved.deals.creator] > 0).astype(np.float64)
    deals, result = moved.deals, np.full(len(moved.deals), np.nan)
    for number, block in enumerate(moved.blocks):
        mine = np.flatnonzero((deals.creator >= block.start) & (deals.creator < block.stop))
        part, whole = _counts(seen, moved, number, lever)
        posts = seen.posts[number]
        ends = [_position(posts, deals.creator[mine], deals.agreed[mine] - back) for back in (WINDOW, 0.0)]
        counted = [_between(value, ends) for value in (part, whole)]
        with np.errstate(invalid="ignore", divide="ignore"):
            result[mine] = counted[0] / counted[1]
    return np.where(np.isnan(result), np.nan, result > 0) if lever == "discourse_shift" else result


def _between(value: Floats, ends: list[Ints]) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(value)])
    return np.asarray(total[ends[1]] - total[ends[0]])


def _position(posts: Posts, creator: Ints, day: Floats) -> Ints:
    span = 1e6  # days: more than any world has
    return np.searchsorted(posts.creator * span + posts.day, creator * span + day)


def _counts(seen: Scene, moved: Drawn, number: int, lever: str) -> tuple[Floats, Floats]:
    """Return what is counted, and out of how much, for each post of a block."""
    posts = seen.posts[number]
    if lever in OF_POSTS:
        posts = behave(posts, Shares.of(moved.world, moved.creators))
        if lever == "undisclosed":
            return (posts.ad & (posts.disclosure == 0)).astype(np.float64), posts.ad.astype(np.float64)
        if lever == "discourse_shift":  # the first post of the new discourse, where there was an old one
            before = np.concatenate([[True], posts.shifted[:-1] | (posts.creator[1:] != posts.creator[:-1])])
            return (posts.shifted & ~before).astype(np.float64), np.ones(len(posts))
        column = {"ad_density": "ad"}.get(lever, lever)
        return getattr(posts, column).astype(np.float64), np.ones(len(posts))
    voices = Voices.of(moved.world, moved.creators, moved.fraud)
    thread = draw_thread(posts, seen.reactions[number], voices, moved.blocks[number], moved.draws)
    flag = {"trust": thread.trust, "replies": thread.replied, "genuine": thread.genuine, "resemblance": thread.alike}
    whole = np.bincount(thread.post, minlength=len(posts))
    return np.bincount(thread.post, flag[lever], minlength=len(posts)).astype(np.float64), whole.astype(np.float64)


def _of_deals(drawn: Drawn, lever: str) -> Floats:
    """Return what the lists say of a deal: cities, niches, dates."""
    deals, campaigns, creators = drawn.deals, drawn.campaigns, drawn.creators
    if lever == "slow":
        return np.log(deals.days_between)
    if lever == "coherence":
        return coherence(creators.niche[deals.creator], campaigns.brand_niche[campaigns.brand[deals.campaign]])
    city = campaigns.city[deals.campaign]
    return np.where(city == NATIONAL, np.nan, proximity(creators.city[deals.creator], city))
