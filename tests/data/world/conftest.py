"""Tiny worlds, made once for a session."""

from pathlib import Path

import pytest
import yaml

from thiqa.data.world import simulate
from thiqa.data.world.settings import World, read_world

ROOT = Path(__file__).parents[3]
WORLDS = ROOT / "experiments" / "worlds"
SMALL = {"creators": 40, "months": 6, "campaigns": 12, "placements": 240}


def world_of(changes: dict | None = None, base: str = "null.yaml", *, folder: Path) -> World:
    """Read a stored world file with some keys changed."""
    values = yaml.safe_load((WORLDS / base).read_text())
    for key, value in (changes or {}).items():
        part = values
        *above, last = key.split(".")
        for name in above:
            part = part.setdefault(name, {})
        part[last] = value
    file = folder / "world.yaml"
    file.write_text(yaml.safe_dump(values))
    return read_world(file)


@pytest.fixture
def make_world(tmp_path):
    return lambda changes=None, base="null.yaml": world_of(changes, base, folder=tmp_path)


@pytest.fixture(scope="session")
def small_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("worlds") / "small.yaml"
    file.write_text(yaml.safe_dump({"size": SMALL}))
    return file


@pytest.fixture(scope="session")
def small_world(small_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "world"
    simulate(small_file, out, progress=False)
    return out
