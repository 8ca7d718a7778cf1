"""The model card, written from the figures of the evaluation."""

from typing import Any

import polars as pl

from ...data.corpus import LABELS, SLICES, VARIETIES

BARS = {"mean": 0.88, "variety": 0.80, "drop": 10.0}


def card(metrics: dict[str, Any], curve: pl.DataFrame, errors: pl.DataFrame, encoder: dict[str, Any]) -> str:
    """Write the card as Markdown."""
    main = metrics["models"][metrics["model"]]
    parts = [
        _head(metrics, encoder),
        "## Against the bars\n\n" + _bars(main),
        "## Beside its peers\n\nMean F1 of both classes over nine heads, 90 % intervals over authors; the gain is ours "
        "minus theirs, authors drawn together.\n\n" + _peers(metrics),
        "## By variety\n\n" + _by(main["variety"], VARIETIES),
        "## Calibration by variety\n\nOver all answers to the texts of a variety: the calibration error, and the share "
        "of answers in the band of doubt with the errors in and out of it. Thresholds are chosen by predicted variety "
        "and drawn towards the pooled one by the number of texts.\n\n"
        + _doubt(metrics["calibration_by_variety"]),
        "## By slice\n\n" + _by(main["slice"], SLICES),
        "## By label\n\n" + _heads(main, metrics["calibration"]),
        "## Disclosure and masked ads\n\n" + _disclosure(metrics),
        "## Changes that must not matter, and one that must\n\nOf the student, which answers nearly all texts of "
        "tables: the share of posts that keep their answer (ad or not) when their spelling changes, of ads when a tag "
        "of disclosure is put in front; of posts that are no ads, the share whose score a call to buy raises and the "
        "share called ads with it.\n\n" + _behaviour(metrics["behaviour"]),
        "## Quality against cost\n\n" + _table(["share put to the teacher", "mean F1"],
                                                [[f"{a:g}", f"{b:.3f}"] for a, b in curve.iter_rows()]),
        "## The surest mistakes\n\n" + _mistakes(errors),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _head(metrics: dict[str, Any], encoder: dict[str, Any]) -> str:
    return (
        "# Model card: thiqa-text\n\n"
        "Written by `evaluate_text`; change the code, not this page.\n\n"
        "**What it does.** Answers nine questions about a post (`ad polished overconsumption tested`) or a comment "
        "(`genuine spam intent suspicion trust`) in French, Darija in both scripts, Arabic, English, Tamazight and "
        "mixtures, with a probability, a decision and a band of doubt; tells the disclosure by a lexicon.\n\n"
        "**How.** A student (hashed n-grams of letters, words and sounds that both scripts share, logistic regression) "
        f"and a teacher (linear heads on the states of a frozen encoder: {encoder.get('source', 'none')}); the answer "
        "is the sum of both logits over their spread. Calibration (Platt), thresholds by predicted variety, and the "
        "band of doubt come from texts of authors held out.\n\n"
        "**Trained on** the parts train and valid of `data/corpus`; added are plain cases, posts with a call to buy, "
        "complaints about codes, and for the student posts set among sentences that advertise nothing; "
        f"**judged on** {metrics['texts']:,} texts of {metrics['authors']} authors of the part test. The corpus was "
        "written for this project, not collected: real comments differ (data/corpus has the distance).\n\n"
        "**When not to use it.** To judge a person: a score is a reason to read a text. On languages other than these. "
        "On Tamazight without a reader: no speaker has checked the texts it learnt from."
    )


def _bars(main: dict[str, Any]) -> str:
    counted = {name: row for name, row in main["variety"].items() if row["counted"]} or main["variety"]
    lowest = min(counted, key=lambda name: counted[name]["mean"])
    rows = [
        ["mean of nine heads", f"≥ {BARS['mean']}", _with(main), _verdict(main["mean"] - BARS["mean"])],
        ["lowest variety", f"≥ {BARS['variety']}", f"{lowest} {_with(counted[lowest])}",
         _verdict(counted[lowest]["mean"] - BARS["variety"])],
        ["drop from easy to hard and evasive", f"< {BARS['drop']:.0f} points", f"{main['drop']['points']:.1f}",
         _verdict((BARS["drop"] - main["drop"]["points"]) / 100)],
    ]  # fmt: skip
    return _table(["what", "bar", "measured", "verdict"], rows)


def _verdict(margin: float) -> str:
    return "holds" if margin >= 0 else f"short by {-100 * margin:.1f} points"


def _with(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    return f"{row['mean']:.3f} ({low:.3f} to {high:.3f})"


def _peers(metrics: dict[str, Any]) -> str:
    rows = []
    for name, row in metrics["models"].items():
        other = metrics["gains"].get(name)
        told = f"{other['gain']:+.3f} ({other['interval'][0]:+.3f} to {other['interval'][1]:+.3f})" if other else ""
        rows.append([name, _with(row), told])
    return _table(["model", "mean F1", "gain of ours"], rows)


def _by(table: dict[str, Any], names: tuple[str, ...]) -> str:
    rows = [[name, str(table[name]["n"]), str(table[name]["counted"]), _with(table[name])] for name in names]
    return _table(["", "texts", "heads counted", "mean F1"], rows)


def _doubt(table: dict[str, Any]) -> str:
    rows = [[name, *_calibrated(table[name])] for name in VARIETIES]
    return _table(["", "ECE", "share unsure", "errors unsure", "errors sure"], rows)


def _calibrated(told: dict[str, Any]) -> list[str]:
    names = ("ece", "unsure", "error_when_unsure", "error_when_sure")
    return ["" if told[name] is None else f"{told[name]:.3f}" for name in names]


def _heads(main: dict[str, Any], calibration: dict[str, Any]) -> str:
    rows = []
    for label in LABELS:
        row, told = main["heads"][label], calibration[label]
        low, high = row["interval"]
        measured = [f"{row['positives']} of {row['n']}", f"{row['f1']:.3f} ({low:.3f} to {high:.3f})"]
        rows.append([label, *measured, *_calibrated(told)])
    return _table(["label", "positives", "F1", "ECE", "share unsure", "errors unsure", "errors sure"], rows)


def _disclosure(metrics: dict[str, Any]) -> str:
    told, hidden = metrics["disclosure"], metrics["ad_masked"]
    rows = [[row["true"], row["said"], str(row["n"])] for row in told["counts"]]
    return (
        f"The rules tell {told['right']:.0%} of {told['ads']} ads right. Masked ads: F1 {hidden['f1']:.3f} on "
        f"{hidden['posts']} posts, {hidden['left_out']} left out since nothing but words of disclosure was there.\n\n"
        + _table(["true", "said", "ads"], rows)
    )


def _behaviour(table: dict[str, Any]) -> str:
    names = list(table[VARIETIES[0]])
    rows = [[variety, *(_share(table[variety][name]) for name in names)] for variety in VARIETIES]
    return _table(["", *names], rows)


def _share(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.2f}"


def _mistakes(errors: pl.DataFrame) -> str:
    rows = [[row["slice"], row["variety"], row["label"], str(row["truth"]), f"{row['said']:.2f}", _cell(row["text"])]
            for row in errors.to_dicts()]  # fmt: skip
    return _table(["slice", "variety", "label", "true", "said", "text"], rows)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")[:160]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)
