"""The whole check of a corpus: counts, leakage, diversity, agreement, distance."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from . import counts, leakage
from .agreement import agreement, coverage
from .distance import distances, drivers
from .diversity import profiles
from .read import read_parts
from .real import real_comments, with_script

SEED = 4  # of the orders and folds; any other gives other third decimals


@dataclass(frozen=True)
class Report:
    """What a check found; ``faults`` are what must be mended, a line each. Frames may be empty."""

    faults: list[str]
    tables: dict[str, pl.DataFrame]


def check_corpus(
    folder: Path,
    external: Path | None = None,
    *,
    distance: bool = True,
    on_step: Callable[[str], None] = lambda _: None,
) -> Report:
    """Check a corpus.

    :param folder: Holds the parts, ``voices.csv``, ``second-reading.jsonl`` and ``corrections.jsonl``.
    :param external: Folder of real sets; default ``THIQA_EXTERNAL_DATA``, else ``data/external``.
    :param distance: Whether the judge of character n-grams runs (about a minute).
    :param on_step: Is told what is being done.
    :raises InputError: If the corpus breaks its schema or a rule between labels.
    """
    on_step("reading")
    corpus = with_script(read_parts(folder))
    on_step("near duplicates")
    near = leakage.near_duplicates(corpus)
    tables = {
        "goals": counts.goals(corpus),
        "parts": counts.by_part(corpus),
        "varieties": counts.by_variety(corpus),
        "balance": counts.balance(corpus),
        "near": near,
        "stock": leakage.stock_phrases(corpus),
        "skeletons": leakage.shared_skeletons(corpus),
        "agreement": agreement(folder, corpus),
        "coverage": coverage(folder, corpus),
    }
    on_step("diversity")
    real = real_comments(external)
    rng = np.random.default_rng(SEED)
    tables["profiles"] = profiles(corpus, real, rng)
    tables["drivers"] = drivers(corpus, real)
    if distance:
        tables["distance"] = _distances(corpus, real, rng, on_step)
    return Report(leakage.leaks(corpus, near, folder / "voices.csv"), tables)


def _distances(
    corpus: pl.DataFrame, real: pl.DataFrame, rng: np.random.Generator, on_step: Callable[[str], None]
) -> pl.DataFrame:
    rows = []
    for row in distances(corpus, real, rng):
        on_step(f"told apart: {row['one']} and {row['other']}, {row['script']}, {row['view']}")
        rows.append(row)
    return pl.DataFrame(rows)
