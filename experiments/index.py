"""``python experiments/index.py [--check]``: write the index of all experiments, or tell that it is stale."""

import re
import sys
from pathlib import Path

from thiqa.generated import write_or_check

HERE = Path(__file__).parent
INDEX = HERE / "README.md"
NONE_YET = "*no results yet*"
_RESULTS = re.compile(r"<!-- results:begin -->\n(.*?)\n?<!-- results:end -->", re.DOTALL)
HEAD = """# Experiments

Written by `python experiments/index.py`; do not edit by hand. Each folder holds a question, its arms, its table with
the spread over seeds, and a decision. `make research` runs what is not done. World files are in `worlds/`. Figures are
simulated where the experiment does not say otherwise.

| experiment | decision |
|---|---|
"""


def index() -> str:
    """Write one line for each experiment: its title, and its line that starts with **Decision** once it has run."""
    return HEAD + "".join(_line(path) for path in sorted(HERE.glob("[0-9]*/README.md")))


def _line(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    decisions = [line.removeprefix("**Decision**: ") for line in lines if line.startswith("**Decision**: ")]
    if len(decisions) != 1:
        sys.exit(f"{path}: found {len(decisions)} lines that start with '**Decision**: ', expected one")
    folder, decision = path.parent.name, decisions[0] if results(text) else NONE_YET
    return f"| [{folder[:4]} {lines[0].removeprefix('# ')}]({folder}/README.md) | {decision} |\n"


def results(readme: str) -> str:
    """Return what stands between the marks for results of an experiment's README; nothing before it has run."""
    found = _RESULTS.findall(readme)
    if len(found) != 1:
        sys.exit(f"{readme.splitlines()[0]}: found {len(found)} blocks <!-- results:begin --> … end, expected one")
    return found[0].strip()


def main(arguments: list[str]) -> None:
    """Write the index, or with ``--check`` end with 1 where the one that is there differs."""
    write_or_check({INDEX: index()}, arguments, "python experiments/index.py")


if __name__ == "__main__":
    main(sys.argv[1:])
