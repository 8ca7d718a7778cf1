"""Every notebook runs from top to bottom on a small world, has no stored output, and leaves the numbers it should."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import polars as pl
import pytest
import yaml
from nbconvert.preprocessors import ExecutePreprocessor

from thiqa.data.world import simulate
from thiqa.features import FEATURES
from thiqa.tables import TABLES

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SMALL = {"size": {"creators": 40, "months": 4, "campaigns": 6, "placements": 200}}

pytestmark = [
    pytest.mark.filterwarnings("default::DeprecationWarning:zmq"),
    pytest.mark.filterwarnings("default::DeprecationWarning:jupyter_client"),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    simulate(folder / "small.yaml", folder / "small", progress=False)
    return folder / "small"


@pytest.fixture
def run(tables, tmp_path, monkeypatch):
    """Execute a copy of a notebook on other tables, and return the variable NUMBERS that it leaves."""

    def run(path: Path, folder: Path = tables) -> dict:
        monkeypatch.setenv("THIQA_TABLES", str(folder))
        monkeypatch.setenv("THIQA_CACHE", str(tables.parent / "cache"))  # features are built once for all notebooks
        monkeypatch.setenv("MPLBACKEND", "agg")
        monkeypatch.setenv("PYTHONPATH", str(ROOT / "typings"))  # the code of this checkout, wherever the kernel starts
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell("import json; print(json.dumps(NUMBERS))"))
        where = {"metadata": {"path": str(tmp_path)}}
        ExecutePreprocessor(timeout=300, kernel_name="python3").preprocess(notebook, where)
        return json.loads(notebook.cells[-1].outputs[0]["text"])

    return run


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stripped_and_has_parameters(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1


def test_git_strips_outputs_as_notebooks_are_added(tmp_path):
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    strip = [Path(sys.executable).with_name("nbstripout"), "--install", "--attributes", ".gitattributes"]
    subprocess.run(strip, cwd=tmp_path, check=True)
    assert (tmp_path / ".gitattributes").read_bytes() == (ROOT / ".gitattributes").read_bytes()
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[nbformat.v4.new_output("stream", text="seen")])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    git("add", "a.ipynb")
    assert nbformat.reads(git("show", ":a.ipynb"), 4).cells[0].outputs == []


def numbers_of(run, number: int) -> dict:
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith(f"{number}-")]
    return run(path)


def test_engagement_and_authenticity_counts_creators(run, tables):
    numbers = numbers_of(run, 2)
    creators = pl.read_parquet(tables / "creators.parquet")
    dealt = pl.read_parquet(tables / "placements.parquet")["creator_id"].n_unique()
    assert numbers["creators"] == dealt
    assert sum(row["creators"] for row in numbers["correlations"]) <= dealt
    assert {row["platform"] for row in numbers["correlations"]} <= set(creators["platform"])
    assert all(0 <= share <= 1 for share in numbers["genuine"].values() if share is not None)


def test_hidden_ads_shares_are_of_the_ads(run, tables):
    numbers = numbers_of(run, 3)
    captions = pl.read_parquet(tables / "posts.parquet")["caption"]
    assert numbers["posts"] == captions.count()
    assert 0 < numbers["ads"] < numbers["posts"]
    assert sum(numbers["shares"].values()) == pytest.approx(1)
    assert sum(row["ads"] for row in numbers["varieties"]) == numbers["ads"]
    assert all(row["low"] <= row["hidden"] <= row["high"] for row in numbers["varieties"])


def test_conversion_names_a_winner_for_each_denominator(run, tables):
    numbers = numbers_of(run, 4)
    assert numbers["placements"] == 200
    assert set(numbers["winners"].values()) <= {"nano", "micro", "macro"}
    assert {"followers", "oracle", "latents"} <= set(numbers["rivals"])
    assert numbers["d2_rate"] < 1


def test_every_claim_is_answered_and_a_tiny_world_cannot_tell(run):
    numbers = numbers_of(run, 5)
    assert len(numbers["claims"]) == len(set(numbers["claims"])) == 29
    assert sum(numbers["counts"].values()) == 29
    assert numbers["counts"]["inconclusive"] >= 25, "40 creators are too few to tell"


def test_the_mix_keeps_to_its_budget(run):
    numbers = numbers_of(run, 6)
    assert 0 < numbers["spend"] <= numbers["budget"]
    assert numbers["gap"] <= 0.005
    assert numbers["creators"] > 0


def test_data_tour_counts_what_a_world_holds(run, tables):
    numbers = run(ROOT / "notebooks" / "1-data-tour.ipynb")
    frames = {name: pl.read_parquet(tables / f"{name}.parquet") for name in TABLES}
    assert numbers["rows"] == {name: len(frame) for name, frame in frames.items()}
    assert numbers["rows"]["creators"] == 40
    assert numbers["rows"]["placements"] == 200
    assert numbers["simulated"] is True
    assert numbers["absent"] == []
    gaps = [0 < frame[column].null_count() < len(frame) for frame in frames.values() for column in frame.columns]
    assert numbers["columns_with_gaps"] == sum(gaps)
    assert numbers["features"] == len(FEATURES)
    assert numbers["pairs"] == len(frames["placements"].select("creator_id", "agreed_at").unique())


@pytest.fixture(scope="module")
def poor(tables, tmp_path_factory):
    """Tables as an export without dates, deals, audience and comments has them, and with no likes."""
    folder = tmp_path_factory.mktemp("poor")
    creators, posts = (pl.read_parquet(tables / f"{name}.parquet") for name in ("creators", "posts"))
    creators.write_parquet(folder / "creators.parquet")
    absent = {"likes": pl.lit(None, dtype=pl.Int64), "published_at": pl.lit(None, dtype=posts.schema["published_at"])}
    posts.with_columns(**absent).write_parquet(folder / "posts.parquet")
    return folder


def test_without_dates_and_deals_conversion_and_mix_give_the_reason(run, poor):
    (conversion,), (mix,) = ([path for path in NOTEBOOKS if path.stem.startswith(f"{n}-")] for n in (4, 6))
    numbers = run(conversion, poor)
    assert numbers["placements"] == 0
    assert numbers["reason"]
    assert set(numbers["winners"].values()) == {None}
    assert run(mix, poor) == {"creators": 0}


def test_without_followers_no_engagement_is_shown(run, poor):
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith("2-")]
    numbers = run(path, poor)
    assert numbers["creators"] > 0
    assert numbers["correlations"] == []


def test_data_tour_names_what_is_missing(run, poor):
    """Without audience and comments, and with no likes, the tour names the tables, the column and the features."""
    numbers = run(ROOT / "notebooks" / "1-data-tour.ipynb", poor)
    assert numbers["simulated"] is False
    assert numbers["absent"] == [name for name in TABLES if name not in ("creators", "posts")]
    assert "posts.likes" in numbers["empty_columns"]
    assert {"followers", "rate_by_followers", "genuine_share"} <= set(numbers["silent_features"])
    assert "ad_density" not in numbers["silent_features"]
    assert numbers["pairs"] == 40
