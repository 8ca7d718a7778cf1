"""Folding: one written form for texts that people would call the same, column by column."""

from functools import cache
from hashlib import blake2b

import emoji
import numpy as np
import polars as pl

_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": "", "ؤ": "و", "ئ": "ي", "گ": "ك", "ڭ": "ك"}
_INVISIBLE = "[\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]"  # joiners and direction marks
_END = "\x00"


def fold(text: pl.Expr) -> pl.Expr:
    """Fold a text to words parted by single blanks, with a blank at both ends; ``#`` and ``@`` stay on their word.

    Lower case, compatibility forms unified, accents and vowel signs dropped, variants of Arabic letters unified,
    everything that is neither letter nor digit turned into a blank.
    """
    plain = text.fill_null("").str.normalize("NFKD").str.replace_all(_INVISIBLE, "").str.to_lowercase()
    plain = plain.str.replace_many(_ARABIC).str.replace_all(r"\p{M}", "").str.replace_many({"’": "'", "_": " "})
    words = plain.str.replace_all(r"[^\p{L}\p{N}#@']+", " ").str.replace_all(r"[#@']+( |$)", " ")
    return pl.concat_str(pl.lit(" "), words.str.strip_chars().str.replace_all(" +", " "), pl.lit(" "))


def fold_word(phrase: str) -> str:
    """Fold one phrase of a lexicon as texts are folded."""
    return pl.select(fold(pl.lit(phrase))).item()


def skeleton(folded: pl.Series) -> pl.Series:
    """Reduce folded texts to their skeleton (no digits, no tags, runs of a letter written once), as a hash.

    Two texts with one skeleton differ in elongation, emoji, digits or punctuation only. Null where nothing is left.
    """
    bare = folded.str.replace_all(r"[#@]\S+|\p{N}+", " ").str.replace_all(" +", " ").str.strip_chars()
    hashes = [blake2b(text.encode(), digest_size=8).hexdigest() if text else None for text in without_runs(bare)]
    return pl.Series(folded.name, hashes, dtype=pl.String)


def without_runs(texts: pl.Series) -> pl.Series:
    """Write each run of one character once, over the code points of the whole column."""
    if not len(texts):
        return texts
    points = np.frombuffer((_END.join(texts.to_list())).encode("utf-32-le"), dtype=np.uint32)
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = (points[1:] != points[:-1]) | (points[1:] == ord(_END))
    return pl.Series(texts.name, points[keep].tobytes().decode("utf-32-le").split(_END))


@cache
def emoji_pattern() -> str:
    """Return a character class of all emoji, their modifiers, joiners and flags."""
    points = {ord(sign) for sequence in emoji.EMOJI_DATA for sign in sequence if ord(sign) > 0xFF}
    points |= {0x200D, 0xFE0F, 0x20E3}
    return "[" + "".join(f"\\x{{{point:X}}}" for point in sorted(points)) + "]"
