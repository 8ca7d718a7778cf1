"""The judge of corpus against real text, and the surface that it sees."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from thiqa.data.corpus.card import page
from thiqa.data.corpus.check import check_corpus
from thiqa.data.corpus.distance import distances, drivers, told_apart
from thiqa.data.corpus.diversity import profile, surface
from thiqa.data.corpus.real import real_comments, with_script

from .conftest import comment


def sides(one: str, other: str, rng: np.random.Generator, size: int = 120) -> list[pl.DataFrame]:
    """Draw texts of letters from two alphabets, ten voices a side."""
    made = [["".join(rng.choice(list(letters), 12)) for _ in range(size)] for letters in (one, other)]
    return [
        pl.DataFrame({"text": texts, "group": [f"{side}{number % 10}" for number in range(size)]})
        for side, texts in zip("ab", made, strict=True)
    ]


def test_the_same_source_cannot_be_told_apart_and_two_alphabets_can():
    rng = np.random.default_rng(1)
    assert told_apart(*sides("abcdef", "abcdef", rng), rng)[0] == pytest.approx(0.5, abs=0.12)
    auc, ours, theirs = told_apart(*sides("abcdef", "ghijkl", rng), rng)
    assert auc == 1.0
    assert set("".join(ours)) <= set("abcdef ")
    assert set("".join(theirs)) <= set("ghijkl ")


def test_a_voice_is_never_in_training_and_test_at_once():
    rng = np.random.default_rng(2)
    one, other = sides("abcdef", "abcdef", rng)
    # every voice signs with letters of its own: voices that were learnt would be told apart, unseen ones cannot
    signs = dict(zip([f"{side}{number}" for side in "ab" for number in range(10)], "ABCDEFGHIJKLMNOPQRST", strict=True))
    signed = [side.with_columns(text=pl.col("text") + pl.col("group").replace_strict(signs)) for side in (one, other)]
    assert told_apart(*signed, rng)[0] < 0.7


@pytest.fixture
def external(tmp_path):
    """Two small sets as the public ones are laid out, with HTML and quotes left in."""
    folder = tmp_path / "external"
    rng = np.random.default_rng(3)
    latin = ["".join(rng.choice(list("abcdefgh "), 30)) for _ in range(60)]
    for name, column, texts in (
        ("myc/comments.csv", "sentence", ['"wa&#39;er <br>bzaf 😂"', "ana mn fes", "ana mn fes", "الله يحفظك", *latin]),
        ("afrisenti_ary/train.csv", "tweet", ["ana mn wejda", *(text[::-1] for text in latin)]),
    ):
        (folder / name).parent.mkdir(parents=True)
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([[column], *([text] for text in texts)])
    return folder


def test_real_comments_are_cleaned_and_each_read_once(external):
    found = real_comments(external).filter(pl.col("source") == "myc")
    assert found["text"].to_list()[:3] == ["wa'er bzaf 😂", "ana mn fes", "الله يحفظك"]
    assert found["script"].to_list()[:3] == ["Latn", "Latn", "Arab"]


def test_absent_sets_give_nothing(tmp_path, monkeypatch):
    assert real_comments(tmp_path).is_empty()
    monkeypatch.setenv("THIQA_EXTERNAL_DATA", str(tmp_path))
    assert real_comments().is_empty()


def test_a_check_with_real_sets_compares_and_writes_its_page(external, corpus, texts):
    rng = np.random.default_rng(4)
    said = ["".join(rng.choice(list("mnop "), 30)) for _ in range(60)]
    texts["train"] += [
        comment(f"b0{number % 6 + 10}-c{number:02d}", "train", f"x{text}", variety="ary-Latn")
        for number, text in enumerate(said)
    ]
    report = check_corpus(corpus(), external)
    told = report.tables["distance"].filter(pl.col("view") == "as written")
    assert set(zip(told["one"], told["other"], strict=True)) >= {("corpus", "myc"), ("myc", "afrisenti")}
    assert told.filter(pl.col("one") == "corpus")["auc"].min() > 0.9
    assert "Told apart by character n-grams" in page(report)
    words = {row["column"]: row for row in report.tables["drivers"].to_dicts() if row["script"] == "Latn"}
    assert words["emoji"]["real"] > words["emoji"]["corpus"] == 0


def test_surface_counts():
    seen = surface(pl.DataFrame({"text": ["Salaaam, khti 😍❤️ wlh!", "الله يبارك، فيك؟"]})).to_dicts()
    assert seen[0] == {
        "length": 22,
        "words": 3,
        "emoji": 2,
        "commas": 1,
        "stops": 1,
        "capitals": 1,
        "elongated": 1,
        "god": 1,
    }
    assert seen[1] | {"length": 0} == {"length": 0, "words": 3, "emoji": 0, "commas": 1, "stops": 1, "capitals": 0,
                                       "elongated": 0, "god": 1}  # fmt: skip


def test_script_is_that_of_most_letters():
    found = with_script(pl.DataFrame({"text": ["salam", "سلام", "ⴰⵣⵓⵍ", "salam سلام", "😂 12"]}))
    assert found["script"].to_list() == ["Latn", "Arab", "Tfng", "mixed", "none"]


def test_type_token_curve_counts_distinct_words():
    texts = with_script(pl.DataFrame({"text": ["un deux trois"] * 400}))
    found = profile(texts, np.random.default_rng(0))
    assert (found["types_500"], found["types_1000"], found["types_2000"]) == (3, 3, None)
    many = with_script(pl.DataFrame({"text": [f"m{number}" for number in range(600)]}))
    assert profile(many, np.random.default_rng(0))["types_500"] == 500


def test_nothing_is_compared_without_the_other_side(corpus):
    empty = real_comments(corpus())
    rows = with_script(
        pl.DataFrame({"text": ["salam"], "kind": ["comment"], "variety": ["ary-Latn"], "batch": ["b001"]})
    )
    assert list(distances(rows, empty, np.random.default_rng(0))) == []
    assert drivers(rows, empty).is_empty()


@pytest.mark.long
def test_the_page_of_distances_is_fresh():
    root = Path(__file__).parents[3]
    if real_comments().is_empty():
        pytest.skip("no real comments: set THIQA_EXTERNAL_DATA (data/external/sources.yaml)")
    report = check_corpus(root / "data/corpus")
    table = (root / "docs/corpus-distance.md").read_text(encoding="utf-8")
    written = [
        float(line.rsplit("|", 2)[1]) for line in table.splitlines() if "as written" in line or "without emoji" in line
    ]
    measured = report.tables["distance"].filter(pl.col("view").is_in(["as written", "without emoji"]))["auc"].to_list()
    assert written == pytest.approx(measured, abs=0.005), "run python -m thiqa.data.corpus.card"
