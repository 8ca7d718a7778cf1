"""The phrases that the world speaks: the part ``world`` of the corpus where it is there, else a small set of our own.

No other part of the corpus is ever read, so that no text of the world can have been learnt from.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...config import read_yaml
from ...errors import InputError
from .places import NICHE_NAMES, VARIETIES

CORPUS = Path(__file__).resolve().parents[3] / "data" / "corpus"  # of a checkout; an installed package has none
DISCLOSURES = ("none", "ambiguous", "clear")
# labels of a post as the world keeps them: (ad, disclosure, polished, overconsumption, tested)
PostLabels = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Phrases:
    """``comments[class][variety]`` and ``parts[part][variety]`` are phrases; ``captions`` are whole posts by labels."""

    comments: dict[str, dict[str, list[str]]]
    parts: dict[str, dict[str, list[str]]]
    things: dict[str, dict[str, str]]
    captions: dict[tuple[PostLabels, str, str], list[str]] = field(default_factory=dict)


def phrases(corpus: Path | None = None) -> Phrases:
    """Read the phrases; ``corpus`` is the folder of the corpus, by default the checkout's.

    :raises InputError: If a line of the corpus lacks a field or is not JSON.
    """
    own = read_yaml(Path(__file__).with_name("texts.yaml"))
    rows = world_part(CORPUS if corpus is None else corpus)
    comments: dict[str, dict[str, list[str]]] = own["comments"]
    found = _comments_by_class([row for row in rows if row["kind"] == "comment"])
    for name, by_variety in found.items():  # a class and variety that the corpus has replaces ours
        comments[name] = {**comments.get(name, {}), **by_variety}
    captions = _captions_by_labels([row for row in rows if row["kind"] == "post"])
    return Phrases(comments, own["posts"], own["things"], captions)


def world_part(corpus: Path) -> list[dict[str, Any]]:
    """Read the rows with ``part: world`` (or without a part, in files named ``world-*``), sorted by id."""
    rows = []
    for file in sorted(corpus.glob("world*.jsonl")) if corpus.is_dir() else []:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                if row.get("part", "world") == "world":
                    rows.append({key: row[key] for key in ("id", "kind", "text", "variety")} | row)
            except (json.JSONDecodeError, KeyError, AttributeError) as error:
                raise InputError(f"{file}: line {number}: {error!r}; expected a labelled text, see LABELS.md") from None
    return sorted(rows, key=lambda row: str(row["id"]))


def _comments_by_class(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[_class_of(row)][row["variety"]].append(row["text"])
    return {name: dict(by_variety) for name, by_variety in found.items()}


def _class_of(row: dict[str, Any]) -> str:
    """Sort a comment into one class by its labels; the rarest label decides."""
    genuine = bool(row.get("genuine"))
    if row.get("spam"):
        return "spam"
    if row.get("suspicion"):
        return "suspicion" if genuine else "bare_suspicion"
    if row.get("trust"):
        return "trust" if genuine else "bare_trust"
    if row.get("intent"):
        return "intent"
    return "genuine" if genuine else "praise"


def _captions_by_labels(rows: list[dict[str, Any]]) -> dict[tuple[PostLabels, str, str], list[str]]:
    found = defaultdict(list)
    for row in rows:
        disclosure = DISCLOSURES.index(row["disclosure"]) if row.get("ad") else 0
        labels = (int(row["ad"]), disclosure, int(row["polished"]), int(row["overconsumption"]), int(row["tested"]))
        niche = row.get("niche") if row.get("niche") in NICHE_NAMES else "other"
        if row["variety"] in VARIETIES:
            found[(labels, str(niche), row["variety"])].append(row["text"])
    return dict(found)
