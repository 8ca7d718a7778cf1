"""``python -m thiqa.reference [--check]``: write the pages of parameters and world files, or tell that one is stale.

Keys, types and limits are those of the configuration models; what a key means is the comment on its line there, or in
the world file that holds the defaults.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from .data.world.settings import DEFAULT, read_world
from .generated import write_or_check
from .params import Params

PARAMETERS, WORLD_FILES = Path("docs/parameters.md"), Path("docs/world-files.md")
_PARAMETERS_HEAD = """# Every parameter

Written by `python -m thiqa.reference` from the configuration models; do not edit by hand.

`params.yaml` holds the values of the default run. A key that it leaves out has the default that is given here; an
unknown key, or a value out of range, is refused by its full name. After a change, `dvc status` names the stages that
depend on it, `make run` runs those alone, and `dvc params diff` and `dvc metrics diff` say what changed.
"""
_WORLD_HEAD = """# World files

Written by `python -m thiqa.reference` from the configuration models; do not edit by hand.

A world file says how the simulated world works: `thiqa world FILE.yaml --out DIR` draws the tables, and what really
drives sales into `truth/`. A key that a file leaves out takes its value from the default world, given here. Same file
and seed, same tables. Files to start from are in `experiments/worlds/`. Everything drawn is simulated.
"""
_LIMITS = {"minimum": "at least {}", "exclusiveMinimum": "above {}", "maximum": "at most {}",
           "exclusiveMaximum": "below {}"}  # fmt: skip
_KINDS = {"integer": "whole number", "boolean": "true or false", "string": "text", "null": "null"}


def pages() -> dict[Path, str]:
    """Write both pages."""
    world = read_world(DEFAULT)
    return {
        PARAMETERS: "\n".join([_PARAMETERS_HEAD, *_sections(Params(), {})]),
        WORLD_FILES: "\n".join([_WORLD_HEAD, *_sections(world, comments(DEFAULT.read_text(encoding="utf-8")))]),
    }


def comments(text: str) -> dict[str, str]:
    r"""Collect the comments at the end of YAML's lines, by full key.

    >>> comments("a: # of all\n  b: 1 # of b\nc: 2")
    {'a': 'of all', 'a.b': 'of b'}
    """
    found, parents = {}, dict[int, str]()
    for line in text.splitlines():
        if match := re.match(r"( *)(\w+):([^#]*)(?:# *(.*))?$", line):
            indent, key = len(match[1]), match[2]
            parents = {depth: name for depth, name in parents.items() if depth < indent} | {indent: key}
            if match[4]:
                found[".".join(parents.values())] = match[4].strip()
    return found


def _sections(values: BaseModel, beside: Mapping[str, str], place: str = "", note: str = "") -> Iterator[str]:
    """Write one table for each model, the outer one first."""
    model, inner, rows = type(values), [], []
    shapes, own = model.model_json_schema(), _comments_of(model)
    for name, field in model.model_fields.items():
        key, value = field.alias or name, getattr(values, name)
        full = f"{place}{key}"
        meaning = own.get(name) or beside.get(full, "")
        if isinstance(value, BaseModel):
            inner.append((value, full, meaning))
        else:
            default = json.dumps(values.model_dump(mode="json")[name], ensure_ascii=False)
            rows.append((f"`{full}`", words(shapes["properties"][key]), f"`{default}`", escape(meaning, quote=False)))
    if rows:
        head = [f"## {place.rstrip('.') or 'at the top'}", "", _about(model, note)]
        table = [("key", "type", "default", "meaning"), ("---",) * 4, *rows]
        cells = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in table)
        yield "\n".join([*head, "", *(f"| {row} |" for row in cells), ""])
    for value, full, meaning in inner:
        yield from _sections(value, beside, f"{full}.", meaning)


def _comments_of(model: type[BaseModel]) -> dict[str, str]:
    """Collect the comments at the end of the lines of a model's fields."""
    lines = re.findall(r"^    (\w+): [^#\n]*  # (.+)$", inspect.getsource(model), re.MULTILINE)
    return dict(lines)


def _about(model: type[BaseModel], note: str) -> str:
    """Say what a table holds: the model's docstring, and what is said of the key where that adds anything."""
    text = (inspect.getdoc(model) or "").replace("``", "`")
    return text if not note or note.lower() in text.lower() else f"{text} {note[0].upper()}{note[1:].rstrip('.')}."


def words(shape: Mapping[str, Any]) -> str:
    """Say a JSON schema in words.

    >>> words({"type": "integer", "minimum": 1})
    'whole number, at least 1'
    >>> words({"anyOf": [{"const": False, "type": "boolean"}, {"type": "number", "exclusiveMinimum": 0}]})
    '`false` or number, above 0'
    """
    if "anyOf" in shape:
        return " or ".join(words(part) for part in shape["anyOf"])
    if "const" in shape or "enum" in shape:
        return " or ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in shape.get("enum", [shape.get("const")]))
    if "prefixItems" in shape:
        return f"[{'; '.join(words(part) for part in shape['prefixItems'])}]"
    if shape.get("type") == "array":
        return f"list of: {words(shape['items'])}"
    if shape.get("type") == "object":
        return f"names, each with: {words(shape['additionalProperties'])}"
    kind = "path" if shape.get("format") == "path" else _KINDS.get(shape["type"], shape["type"])
    return ", ".join([kind, *(said.format(f"{shape[key]:,.10g}") for key, said in _LIMITS.items() if key in shape)])


def main(arguments: list[str]) -> None:
    """Write the pages, or with ``--check`` end with 1 where one that is there differs."""
    write_or_check(pages(), arguments, "python -m thiqa.reference")


if __name__ == "__main__":
    main(sys.argv[1:])
