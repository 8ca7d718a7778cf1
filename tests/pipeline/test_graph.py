"""The graph reads like a table of contents, and a changed parameter runs anew what depends on it and nothing else.

DVC decides here as in a run; the stages themselves are stand-ins that write something new into each output at once.
"""

import json
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, run

pytestmark = pytest.mark.pipeline

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
STAND_IN = """
import sys, time, yaml
from pathlib import Path
stage = yaml.safe_load(Path("dvc.yaml").read_text())["stages"][sys.argv[2]]
for entry in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
    path = Path(entry if isinstance(entry, str) else next(iter(entry)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(time.time_ns()))
"""
FIGURES = {"evaluate", "evidence", "plan", "report"}
CASES = {  # changed key -> value, stages that run anew
    "report.flagged": (3, {"report"}),
    "tracking.experiment": ("other", set()),
    "evidence.bootstraps": (150, {"evidence", "report"}),
    "conversion.leaves": (5, {"train", "evaluate", "plan", "report"}),
    "features.windows": ([30, 90], {"features", "train"} | FIGURES),
    "text.share": (0.5, {"annotate", "features", "train"} | FIGURES),
    "text.ad_share": (0.3, {"train_text", "evaluate_text", "annotate", "features", "train"} | FIGURES),
    "text.student.bits": (12, {"train_text", "evaluate_text", "annotate", "features", "train"} | FIGURES),
    "data.world": ("experiments/worlds/null.yaml", {"world", "annotate", "features", "train"} | FIGURES),
}


def paths_of(stage: dict, *kinds: str) -> list[str]:
    return [item if isinstance(item, str) else next(iter(item)) for kind in kinds for item in stage.get(kind, [])]


def outside() -> list[str]:
    """Name what stages depend on and no stage makes."""
    made = {path for stage in STAGES.values() for path in paths_of(stage, "outs", "metrics", "plots")}
    needed = {path for stage in STAGES.values() for path in paths_of(stage, "deps")} - made
    return sorted(path for path in needed if not path.startswith("${"))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this graph and stand-ins for its code, run once."""
    folder = tmp_path_factory.mktemp("graph")
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if line.startswith("  - python:"))
    (folder / "dvc.yaml").write_text(text.replace(command, "  - python: python stand_in.py"), encoding="utf-8")
    (folder / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
    (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for name in [*outside(), "experiments/worlds/maroc.yaml", "experiments/worlds/null.yaml",
                 *(str(path) for path in PARAMS.get("plan", {}).values())]:  # fmt: skip
        path = folder / name / "part" if (ROOT / name).is_dir() else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    assert set(ran(folder)) == set(STAGES)
    run(folder, "git", "add", "--all")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "--message", "x")
    return folder


def ran(folder: Path) -> list[str]:
    """Run what changed and name the stages that ran."""
    said = run(folder, "dvc", "repro", "--no-run-cache").stdout
    return [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage '")]


def test_what_stages_depend_on_is_there():
    assert [path for path in outside() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("key", CASES)
def test_a_changed_parameter_runs_only_what_depends_on_it(graph: Path, key: str):
    value, expected = CASES[key]
    assert ran(graph) == []
    params = yaml.safe_load((graph / "params.yaml").read_text(encoding="utf-8"))
    *parents, last = key.split(".")
    part = params
    for name in parents:
        part = part[name]
    old, part[last] = part[last], value
    assert old != value
    (graph / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert set(ran(graph)) == expected & set(STAGES)
    changed = json.loads(run(graph, "dvc", "params", "diff", "--json").stdout)["params.yaml"]
    names = {name for name, sides in changed.items() if sides["old"] != sides["new"]}
    assert key in {name.split("[")[0] for name in names}
    assert names <= {name for name in names if name.split("[")[0] in CASES}


def test_the_list_of_stages_says_what_each_does(graph: Path):
    lines = run(graph, "dvc", "stage", "list").stdout.splitlines()
    assert {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1].strip() for line in lines} == {
        name: stage["desc"] for name, stage in STAGES.items()
    }


def test_the_drawing_names_every_stage(graph: Path):
    drawn = run(graph, "dvc", "dag", "--md").stdout
    for name in STAGES:
        assert f"[{name}]" in drawn or f'["{name}"]' in drawn
