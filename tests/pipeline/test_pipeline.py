"""The whole pipeline, cut small: what it leaves, that it rests when nothing changed, and that kills do no harm."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
import yaml
from checkout import ROOT, TARGETS, copy_checkout, environment, run

from thiqa.features import column_names
from thiqa.files import read_json
from thiqa.models.conversion import ConversionModel

pytestmark = pytest.mark.pipeline


def test_every_stage_leaves_what_it_says(finished: Path):
    features = pl.read_parquet(finished / "data/features/features.parquet")
    placements = pl.read_parquet(finished / "data/raw/world/placements.parquet")
    pairs = placements.select("creator_id", as_of="agreed_at").unique().sort("creator_id", "as_of")
    assert features.select("creator_id", "as_of").equals(pairs)
    assert features.columns[2:] == list(column_names([30, 180]))
    metrics = read_json(finished / "reports/metrics/conversion.json")
    assert metrics["simulated"] is True
    assert {"followers", "followers_and_engagement", "oracle"} <= set(metrics["rivals"])
    assert metrics["rivals"]["oracle"]["d2_rate"] > max(metrics["d2_rate"], metrics["rivals"]["followers"]["d2_rate"])
    assert ConversionModel.load(finished / "artifacts/conversion").scorer is not None
    assert "SIMULÉES" in (finished / "reports/report.html").read_text(encoding="utf-8")


def test_a_second_run_does_nothing(finished: Path):
    before = (finished / "dvc.lock").read_bytes()
    done = run(finished, "dvc", "repro", *TARGETS)
    assert "Running stage" not in done.stdout
    assert (finished / "dvc.lock").read_bytes() == before


def processes_in(folder: Path) -> list[str]:
    """Name the thiqa processes whose working directory is a copy."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if b"thiqa" in words and (process / "cwd").readlink() == folder:
                found.append(words.decode(errors="replace"))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc, which is Linux's")
def test_kills_and_another_copy_end_with_the_same_lock(finished: Path, tmp_path: Path):
    """DVC alone, then its whole group, killed at three moments each; the last run must end as the undisturbed one."""
    folder = copy_checkout(tmp_path / "killed")
    for seconds, whole_group in ((1.5, False), (5.0, True), (9.0, False)):
        process = subprocess.Popen(["dvc", "repro", *TARGETS], cwd=folder, env=environment(), start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(seconds)
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while processes_in(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert processes_in(folder) == [], "a stage outlived the process that started it"
    (folder / ".dvc/tmp/rwlock").write_text('{"data/raw', encoding="utf-8")  # as a kill in mid-write leaves it
    assert "removed .dvc/tmp/rwlock" in run(folder, "python", "-m", "thiqa.recover").stdout
    run(folder, "dvc", "repro", *TARGETS)
    assert (folder / "dvc.lock").read_bytes() == (finished / "dvc.lock").read_bytes()
    for name in ("reports/report.html", "reports/metrics/conversion.json", "artifacts/conversion/model.txt"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()


def test_half_files_of_a_killed_stage_are_not_taken_for_results(finished: Path):
    assert list((finished / "data").rglob(".*.tmp")) == []


def test_stages_are_described():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert all(stage["desc"] for stage in stages.values())


@pytest.mark.parametrize("name", ["ig_creators_en", "opi_fr", "tiktok_vn"])
def test_real_sets_run_through(finished: Path, tmp_path: Path, name: str):
    external = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data/external")) / name
    if not external.is_dir():
        pytest.skip(f"no {external}: fetch the set (data/external/sources.yaml) or set THIQA_EXTERNAL_DATA")
    folder = copy_checkout(tmp_path / "copy")
    tables = Path("data/raw/import") / name
    run(folder, "python", "-m", "thiqa", "import", "csv", str(external))
    before = {path.name: path.read_bytes() for path in (folder / tables).iterdir()}
    run(folder, "python", "-m", "thiqa.params", str(tables))
    run(folder, "dvc", "repro", *TARGETS)
    assert {path.name: path.read_bytes() for path in (folder / tables).iterdir()} == before
    assert not (folder / "data/raw/world").exists(), "the world is not needed for imported tables"
    creators = pl.read_parquet(folder / tables / "creators.parquet")
    features = pl.read_parquet(folder / "data/features/features.parquet")
    assert sorted(features["creator_id"]) == sorted(creators["creator_id"])
    counts = read_json(folder / tables / "import.json")["files"].values()
    assert all(row["read"] == row["accepted"] + row["rejected"] for row in counts)
    assert "reason" in read_json(folder / "reports/metrics/conversion.json")
    page = (folder / "reports/report.html").read_text(encoding="utf-8")
    assert "non observé : comments.parent_id" in page
    assert "SIMULÉES" not in page
    published = run(folder, "python", "-m", "thiqa", "publish")
    assert "published as run" in published.stdout
