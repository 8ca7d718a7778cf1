"""Evidence: the article's claims as tests, each with an estimate, its interval, and a verdict or a reason for none."""

from .config import EvidenceConfig
from .material import Material, gather
from .run import examine

__all__ = ["EvidenceConfig", "Material", "examine", "gather"]
