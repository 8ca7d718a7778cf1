"""How answers about ads change when texts do: spelling and tags of disclosure must not matter, a call to buy must.

INV and DIR of Ribeiro et al. 2020 (CheckList), as rates over many texts rather than a few that happen to pass.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from ...data.corpus import VARIETIES
from .scorer import TextScorer

CALL = {
    "fr": "Utilisez mon code SARA10, lien en bio", "ary-Arab": "استعملو الكود ديالي SARA10، الرابط فالبايو",
    "ary-Latn": "sta3mlo code dyali SARA10, lien f bio", "arb": "استعملوا الكود SARA10، الرابط في البايو",
    "en": "Use my code SARA10, link in bio", "zgh": "ssmrsat lkod inu SARA10, lien g bio",
    "mixed": "mon code SARA10 3la kolchi, lien f bio",
}  # fmt: skip
TAG = {"fr": "#pub", "ary-Arab": "#إشهار", "ary-Latn": "#ichhar", "arb": "#إعلان", "en": "#ad", "zgh": "#lichhar",
       "mixed": "#pub"}  # fmt: skip
_ARABIZI = {"3": "a", "7": "h", "9": "q", "5": "kh"}
_WORD = re.compile(r"[^\W\d_]{3,}")


def doubled(text: str) -> str:
    """Write a letter inside every third word twice."""
    return _every(3, text, lambda word: word[: len(word) // 2] + word[len(word) // 2 - 1] + word[len(word) // 2 :])


def elongated(text: str) -> str:
    """Hold the last letter of every fourth word."""
    return _every(4, text, lambda word: word + word[-1] * 3)


def without_accents(text: str) -> str:
    """Drop accents and vowel signs."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def without_digits(text: str) -> str:
    """Write letters for the digits of Arabizi, inside words."""
    return re.sub(r"(?<=[a-zA-Z])[3795](?=[a-zA-Z])", lambda found: _ARABIZI[found[0]], text)


def with_digits(text: str) -> str:
    """Write digits for the letters that Arabizi has digits for."""
    return text.replace("kh", "5").replace("gh", "8").replace("q", "9")


def _every(number: int, text: str, change: Callable[[str], str]) -> str:
    found = list(_WORD.finditer(text))[::number]
    for word in reversed(found):
        text = text[: word.start()] + change(word[0]) + text[word.end() :]
    return text


SPELLINGS: dict[str, Callable[[str], str]] = {
    "letters doubled": doubled, "letters held": elongated, "accents dropped": without_accents,
    "letters for digits": without_digits, "digits for letters": with_digits,
}  # fmt: skip


def behaviour(scorer: TextScorer, texts: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Tell per variety how often answers about ads stay, and how often a call to buy raises them.

    :param texts: Labelled; the posts are taken.
    :return: By variety ``posts``; for each spelling, the share of the changed posts that get the same answer (null
        where none is changed); the same of ads that get a tag of disclosure; of posts that are no ads, the share whose
        score a call to buy raises, and the share called ads with it.
    """
    posts = texts.filter(kind="post")
    return {variety: _of_variety(scorer, posts.filter(variety=variety), variety) for variety in VARIETIES}


def _of_variety(scorer: TextScorer, posts: pl.DataFrame, variety: str) -> dict[str, Any]:
    table: dict[str, Any] = {"posts": len(posts)}
    for name, change in SPELLINGS.items():
        table[name] = _same(scorer, posts["text"], pl.Series([change(text) for text in posts["text"]], dtype=pl.String))
    ads = posts.filter(ad=1)["text"]
    table["ads disclosed"] = _same(scorer, ads, f"{TAG[variety]} " + ads)
    others = posts.filter(ad=0)["text"]
    called = scorer.answers(others + f". {CALL[variety]}", "post")
    raised = called.of("ad") > scorer.answers(others, "post").of("ad")
    return table | {"raised by a call": _mean(raised), "an ad with a call": _mean(called.flags("ad"))}


def _same(scorer: TextScorer, before: pl.Series, after: pl.Series) -> float | None:
    changed = before != after
    one, other = (scorer.answers(texts.filter(changed), "post").flags("ad") for texts in (before, after))
    return _mean(one == other)


def _mean(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None
