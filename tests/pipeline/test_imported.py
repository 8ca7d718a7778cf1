"""The whole pipeline on imported accounts with their orders: the same page, which names what could not be computed."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from checkout import TARGETS, copy_checkout, run
from shop import CREATORS, write_agency

from thiqa.files import read_json

pytestmark = pytest.mark.pipeline


def test_imported_accounts_with_their_orders(tmp_path: Path):
    agency = write_agency(tmp_path / "agency", np.random.default_rng(1))
    folder = copy_checkout(tmp_path / "copy")
    tables = "data/raw/import/agency"
    run(folder, "python", "-m", "thiqa", "import", "instagram-graph", str(agency / "answers"), "--into", tables)
    run(folder, "python", "-m", "thiqa", "import", "orders", str(agency / "shop"), "--into", tables)
    placements = pl.read_parquet(folder / tables / "placements.parquet")
    assert len(placements) == 2 * CREATORS
    assert placements["delivered"].null_count() == 0
    assert placements["delivered"].sum() > 0
    run(folder, "python", "-m", "thiqa.params", tables)
    run(folder, "dvc", "repro", *TARGETS)
    assert not (folder / "data/raw/world").exists(), "the world is not needed for imported tables"
    features = pl.read_parquet(folder / "data/features/features.parquet")
    assert set(features["creator_id"]) == set(placements["creator_id"])
    page = (folder / "reports/report.html").read_text(encoding="utf-8")
    assert "SIMULÉES" not in page
    assert "creator_00_2024-06-30.json" in page
    metrics = read_json(folder / "reports/metrics/conversion.json")
    assert metrics["simulated"] is False
    assert "reason" in metrics or "d2_rate" in metrics
