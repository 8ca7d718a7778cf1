"""What placements sell: deliveries for each person reached, by tier."""

from .config import ConversionConfig
from .data import creators_frame, deals_frame, placements_frame
from .model import ConversionModel, fit
from .reasons import reasons, served
from .validate import validate

__all__ = [
    "ConversionConfig",
    "ConversionModel",
    "creators_frame",
    "deals_frame",
    "fit",
    "placements_frame",
    "reasons",
    "served",
    "validate",
]
