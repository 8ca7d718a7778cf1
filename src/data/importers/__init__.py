"""From platform exports to the tables of the contract."""

from .mapped import import_csv
from .mapping import Mapping, find_mapping
from .run import API, import_answers

__all__ = ["API", "Mapping", "find_mapping", "import_answers", "import_csv"]
