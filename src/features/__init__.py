"""Features: creator x as-of date, from tables and annotations, never looking ahead."""

from .assemble import build_features
from .config import FeatureConfig
from .registry import FEATURES, Feature, column_names
from .shrink import Priors, fit_priors

__all__ = ["FEATURES", "Feature", "FeatureConfig", "Priors", "build_features", "column_names", "fit_priors"]
