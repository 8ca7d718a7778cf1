"""From platform exports to the tables of the contract."""

from .attribution import Attribution
from .mapped import import_csv
from .mapping import Mapping
from .order_words import OrderMapping
from .orders import import_orders
from .run import API, import_answers

__all__ = ["API", "Attribution", "Mapping", "OrderMapping", "import_answers", "import_csv", "import_orders"]
