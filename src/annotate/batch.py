"""One Arrow batch of texts in, one Arrow batch of annotations out."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import polars as pl
import pyarrow as pa

from ..models.text.fold import emoji_pattern, fold, skeleton
from .gazetteer import Gazetteer, read_gazetteer
from .signature import near

Kind = Literal["post", "comment"]

_SURFACE = {
    "text": pa.string(), "skeleton": pa.string(), "script": pa.string(),
    "words": pa.int64(), "emoji": pa.int64(), "emoji_only": pa.bool_(),
}  # fmt: skip
_NAMES = pa.list_(pa.string())
_MARKS: dict[Kind, dict[str, pa.DataType]] = {
    "post": {"hashtags": _NAMES, "places": _NAMES},
    "comment": {"near_a": pa.int64(), "near_b": pa.int64(), "places": _NAMES},
}
SCHEMAS: dict[Kind, pa.Schema] = {
    "post": pa.schema(_SURFACE | {
        **dict.fromkeys(("ad", "ad_masked", "polished", "overconsumption", "tested"), pa.float64()),
        "disclosure": pa.string(), "has_code": pa.bool_(), "has_link": pa.bool_(),
        "variety": pa.string(), "embedding": pa.list_(pa.float32()),
    } | _MARKS["post"]),
    "comment": pa.schema(_SURFACE | {
        **dict.fromkeys(("genuine", "generic", "spam", "intent", "suspicion", "trust"), pa.float64()),
        "variety": pa.string(),
    } | _MARKS["comment"]),
}  # fmt: skip


class Scorer(Protocol):
    """What gives texts their scores: the rules, or a trained model. Annotate is handed one; it does not choose."""

    @property
    def name(self) -> str:
        """Name the scorer and its version: what it scored is kept under this name."""
        ...

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score captions, given the columns ``text`` and those of :func:`surface`.

        :return: ``ad ad_masked polished overconsumption tested`` (0 to 1), ``disclosure`` (of the text alone: none,
            ambiguous, clear), ``has_code has_link`` (bool), ``variety``, ``embedding`` (float32, one length for all).
        """
        ...

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score comments, given the columns ``text`` and those of :func:`surface`.

        :return: ``genuine generic spam intent suspicion trust`` (0 to 1) and ``variety``.
        """
        ...


def surface(texts: pl.DataFrame) -> pl.DataFrame:
    """Describe the surface of texts.

    :param texts: With the column ``text``.
    :return: The same with ``folded``, ``skeleton``, ``script`` (arabic, latin, tifinagh, mixed, none), ``words``
        (count), ``emoji`` (code points) and ``emoji_only``.
    """
    emojis = pl.col("text").str.count_matches(emoji_pattern())
    frame = texts.with_columns(
        folded=fold(pl.col("text")),
        emoji=emojis.cast(pl.Int64),
        arabic=pl.col("text").str.count_matches(r"\p{Arabic}"),
        latin=pl.col("text").str.count_matches(r"\p{Latin}"),
        tifinagh=pl.col("text").str.count_matches(r"\p{Tifinagh}"),
    )
    scripts = ["arabic", "latin", "tifinagh"]
    letters = pl.sum_horizontal(scripts)
    script: Any = pl.when(letters == 0).then(pl.lit("none"))
    for name in scripts:  # a tenth of another script is a name or a brand, not a mixture
        script = script.when(pl.col(name) >= 0.9 * letters).then(pl.lit(name))
    return frame.with_columns(
        skeleton=skeleton(frame["folded"]),
        script=script.otherwise(pl.lit("mixed")),
        words=pl.col("folded").str.strip_chars().str.count_matches(r"\S+").cast(pl.Int64),
        emoji_only=(pl.col("emoji") > 0) & (pl.col("folded").str.strip_chars() == ""),
    ).drop(scripts)


def marked(texts: pl.DataFrame, kind: Kind, gazetteer: Gazetteer) -> pl.DataFrame:
    """Add what features join on: ``hashtags`` of posts, near-duplicate bands of comments, ``places`` of both.

    :param texts: With the columns of :func:`surface`.
    """
    texts = texts.with_columns(places=gazetteer.find(pl.col("folded")))
    if kind == "comment":
        return pl.concat([texts, near(texts["folded"])], how="horizontal")
    tags = pl.col("folded").str.extract_all(r"#\S+").list.unique().list.sort()
    return texts.with_columns(hashtags=tags)


def annotator(
    scorer: Scorer, kind: Kind, gazetteer: Gazetteer | None = None
) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """Make the function that annotates a batch with the column ``text`` (see :data:`SCHEMAS` for what it returns)."""
    known = gazetteer or read_gazetteer()

    def annotate(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = surface(pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch]))))
        scores = scorer.score_posts(texts) if kind == "post" else scorer.score_comments(texts)
        frame = pl.concat([marked(texts, kind, known), scores], how="horizontal")
        arrays = [frame[item.name].to_arrow().cast(item.type) for item in SCHEMAS[kind]]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMAS[kind])

    return annotate
