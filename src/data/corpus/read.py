"""Read the corpus: one JSONL file a part, the voices, the second readings and the corrections."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from ...errors import InputError
from .labels import COMMENT_LABELS, PARTS, POST_LABELS, TEXTS

COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("id", "kind", "text", "variety", "slice", "batch", "part", "niche", "disclosure"), pl.String),
    **dict.fromkeys((*POST_LABELS, *COMMENT_LABELS), pl.Int8),
    "disclosure": pl.String,
}
MOST_FAULTS = 20  # told of one file; the rest is counted


def read_corpus(folder: Path) -> pl.DataFrame:
    """Read and validate every text.

    :param folder: Holds ``train.jsonl``, ``valid.jsonl``, ``test.jsonl``, ``world.jsonl``.
    :return: One row a text, in file order; columns :data:`COLUMNS`, labels of the other kind are null.
    :raises InputError: If a file is missing, or a line breaks the schema or a rule between labels, a line a fault.
    """
    files = {part: folder / f"{part}.jsonl" for part in PARTS}
    if missing := [
        f"{file}: no such file; expected the part {part}" for part, file in files.items() if not file.is_file()
    ]:
        raise InputError(missing)
    faults: list[str] = []
    rows: list[dict[str, Any]] = []
    for part, file in files.items():
        found, wrong = _read_part(file)
        faults += wrong
        faults += [
            f"{file}: {row['id']} says part {row['part']}; expected {part}" for row in found if row["part"] != part
        ]
        rows += found
    frame = pl.DataFrame(rows, schema=COLUMNS)
    twice = frame.group_by("id").len().filter(pl.col("len") > 1)["id"].sort()
    faults += [f"{folder}: id {name} is used more than once; expected one text an id" for name in twice]
    if faults:
        raise InputError(faults)
    return frame


def _read_part(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    try:
        texts = TEXTS.validate_json(f"[{','.join(lines)}]")
    except ValidationError as error:
        return [], _faults(file, lines, error)
    return [text.model_dump() for text in texts], []


def _faults(file: Path, lines: list[str], error: ValidationError) -> list[str]:
    problems = error.errors(include_url=False)
    if problems[0]["type"] == "json_invalid":
        return [_not_json(file, lines)]
    told = []
    for problem in problems[:MOST_FAULTS]:
        line, *field = (str(each) for each in problem["loc"])
        where = ".".join(each for each in field if each not in {"post", "comment"})
        told.append(f"{file}: line {int(line) + 1}: {where + ': ' if where else ''}{problem['msg']}")
    more = len(problems) - MOST_FAULTS
    return told + ([f"{file}: and {more} more faults"] if more > 0 else [])


def _not_json(file: Path, lines: list[str]) -> str:
    for number, line in enumerate(lines, 1):
        try:
            json.loads(line)
        except json.JSONDecodeError as error:
            return f"{file}: line {number}: not JSON ({error.msg}); expected one object a line"
    return f"{file}: not JSON; expected one object a line"


def read_lines(file: Path) -> pl.DataFrame:
    """Read a JSONL file of records; an absent one gives an empty frame.

    :raises InputError: If it is not JSONL.
    """
    if not file.is_file():
        return pl.DataFrame()
    try:
        return pl.read_ndjson(file, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{file}: not JSON lines ({error}); expected one object a line") from None
