"""Disclosure: what tells a reader that a post is commercial, by the lexicon; and texts with those words masked."""

import re
from functools import cache

import polars as pl

from .lexicon import phrases
from .normal import normal

MASK = "§"  # one neutral sign in the place of words of disclosure


def disclosure(folded: pl.Expr) -> pl.Expr:
    """Tell ``none``, ``ambiguous`` or ``clear`` from a folded text alone (:func:`thiqa.models.text.fold.fold`)."""
    clear = folded.str.contains_any(list(phrases("disclosure", "clear")))
    hinted = folded.str.contains_any(list(phrases("disclosure", "ambiguous")))
    return pl.when(clear).then(pl.lit("clear")).when(hinted).then(pl.lit("ambiguous")).otherwise(pl.lit("none"))


def masked(text: pl.Expr) -> pl.Expr:
    """Write a text in normal spelling with every phrase of disclosure replaced by :data:`MASK`."""
    return normal(text).str.replace_all(_pattern(), MASK).str.strip_chars()


@cache
def _pattern() -> str:
    words = {phrase.strip() for level in ("clear", "ambiguous") for phrase in phrases("disclosure", level)}
    gap = r"[^\p{L}\p{N}#@]+"
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    alternatives = (gap.join(re.escape(part) for part in word.split(" ")) for word in longest_first)
    return "(?:" + "|".join(rf"\b{word}\b" if word[0] != "#" else rf"{word}\b" for word in alternatives) + ")"
