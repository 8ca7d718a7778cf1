"""The readable lexicon behind the rules (``lexicon.yaml``), folded as texts are."""

from functools import cache
from importlib.resources import files

import yaml

from .fold import fold_word


@cache
def phrases(family: str, name: str) -> tuple[str, ...]:
    """Return the folded phrases of one entry over all varieties, each with a blank at both ends.

    >>> " #pub " in phrases("disclosure", "clear")
    True
    """
    lexicon = yaml.safe_load(files(__package__).joinpath("lexicon.yaml").read_text(encoding="utf-8"))
    entries = lexicon[family][name].values()
    return tuple(sorted({fold_word(phrase) for variety in entries for phrase in variety}))
