"""What is held out: creators in a later time (the main view), creators alone, brands, or rows at random."""

from collections.abc import Iterator
from typing import Literal, get_args

import polars as pl
from sklearn.model_selection import GroupKFold, KFold

from .config import ConversionConfig

View = Literal["creators_and_time", "creators", "brands", "random"]
VIEWS: tuple[View, ...] = get_args(View)


def folds_of(
    rows: pl.DataFrame, view: View, config: ConversionConfig, seed: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield (training rows, judged rows) of each fold.

    ``creators_and_time`` trains before a date on some creators and judges the others after it; ``random`` is what a
    careless split does: the same creators and campaigns on both sides. Nothing is yielded where there is only one of
    what is to be held out.
    """
    if view == "random":
        for train, test in KFold(config.folds, shuffle=True, random_state=seed).split(rows):
            yield rows[train], rows[test]
        return
    groups = rows["brand" if view == "brands" else "creator_id"].fill_null("")
    if groups.n_unique() < 2:
        return
    splitter = GroupKFold(n_splits=min(config.folds, groups.n_unique()), shuffle=True, random_state=seed)
    cut = rows["agreed_at"].sort()[int(config.train_until * (len(rows) - 1))]
    for train, test in splitter.split(rows, groups=groups.to_list()):
        if view == "creators_and_time":
            yield rows[train].filter(pl.col("agreed_at") <= cut), rows[test].filter(pl.col("agreed_at") > cut)
        else:
            yield rows[train], rows[test]
