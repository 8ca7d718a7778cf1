"""From a folder of tables to annotations and features, for commands that take any folder, with a cache."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from .annotate import Scorer, annotate, read_gazetteer
from .engine import EngineConfig, open_engine
from .features import FeatureConfig, build_features
from .files import digest, replacing
from .tables import check

CACHE_VARIABLE = "THIQA_CACHE"
_CODE = ("annotate", "features", "models/text", "engine.py", "tables.py")  # a change here makes old caches void


def cache_folder() -> Path:
    """Return the folder of what is made once and found again: ``THIQA_CACHE``, else the user's cache folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("thiqa"))


@dataclass(frozen=True)
class Workspace:
    """Prepares folders of tables; what it made once is found again by content."""

    engine: EngineConfig
    features: FeatureConfig
    scorer: Scorer

    def annotated(self, tables: Path) -> Path:
        """Return the folder of annotations of ``tables``, made if need be.

        :raises InputError: If a table breaks the contract.
        """
        paths, more = check(tables), self.features.gazetteer
        folder = cache_folder() / "annotated" / self._key(
            digest(*paths.values()), self.scorer.name, digest(more) if more else ""
        )  # fmt: skip
        if not folder.exists():
            with replacing(folder) as temporary, open_engine(self.engine, cache_folder() / "scratch") as engine:
                annotate(engine, tables, temporary, self.scorer, read_gazetteer(more))
        return folder

    def build(self, tables: Path, at: Path | None, out: Path) -> None:
        """Write the features of ``tables`` to ``out``, for the pairs of ``at`` or for every placement."""
        annotated = self.annotated(tables)
        with open_engine(self.engine, cache_folder() / "scratch") as engine:
            build_features(engine, tables, annotated, out, self.features, at)

    def cached_features(self, tables: Path) -> Path:
        """Return the file of the features of every placement of ``tables``, made if need be."""
        annotated = self.annotated(tables)
        priors = digest(self.features.priors) if self.features.priors else ""
        key = self._key(annotated.name, json.dumps(self.features.model_dump(mode="json"), sort_keys=True), priors)
        path = cache_folder() / "features" / f"{key}.parquet"
        if not path.exists():
            self.build(tables, None, path)
        return path

    @staticmethod
    def _key(*parts: str) -> str:
        package = Path(__file__).parent
        code = digest(*(package / part for part in _CODE))
        return hashlib.sha256("\n".join([code, *parts]).encode()).hexdigest()[:32]
