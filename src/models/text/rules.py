"""The rules of the first pipeline: cues of commerce in posts, hollowness in comments.

Scores are between 0 and 1 as a model's would be, so that a trained scorer can take their place.
"""

import polars as pl

from .fold import fold
from .lexicon import phrases

# How far one cue alone speaks for an ad; several cues combine as independent evidence (noisy or).
AD_CUES = {"disclosed": 0.95, "hinted": 0.6, "code": 0.8, "link": 0.7, "buy": 0.5}


class RuleScorer:
    """Scores texts by the lexicon; needs no training."""

    name = "rules"
    post_scores = ("ad",)
    comment_scores = ("genuine", "generic", "spam")

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score captions.

        :param texts: With the columns ``text`` and ``folded``.
        :return: ``ad``, ``disclosure`` (of the text alone), ``has_code`` and ``has_link``, one row a text.
        """
        cues = texts.select(
            disclosed=_has("disclosure", "clear"),
            hinted=_has("disclosure", "ambiguous"),
            code=_has("commerce", "code"),
            link=_has("commerce", "link"),
            buy=_has("commerce", "buy"),
        )
        silence = pl.lit(1.0)
        for cue, weight in AD_CUES.items():
            silence *= pl.when(pl.col(cue)).then(1 - weight).otherwise(1.0)
        return cues.select(
            ad=1 - silence,
            disclosure=pl.when("disclosed").then(pl.lit("clear")).when("hinted").then(pl.lit("ambiguous"))
            .otherwise(pl.lit("none")),
            has_code="code",
            has_link="link",
        )  # fmt: skip

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score comments.

        :param texts: With the columns ``text``, ``folded`` and ``emoji_only``.
        :return: ``genuine``, ``generic`` and ``spam``, one row a text.
        """
        said = texts.select(
            "emoji_only",
            words=pl.col("folded").str.replace_all(r"@\S+", "").str.strip_chars().str.split(" ").list.drop_nulls(),
            spam=_has("comment", "spam") | pl.col("text").str.contains(r"https?://|www\."),
            asks=pl.col("text").str.contains("[?؟]"),
        ).with_columns(words=pl.col("words").list.eval(pl.element().filter(pl.element() != "")))
        praise = [phrase.strip() for phrase in phrases("comment", "praise")]
        hollow = pl.col("words").list.eval(pl.element().is_in(praise)).list.all()
        generic = (hollow & ~pl.col("emoji_only") & ~pl.col("spam")).alias("generic")
        long_enough = (pl.col("words").list.len() >= 3) | (pl.col("asks") & (pl.col("words").list.len() >= 1))
        genuine = long_enough & ~hollow & ~pl.col("spam") & ~pl.col("emoji_only")
        return said.select(
            genuine=genuine.cast(pl.Float64), generic=generic.cast(pl.Float64), spam=pl.col("spam").cast(pl.Float64)
        )


def _has(family: str, name: str) -> pl.Expr:
    return pl.col("folded").str.contains_any(list(phrases(family, name)))


def folded(texts: pl.DataFrame) -> pl.DataFrame:
    """Add the column ``folded`` to texts."""
    return texts.with_columns(folded=fold(pl.col("text")))
