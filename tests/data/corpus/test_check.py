"""``thiqa corpus check``: a sound corpus passes; each kind of planted fault is told in a line, with exit code 2."""

import json

import polars as pl
import pytest

from thiqa.data.corpus.check import check_corpus
from thiqa.data.corpus.leakage import near_duplicates, shared_skeletons, stock_phrases, words
from thiqa.data.corpus.read import read_parts

from .conftest import comment, lines, post


def run(thiqa, folder, *options):
    return thiqa("corpus", "check", folder, "--no-distance", "--external", folder, *options)


def test_a_sound_corpus_passes_and_is_told_in_tables(thiqa, corpus):
    code, out, err = run(thiqa, corpus())
    assert (code, err) == (0, "")
    for title in ("Asked for and found", "Varieties", "Labels", "Shared skeletons: none"):
        assert title in out


@pytest.mark.parametrize(
    ("where", "change", "told"),
    [
        ("train", {"variety": "de"}, "line 1: variety: Input should be 'fr', 'ary-Arab'"),
        ("train", {"genuine": 2}, "line 1: genuine: Input should be less than or equal to 1"),
        ("train", {"genuine": True}, "line 1: genuine: Input should be a valid integer"),
        ("train", {"text": "  "}, "line 1: Value error, text is blank"),
        ("train", {"text": "wa \x1b[2J"}, "line 1: Value error, text holds a control character"),
        ("train", {"mood": "good"}, "line 1: mood: Extra inputs are not permitted"),
        ("train", {"kind": "story"}, "line 1: Input tag 'story'"),
        ("train", {"id": "c1"}, "line 1: id: String should match pattern"),
        ("train", {"batch": "b009"}, "line 1: Value error, id b001-c01 is not of batch b009"),
        ("train", {"genuine": 0}, "line 1: Value error, intent is 1 where genuine is 0"),
        ("train", {"spam": 1}, "line 1: Value error, spam is 1 beside another label"),
        ("world", {"disclosure": "clear"}, "line 1: Value error, disclosure is clear where ad is 0"),
        ("valid", {"part": "test"}, "b002-c01 says part test; expected valid"),
        ("valid", {"id": "b001-c02", "batch": "b001"}, "id b001-c02 is used more than once"),
    ],
)
def test_a_line_that_breaks_schema_or_rules_is_named(thiqa, corpus, texts, where, change, told):
    texts[where][0] |= change
    code, _, err = run(thiqa, corpus())
    assert code == 2
    assert told in err
    assert len(err.splitlines()) == 1


def test_what_is_not_json_and_what_is_missing_are_named(thiqa, corpus):
    folder = corpus()
    with (folder / "test.jsonl").open("a") as file:
        file.write("{half\n")
    code, _, err = run(thiqa, folder)
    assert (code, "test.jsonl: line 2: not JSON" in err) == (2, True)
    (folder / "test.jsonl").unlink()
    code, _, err = run(thiqa, folder)
    assert (code, "test.jsonl: cannot be read" in err) == (2, True)


def test_many_faults_of_a_file_are_counted(thiqa, corpus, texts):
    texts["test"] = [comment(f"b003-c{number:02d}", "test", "x", spam=7) for number in range(50)]
    code, _, err = run(thiqa, corpus())
    assert code == 2
    assert err.splitlines()[-1].endswith("and 30 more faults")


def test_near_duplicates_across_parts_are_leakage(thiqa, corpus, texts):
    texts["test"].append(comment("b003-c02", "test", "Mon fils a le même vélo depuis mars !!! ❤️"))
    texts["world"].append(comment("b004-c01", "world", "et mon fils a le même vélo depuis mars"))
    texts["valid"].append(comment("b002-c02", "valid", "mon fils a perdu le même jour son vélo"))
    code, _, err = run(thiqa, corpus())
    assert code == 2
    found = err.splitlines()
    assert len(found) == 3  # all pairs of three texts; the fourth shares words but no 3-grams
    assert "valid and test: b002-c01 and b003-c02 share 1.00" in err
    assert all("b002-c02" not in line for line in found)


def test_near_duplicates_inside_a_part_are_only_told(thiqa, corpus, texts):
    texts["train"].append(comment("b001-c03", "train", "où trouver la lampe bleue à Fès svp"))
    code, out, err = run(thiqa, corpus())
    assert (code, err) == (0, "")
    assert "b001-c03" in out


def test_a_voice_in_two_parts_is_leakage(thiqa, corpus, texts):
    texts["test"].append(comment("b001-c09", "test", "je suis revenue lire ça deux fois"))
    code, _, err = run(thiqa, corpus())
    assert code == 2
    assert "voice b001 writes in test and train; expected one part a voice" in err


def test_a_voice_that_nobody_described_is_named(thiqa, corpus):
    folder = corpus()
    (folder / "voices.csv").write_text("batch,part\nb001,train\nb002,valid\nb003,world\n")
    code, _, err = run(thiqa, folder)
    assert code == 2
    assert "voice b003 is world there; expected test" in err
    assert "voice b004 is absent there; expected world" in err


def test_jaccard_is_that_of_a_plain_loop(corpus, texts):
    said = ["a b c d e", "a b c d x", "a b c x y", "b c d e f", "z z z z z", "a b"]
    texts["train"] = [comment(f"b001-c{number:02d}", "train", text) for number, text in enumerate(said)]
    rows = read_parts(corpus())
    found = {(row["one"], row["other"]): row["jaccard"] for row in near_duplicates(rows).to_dicts()}

    def grams(text):
        each = text.split()
        return {tuple(each[start : start + 3]) for start in range(len(each) - 2)}

    expected = {}
    for one in range(len(said)):
        for other in range(one + 1, len(said)):
            union = grams(said[one]) | grams(said[other])
            share = len(grams(said[one]) & grams(said[other])) / len(union) if union else 0
            if share > 0.5:
                expected[f"b001-c{one:02d}", f"b001-c{other:02d}"] = share
    assert {pair: share for pair, share in found.items() if pair[0].startswith("b001")} == expected
    assert not expected  # "a b c d e" and "a b c d x" share exactly half, which is not above the limit


def test_stock_phrases_are_counted_not_refused(thiqa, corpus, texts):
    texts["test"].append(comment("b003-c02", "test", "Top"))
    texts["world"].append(comment("b004-c01", "world", "🔥🔥"))
    texts["valid"].append(comment("b002-c02", "valid", "🔥🔥"))
    folder = corpus()
    assert run(thiqa, folder)[0] == 0
    found = stock_phrases(read_parts(folder))
    assert [sorted(row["ids"]) for row in found.to_dicts()] == [["b001-c02", "b003-c02"], ["b002-c02", "b004-c01"]]


def test_filled_templates_leave_a_skeleton(corpus, texts):
    shape = "la {} de ma {} est plus belle que la {} de ma sœur"
    fills = [("robe", "mère", "lampe"), ("tasse", "tante", "porte"), ("veste", "fille", "clé")]
    common = ["la", "de", "ma", "est", "plus", "belle", "que", "sœur"]
    texts["train"] += [
        comment(f"b001-c{number:02d}", "train", shape.format(*fill)) for number, fill in enumerate(fills, 10)
    ]
    # the words of the template are made common by other texts, whose own words fill the rest of the 150 that are kept
    texts["world"] += [
        comment(
            f"b004-c{number:02d}", "world", " ".join(f"{word} a{number}x{place}" for place, word in enumerate(common))
        )
        for number in range(1, 60)
    ]
    rows = read_parts(corpus())
    found = [row["ids"] for row in shared_skeletons(rows).to_dicts()]
    assert ["b001-c10", "b001-c11", "b001-c12"] in found
    assert shared_skeletons(rows.filter(pl.col("batch") == "b001")).is_empty()  # alone, every word is common


def test_words_are_letters_and_digits_without_signs():
    assert words(pl.Series(["L'été ❤️ 3afak!! تبارَك"])).to_list() == [["l", "été", "3afak", "تبارَك"]]


def test_readings_of_texts_that_are_not_there_are_refused(thiqa, corpus):
    folder = corpus()
    lines(folder / "second-reading.jsonl", [{"id": "b999-c01", "reading": "guide-only-1", "digest": "0", "spam": 0}])
    code, _, err = run(thiqa, folder)
    assert (code, "b999-c01 is not in the corpus" in err) == (2, True)


def test_plots_are_drawn_and_help_teaches(thiqa, corpus, tmp_path):
    code, out, _ = run(thiqa, corpus(), "--plots", tmp_path / "figures")
    assert code == 0
    assert "corpus-diversity.svg" in out
    assert (tmp_path / "figures" / "corpus-diversity.svg").read_text().startswith("<?xml")
    code, out, _ = thiqa("corpus", "check", "--help")
    assert code == 0
    assert "Jaccard above 0.5" in " ".join(out.split())


def test_hostile_text_is_shown_as_it_is(thiqa, corpus, texts):
    texts["train"].append(comment("b001-c20", "train", "[red]une[/red]"))
    texts["world"].append(comment("b004-c20", "world", "[red]une[/red]"))
    texts["world"].append(comment("b004-c21", "world", "[blink] 🔥"))
    texts["valid"].append(comment("b002-c21", "valid", "[blink] 🔥"))
    code, out, _ = run(thiqa, corpus())
    assert code == 2  # three words: red une red
    assert "[blink] 🔥" in out


def test_the_report_is_the_same_twice(corpus):
    one, two = (check_corpus(corpus(), corpus(), distance=False) for _ in range(2))
    assert all(one.tables[name].equals(two.tables[name]) for name in one.tables)
    assert json.dumps(one.faults) == json.dumps(two.faults)


def test_goals_and_balance_count_what_is_there(corpus, texts):
    texts["train"].append(post("b001-p02", "train", "#pub chrit kolchi", ad=1, disclosure="clear", overconsumption=1))
    tables = check_corpus(corpus(), corpus(), distance=False).tables
    goals = {row["goal"]: row["found"] for row in tables["goals"].to_dicts()}
    assert goals["posts"] == 3
    assert goals["comments of the part world"] == 0
    balance = {row["label"]: row for row in tables["balance"].to_dicts()}
    assert balance["undisclosed ad"]["texts"] == 1
    assert balance["ad"]["share"] == pytest.approx(2 / 3)
    assert balance["intent"]["texts"] == 1
