"""Why a prediction is what it is, in words: additive contributions to the log rate, the largest first.

The log-linear part contributes weight x (value - mean), which is its Shapley value; the trees' are LightGBM's exact
TreeSHAP (Lundberg 2020). All columns of one feature (windows, the flag of its absence, the values of a category) are
one contribution.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import yaml

from .data import feature_of
from .model import ConversionModel

Language = Literal["fr", "en"]
LEAST = 0.01  # contributions to the log rate that are not worth a word


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = yaml.safe_load(
        files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    )
    return words


def contributions(model: ConversionModel, frame: pl.DataFrame) -> pl.DataFrame:
    """Return what each feature adds to the log rate, beside the average placement: one column a feature."""
    if model.scorer is None:
        return pl.DataFrame()
    scorer, matrix = model.scorer, model.scorer.inputs.matrix(frame)
    added = scorer.linear.weights * (matrix - np.array(scorer.centre))
    if scorer.booster is not None and len(frame):
        shapley = np.asarray(scorer.booster.predict(matrix, pred_contrib=True, num_threads=1))[:, :-1]
        added = added + shapley
    total: dict[str, np.ndarray] = {}
    for index, column in enumerate(scorer.inputs.names):
        feature = feature_of(column)
        total[feature] = total.get(feature, 0.0) + added[:, index]
    return pl.DataFrame(total)


def importance(model: ConversionModel, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the global picture: ``feature`` and ``mean_effect``, the mean absolute contribution, largest first."""
    each = contributions(model, frame)
    means = [float(each[name].abs().mean() or 0.0) for name in each.columns]  # type: ignore[arg-type]
    table = pl.DataFrame({"feature": each.columns, "mean_effect": means}, schema_overrides={"feature": pl.String})
    return table.sort(["mean_effect", "feature"], descending=[True, False])


def reasons(model: ConversionModel, frame: pl.DataFrame, language: Language = "fr", most: int = 3) -> list[list[str]]:
    """Return for each row its ``most`` largest contributions in words, with what each does to the rate in percent."""
    each = contributions(model, frame)
    if not each.width:
        return [[] for _ in range(len(frame))]
    names, values = each.columns, each.to_numpy()
    top = np.argsort(-np.abs(values), axis=1)[:, :most]
    shown = {name: _shown_column(frame, name) for name in {names[index] for index in np.unique(top)}}
    return [
        [f"{_say(names[k], shown[names[k]][row], language)}{_COLON[language]}{_percent(values[row, k], language)}"
         for k in chosen if abs(values[row, k]) >= LEAST]
        for row, chosen in enumerate(top)
    ]  # fmt: skip


def served(model: ConversionModel, frame: pl.DataFrame, language: Language = "fr") -> pd.DataFrame:
    """Return what the served model answers: ``point``, ``low``, ``high`` (deliveries), ``per_reached``, ``reasons``."""
    said = [" ; ".join(lines) for lines in reasons(model, frame, language)]
    predicted = model.predict(frame).select("deliveries", "low", "high", "per_reached")
    answer: pd.DataFrame = predicted.rename({"deliveries": "point"}).with_columns(reasons=pl.Series(said)).to_pandas()
    return answer


_COLON = {"fr": "\N{NARROW NO-BREAK SPACE}: ", "en": ": "}


def _shown_column(frame: pl.DataFrame, feature: str) -> list[Any]:
    """Return the values that stand for a feature: those of its longest window."""
    windows = [name for name in frame.columns if feature_of(name) == feature]
    longest = max(windows, key=lambda name: int((re.findall(r"_(\d+)d$", name) or ["0"])[0]), default=None)
    return frame[longest].to_list() if longest else [None] * len(frame)


def _say(feature: str, value: Any, language: Language) -> str:
    entry = _words().get(feature, {"as": "number", "fr": feature.replace("_", " ") + " = {value}",
                                   "en": feature.replace("_", " ") + " = {value}"})  # fmt: skip
    if value is None:
        name = entry.get("en" if language == "en" else "fr", feature).replace("{value}", "?")
        return f"{name} ({'not observed' if language == 'en' else 'non observé'})"
    if entry["as"] == "flag":
        return entry[language] if value else entry[f"no_{language}"]
    return entry[language].replace("{value}", _value(value, entry["as"], language))


def _value(value: Any, how: str, language: Language) -> str:
    if how == "text":
        return str(value)
    number = 100 * value if how == "share" else value
    text = f"{number:,.0f}" if abs(number) >= 10 or number == int(number) else f"{number:.2g}"
    if language == "fr":
        text = text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
    units = {"share": {"fr": "\N{NO-BREAK SPACE}%", "en": "%"}, "hours": {"fr": " h", "en": " h"},
             "days": {"fr": " jours", "en": " days"}}  # fmt: skip
    return text + units.get(how, {}).get(language, "")


def _percent(log_effect: float, language: Language) -> str:
    percent = 100 * float(np.expm1(log_effect))
    return f"{percent:+.0f}" + ("\N{NO-BREAK SPACE}%" if language == "fr" else "%")
