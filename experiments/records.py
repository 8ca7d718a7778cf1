"""Results of an experiment as rows of one file: what is done is skipped, and two processes may add at once."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from filelock import FileLock
from frames import cache

from thiqa.files import replacing
from thiqa.generated import filled

EDGE = 1.645  # of a 90 % interval, in standard errors


def done_before(path: Path, schema: dict[str, Any], code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    if not path.exists():
        return pl.DataFrame(schema=schema)
    return pl.read_csv(path, schema=schema).filter(pl.col("code") == code)


def add(path: Path, schema: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Append rows, each with its ``code``; rows of other code go."""
    new = pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)
    locks = cache() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{path.parent.name}.lock"):
        results = pl.concat([done_before(path, schema, rows[0]["code"]), new]).sort(
            "world", "seed", maintain_order=True
        )
        with replacing(path) as temporary:
            results.write_csv(temporary, float_precision=6)


def show(readme: Path, text: str) -> None:
    """Put the table between the marks of the README."""
    readme.write_text(filled(readme.read_text(encoding="utf-8"), "results", f"{text}\n"), encoding="utf-8")


def lead(part: pl.DataFrame) -> tuple[float, float, float]:
    """Return the mean over worlds of a gain with its 90 % interval, from each world's ``gain``, ``low`` and ``high``.

    Worlds are independent, so variances of their bootstraps add up. What worlds differ in beyond that is not in it.
    """
    errors = (part["high"] - part["low"]).to_numpy() / (2 * EDGE)
    mean = float(part["gain"].to_numpy().mean())
    error = float(np.sqrt((errors**2).sum()) / len(part))
    return mean, mean - EDGE * error, mean + EDGE * error
