"""Ways in which people write the same thing: typing slips, long letters, emoji, Arabizi spelling, other languages.

Variants are made once for each phrase and world; rows then draw from them, which costs nothing at millions of rows.
Texts of up to three words are never varied: real short praise repeats word for word.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

SHORT_WORDS = 3
_EMOJI = ("😂", "😍", "🙏", "❤️", "😅", "🤔", "👌", "🥲", "🔥", "😭")
_ARABIZI = (("3", "a"), ("7", "h"), ("9", "q"), ("ch", "sh"), ("kh", "5"), ("gh", "r"), ("w ", "ou "), ("dyal", "d"),
            ("bezzaf", "bzf"), ("walakin", "mais"), ("3afak", "svp"), ("chokran", "merci"))  # fmt: skip
_BETWEEN = {  # words of another language or of warmth, put between two others
    "fr": ("franchement", "wallah", "bslama"), "ary-Latn": ("franchement", "en fait", "wallah"),
    "ary-Arab": ("والله", "بصح", "صراحة"), "arb": ("حقا", "والله"), "en": ("honestly", "wallah"),
    "mixed": ("wallah", "franchement", "svp"), "zgh": ("wallah",),
}  # fmt: skip
_ENDS = ("??", "!!", "..", " ?")

Item = TypeVar("Item")


class Dice:
    """Uniform draws of one generator, fetched by the thousand: asking it for one at a time is ten times slower."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left: Iterator[float] = iter(())

    def roll(self) -> float:
        """Return a number in 0..1."""
        for value in self._left:
            return value
        self._left = iter(self._rng.random(8192).tolist())
        return next(self._left)

    def below(self, count: int) -> int:
        """Return one of 0 .. count - 1."""
        return int(self.roll() * count)

    def one(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self.below(len(items))]


def varied(text: str, variety: str, dice: Dice, slots: dict[str, str]) -> str:
    """Return one variant of a phrase, its slots filled last, so that no slip breaks a name."""
    marks = {name: chr(0xE000 + number) for number, name in enumerate(slots)}  # private use: no letters
    for name, mark in marks.items():
        text = text.replace("{" + name + "}", mark)
    if text.count(" ") >= SHORT_WORDS:
        text = _rewritten(text, variety, dice)
    for name, mark in marks.items():
        text = text.replace(mark, slots[name])
    return text


def _rewritten(text: str, variety: str, dice: Dice) -> str:  # noqa: C901 one branch a kind of rewriting
    if variety in ("ary-Latn", "mixed") and dice.roll() < 0.6:
        for _ in range(2):
            text = text.replace(*dice.one(_ARABIZI))
    if dice.roll() < 0.25:
        words = text.split(" ")
        words.insert(1 + dice.below(len(words) - 1), dice.one(_BETWEEN[variety]))
        text = " ".join(words)
    if dice.roll() < 0.30:
        text = _slip(text, dice)
    if dice.roll() < 0.15:
        text = _long(text, dice)
    if dice.roll() < 0.18:
        text = text.lower()
    elif dice.roll() < 0.10:
        text = text.rstrip("?!.") + dice.one(_ENDS)
    if dice.roll() < 0.35:
        text += " " + dice.one(_EMOJI) * (1 + dice.below(2))
    return text


def _slip(text: str, dice: Dice) -> str:
    """Swap, drop or double one letter inside a word, never in a tag or a name."""
    k = 1 + dice.below(len(text) - 2)
    if "@" in text or "#" in text or not (text[k].isalpha() and text[k + 1 : k + 2].isalpha()):
        return text
    changed = (text[k + 1] + text[k], text[k], text[k] * 2 + text[k + 1])[dice.below(3)]
    return text[:k] + changed + text[k + 2 :]


def _long(text: str, dice: Dice) -> str:
    """Hold the last letter of a word: bezzaf, bezzaffff."""
    ends = [found.end() for found in re.finditer(r"[^\W\d_]{3,}", text)]
    if not ends:
        return text
    end = dice.one(ends)
    return text[:end] + text[end - 1] * (1 + dice.below(4)) + text[end:]
