"""Row-wise work: what can be told from one text alone, computed once for each distinct text."""

from .batch import Scorer, annotator
from .gazetteer import Gazetteer, read_gazetteer
from .stage import annotate

__all__ = ["Gazetteer", "Scorer", "annotate", "annotator", "read_gazetteer"]
