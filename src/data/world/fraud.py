"""Fraud: bought followers that arrive in jumps, bots that comment, pods of creators who comment on one another.

In each tier the stated share of accounts is touched (fraud.nano ..., by quota, rounded up). A touched account's fakes
are a Beta(4, 3) share of its size, six tenths of them there at the start, a fifth after each of two jumps, which need
no post. Its comments are fraudulent with a Beta(2, 4) share. Basis: 22 to 45 % of followers not real, half of
comments inauthentic (FACTS 1.6).
"""

from dataclasses import dataclass

import numpy as np

from .creators import DAYS_A_MONTH, NEVER, Creators
from .draws import Bools, Draws, Floats, Ints
from .settings import TIERS, World

POD_SIZE = 8
_STAGES = (0.6, 0.2, 0.2)  # share of the fakes at the start and after each jump


@dataclass(frozen=True)
class Fraud:
    """Columns of length n (creators); ``jumps`` has shape (n, 2), in days."""

    fake: Floats  # all fakes ever bought, over the followers shown at the start
    jumps: Floats
    bots: Floats  # share of comments written by bots
    pods: Floats  # share of comments written by pod members
    pod: Ints  # number of the pod, -1 for none
    pod_first: Ints  # position of the pod's first member in ``members``
    pod_size: Ints
    members: Ints  # creators in pods, pod by pod

    @property
    def share(self) -> Floats:
        """Share of comments that are fraudulent."""
        return self.bots + self.pods


def draw_fraud(world: World, creators: Creators, draws: Draws) -> Fraud:
    """Draw who cheats, and how."""
    rng, n = draws.of("fraud"), len(creators)
    touched, way = _touched(world, creators, rng.random(n)), rng.random(n)
    fake, comments = rng.beta(4.0, 3.0, n), rng.beta(2.0, 4.0, n)
    jumps = np.sort(rng.uniform(0.05, 0.95, (n, 2)), axis=1) * world.size.months * DAYS_A_MONTH
    pods = np.where(touched & (way > 0.6), np.where(way > 0.8, 0.5, 1.0), 0.0) * comments
    pod, first, size, members = _pods(creators, pods > 0)
    pods = np.where(pod >= 0, pods, 0.0)
    return Fraud(
        fake=np.where(touched, fake, 0.0), jumps=np.where(touched[:, None], jumps, NEVER),
        bots=np.where(touched, comments, 0.0) - pods, pods=pods,
        pod=pod, pod_first=first, pod_size=size, members=members,
    )  # fmt: skip


def _touched(world: World, creators: Creators, order: Floats) -> Bools:
    """Touch the stated share of each tier, those first in ``order``: more fraud only adds accounts."""
    touched = np.zeros(len(creators), dtype=bool)
    for number, name in enumerate(TIERS):
        mine = np.flatnonzero(creators.tier == number)
        quota = int(np.ceil(getattr(world.fraud, name) * len(mine) - 1e-9))
        touched[mine[np.argsort(order[mine], kind="stable")[:quota]]] = True
    return touched


def _pods(creators: Creators, in_pod: Bools) -> tuple[Ints, Ints, Ints, Ints]:
    """Group members of a platform in runs of :data:`POD_SIZE`; what is left over in a run of one has no pod."""
    n = len(creators)
    pod, first, size = np.full(n, -1), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    members: list[int] = []
    number = 0
    for platform in np.unique(creators.platform):
        group = np.flatnonzero(in_pod & (creators.platform == platform))
        for start in range(0, len(group), POD_SIZE):
            run = group[start : start + POD_SIZE]
            if len(run) > 1:
                pod[run], first[run], size[run] = number, len(members), len(run)
                members.extend(run.tolist())
                number += 1
    return pod, first, size, np.array(members, dtype=np.int64)


def followers_at(creators: Creators, fraud: Fraud, who: Ints, day: Floats) -> tuple[Floats, Floats]:
    """Return followers shown and their real share for creators ``who`` on ``day``.

    real(t) = F0 (1 - 0.6 f) exp(growth t); fake(t) = F0 f (0.6 + 0.2 [t > first jump] + 0.2 [t > second jump]).
    """
    start, fake = creators.followers[who], fraud.fake[who]
    bought = _STAGES[0] + ((day[:, None] > fraud.jumps[who]) * np.array(_STAGES[1:])).sum(axis=1)
    real = start * (1 - _STAGES[0] * fake) * np.exp(creators.growth[who] * day)
    total = real + start * fake * bought
    return total, real / total
