"""From platform exports to the tables of the contract."""

from .mapped import import_csv
from .mapping import Mapping
from .run import API, import_answers

__all__ = ["API", "Mapping", "import_answers", "import_csv"]
