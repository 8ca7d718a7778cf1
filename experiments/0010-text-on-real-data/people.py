"""Bring the set ``ig_people_en`` into the form of the others: captions of 51 people, from pickles that run nothing.

``python people.py CLONE OUT`` reads ``data/raw_data/*.pkl`` of a clone of the repository in data/external/sources.yaml
and writes ``OUT/posts.csv`` (``creator``, ``caption``).
"""

import pickle
import sys
from pathlib import Path
from typing import Any

import polars as pl

COMPANIES = {"nike", "airbnb"}  # their own accounts: every post advertises


class Plain(pickle.Unpickler):
    """Reads lists, dictionaries and strings; whatever names code is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse."""
        raise pickle.UnpicklingError(f"found {module}.{name}, expected plain values")


def main(clone: Path, out: Path) -> None:
    """Write the captions, an account a number."""
    paths = [path for path in sorted((clone / "data" / "raw_data").glob("*.pkl")) if path.stem not in COMPANIES]
    rows = []
    for number, path in enumerate(paths):
        with path.open("rb") as file:
            rows += [(f"p{number:02d}", post.get("comment")) for post in Plain(file).load()]
    posts = pl.DataFrame(rows, schema=["creator", "caption"], orient="row").with_columns(
        pl.col("caption").str.strip_chars()
    )
    out.mkdir(parents=True, exist_ok=True)
    posts.filter(pl.col("caption").str.count_matches(r"\p{L}+") >= 3).write_csv(out / "posts.csv")
    print(f"{out / 'posts.csv'}: captions of {len(paths)} accounts")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
