"""docs/metrics.md is made from the registry, whole and fresh."""

import runpy
import sys
from pathlib import Path

import pytest

from thiqa.features import FEATURES, FeatureConfig
from thiqa.features.document import PAGE, main, page

ROOT = Path(__file__).parents[2]


def test_metrics_page_is_fresh():
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run python -m thiqa.features.document"


def test_every_feature_has_one_row():
    rows = [line.split("|")[1].strip() for line in page().splitlines() if line.startswith("| `")]
    assert rows == [f"`{feature.name}`" for feature in FEATURES]
    assert FeatureConfig().windows  # the page speaks of windows


def test_check_ends_with_1_on_a_stale_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="stale") as stopped:
        main(["--check"])
    assert stopped.value.code  # a text, which Python prints and turns into exit code 1
    main([])
    main(["--check"])
    (tmp_path / PAGE).write_text("old")
    with pytest.raises(SystemExit, match="stale"):
        main(["--check"])


def test_it_runs_as_a_module(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["document", "--check"])
    monkeypatch.delitem(sys.modules, "thiqa.features.document")
    runpy.run_module("thiqa.features.document", run_name="__main__")
