"""The index and the tables of experiments are what code makes of the results."""

import importlib.util
from pathlib import Path

import polars as pl
import pytest
import yaml

from thiqa.files import read_json

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").glob("[0-9]*/"))


def load(path):
    spec = importlib.util.spec_from_file_location(f"experiment_{path.parent.name[:4]}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_index_is_fresh():
    index = load(ROOT / "experiments" / "index.py")
    assert index.INDEX.read_text(encoding="utf-8") == index.index(), "run python experiments/index.py"


def test_numbers_are_taken_once():
    numbers = [path.name[:4] for path in EXPERIMENTS]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("folder", EXPERIMENTS, ids=lambda path: path.name)
def test_folder_has_its_parts(folder):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.splitlines()[0].endswith("?"), "the title is the question"
    for part in ("**Decision**: ", "**Question.**", "**Arms", "## Result"):
        assert part in readme, part
    assert yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    run = load(folder / "run.py")
    assert callable(run.main)
    assert callable(run.table)


@pytest.mark.parametrize("folder", EXPERIMENTS, ids=lambda path: path.name)
def test_readme_quotes_the_results(folder):
    index = load(ROOT / "experiments" / "index.py")
    shown = index.results((folder / "README.md").read_text(encoding="utf-8"))
    (line,) = (line for line in index.index().splitlines() if folder.name in line)
    assert (index.NONE_YET in line) == (not shown)
    if not shown:
        return
    run = load(folder / "run.py")
    if run.RESULTS.suffix == ".json":
        assert shown == run.table(read_json(run.RESULTS))
        return
    results = pl.read_csv(run.RESULTS)
    seeds = yaml.safe_load((folder / "params.yaml").read_text())["seeds"]
    assert set(results["seed"]) <= set(seeds)
    assert results["code"].n_unique() == 1, "seeds that were run with different code are not comparable"
    assert shown == run.table(results)


def test_bounds_of_what_can_be_known_are_those_of_their_file():
    folder = ROOT / "experiments" / "0004-does-the-method-find-the-truth"
    bound = load(folder / "bound.py")
    shown = bound.table(pl.read_csv(folder / "bound.csv"), read_json(folder / "answers.json"))
    assert shown in (folder / "README.md").read_text(encoding="utf-8")


def test_a_seed_that_is_done_is_skipped(tmp_path, monkeypatch, capsys):
    run = load(EXPERIMENTS[0] / "run.py")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.csv")
    monkeypatch.setattr(run, "README", tmp_path / "README.md")
    (tmp_path / "params.yaml").write_text("seeds: [1, 2]\nworlds: [maroc]\n")
    (tmp_path / "README.md").write_text("<!-- results:begin -->\n<!-- results:end -->\n")
    asked = []

    def run_one(world, seed):
        asked.append((world, seed))
        if len(asked) == 2:
            raise KeyboardInterrupt
        figures = {"judged": 5, "d2_rate": 0.1 * seed, "d2_plan": 0.0, "gain": 0.1, "low": 0.0, "high": 0.2}
        return [{"arm": arm, **figures} for arm in run.ARMS]

    monkeypatch.setattr(run, "run_one", run_one)
    monkeypatch.setattr(run, "code_digest", lambda *_: "unchanged")
    with pytest.raises(KeyboardInterrupt):
        run.main()
    run.main()
    assert asked == [("maroc", 1), ("maroc", 2), ("maroc", 2)]
    assert "maroc, seed 1: done before" in capsys.readouterr().out
    assert "| followers alone | 0.150 (0.100 to 0.200) |" in (tmp_path / "README.md").read_text()
    monkeypatch.setattr(run, "code_digest", lambda *_: "changed")
    run.main()
    assert [seed for _, seed in asked] == [1, 2, 2, 1, 2]
