"""The sealed truth (stub)."""

from pathlib import Path


def write_truth(drawn, folder: Path) -> None:
    folder.mkdir()
