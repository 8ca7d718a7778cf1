"""The evaluation of the text model on texts and authors that it has not seen, beside its peers, in one run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...data.corpus import COMMENT_LABELS, LABELS, POST_LABELS, SLICES, VARIETIES
from ...files import read_json
from .behaviour import behaviour
from .decide import Decisions
from .disclosure import MASK, masked
from .evaluate import Flags, calibration_error, gain, judge
from .heads import HEADS, OUTPUTS
from .peers import fasttext_style, keywords, tfidf
from .scorer import Kind, TextScorer, _answers, disclosed, load_scorer
from .teacher import RememberingEncoder

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)  # of texts put to the teacher: the curve of quality against cost
ERRORS = 20  # shown of each slice
_KINDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (("post", POST_LABELS), ("comment", COMMENT_LABELS))


def evaluate_text(
    train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame, model: Path, seed: int
) -> dict[str, Any]:
    """Judge the model and its peers on ``test``.

    :param train: What the peers learn from; their thresholds are chosen on ``valid``, as the model's were on texts of
        authors held out of both.
    :return: ``metrics`` (by model: mean of nine heads, by head, variety and slice, with 90 % intervals over authors;
        gains over each peer; calibration; disclosure; masked ads), ``curve`` and ``errors`` (frames).
    """
    scorer = load_scorer(model).with_share(1.0)
    if scorer.teacher:
        encoder = scorer.teacher.encoder
        reading = RememberingEncoder(encoder.runtime, encoder.tokenizer)
        scorer = replace(scorer, teacher=replace(scorer.teacher, encoder=reading))
    said = {name: flags for name, flags in _models(scorer, model, train, valid, test, seed).items() if flags}
    random = np.random.default_rng(seed)
    main = "hybrid" if "hybrid" in said else "student"
    models = {name: judge(test, flags, random) for name, flags in said.items()}
    metrics = {
        "model": main,
        "macro_f1": models[main]["mean"],  # mean of nine heads
        "texts": len(test),
        "authors": test["batch"].n_unique(),
        "models": models,
        "gains": {name: gain(test, said[main], flags, random) for name, flags in said.items() if name != main},
        "calibration": calibration(scorer, test),
        "calibration_by_variety": calibration_by_variety(scorer, test),
        "behaviour": behaviour(scorer.with_share(0.0), test),
        "disclosure": _disclosure(test),
        "ad_masked": _masked(scorer, test),
        "variety_accuracy": _variety(scorer, test),
    }
    return {"metrics": metrics, "curve": _curve(scorer, test, random), "errors": _errors(scorer, test)}


def _models(
    scorer: TextScorer, model: Path, train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame, seed: int
) -> dict[str, Flags | None]:
    hybrid = flags_of(scorer, test) if scorer.teacher else None
    return {
        "hybrid": hybrid,
        "student": flags_of(scorer.with_share(0.0), test),
        "encoder_lr": encoder_alone(scorer, model, test),
        "tfidf_lr": tfidf(train, valid, test, seed),
        "fasttext_style": fasttext_style(train, valid, test, seed),
        "keywords": keywords(test),
    }


def flags_of(scorer: TextScorer, texts: pl.DataFrame) -> Flags:
    """Say yes or no to every head; a head that a text's kind does not have says no."""
    flags = {head: np.zeros(len(texts), dtype=bool) for head in LABELS}
    for kind, labels in _KINDS:
        rows = np.flatnonzero((texts["kind"] == kind).to_numpy())
        answers = scorer.answers(texts["text"].gather(rows), kind)
        for label in labels:
            flags[label][rows] = answers.flags(label)
    return flags


def encoder_alone(scorer: TextScorer, model: Path, texts: pl.DataFrame) -> Flags | None:
    """Say yes or no to every head by the encoder's heads, without the student; None where there is no encoder."""
    if not scorer.teacher:
        return None
    decisions = Decisions.from_dict(read_json(model / "text.json")["teacher"]["alone"])
    logits = scorer.teacher.heads.outputs(scorer.teacher.encoder.vectors(texts["text"]))
    answers = _answers(logits[:, : len(OUTPUTS)], decisions, np.zeros((len(texts), 0)))
    return {head: answers.flags(head) for head in LABELS}


def calibration(scorer: TextScorer, texts: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """Give per head the calibration error, the share of texts in the band of doubt, and the errors in and out of it."""
    said = _said(scorer, texts)
    return {label: _calibrated(rows) for (label,), rows in said.group_by("label", maintain_order=True)}


def calibration_by_variety(scorer: TextScorer, texts: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """Give the same per variety, over all answers to its texts: a single head has too few texts there."""
    said = _said(scorer, texts)
    return {variety: _calibrated(said.filter(variety=variety)) for variety in VARIETIES}


def _said(scorer: TextScorer, texts: pl.DataFrame) -> pl.DataFrame:
    """List every answer: ``label variety said wanted wrong unsure``."""
    parts = []
    for kind, labels in _KINDS:
        some = texts.filter(kind=kind)
        answers = scorer.answers(some["text"], kind)
        for label in labels:
            wanted = some[label].to_numpy() == 1
            columns = {"said": answers.of(label), "wanted": wanted, "wrong": answers.flags(label) != wanted}
            flags = pl.DataFrame(columns | {"unsure": answers.unsure(label)})
            parts.append(flags.with_columns(some["variety"], label=pl.lit(label)))
    return pl.concat(parts)


def _calibrated(rows: pl.DataFrame) -> dict[str, float | None]:
    if rows.is_empty():
        return dict.fromkeys(("ece", "unsure", "error_when_unsure", "error_when_sure"))
    said, wanted, wrong, unsure = (rows[name].to_numpy() for name in ("said", "wanted", "wrong", "unsure"))
    return {
        "ece": calibration_error(said, wanted),
        "unsure": float(unsure.mean()),
        "error_when_unsure": float(wrong[unsure].mean()) if unsure.any() else None,
        "error_when_sure": float(wrong[~unsure].mean()),
    }


def _disclosure(texts: pl.DataFrame) -> dict[str, Any]:
    """Count said against true disclosure among ads, by variety too; the rules are judged apart from the ad score."""
    ads = texts.filter(kind="post", ad=1)
    ads = ads.with_columns(said=disclosed(ads["text"]))
    right = ads.group_by("variety").agg((pl.col("said") == pl.col("disclosure")).mean().alias("right"), pl.len())
    pairs = ads.group_by("disclosure", "said").len().sort("disclosure", "said")
    return {
        "right": _share(ads["said"] == ads["disclosure"]),
        "ads": len(ads),
        "by_variety": {row["variety"]: row["right"] for row in right.sort("variety").to_dicts()},
        "counts": [{"true": row["disclosure"], "said": row["said"], "n": row["len"]} for row in pairs.to_dicts()],
    }


def _masked(scorer: TextScorer, texts: pl.DataFrame) -> dict[str, Any]:
    """F1 of the masked ad score; ads of which nothing but words of disclosure was left are counted, not judged."""
    posts = texts.filter(kind="post")
    hidden = masked(posts["text"]).str.replace_all(MASK, "").str.count_matches(r"\p{L}+")
    left = hidden >= 3
    some = posts.filter(left)
    answers = scorer.answers(some["text"], "post")
    scores = scorer.masked_ads(some["text"], answers)
    flags = scores >= answers.thresholds[:, HEADS.index("ad_masked")]
    wanted = some["ad"].to_numpy() == 1
    classes = [2 * np.sum(flags == wanted, where=wanted == side) / (np.sum(flags == side) + np.sum(wanted == side))
               for side in (True, False)]  # fmt: skip
    return {"f1": float(np.mean(classes)), "posts": len(some), "left_out": int((~left).sum())}


def _share(true: pl.Series) -> float:
    return float(np.mean(true.to_numpy())) if len(true) else 0.0


def _variety(scorer: TextScorer, texts: pl.DataFrame) -> float:
    right = [scorer.answers(some["text"], kind).names() == some["variety"]
             for kind, _ in _KINDS for some in (texts.filter(kind=kind),)]  # fmt: skip
    return _share(pl.concat(right))


def _curve(scorer: TextScorer, texts: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Mean F1 by the share of texts that the teacher is asked about."""
    shares = SHARES if scorer.teacher else (0.0,)
    scores = [judge(texts, flags_of(scorer.with_share(share), texts), random)["mean"] for share in shares]
    return pl.DataFrame({"teacher_share": shares, "mean_f1": scores})


def _errors(scorer: TextScorer, texts: pl.DataFrame) -> pl.DataFrame:
    """Show the surest mistakes of each slice: variety, label, truth, probability and text."""
    found = []
    for kind, labels in _KINDS:
        some = texts.filter(kind=kind)
        answers = scorer.answers(some["text"], kind)
        for label in labels:
            wrong = answers.flags(label) != (some[label].to_numpy() == 1)
            rows = some.with_columns(label=pl.lit(label), truth=label, said=pl.Series(answers.of(label)))
            found.append(rows.filter(pl.Series(wrong)).select("slice", "variety", "label", "truth", "said", "text"))
    surest = pl.concat(found).sort((pl.col("said") - pl.col("truth")).abs(), descending=True, maintain_order=True)
    return pl.concat([surest.filter(slice=name).head(ERRORS) for name in SLICES])
