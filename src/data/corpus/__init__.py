"""The labelled corpus (``data/corpus``): reading it, checking it, telling how far it is from real text."""

from .labels import COMMENT_LABELS, DISCLOSURES, LABELS, POST_LABELS, SLICES, VARIETIES
from .read import read_corpus

__all__ = ["COMMENT_LABELS", "DISCLOSURES", "LABELS", "POST_LABELS", "SLICES", "VARIETIES", "read_corpus"]
