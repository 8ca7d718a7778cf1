"""The package as others get it: every folder listed, every example true, the wheel importable from anywhere."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import thiqa

ROOT = Path(__file__).parents[1]
# What is run as a script, or only inside MLflow.
SCRIPTS = {"thiqa.__main__", "thiqa.tracking.served_conversion"}


def test_every_folder_of_the_package_is_listed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = [path.parent.relative_to(ROOT / "src") for path in (ROOT / "src").rglob("__init__.py")]
    assert sorted(listed) == sorted(".".join(["thiqa", *folder.parts]) for folder in folders)


def test_every_file_that_is_no_code_is_packaged():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    folders = {name: ROOT / "src" / Path(*name.split(".")[1:]) for name in data}
    packaged = {path for name, globs in data.items() for glob in globs for path in folders[name].glob(glob)}
    tracked = subprocess.run(["git", "ls-files", "-z", "src"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {ROOT / name for name in tracked.stdout.split("\0") if name and not name.endswith(".py")}
    assert files - packaged == set()


MODULES = [m.name for m in pkgutil.walk_packages(thiqa.__path__, "thiqa.") if m.name not in SCRIPTS]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_wheel_imports_from_an_empty_directory(tmp_path: Path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("thiqa-*.whl")
    target = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    (tmp_path / "empty").mkdir()
    code = (
        "import thiqa.cli, thiqa.data.importers.mapping as m, thiqa.models.text.lexicon as x;"
        "from thiqa.report.page import _words; from thiqa.data.world import simulate;"
        "print(len(m.shipped_mappings()), len(x.phrases('disclosure', 'clear')) > 20, 'title' in _words(),"
        "thiqa.__file__)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(target)!r}); {code}"],
                          cwd=tmp_path / "empty", capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout.split() == ["3", "True", "True", str(target / "thiqa/__init__.py")], done.stderr
