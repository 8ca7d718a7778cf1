"""Any legal world file, at the bounds of its ranges too, gives tables that pass the contract and a finite truth."""

import math
import tempfile
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from thiqa import tables
from thiqa.data.world import simulate
from thiqa.data.world.claims import IDS
from thiqa.files import read_json

from .legal import legal_files


def check_world(values):
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "world.yaml", Path(folder) / "w"
        file.write_text(yaml.safe_dump(values))
        simulate(file, out, progress=False)
        tables.check(out)
        for table in (*out.glob("*.parquet"), *out.glob("truth/*.parquet")):
            frame = pl.read_parquet(table)
            floats = frame.select(pl.selectors.float().is_nan().any() | pl.selectors.float().is_infinite().any())
            assert not any(floats.row(0) if floats.width else ()), table.name
        truth = pl.read_parquet(out / "truth" / "placements.parquet")
        assert len(truth) == values["size"]["placements"]
        assert truth["real_share"].is_between(0, 1).all()
        assert (truth["rate_per_real_person"] >= 0).all()
        placements = pl.read_parquet(out / "placements.parquet")
        assert placements.select(
            (pl.col("ordered") >= pl.col("confirmed")).all() & (pl.col("confirmed") >= pl.col("delivered")).all()
        ).item()
        effects = read_json(out / "truth" / "effects.json")
        for lever in effects["levers"].values():
            for key in ("declared", "intervened", "observable", "error"):  # null where the tier is not there
                assert lever[key] is None or math.isfinite(lever[key])
        assert tuple(effects["claims"]) == IDS
        for claim in effects["claims"].values():
            assert claim["truth"] is None or math.isfinite(claim["truth"])


SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
        "phases": [Phase.explicit, Phase.reuse, Phase.generate]}  # fmt: skip


@settings(max_examples=3, **SLOW)
@given(legal_files())
def test_legal_world_file_gives_a_valid_world(values):
    check_world(values)


@pytest.mark.long
@settings(max_examples=60, **SLOW)
@given(legal_files())
def test_many_legal_world_files_give_valid_worlds(values):
    check_world(values)
