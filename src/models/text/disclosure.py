"""Disclosure: what tells a reader that a post is commercial, by the lexicon; and texts with those words masked."""

import polars as pl

from .fold import fold
from .lexicon import phrases

MASK = "§"  # one neutral sign in the place of words of disclosure


def disclosure(folded: pl.Expr) -> pl.Expr:
    """Tell ``none``, ``ambiguous`` or ``clear`` from a folded text alone (:func:`thiqa.models.text.fold.fold`).

    What denies an interest is struck out first; a clear word outweighs a hint.
    """
    said = folded.str.replace_many(dict.fromkeys(phrases("disclosure", "denied"), " "))
    clear = said.str.contains_any(list(phrases("disclosure", "clear")))
    hinted = said.str.contains_any(list(phrases("disclosure", "ambiguous")))
    return pl.when(clear).then(pl.lit("clear")).when(hinted).then(pl.lit("ambiguous")).otherwise(pl.lit("none"))


def masked(text: pl.Expr) -> pl.Expr:
    """Replace every phrase of disclosure by :data:`MASK`; a text that has one is folded, others stay as they are."""
    words = {phrase: f" {MASK} " for level in ("clear", "ambiguous") for phrase in phrases("disclosure", level)}
    hidden = fold(text).str.replace_many(words, leftmost=True).str.strip_chars()
    return pl.when(hidden.str.contains(MASK, literal=True)).then(hidden).otherwise(text.fill_null(""))
