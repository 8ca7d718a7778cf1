"""What placements sell: deliveries for each person reached, by tier."""

from .config import ConversionConfig
from .data import placements_frame
from .model import ConversionModel, fit
from .reasons import reasons, served
from .validate import validate

__all__ = ["ConversionConfig", "ConversionModel", "fit", "placements_frame", "reasons", "served", "validate"]
