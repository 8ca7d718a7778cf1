"""The readable lexicon behind the rules (``lexicon.yaml``), folded as texts are."""

from functools import cache
from importlib.resources import files

import yaml

from .fold import fold_word


@cache
def phrases(family: str, name: str) -> tuple[str, ...]:
    """Return the folded phrases of one entry over all varieties, each with a blank at both ends.

    A phrase written with ``*`` at its end has no blank there, so that it matches the beginning of a word.

    >>> " #pub " in phrases("disclosure", "clear")
    True
    """
    lexicon = yaml.safe_load(files(__package__).joinpath("lexicon.yaml").read_text(encoding="utf-8"))
    entries = lexicon[family][name].values()
    return tuple(sorted({_folded(phrase) for variety in entries for phrase in variety}))


def _folded(phrase: str) -> str:
    return fold_word(phrase).rstrip() if phrase.endswith("*") else fold_word(phrase)
