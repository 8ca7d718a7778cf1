"""Row-wise work: what can be told from one text alone, computed once for each distinct text."""

from .batch import Scorer, annotator
from .stage import annotate

__all__ = ["Scorer", "annotate", "annotator"]
