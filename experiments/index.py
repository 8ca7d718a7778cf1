"""``python experiments/index.py [--check]``: write the index of all experiments, or tell that it is stale."""

import sys
from pathlib import Path

from thiqa.files import replacing

HERE = Path(__file__).parent
INDEX = HERE / "README.md"
HEAD = """# Experiments

Written by `python experiments/index.py`; do not edit by hand. Each folder holds a question, its arms, its table with
the spread over seeds, and a decision. `make research` runs what is not done. World files are in `worlds/`. All figures
are simulated.

| experiment | decision |
|---|---|
"""


def index() -> str:
    """Write one line for each experiment: its title, and its line that starts with **Decision**."""
    return HEAD + "".join(_line(path) for path in sorted(HERE.glob("[0-9]*/README.md")))


def _line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    decisions = [line.removeprefix("**Decision**: ") for line in lines if line.startswith("**Decision**: ")]
    if len(decisions) != 1:
        sys.exit(f"{path}: found {len(decisions)} lines that start with '**Decision**: ', expected one")
    folder = path.parent.name
    return f"| [{folder[:4]} {lines[0].removeprefix('# ')}]({folder}/README.md) | {decisions[0]} |\n"


def main(arguments: list[str]) -> None:
    """Write the index, or with ``--check`` end with 1 where the one that is there differs."""
    text = index()
    if "--check" not in arguments:
        with replacing(INDEX) as temporary:
            temporary.write_text(text, encoding="utf-8")
    elif not INDEX.exists() or INDEX.read_text(encoding="utf-8") != text:
        sys.exit(f"{INDEX.name} of experiments is stale: run python experiments/index.py")


if __name__ == "__main__":
    main(sys.argv[1:])
