"""Features: creator x as-of date, from tables and annotations, never looking ahead."""

from .assemble import FeatureConfig, build_features
from .registry import FEATURES, Feature, column_names

__all__ = ["FEATURES", "Feature", "FeatureConfig", "build_features", "column_names"]
