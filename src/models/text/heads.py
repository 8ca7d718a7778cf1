"""What the models answer: one head for each label, one for hollow comments, one for each variety."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...data.corpus import COMMENT_LABELS, LABELS, POST_LABELS, VARIETIES

POST_HEADS = (*POST_LABELS, "ad_masked")
COMMENT_HEADS = (*COMMENT_LABELS, "generic")
HEADS = (*LABELS, "ad_masked", "generic")
OUTPUTS = (*HEADS, *VARIETIES)


def targets(texts: pl.DataFrame) -> NDArray[np.float32]:
    """Give the right answer of every output (:data:`OUTPUTS`), one row a text of the corpus; NaN: does not apply.

    ``generic`` is 1 for a comment of which no label is 1: praise that fits any post, a bare tag, a pod's phrase.
    ``ad_masked`` is asked of masked texts only, so NaN here (see :func:`masked_targets`).
    """
    hollow = 1 - pl.max_horizontal(COMMENT_LABELS)
    known = pl.col("genuine").is_not_null()
    answers = texts.select(
        *LABELS,
        pl.lit(None, pl.Int8).alias("ad_masked"),
        pl.when((pl.col("kind") == "comment") & known).then(hollow).alias("generic"),
        *((pl.col("variety") == name).cast(pl.Int8).alias(name) for name in VARIETIES),
    )
    return answers.cast(pl.Float32).to_numpy().astype(np.float32)


def masked_targets(posts: pl.DataFrame) -> NDArray[np.float32]:
    """Give the right answers for masked posts: whether they are ads, and nothing else."""
    answers = np.full((len(posts), len(OUTPUTS)), np.nan, dtype=np.float32)
    answers[:, OUTPUTS.index("ad_masked")] = posts["ad"].to_numpy()
    return answers
