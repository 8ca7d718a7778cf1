"""The labelled corpus: reading, checking, and telling how it was made and how far it is from real text."""

from .agreement import agreement
from .check import Report, check_corpus
from .read import read_corpus

__all__ = ["Report", "agreement", "check_corpus", "read_corpus"]
