"""Agreement is Cohen's kappa against the labels that the authors first wrote."""

from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from thiqa.data.corpus.agreement import agreement, coverage, kappa
from thiqa.data.corpus.check import check_corpus
from thiqa.data.corpus.read import read_lines, read_parts
from thiqa.errors import InputError

from .conftest import comment, lines

ROOT = Path(__file__).parents[3]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


@pytest.fixture
def read(corpus, texts):
    """Ten comments, read by a second reader who differs on two of them."""
    texts["test"] = [
        comment(f"b003-c{n:02d}", "test", f"dis moi combien {n}", genuine=1, intent=int(n < 5)) for n in range(10)
    ]
    folder = corpus()
    lines(
        folder / "second-reading.jsonl",
        [
            {"id": f"b003-c{n:02d}", "reading": "guide-only-1", "digest": digest(f"dis moi combien {n}"), "genuine": 1,
             "spam": 0, "intent": int(n < 7), "suspicion": 0, "trust": 0}
            for n in range(10)
        ],
    )  # fmt: skip
    return folder


def test_kappa_by_hand(read):
    rows = {row["label"]: row for row in agreement(read, read_parts(read)).to_dicts() if row["texts"]}
    # 8 of 10 agree; by chance 0.5 * 0.7 + 0.5 * 0.3 = 0.5: (0.8 - 0.5) / (1 - 0.5)
    assert rows["intent"]["kappa"] == pytest.approx(0.6)
    assert (rows["intent"]["texts"], rows["intent"]["differ"]) == (10, 2)
    assert rows["intent"]["easy"] == pytest.approx(0.6)
    assert rows["intent"]["hard"] is None
    assert rows["genuine"]["kappa"] is None  # never varies


def test_a_correction_does_not_flatter(read, texts, corpus):
    before = agreement(read, read_parts(read))
    texts["test"][5]["intent"] = 1  # the reader was right
    corpus()
    lines(read / "corrections.jsonl", [{"id": "b003-c05", "label": "intent", "first": 0, "now": 1, "rule": "I1"}])
    assert agreement(read, read_parts(read)).equals(before)


def test_a_correction_that_is_not_in_the_corpus_is_refused(read):
    lines(read / "corrections.jsonl", [{"id": "b003-c05", "label": "intent", "first": 0, "now": 1, "rule": "I1"}])
    with pytest.raises(InputError, match="b003-c05 intent is not 1 in the corpus"):
        agreement(read, read_parts(read))


def test_reworded_texts_are_counted(read, texts, corpus):
    assert coverage(read, read_parts(read)).to_dicts() == [
        {"reading": "guide alone", "texts": 10, "share": pytest.approx(10 / 15), "reworded": 0}
    ]
    texts["test"][3]["text"] = "dis moi plutôt où"
    corpus()
    assert coverage(read, read_parts(read))["reworded"].to_list() == [1]


def test_no_readings_no_rows(corpus):
    folder = corpus()
    assert agreement(folder, read_parts(folder)).is_empty()
    assert coverage(folder, read_parts(folder)).is_empty()


def test_broken_readings_are_told(read):
    (read / "second-reading.jsonl").write_text("{no\n")
    with pytest.raises(InputError, match=r"second-reading\.jsonl: not JSON lines"):
        agreement(read, read_parts(read))


def test_kappa_is_zero_for_chance_and_one_for_agreement():
    same = pl.DataFrame({"ours": ["0", "1"] * 4, "theirs": ["0", "1"] * 4})
    chance = pl.DataFrame({"ours": ["0", "0", "1", "1"], "theirs": ["0", "1", "0", "1"]})
    assert (kappa(same), kappa(chance)) == (1.0, 0.0)


def test_readings_of_the_corpus_meet_the_bar_and_every_correction_names_a_rule():
    report = check_corpus(ROOT / "data/corpus", ROOT / "no-real-sets", distance=False)
    assert report.faults == []
    rows = report.tables["agreement"].filter(pl.col("reading") == "guide alone")
    assert rows.height == 10
    assert rows["kappa"].min() >= 0.80
    assert min(rows[each].min() for each in ("easy", "hard", "evasive")) >= 0.75  # shown apart: polished is 0.76 there
    alone = report.tables["coverage"].filter(pl.col("reading") == "guide alone").to_dicts()[0]
    assert alone["share"] - alone["reworded"] / report.tables["parts"]["posts"].sum() >= 0.20
    assert report.tables["goals"]["holds"].all()
    guide = (ROOT / "docs/labelling-guide.md").read_text(encoding="utf-8")
    rules = set(read_lines(ROOT / "data/corpus/corrections.jsonl")["rule"])
    assert [rule for rule in sorted(rules) if f"| {rule} |" not in guide] == []


def test_the_datasheet_is_fresh():
    from thiqa.data.corpus.card import renewed

    report = check_corpus(ROOT / "data/corpus", ROOT / "no-real-sets", distance=False)
    card = (ROOT / "data/README.md").read_text(encoding="utf-8")
    assert renewed(card, report) == card, "run python -m thiqa.data.corpus.card"
