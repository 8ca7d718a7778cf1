"""``python -m thiqa.plan.document [--check]``: write ``docs/campaigns.md`` from the model, or say that it is stale."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ..generated import write_or_check
from .campaign import Campaign, Limit, Where

PAGE, EXAMPLES = Path("docs/campaigns.md"), Path("experiments/campaigns")
HEAD = """# Campaign files

Written by `python -m thiqa.plan.document` from the code; do not edit by hand.

`thiqa plan CAMPAIGN.yaml --data DIR --out plan.json` reads a campaign and the tables, and answers who to work with, how
many posts, for how much, what that is expected to bring with its interval, what each tier adds, what other budgets
would bring, and by how much at most any other plan could be better (the proven gap). `--page plan.html` writes the same
for people. An unknown key is refused by its full name. Where the limits contradict each other, those in conflict are
named, each with how far it alone would have to give way. A creator without features or a fee is left out with the
reason.

What it takes as given:

- **Fees** are those of the table `rates`, for one post. Where none is asked, the fee is predicted from placements by
  tier and size, with the creator's own earlier deals, and marked `estimated` with a 90 % interval. Several posts cost
  less than in proportion, as they did in placements. Fees are rounded up to whole dirhams.
- **Returns** are concave in posts: reach grows with the power of posts that placements show, between 0 and 1.
- **Overlap**: audiences of one city and niche share people as their commenters do (capture and recapture); with
  `overlap: none` they share nobody.
- **Risk**: deliveries of a creator follow the predictive distribution of the conversion model, independent of each
  other but for one factor that a whole campaign shares. With `risk.aversion` the mean of the worst outcomes counts too.
- **Equal creators** are treated alike; where money is left for one of them, the first by `creator_id` is taken.
"""


def document() -> str:
    """Write the page."""
    parts = [HEAD]
    parts += [_section("Keys", Campaign, ""), _section("A limit", Limit, ""), _section("where, candidates", Where, "")]
    parts.append("## Examples\n")
    for path in sorted(EXAMPLES.glob("*.yaml")):
        parts.append(f"`{path.as_posix()}`\n\n```yaml\n{path.read_text(encoding='utf-8').strip()}\n```\n")
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel], prefix: str) -> str:
    lines = [f"## {title}\n", "| key | values | default | what |", "|---|---|---|---|", *_rows(model, prefix)]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _model(field.annotation)
        if inner is not None and inner not in (Where,) and not _listed(field.annotation):
            yield f"| `{prefix}{name}` | | | {_cell(field.description or '')} |"
            yield from _rows(inner, f"{prefix}{name}.")
            continue
        cells = (f"`{prefix}{name}`", _values(field.annotation), _default(field), field.description or "")
        yield f"| {' | '.join(map(_cell, cells))} |"


def _model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _listed(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _values(kind: Any) -> str:
    """Say what a key takes."""
    if get_origin(kind) in (UnionType, Union):
        return ", ".join(_values(one) for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is tuple:
        return "limits" if get_args(kind)[0] is Limit else "a name or a list of names"
    if hasattr(kind, "__metadata__"):
        return _values(get_args(kind)[0])
    words = {float: "number", int: "whole number", str: "text", bool: "true or false", Where: "conditions, see below"}
    return words.get(kind, "YYYY-MM-DD")


def _default(field: Any) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None or value == () or isinstance(value, BaseModel):
        return ""
    return f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> None:
    """Write the page, or with ``--check`` end with 1 where the one that is there differs."""
    write_or_check({PAGE: document()}, arguments, "python -m thiqa.plan.document")


if __name__ == "__main__":
    main(sys.argv[1:])
