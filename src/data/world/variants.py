"""Ways in which people write the same thing: typing slips, long letters, emoji, Arabizi spelling, other languages.

Variants are made once for each phrase and world; rows then draw from them, which costs nothing at millions of rows.
Texts of up to three words are never varied: real short praise repeats word for word.
"""

import re

import numpy as np

SHORT_WORDS = 3
_EMOJI = ("😂", "😍", "🙏", "❤️", "😅", "🤔", "👌", "🥲", "🔥", "😭")
_ARABIZI = (("3", "a"), ("7", "h"), ("9", "q"), ("ch", "sh"), ("kh", "5"), ("gh", "r"), ("w ", "ou "), ("dyal", "d"),
            ("bezzaf", "bzf"), ("walakin", "mais"), ("3afak", "svp"), ("chokran", "merci"))  # fmt: skip
_BETWEEN = {
    "fr": ("franchement", "wallah", "bslama"), "ary-Latn": ("franchement", "en fait", "wallah"),
    "ary-Arab": ("والله", "بصح", "صراحة"), "arb": ("حقا", "والله"), "en": ("honestly", "wallah"),
    "mixed": ("wallah", "franchement", "svp"), "zgh": ("wallah",),
}  # fmt: skip


def varied(text: str, variety: str, rng: np.random.Generator, slots: dict[str, str]) -> str:
    """Return one variant of a phrase with its slots filled."""
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    if len(text.split()) <= SHORT_WORDS:
        return text
    chance = rng.random(6)
    if variety in ("ary-Latn", "mixed") and chance[0] < 0.6:
        for _ in range(2):
            old, new = _ARABIZI[int(rng.integers(len(_ARABIZI)))]
            text = text.replace(old, new)
    if chance[1] < 0.25:
        words = text.split(" ")
        words.insert(int(rng.integers(1, len(words))), str(rng.choice(_BETWEEN[variety])))
        text = " ".join(words)
    if chance[2] < 0.30:
        text = _slip(text, rng)
    if chance[3] < 0.15:
        text = _long(text, rng)
    if chance[4] < 0.25:
        text = text.lower() if chance[4] < 0.18 else text.rstrip("?!.") + str(rng.choice(["??", "!!", "..", " ?"]))
    if chance[5] < 0.35:
        text += " " + str(rng.choice(_EMOJI)) * int(rng.integers(1, 3))
    return text


def _slip(text: str, rng: np.random.Generator) -> str:
    """Swap, drop or double one letter inside a word, never in a tag or a name."""
    places = [k for k in range(1, len(text) - 2) if text[k].isalpha() and text[k + 1].isalpha()]
    if not places or "@" in text:
        return text
    k, way = int(rng.choice(places)), int(rng.integers(3))
    changed = (text[k + 1] + text[k], text[k], text[k] * 2 + text[k + 1])[way]
    return text[:k] + changed + text[k + 2 :]


def _long(text: str, rng: np.random.Generator) -> str:
    """Hold the last letter of a word: bezzaf, bezzaffff."""
    ends = [found.end() for found in re.finditer(r"\w{3,}", text) if text[found.end() - 1].isalpha()]
    if not ends:
        return text
    end = int(rng.choice(ends))
    return text[:end] + text[end - 1] * int(rng.integers(1, 5)) + text[end:]
