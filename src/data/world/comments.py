"""What people write below a post: first who and what (flags, from which features follow), then rows with texts.

Exports hold a sample of a post's comments, at most :data:`SAMPLE`; ``posts.comments`` holds the full count. Each
sampled comment is a bot's, a pod member's or a real person's by the creator's shares of fraud. A real person's is
genuine with the creator's visible share; trust shows with logistic(logit(0.08) + w_trust), which nothing else
moves; suspicion with the post's own share (see :func:`posts.suspicion_rate`). The creator answers real comments with
the visible reply share.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from . import places
from .audience import moments, with_gaps
from .creators import Creators
from .draws import Bools, Draws, Floats, Ints, logistic, logit, runs
from .fraud import Fraud
from .ids import comment_words, ids, post_words, scrambled
from .levers import levers_of
from .pools import CLASSES, Pools
from .posts import Posts, Reactions
from .settings import World

SAMPLE = 8  # comments of a post that an export holds: its first page
TRUST_SHARE = 0.08  # of real people's comments, at the mean
SPAM_SHARE = 0.02  # of real accounts' comments
INTENT_SHARE = 0.10  # of genuine comments
SAMPLE_CLASS = {name: number for number, name in enumerate(CLASSES)}


@dataclass(frozen=True)
class Voices:
    """What comments are drawn from, a row for each creator."""

    replies: Floats
    genuine: Floats
    trust: Floats
    resemblance: Floats
    bots: Floats
    pods: Floats

    @classmethod
    def of(cls, world: World, creators: Creators, fraud: Fraud) -> "Voices":
        """Read the visible shares of all creators."""
        levers, visible = levers_of(world), creators.visible
        names = ("replies", "genuine", "resemblance")
        shares = {name: levers[name].share(visible[name]) for name in names}
        trust = logistic(logit(TRUST_SHARE) + visible["trust"])
        return cls(trust=trust, bots=fraud.bots, pods=fraud.pods, **shares)


@dataclass(frozen=True)
class Thread:
    """Sampled comments of one block in the order of posts: who wrote them and what they are."""

    post: Ints  # position in the block's posts
    place: Ints  # in the post's sample
    bot: Bools
    pod: Bools
    spam: Bools
    genuine: Bools
    trust: Bools
    suspicion: Bools
    intent: Bools
    alike: Bools  # in the creator's language
    replied: Bools

    def __len__(self) -> int:
        return len(self.post)

    @property
    def real(self) -> Bools:
        """Whether a real person wrote it."""
        return ~(self.bot | self.pod)


def draw_thread(posts: Posts, reactions: Reactions, voices: Voices, block: range, draws: Draws) -> Thread:
    """Decide who writes what below each post of a block, by uniforms that do not depend on any share."""
    counts = np.minimum(reactions.comments, SAMPLE)
    post = np.repeat(np.arange(len(posts)), counts)
    who, draw = posts.creator[post], draws.of("comments", block.start).random((7, len(post)))
    bot = draw[0] < voices.bots[who]
    pod = ~bot & (draw[0] < (voices.bots + voices.pods)[who])
    real = ~(bot | pod)
    spam = real & (draw[0] > 1 - SPAM_SHARE)
    person = real & ~spam
    genuine = person & (draw[1] < voices.genuine[who])
    trust = person & (draw[2] < voices.trust[who])
    suspicion = person & ~trust & (draw[3] < reactions.suspicion[post])
    intent = genuine & ~trust & ~suspicion & (draw[4] < INTENT_SHARE)
    alike = real & (draw[5] < voices.resemblance[who])
    replied = person & (draw[6] < voices.replies[who])
    return Thread(post, runs(counts), bot, pod, spam, genuine, trust, suspicion, intent, alike, replied)


def comments_table(world: World, creators: Creators, fraud: Fraud, posts: Posts, thread: Thread, first_post: int,
                   pools: Pools, block: range, draws: Draws) -> pl.DataFrame:  # fmt: skip
    """Write the comments of a block as rows, sorted by id; ``first_post`` numbers its first post over the world."""
    rng = draws.of("comments.rows", block.start)
    who = posts.creator[thread.post]
    author = _authors(creators, fraud, thread, who, rng)
    kind = kinds_of(world, thread, rng)
    variety = _varieties(creators, thread, who, rng)
    when = posts.day[thread.post] + _delays(thread, rng) / 24
    draw = rng.random((3, len(thread)))
    texts = pools.detailed(pools.comment(kind, variety, draw[0]), kind, variety, draw[1], draw[2])
    top = _rows(creators, thread.post, who, first_post, 4 * thread.place, None, author, when, texts, False)
    answered = np.flatnonzero(thread.replied)
    post, maker, place = thread.post[answered], who[answered], 4 * thread.place[answered]
    own = creators.language[maker]
    later = when[answered] + np.exp(np.log(2.5) - 0.3 * creators.visible["replies"][maker]
                                    + 1.1 * rng.standard_normal(len(answered))) / 24  # fmt: skip
    reply, draw = np.full(len(answered), SAMPLE_CLASS["reply"]), rng.random((3, len(answered)))
    said = pools.detailed(pools.comment(reply, own, draw[0]), reply, own, draw[1], 0.5 + draw[2])
    replies = _rows(creators, post, maker, first_post, place + 1, place, creators.word[maker], later, said, True)
    again = np.flatnonzero(rng.random(len(answered)) < 0.15)
    latest = later[again] + rng.exponential(6.0, len(again)) / 24
    texts = pools.comment(
        np.full(len(again), SAMPLE_CLASS["follow_up"]), variety[answered[again]], rng.random(len(again))
    )
    more = _rows(creators, post[again], maker[again], first_post, place[again] + 2, place[again] + 1,
                 author[answered[again]], latest, texts, False)  # fmt: skip
    table = pl.concat([top, replies, more]).sort("comment_id")
    return table.with_columns(with_gaps(pl.Series("likes", rng.poisson(0.4, len(table))), rng, 0.05))


def _rows(creators: Creators, post: Ints, maker: Ints, first_post: int, place: Ints, parent: Ints | None,
          author: np.ndarray, when: Floats, texts: pa.Array, by_creator: bool) -> pl.DataFrame:  # fmt: skip
    platform, number = creators.platform[maker], first_post + post
    above = pa.nulls(len(post), pa.string()) if parent is None else ids(platform, comment_words(number, parent))
    return pl.DataFrame({
        "comment_id": pl.Series(ids(platform, comment_words(number, place)), dtype=pl.String),
        "post_id": pl.Series(ids(platform, post_words(number)), dtype=pl.String),
        "parent_id": pl.Series(above, dtype=pl.String),
        "author_id": pl.Series(ids(platform, author), dtype=pl.String),
        "written_at": moments(when),
        "text": pl.Series(texts, dtype=pl.String),
        "by_creator": np.full(len(post), by_creator),
    })  # fmt: skip


_FRIENDS, _CROWD, _BOTS = 1 << 40, 1 << 50, 1 << 52  # counters apart, so that no two people share an id


def _authors(creators: Creators, fraud: Fraud, thread: Thread, who: Ints, rng: np.random.Generator) -> np.ndarray:
    """Draw authors: a creator's own crowd (few write often), people who follow many, bots, and fellow pod members.

    A trusted creator's crowd comes back more: the rank in the crowd is u^(2 + w_trust / 2) times its size.
    """
    n = len(thread)
    size = np.maximum(15, 0.6 * creators.followers[who] ** 0.8)
    back = (2 + 0.5 * creators.visible["trust"][who]).clip(1, 4)
    own = _FRIENDS + who * (1 << 20) + np.minimum(size * rng.random(n) ** back, (1 << 20) - 1).astype(np.int64)
    world = _CROWD + (rng.random(n) ** 1.5 * (2000 + 30 * len(creators))).astype(np.int64)
    bots = _BOTS + (rng.random(n) ** 1.3 * (60 + 0.5 * len(creators))).astype(np.int64)
    number = np.where(thread.bot, bots, np.where(rng.random(n) < 0.08, world, own))
    # a different salt by platform: a person who is on two of them cannot be seen to be one
    word = scrambled(number * 4 + creators.platform[who], 0xA07)
    fellows = _fellows(fraud, thread, who, rng)
    return np.where(thread.pod, creators.word[fellows], word)


def _fellows(fraud: Fraud, thread: Thread, who: Ints, rng: np.random.Generator) -> Ints:
    """Draw another member of the pod of each creator; anyone where there is no pod (not used)."""
    fellow = np.zeros(len(who), dtype=np.int64)
    pod = np.flatnonzero(thread.pod)
    first, size = fraud.pod_first[who[pod]], fraud.pod_size[who[pod]]
    mine = fraud.members.searchsorted(who[pod]) if len(pod) == 0 else _place_in_pod(fraud, who[pod])
    step = 1 + (rng.random(len(pod)) * (size - 1)).astype(np.int64)
    fellow[pod] = fraud.members[first + (mine + step) % size] if len(pod) else 0
    return fellow


def _place_in_pod(fraud: Fraud, who: Ints) -> Ints:
    order = np.argsort(fraud.members)
    position = order[np.searchsorted(fraud.members[order], who)]
    return position - fraud.pod_first[who]


def kinds_of(world: World, thread: Thread, rng: np.random.Generator) -> Ints:
    """Sort comments into classes of texts."""
    n, of = len(thread), SAMPLE_CLASS
    stock = world.generic_praise / (world.generic_praise + 0.1)
    empty = np.where(rng.random(n) < 0.6, of["emoji"], of["tag"])
    kind = np.where(rng.random(n) < stock, of["praise"], empty)
    kind = np.where(thread.genuine, np.where(thread.intent, of["intent"], of["genuine"]), kind)
    kind = np.where(thread.trust, np.where(thread.genuine, of["trust"], of["bare_trust"]), kind)
    kind = np.where(thread.suspicion, np.where(thread.genuine, of["suspicion"], of["bare_suspicion"]), kind)
    kind = np.where(thread.spam, of["spam"], kind)
    hidden = np.where(rng.random(n) < 0.5, of["disguise"], of["praise"])
    kind = np.where(thread.bot, np.where(rng.random(n) < world.fraud.stealth, hidden, of["bot"]), kind)
    warm = np.where(rng.random(n) < 0.5, of["praise"], of["disguise"])
    return np.where(thread.pod, np.where(rng.random(n) < 0.5, of["pod"], warm), kind)


def _varieties(creators: Creators, thread: Thread, who: Ints, rng: np.random.Generator) -> Ints:
    """Write in the creator's variety, or in any other; bots in any."""
    n, many = len(thread), len(places.VARIETIES)
    other = (creators.language[who] + 1 + (rng.random(n) * (many - 1)).astype(np.int64)) % many
    rare = (other == places.VARIETIES.index("zgh")) & (rng.random(n) < 0.8)
    other = np.where(rare, places.VARIETIES.index("mixed"), other)
    return np.where(thread.alike, creators.language[who], other)


def _delays(thread: Thread, rng: np.random.Generator) -> Floats:
    """Draw hours after the post: people over days, pods within half an hour, bots in a burst of minutes."""
    n = len(thread)
    people = np.minimum(np.exp(np.log(5.0) + 1.4 * rng.standard_normal(n)), 24 * 30)
    return np.where(thread.bot, rng.exponential(0.05, n), np.where(thread.pod, rng.exponential(0.25, n), people))
