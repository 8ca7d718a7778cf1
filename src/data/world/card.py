"""The parts of the data card that code writes: columns, coefficients, marginals, deliveries.

``python -m thiqa.data.world.card DIR --card data/README.md`` fills what is between the marks of each part.
"""

import argparse
import re
from pathlib import Path

from ...tables import PLATFORMS, TABLES
from .marginals import as_markdown
from .settings import DEFAULT

# columns of the tables that an outcome of a deal cannot have moved, if read before agreed_at
PRE_TREATMENT = {
    "creators": "all",
    "audience": "all, observed before agreed_at",
    "posts": "creator_id, published_at, format, caption, paid_label, brand; counts only if read before agreed_at",
    "comments": "all, written before agreed_at; suspicious ones are an outcome of levers, never a control",
    "campaigns": "all but budget_mad (the sum of what was paid)",
    "brands": "all",
    "rates": "all, valid before agreed_at",
    "placements": "campaign_id, creator_id, agreed_at; fee_mad and goods_mad are agreed with the deal",
}


def columns() -> str:
    """List every column of every table, from the contract itself."""
    lines = [f"Platforms: {', '.join(PLATFORMS)}.", ""]
    for name, table in TABLES.items():
        lines += [f"### `{name}`", "", f"Key: {', '.join(table.key)}. Before the treatment: {PRE_TREATMENT[name]}.", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{key}` | {column.dtype} | {column.about} |" for key, column in table.columns.items()]
        lines.append("")
    return "\n".join(lines).rstrip()


def coefficients() -> str:
    """Quote the default world file."""
    return f"```yaml\n{DEFAULT.read_text(encoding='utf-8').rstrip()}\n```"


def filled(card: str, folder: Path) -> str:
    """Return the card with its generated parts renewed."""
    for name, text in {"columns": columns(), "world": coefficients(), "marginals": as_markdown(folder)}.items():
        card = part(card, name, text)
    return card


def part(card: str, name: str, text: str) -> str:
    """Replace what is between the marks of one part.

    :raises ValueError: If the marks are not there.
    """
    found = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not found.search(card):
        raise ValueError(f"the card has no marks <!-- {name} --> and <!-- end of {name} -->")
    return found.sub(lambda marks: f"{marks[1]}{text}\n{marks[2]}", card)


def main(arguments: list[str] | None = None) -> None:
    """Renew the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--card", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.card.write_text(filled(given.card.read_text(encoding="utf-8"), given.folder), encoding="utf-8")


if __name__ == "__main__":
    main()
