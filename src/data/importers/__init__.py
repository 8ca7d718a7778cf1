"""From platform exports to the tables of the contract."""

from .mapped import import_csv
from .mapping import Mapping, find_mapping

__all__ = ["Mapping", "find_mapping", "import_csv"]
