"""Simulated placements with their features, made once for each world file, seed and code: what experiments run on."""

import os
from pathlib import Path

import platformdirs
import polars as pl
import yaml

import thiqa
from thiqa.data.world import simulate
from thiqa.files import digest, replacing
from thiqa.models.conversion import placements_frame
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import load_scorer
from thiqa.params import Params
from thiqa.workspace import CACHE_VARIABLE, Workspace

HERE = Path(__file__).parent
WORLDS = HERE / "worlds"
CORPUS = HERE.parent / "data" / "corpus" / "world.jsonl"
PACKAGE = Path(thiqa.__file__).parent
AUDIT = PACKAGE / "models" / "conversion" / "audit.py"


def code_digest(*files: Path) -> str:
    """Name the code that simulates, scores texts and judges, with what else results depend on.

    What audits is left out: those who run it name it.
    """
    parts = ("data/world", "annotate", "features", "models/conversion", "models/text/shipped")
    code = [f for part in parts for f in sorted((PACKAGE / part).rglob("*")) if f.suffix in {".py", ".json"}]
    return digest(*(file for file in code if file != AUDIT), CORPUS, *files)[:12]


def cache() -> Path:
    """Return the folder in which worlds and features are kept."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("thiqa"))


def world_tables(world: str, seed: int, changes: dict | None = None) -> Path:
    """Return the folder of a simulated world, made if need be.

    :param world: Name of a file of ``experiments/worlds``.
    :param changes: Keys of the world file to set otherwise.
    """
    content = yaml.safe_load((WORLDS / f"{world}.yaml").read_text(encoding="utf-8")) | (changes or {})
    file = cache() / "worlds" / f"{world}-{seed}.yaml"
    with replacing(file) as temporary:
        temporary.write_text(yaml.safe_dump(content), encoding="utf-8")
    folder = file.with_name(f"{file.stem}-{digest(PACKAGE / 'data' / 'world', CORPUS, file)[:12]}")
    if not folder.exists():
        simulate(file, folder, seed=seed, progress=False)
    return folder


def world_frame(world: str, seed: int, changes: dict | None = None) -> tuple[pl.DataFrame, Path]:
    """Return the placements of a simulated world with everything known at the deal, and the folder of its tables."""
    tables, defaults = world_tables(world, seed, changes), Params()
    features = Workspace(defaults.engine, defaults.features, load_scorer(SHIPPED)).cached_features(tables)
    return placements_frame(tables, features, defaults.tiers), tables
