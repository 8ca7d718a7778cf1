"""`thiqa score` and `thiqa explain`, with the model that ships."""

import polars as pl
import pytest

from thiqa.models.text.find import SHIPPED

ROWS = [
    {"id": "1", "text": "Prix svp ? Livraison à Fès ?", "kind": "comment", "note": "x"},
    {"id": "2", "text": "مرحبا هادي وصفة اليوم", "kind": "post", "note": ""},
    {"id": "3", "text": None, "kind": "comment", "note": None},
    {"id": "4", "text": "Prix svp ? Livraison à Fès ?", "kind": "comment", "note": "z"},
    {"id": "5", "text": "=cmd|' /C calc'!A0 <script>alert(1)</script>\u202e", "kind": "post", "note": "hostile"},
    {"id": "6", "text": "", "kind": "post", "note": "empty"},
]
POST, COMMENT = ("ad", "polished", "overconsumption", "tested"), ("genuine", "spam", "intent", "suspicion", "trust")


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_rows_order_and_other_columns_are_kept(suffix: str, thiqa, tmp_path):
    source, out = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    frame = pl.DataFrame(ROWS)
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[suffix](source)
    code, _, err = thiqa("score", source, "--out", out, "--model", SHIPPED)
    assert (code, err) == (0, "")
    scored = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[suffix](out)
    assert scored["id"].cast(pl.String).to_list() == [row["id"] for row in ROWS]
    assert scored["note"].to_list()[0] == "x"
    posts, comments = scored.filter(kind="post"), scored.filter(kind="comment")
    for names, theirs, others in ((POST, posts, comments), (COMMENT, comments, posts)):
        said = theirs.drop_nulls("text") if suffix != "csv" else theirs.filter(pl.col("text").fill_null("") != "")
        assert said.select(names).null_count().sum_horizontal().item() == 0
        assert said.select(pl.all_horizontal(pl.col(names).is_between(0, 1)).all()).item()
        assert said.select(f"{name}_flag" for name in names).null_count().sum_horizontal().item() == 0
        assert others.select(pl.all_horizontal(pl.col(names).is_null()).all()).item()
    assert scored["intent"][0] == scored["intent"][3]  # the same text, the same score
    assert scored["intent_flag"][0]
    assert scored.filter(kind="post")["disclosure"].is_in(["none", "ambiguous", "clear"]).all()


FAULTS = {
    "no kind": ("text\nhello\n", "column kind missing; found text"),
    "unknown kind": ("text,kind\nhello,reel\n", "row 1, column kind: found reel, expected post or comment"),
    "no rows": ("", "cannot be read as csv"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_one_clear_line(name: str, thiqa, tmp_path):
    content, expected = FAULTS[name]
    (tmp_path / "in.csv").write_text(content)
    code, out, err = thiqa("score", tmp_path / "in.csv", "--out", tmp_path / "out.csv", "--model", SHIPPED)
    (line,) = err.strip().splitlines()
    assert (code, out, expected in line) == (2, "", True)
    assert not (tmp_path / "out.csv").exists()


def test_explain_names_phrases_of_the_text(thiqa):
    text = "How much is it and do you deliver to Agadir?"
    code, out, _ = thiqa("explain", text, "--kind", "comment", "--model", SHIPPED)
    assert code == 0
    assert "intent" in out
    assert any(word in out for word in ("much", "deliver"))
