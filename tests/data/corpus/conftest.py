"""A tiny corpus that is sound, to plant faults in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Texts = dict[str, list[dict[str, Any]]]
COMMENT = {"kind": "comment", "slice": "easy", "genuine": 0, "spam": 0, "intent": 0, "suspicion": 0, "trust": 0}
POST = {"kind": "post", "slice": "hard", "niche": "cooking", "ad": 0, "disclosure": "none", "polished": 0,
        "overconsumption": 0, "tested": 0}  # fmt: skip


def comment(name: str, part: str, text: str, **labels: Any) -> dict[str, Any]:
    return {**COMMENT, "id": name, "text": text, "variety": "fr", "batch": name[:4], "part": part, **labels}


def post(name: str, part: str, text: str, **labels: Any) -> dict[str, Any]:
    return {**POST, "id": name, "text": text, "variety": "ary-Latn", "batch": name[:4], "part": part, **labels}


@pytest.fixture
def texts() -> Texts:
    return {
        "train": [
            comment("b001-c01", "train", "où trouver la lampe bleue à Fès", genuine=1, intent=1),
            comment("b001-c02", "train", "top 🔥"),
            post("b001-p01", "train", "l'hanout dyal khouya, goulo smiyti 🙂", ad=1),
        ],
        "valid": [comment("b002-c01", "valid", "mon fils a le même vélo depuis mars", genuine=1)],
        "test": [comment("b003-c01", "test", "combien ils t'ont payé pour dire ça", genuine=1, suspicion=1)],
        "world": [post("b004-p01", "world", "drt lkhobz o t7reg", tested=1)],
    }


@pytest.fixture
def corpus(tmp_path: Path, texts: Texts) -> Callable[[], Path]:
    """Write the texts (changed by the test before) as a corpus; returns its folder."""

    def write() -> Path:
        folder = tmp_path / "corpus"
        folder.mkdir(exist_ok=True)
        for part, rows in texts.items():
            lines(folder / f"{part}.jsonl", rows)
        voices = {(row["batch"], row["part"]) for rows in texts.values() for row in rows}
        table = "".join(f"{batch},{part}\n" for batch, part in sorted(voices))
        (folder / "voices.csv").write_text(f"batch,part\n{table}", encoding="utf-8")
        return folder

    return write


def lines(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
