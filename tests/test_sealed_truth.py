"""The truth of a simulated world is sealed: nothing opens it but the oracle and the trial of evidence."""

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WRITES = "src/data/world/*"
OPENS = {  # who may open truth/, and what for; a further one needs its reason here
    "src/models/conversion/oracle.py": "the true rate, to show what is knowable at all",
    "src/evidence/trial*.py": "evidence's check of itself",
    "experiments/*does-the-method-find-the-truth/*": "evidence's check of itself over many worlds",
    "experiments/0006-what-features-show/run.py": "judges features by what is latent; no stage, no fit",
}
ASKS = {"src/origin.py", "src/data/importers/run.py"}  # whether a folder is a simulated world: is_dir and no more
PATH_CALLS = {"Path", "join", "joinpath", "glob", "rglob"}
SEALED = re.compile(r"(^|[/\\])truth[/\\]|[/\\]truth$|(^|[/\\])(latents\.parquet|effects\.json)$")


def sources() -> Iterator[tuple[str, str]]:
    for folder in ("src", "experiments", "notebooks", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix == ".py":
                yield name, path.read_text(encoding="utf-8")
            elif path.suffix == ".ipynb" and ".ipynb_checkpoints" not in name:
                cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
                code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
                yield name, "\n".join(re.sub(r"^[%!].*$", "", text, flags=re.M) for text in code)


def mentions(code: str) -> list[ast.expr]:
    """Return the places of a module that name the truth: its folder in a path, its files, or the constant for them.

    A column or a variable that is called truth is no path.
    """
    tree = ast.parse(code)
    in_path: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            in_path |= {node.left, node.right}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in PATH_CALLS:
            in_path |= set(node.args)
    expressions = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    return [node for node in expressions if _named(node) or _sealed(node, node in in_path)]


def _named(node: ast.expr) -> bool:
    return "TRUTH_FOLDER" in (getattr(node, "id", None), getattr(node, "attr", None))


def _sealed(node: ast.expr, in_path: bool) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or " " in node.value:
        return False
    return bool(SEALED.search(node.value)) or (in_path and node.value == "truth")


def opened(code: str) -> int:
    """Count mentions of the truth that do more than ask whether its folder is there, or name it."""
    tree = ast.parse(code)
    asked = [
        set(ast.walk(node)) for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "is_dir"
    ]  # fmt: skip
    named = [set(ast.walk(node)) for node in tree.body if isinstance(node, ast.Assign)]
    inside = {(node.lineno, node.col_offset) for group in (*asked, *named) for node in group if hasattr(node, "lineno")}
    return sum((node.lineno, node.col_offset) not in inside for node in mentions(code))


def test_only_the_oracle_and_the_trial_of_evidence_open_the_truth():
    readers = {name for name, code in sources() if mentions(code) and not fnmatch(name, WRITES)}
    may = {name for name in readers if any(fnmatch(name, pattern) for pattern in OPENS)}
    assert "src/models/conversion/oracle.py" in may
    assert readers - may <= ASKS


@pytest.mark.parametrize("name", sorted(ASKS))
def test_who_may_ask_opens_nothing(name):
    assert opened((ROOT / name).read_text(encoding="utf-8")) == 0


@pytest.mark.parametrize(
    "code",
    ['pl.read_parquet(tables / "truth" / "placements.parquet")', 'open("data/raw/world/truth/effects.json")',
     'read(folder / TRUTH_FOLDER)', 'os.path.join(folder, "truth", name)',
     'origin.TRUTH_FOLDER', 'x = next(d.rglob("latents.parquet"))'],
)  # fmt: skip
def test_reading_the_truth_is_seen(code):
    assert mentions(code)
    assert opened(code) or code.startswith("x =")


def test_no_stage_depends_on_the_truth():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    named = [name for name, stage in stages.items() if "truth" in json.dumps([stage.get("deps"), stage.get("cmd")])]
    assert named == []
