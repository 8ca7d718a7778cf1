"""The keyword list: a lexicon's cues and nothing learnt; the peer that trained models have to beat.

Scores are between 0 and 1 as a model's are. Rules also tell what is a matter of words alone: codes and links.
"""

from collections.abc import Iterable
from functools import reduce

import polars as pl

from .disclosure import disclosure
from .lexicon import phrases

# How far one cue alone speaks for an ad; several cues combine as independent evidence (noisy or).
AD_CUES = {"clear": 0.95, "ambiguous": 0.6, "code": 0.8, "link": 0.7, "buy": 0.5}


def has(family: str, name: str) -> pl.Expr:
    """Tell whether a text has a phrase of an entry of the lexicon (needs the column ``folded``)."""
    return pl.col("folded").str.contains_any(list(phrases(family, name)))


def has_code() -> pl.Expr:
    """Tell whether a promo code is quoted."""
    return has("commerce", "code").alias("has_code")


def has_link() -> pl.Expr:
    """Tell whether the reader is sent to a link."""
    return has("commerce", "link").alias("has_link")


class RuleScorer:
    """Scores texts by the lexicon; needs no training."""

    name = "rules"

    def score_posts(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score captions.

        :param texts: With the columns ``text`` and ``folded``.
        :return: The columns of :meth:`thiqa.models.text.scorer.TextScorer.score_posts`; the variety is not told apart
            and the embedding says nothing.
        """
        cues = {name: has("commerce", name) for name in ("code", "link", "buy")}
        cues |= {name: has("disclosure", name) for name in ("clear", "ambiguous")}
        return texts.select(
            ad=_either(cues, AD_CUES),
            ad_masked=_either(cues, ("code", "link", "buy")),
            **{name: has("post", name).cast(pl.Float64) for name in ("polished", "overconsumption", "tested")},
            disclosure=disclosure(pl.col("folded")),
            has_code=cues["code"],
            has_link=cues["link"],
            variety=pl.lit("mixed"),
            embedding=pl.lit([0.0], dtype=pl.List(pl.Float32)),
        )

    def score_comments(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Score comments.

        :param texts: With the columns ``text``, ``folded`` and ``emoji_only``.
        :return: The columns of :meth:`thiqa.models.text.scorer.TextScorer.score_comments`.
        """
        said = texts.select(
            "emoji_only",
            words=pl.col("folded").str.replace_all(r"@\S+", "").str.strip_chars().str.split(" ").list.drop_nulls(),
            spam=has("comment", "spam") | pl.col("text").str.contains(r"https?://|www\."),
            asks=pl.col("text").str.contains("[?؟]"),
            **{name: has("comment", name) for name in ("intent", "suspicion", "trust")},
        ).with_columns(words=pl.col("words").list.eval(pl.element().filter(pl.element() != "")))
        praise = [phrase.strip() for phrase in phrases("comment", "praise")]
        hollow = pl.col("words").list.eval(pl.element().is_in(praise)).list.all()
        long_enough = (pl.col("words").list.len() >= 3) | (pl.col("asks") & (pl.col("words").list.len() >= 1))
        flags = said.select(
            genuine=long_enough & ~hollow & ~pl.col("spam") & ~pl.col("emoji_only"),
            generic=hollow & ~pl.col("emoji_only") & ~pl.col("spam"),
            spam="spam",
            **{name: pl.col(name) & ~pl.col("spam") for name in ("intent", "suspicion", "trust")},
        )
        return flags.select(pl.all().cast(pl.Float64), variety=pl.lit("mixed"))


def _either(cues: dict[str, pl.Expr], names: Iterable[str]) -> pl.Expr:
    silences = (pl.when(cues[name]).then(1 - AD_CUES[name]).otherwise(1.0) for name in names)
    return 1 - reduce(lambda one, other: one * other, silences)
