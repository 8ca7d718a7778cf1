"""``params.yaml``: every parameter of the pipeline, read once, unknown keys refused by their full name."""

import sys
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from .config import Frozen, Share, load
from .data.importers.attribution import Attribution
from .engine import EngineConfig
from .errors import InputError
from .evidence import EvidenceConfig
from .features import FeatureConfig
from .models.conversion import ConversionConfig
from .models.text.config import TextConfig
from .tiers import Tiers

PARAMS_FILE = Path("params.yaml")


class DataParams(Frozen):
    """Which tables the pipeline runs on."""

    tables: Path = Path("data/raw/world")  # a folder of tables: the simulated world, or an import
    world: Path = Path("experiments/worlds/maroc.yaml")  # what the simulated world is made from


class PlanParams(Frozen):
    """Which campaign the pipeline plans."""

    campaign: Path = Path("experiments/campaigns/national-launch.yaml")  # `thiqa plan` plans any other


class ReportParams(Frozen):
    """How the page speaks."""

    language: Literal["fr", "en"] = "fr"  # of the page and of the figures in words
    flagged: int = Field(default=12, ge=0)  # posts shown that look like undisclosed ads


class GateParams(Frozen):
    """What a model has to show before it may become champion."""

    metric: str  # in reports/metrics/PART.json, nested names joined by dots; larger is better
    at_least: float  # below it, no model becomes champion
    improvement: float = Field(default=0.001, gt=0)  # over the champion that was judged on the same data


class GatesParams(Frozen):
    """The gate of each registered model."""

    text: GateParams = GateParams(metric="macro_f1", at_least=0.8)
    conversion: GateParams = GateParams(metric="d2_rate", at_least=0.0)


class TrackingParams(Frozen):
    """Where MLflow shows it, and what guards the alias ``champion``."""

    experiment: str = "thiqa"  # in MLflow
    gate: GatesParams = GatesParams()


class ImportParams(Frozen):
    """What imports let pass, and by which rules orders count."""

    max_rejected: Share = 0.2  # of a file's rows
    attribution: Attribution = Attribution()


class Params(Frozen):
    """All parameters."""

    seed: int = Field(default=7, ge=0)  # of every fold, fit and bootstrap; the world has its own
    data: DataParams = DataParams()
    tiers: Tiers = Tiers()
    engine: EngineConfig = EngineConfig()
    text: TextConfig = TextConfig()
    features: FeatureConfig = FeatureConfig()
    conversion: ConversionConfig = ConversionConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    plan: PlanParams = PlanParams()
    report: ReportParams = ReportParams()
    tracking: TrackingParams = TrackingParams()
    import_: ImportParams = Field(default=ImportParams(), alias="import")


def read_params(path: Path = PARAMS_FILE) -> Params:
    """Read the parameters.

    :raises InputError: Naming each unknown key or bad value in full.
    """
    return load(Params, path)


def set_tables(tables: Path, path: Path = PARAMS_FILE) -> None:
    """Point ``data.tables`` of a parameter file at another folder, leaving the rest of the text as it is.

    :raises InputError: If the file has no such line, or would not be valid any more.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [index for index, line in enumerate(lines) if line.startswith("  tables:")]
    if len(places) != 1:
        raise InputError(f"{path}: expected one line '  tables: FOLDER' under data:, found {len(places)}")
    _, comment, note = lines[places[0]].partition(" #")
    changed = f"  tables: {yaml.safe_dump(str(tables)).splitlines()[0]}" + (comment + note if comment else "\n")
    if lines[places[0]] != changed:
        lines[places[0]] = changed
        path.write_text("".join(lines), encoding="utf-8")
    read_params(path)


if __name__ == "__main__":  # what `make run TABLES=…` calls
    set_tables(Path(sys.argv[1]))
