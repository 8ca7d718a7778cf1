"""Read the corpus: one JSONL file a part."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from ...errors import InputError
from .labels import LABELS, PARTS, TEXTS

COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("id", "part", "batch", "kind", "text", "variety", "slice", "niche", "disclosure"), pl.String),
    **dict.fromkeys(LABELS, pl.Int8),
}
MOST_FAULTS = 20  # told of one file; the rest is counted


def read_corpus(*files: Path) -> pl.DataFrame:
    """Read and validate labelled texts, one row a text, sorted by id.

    :return: ``id part batch kind text variety slice niche disclosure`` and one column a label, null where it does not
        apply.
    :raises InputError: If a file is missing, or a line breaks the schema or a rule between labels, a line a fault.
    """
    faults: list[str] = []
    rows: list[dict[str, Any]] = []
    for file in files:
        found, wrong = _read_file(file)
        faults += wrong
        rows += found
    frame = pl.DataFrame(rows, schema=COLUMNS).sort("id")
    twice = frame.group_by("id").len().filter(pl.col("len") > 1)["id"].sort()
    faults += [f"{file.parent}: id {name} is used more than once; expected one text an id" for name in twice]
    if faults:
        raise InputError(faults)
    return frame


def read_parts(folder: Path) -> pl.DataFrame:
    """Read the four parts of a corpus, ``train.jsonl`` to ``world.jsonl``.

    :raises InputError: As :func:`read_corpus`, and if a text stands in the file of another part.
    """
    files = {part: folder / f"{part}.jsonl" for part in PARTS}
    frames = {part: read_corpus(file) for part, file in files.items()}
    astray = {part: frame.filter(pl.col("part") != part) for part, frame in frames.items()}
    if faults := [
        f"{files[part]}: {row['id']} says part {row['part']}; expected {part}"
        for part, frame in astray.items()
        for row in frame.to_dicts()
    ]:
        raise InputError(faults)
    return read_corpus(*files.values())


def _read_file(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"{file}: cannot be read ({error}); the corpus is part of a checkout"]
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
