"""``python -m thiqa.features.document [--check]``: write ``docs/metrics.md`` from the registry, or tell it is stale."""

import sys
from collections.abc import Iterable
from pathlib import Path

from ..generated import write_or_check
from .registry import FEATURES, Feature

PAGE = Path("docs/metrics.md")
_HEAD = """# Every feature, and how it is computed

Written by `python -m thiqa.features.document` from `src/features/registry.py`; do not edit by hand.

One row of the feature table is one pair (creator, `as_of`). Nothing at or after `as_of` is looked at. A feature with
*windows* has one column for each window of `features.windows` (params.yaml), named `<name>_<days>d`. A creator without
dated posts has no `as_of`: all rows count, in the longest window only, and the other windows are null.

Null means "not observed", never 0. *Needs* names the columns without which a feature is null for everybody.
*Claim* is what the source article says of it; it is not a finding of this repository.
"""
_COLUMNS = ("name", "formula", "unit", "range", "windows", "null means", "needs", "claim")


def page(features: Iterable[Feature] = FEATURES) -> str:
    """Write the page: one table a family, features in the order of the registry."""
    families: dict[str, list[Feature]] = {}
    for feature in features:
        families.setdefault(feature.family, []).append(feature)
    return "\n".join([_HEAD, *(_section(family, members) for family, members in families.items())])


def _section(family: str, features: list[Feature]) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_cells(feature) for feature in features)]
    return "\n".join([f"## {family}", "", *(f"| {' | '.join(row)} |" for row in rows), ""])


def _cells(feature: Feature) -> tuple[str, ...]:
    cells = (
        f"`{feature.name}`",
        feature.formula,
        feature.unit,
        _range(feature),
        "yes" if feature.windowed else "no",
        feature.null,
        ", ".join(f"`{need}`" for need in feature.needs),
        feature.claim or "–",
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def _range(feature: Feature) -> str:
    if feature.low is None:
        return "any" if feature.high is None else f"at most {feature.high:g}"
    return f"at least {feature.low:g}" if feature.high is None else f"{feature.low:g} to {feature.high:g}"


def main(arguments: list[str]) -> None:
    """Write the page, or with ``--check`` end with 1 where the one that is there differs."""
    write_or_check({PAGE: page()}, arguments, "python -m thiqa.features.document")


if __name__ == "__main__":
    main(sys.argv[1:])
