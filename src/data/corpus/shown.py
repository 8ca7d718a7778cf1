"""Tables of a check for people: what each is called, which columns it shows and how numbers are written."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Shown:
    """How one table is shown; ``columns`` maps a column to its heading."""

    title: str
    columns: dict[str, str]
    note: str = ""


_SLICES = {"easy": "easy", "hard": "hard", "evasive": "evasive"}
_PARTS = {"train": "train", "valid": "valid", "test": "test", "world": "world"}
SHOWN = {
    "goals": Shown("Asked for and found", {"goal": "goal", "at_least": "at least", "found": "found", "holds": "holds"}),
    "parts": Shown("Parts", {"part": "part", "posts": "posts", "comments": "comments", "voices": "voices", **_SLICES},
                   "Parts are disjoint by voice. Slices are shares of texts."),
    "varieties": Shown("Varieties", {"variety": "variety", "texts": "texts", "share": "share", "aimed_at": "aimed at",
                                     **_SLICES, **_PARTS}),
    "balance": Shown("Labels", {"label": "label", "of": "of", "texts": "texts", "share": "share", **_SLICES},
                     "Share of texts that carry the label, over all and within each slice."),
    "near": Shown("Near duplicates",
                  {"one": "one", "other": "other", "parts": "parts", "jaccard": "Jaccard of 3-grams"},
                  "Pairs above 0.5; inside a part they are only told."),
    "stock": Shown("Stock phrases in several parts",
                   {"text": "text", "words": "words", "ids": "texts", "parts": "parts"},
                   "Of fewer than three words: people do write them word for word. Told, not refused."),
    "skeletons": Shown("Shared skeletons", {"variety": "variety", "skeleton": "skeleton", "ids": "texts"},
                       "Long texts that differ only in their rarer words: what filling a template leaves behind."),
    "agreement": Shown("Agreement with a second reading (Cohen's kappa)",
                       {"reading": "reading", "label": "label", "texts": "texts", "differ": "differ", "kappa": "kappa",
                        **_SLICES},
                       "Against the labels that the authors first wrote. A dash: the label never varies there."),
    "coverage": Shown("Texts read twice", {"reading": "reading", "texts": "texts", "share": "share of the corpus",
                                           "reworded": "reworded since"}),
    "profiles": Shown("Comments beside real comments",
                      {"variety": "variety", "source": "source", "texts": "texts", "length_p10": "length 10 %",
                       "length_p50": "50 %", "length_p90": "90 %", "one_word": "one word", "emoji": "emoji",
                       "commas": "commas", "stops": "stops", "capitals": "capitals", "elongated": "elongated",
                       "god": "God", "script_mixed": "two scripts", "distinct_1": "distinct 1", "distinct_2": "2",
                       "distinct_3": "3", "types_1000": "types in 1,000", "types_4000": "4,000", "types_8000": "8,000"},
                      "Length in characters; shares of texts that have any; distinct word n-grams of the first 4,000 "
                      "words; distinct words among the first 1,000 to 8,000."),
    "drivers": Shown("What alone tells corpus from real YouTube comments",
                     {"script": "script", "column": "what", "auc": "AUC", "corpus": "corpus", "real": "real"},
                     "0.5 says nothing; below 0.5 the corpus has less of it. Shares of texts that have any; length and "
                     "words are medians."),
    "distance": Shown("Told apart by character n-grams (AUC)",
                      {"script": "script", "one": "one", "other": "other", "view": "view", "auc": "AUC"},
                      "0.5: cannot be told apart. The two real sets told apart (myc, afrisenti) are the yardstick."),
}  # fmt: skip


LONG = frozenset({"ids", "skeleton"})  # columns of any length, which may be folded


def cells(table: pl.DataFrame, shown: Shown) -> Iterator[list[str]]:
    """Yield the rows of a table as texts, in the columns that are shown."""
    for row in table.select(list(shown.columns)).iter_rows():
        yield [written(value) for value in row]


def written(value: object) -> str:
    """Write one value: three decimals below 1, one above, a dash for nothing.

    >>> [written(each) for each in (0.12345, 61.0, 25.04, None, True, 3388, ["b", "c"])]
    ['0.123', '61', '25.0', '–', 'yes', '3,388', 'b, c']
    """
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return _decimals(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _decimals(value: float) -> str:
    if abs(value) <= 1:
        return f"{value:.3f}"
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"


def as_markdown(table: pl.DataFrame, shown: Shown) -> str:
    """Write a table as Markdown, numbers to the right."""
    if table.is_empty():
        return "None."
    right = [table.schema[name].is_numeric() for name in shown.columns]
    rule = "|".join("--:" if each else "---" for each in right)
    rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in cells(table, shown)]
    return "\n".join([f"| {' | '.join(shown.columns.values())} |", f"|{rule}|", *(f"| {row} |" for row in rows)])
