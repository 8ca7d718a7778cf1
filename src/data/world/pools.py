"""Pools of ready texts, made once for a world; millions of rows then draw from them by position.

A cell is a range of positions in one Arrow array: (class, variety) for comments, (labels, niche, variety) for posts.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import places
from .draws import Floats, Ints
from .levers import levers_of
from .posts import AMBIGUOUS
from .settings import World
from .texts import Phrases, PostLabels
from .variants import SHORT_WORDS, Dice, varied

CLASSES = ("genuine", "intent", "trust", "suspicion", "praise", "emoji", "tag", "bare_trust", "bare_suspicion", "spam",
           "bot", "pod", "reply", "follow_up", "disguise", "tail")  # fmt: skip
_RICH = [CLASSES.index(name) for name in ("genuine", "intent", "trust", "suspicion", "reply")]
_VERBATIM = {"praise", "emoji", "tag", "bare_trust", "bare_suspicion", "bot", "pod"}  # said as it stands
VARIANTS = (150, 1200)  # texts of a class in a variety, in the smallest worlds and in those of 600 creators or more
_AT_MOST = 300  # of one phrase
_NAMES = ("Salma", "Imane", "Yassine", "Khadija", "Omar", "Hajar", "Zineb", "Mehdi", "Fatima-Zahra", "Ayoub", "Nisrine")
CAPTIONS = (2_000, 20_000)  # captions in all; common labels get more of them
PER_CELL = (2, 60)  # captions of one cell: labels, niche, variety
# where a variety has no phrase of a class, its neighbours lend theirs
_NEAR = {
    "fr": ("fr", "mixed", "any"), "ary-Latn": ("ary-Latn", "mixed", "any"), "ary-Arab": ("ary-Arab", "arb", "any"),
    "arb": ("arb", "ary-Arab", "any"), "en": ("en", "fr", "any"), "zgh": ("zgh", "ary-Latn", "any"),
    "mixed": ("mixed", "ary-Latn", "any"),
}  # fmt: skip
LABELS: tuple[PostLabels, ...] = tuple(
    (ad, disclosure, polished, over, tested)
    for ad, disclosure in ((0, 0), (1, 0), (1, 1), (1, 2))
    for polished, over, tested in product((0, 1), repeat=3)
)


@dataclass(frozen=True)
class Pool:
    """Texts with the first position and the count of each cell."""

    texts: pa.Array
    first: Ints
    count: Ints

    def take(self, cell: Ints, uniform: Floats) -> pa.Array:
        """Draw one text of each cell."""
        return self.texts.take(pa.array(self.first[cell] + (uniform * self.count[cell]).astype(np.int64)))


@dataclass(frozen=True)
class Pools:
    """All texts of a world."""

    comments: Pool
    captions: Pool
    mentions: pa.Array  # of neighbourhoods: 3 * place + script, as places.spelled has them

    def comment(self, kind: Ints, variety: Ints, uniform: Floats) -> pa.Array:
        """Draw comments; ``kind`` is a position in :data:`CLASSES`."""
        return self.comments.take(kind * len(places.VARIETIES) + variety, uniform)

    def detailed(self, texts: pa.Array, kind: Ints, variety: Ints, uniform: Floats, choose: Floats) -> pa.Array:
        """Add a detail of the writer's own to most texts that say something, never to short ones, which do repeat."""
        words = pc.count_substring(texts, " ").to_numpy(zero_copy_only=False)
        rich = np.isin(kind, _RICH) & (choose < 0.85) & (words >= SHORT_WORDS)
        tail = self.comment(np.full(len(kind), CLASSES.index("tail")), variety, uniform)
        return joined(texts, pc.if_else(pa.array(rich), tail, ""))

    def caption(self, labels: Ints, niche: Ints, variety: Ints, uniform: Floats) -> pa.Array:
        """Draw captions; ``labels`` is a position in :data:`LABELS`."""
        cell = (labels * len(places.NICHE_NAMES) + niche) * len(places.VARIETIES) + variety
        return self.captions.take(cell, uniform)


def make_pools(said: Phrases, brands: list[str], world: World, rng: np.random.Generator) -> Pools:
    """Make the pools of a world: the more creators it has, the more ways there are to say a thing."""
    grown = min(1.0, world.size.creators / 600)
    filler = _Filler(said, brands, rng, max(VARIANTS[0], round(VARIANTS[1] * grown)))
    each = variants_of_labels(world, max(CAPTIONS[0], round(CAPTIONS[1] * grown)))
    comments = [filler.comments(name, variety) for name in CLASSES for variety in places.VARIETIES]
    captions = [
        filler.captions(labels, niche, variety, count)
        for labels, count in zip(LABELS, each, strict=True)
        for niche in places.NICHE_NAMES for variety in places.VARIETIES
    ]  # fmt: skip
    names, _ = places.spelled()
    return Pools(_pool(comments), _pool(captions), pa.array([f" 📍 {name}" for name in names]))


def variants_of_labels(world: World, total: int) -> list[int]:
    """Share captions out over labels by how often the labels occur, at the mean shares of the levers."""
    on = {name: lever.mean for name, lever in levers_of(world).items()}
    told = 1 - on["undisclosed"]
    disclosed = (on["undisclosed"], AMBIGUOUS * told, (1 - AMBIGUOUS) * told)
    shares = []
    for ad, disclosure, *rest in LABELS:
        share = on["ad_density"] * disclosed[disclosure] if ad else 1 - on["ad_density"]
        for name, flag in zip(("polished", "overconsumption", "tested"), rest, strict=True):
            share *= on[name] if flag else 1 - on[name]
        shares.append(share)
    cells = len(places.NICHE_NAMES) * len(places.VARIETIES)
    return [min(PER_CELL[1], max(PER_CELL[0], round(total * share / cells))) for share in shares]


def label_number(ad: np.ndarray, disclosure: Ints, *rest: np.ndarray) -> Ints:
    """Return the position in :data:`LABELS` of each post's labels."""
    number = np.where(ad, 1 + disclosure, 0)
    for flag in rest:
        number = number * 2 + flag
    return number


def joined(*parts: pa.Array | str) -> pa.Array:
    """Join texts side by side."""
    return pc.binary_join_element_wise(*parts, "")


def _pool(cells: list[list[str]]) -> Pool:
    counts = np.array([len(cell) for cell in cells])
    return Pool(pa.array([text for cell in cells for text in cell]), np.cumsum(counts) - counts, counts)


class _Filler:
    """Fills slots and makes variants."""

    def __init__(self, said: Phrases, brands: list[str], rng: np.random.Generator, variants: int) -> None:
        self.said, self.dice, self.brands, self.variants = said, Dice(rng), brands, variants
        self.names, _ = places.spelled()
        self.handles = [f"user_{number:03x}" for number in range(400)]

    def comments(self, name: str, variety: str) -> list[str]:
        """Return the texts of one class in one variety."""
        source = "bot" if name == "disguise" else name
        base = self._near(self.said.comments[source], variety)
        if name == "tag":
            return [text.replace("{name}", handle) for text in base for handle in self.handles]
        if name in _VERBATIM:
            return base
        before = ", " if name == "tail" else ""
        each = max(1, min(self.variants // len(base), _AT_MOST))
        return [before + varied(text, variety, self.dice, self._slots(variety)) for text in base for _ in range(each)]

    def captions(self, labels: PostLabels, niche: str, variety: str, count: int) -> list[str]:
        """Return whole posts of the corpus with these labels, and as many composed from parts as are lacking."""
        whole = self.said.captions.get((labels, niche, variety), [])
        composed = [self._composed(labels, niche, variety) for _ in range(count - len(whole))]
        return [varied(text, variety, self.dice, {}) for text in whole] + composed

    def _composed(self, labels: PostLabels, niche: str, variety: str) -> str:
        ad, disclosure, *rest = labels
        parts = ["topic", *(["ad"] if ad else [])]
        parts += [name for name, on in zip(("polished", "overconsumption", "tested"), rest, strict=True) if on]
        parts += [("ambiguous", "clear")[disclosure - 1]] if disclosure else []
        slots = self._slots(variety, niche)
        words = [varied(self._one(name, variety), variety, self.dice, slots) for name in parts]
        return ". ".join(words) if self.dice.roll() < 0.5 else "\n".join(words)

    def _one(self, part: str, variety: str) -> str:
        return self.dice.one(self._near(self.said.parts[part], variety))

    def _near(self, by_variety: dict[str, list[str]], variety: str) -> list[str]:
        return next(by_variety[name] for name in (*_NEAR[variety], "ary-Latn", "fr") if name in by_variety)

    def _slots(self, variety: str, niche: str | None = None) -> dict[str, str]:
        niche = niche or self.dice.one(places.NICHE_NAMES)
        script = {"ary-Arab": "Arab", "arb": "Arab", "fr": "fr", "en": "en"}.get(variety, "ary-Latn")
        place = self.dice.below(len(self.names) // 3) * 3 + {"Arab": 1, "ary-Latn": 2}.get(script, 0)
        return {
            "thing": self.said.things[niche][script], "place": self.names[place],
            "price": str((5 + self.dice.below(55)) * 10), "code": f"CODE{5 + self.dice.below(25)}",
            "brand": self.dice.one(self.brands), "who": self.dice.one(_NAMES),
            "minute": f"{self.dice.below(12)}:{self.dice.below(60):02d}",
        }  # fmt: skip
