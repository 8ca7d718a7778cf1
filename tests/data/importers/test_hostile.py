"""Hostile files end as docs/hostile-files.md says: rows counted, or one clear line and nothing left behind."""

from pathlib import Path

import pytest
from hostile import PAGE, Hostile, cells, hostile_files

FILES = hostile_files()


def documented() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3].strip("| ").isdigit()]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")][1:7] for line in lines]


def same(file: Hostile, row: list[str], folder: Path) -> None:
    """What is said may differ between versions of Python; what comes of the file may not."""
    expected = [file.source, file.name, *row[2:]]
    assert [cell for cell in cells(file, folder)[:6] if cell] == [cell for cell in expected if cell]


def test_the_page_lists_every_file():
    assert len(FILES) >= 200
    assert [row[:2] for row in documented()] == [[file.source, file.name] for file in FILES]


@pytest.mark.parametrize("index", range(0, len(FILES), 12))
def test_some_files(index: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # no params.yaml of the checkout
    (tmp_path / "f").mkdir()
    same(FILES[index], documented()[index], tmp_path / "f")


@pytest.mark.long
@pytest.mark.parametrize("index", range(len(FILES)))
def test_every_file(index: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f").mkdir()
    same(FILES[index], documented()[index], tmp_path / "f")
