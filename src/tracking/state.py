"""One state of the pipeline: the files that are published together."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import digest
from ..params import Params

PARTS = ("text", "conversion", "evidence", "plan")  # each has a run of its own inside the published one


@dataclass(frozen=True)
class State:
    """The files that one state of the pipeline consists of."""

    metrics: Path
    plots: Path
    page: Path
    models: Path  # one folder for each model
    features: Path
    cards: Path  # model cards
    searches: Path  # experiments: a trials.json in one of them is a search

    def require(self) -> None:
        """Check that the pipeline has run.

        :raises InputError: Naming what is missing.
        """
        needed = (self.metrics, self.plots, self.page, self.models / "conversion", self.features)
        missing = [str(path) for path in needed if not path.exists()]
        if missing:
            raise InputError(f"nothing to publish: {', '.join(missing)} missing; run 'make run' or 'dvc repro' first")

    def digest(self, params: Params) -> str:
        """Digest parameters, metrics, plots, models and page: no times, no paths."""
        parts = digest(*(path for path in (self.metrics, self.plots, self.models, self.page) if path.exists()))
        text = json.dumps(params.model_dump(mode="json"), sort_keys=True) + parts
        return hashlib.sha256(text.encode()).hexdigest()

    def files_of(self, part: str, folder: Path) -> list[Path]:
        """Return the files of a folder that belong to one part: those whose name is its name or begins with it."""
        return sorted(path for path in folder.glob("*") if path.stem == part or path.stem.startswith(f"{part}_"))
