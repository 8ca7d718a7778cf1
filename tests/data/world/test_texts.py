"""Texts: where phrases come from, and how they vary."""

import json

import numpy as np
import pytest

from thiqa.data.world.pools import LABELS, label_number, make_pools
from thiqa.data.world.settings import DEFAULT, read_world
from thiqa.data.world.texts import phrases, world_part
from thiqa.data.world.variants import Dice, varied
from thiqa.errors import InputError

COMMENT = {"kind": "comment", "genuine": 1, "spam": 0, "intent": 0, "suspicion": 0, "trust": 0, "variety": "fr"}
POST = {"kind": "post", "ad": 1, "disclosure": "clear", "polished": 0, "overconsumption": 0, "tested": 1,
        "niche": "books", "variety": "fr"}  # fmt: skip


def write(folder, *rows):
    (folder / "world-1.jsonl").write_text("\n".join(json.dumps(row) for row in rows))


def test_corpus_replaces_the_small_set_where_it_has_texts(tmp_path):
    write(tmp_path, {**COMMENT, "id": "a", "text": "du corpus", "part": "world"})
    found = phrases(tmp_path)
    assert found.comments["genuine"]["fr"] == ["du corpus"]
    assert found.comments["genuine"]["en"] == phrases(tmp_path / "none").comments["genuine"]["en"]


def test_other_parts_of_the_corpus_are_never_read(tmp_path):
    rows = [{**COMMENT, "id": str(k), "text": part, "part": part} for k, part in enumerate(["train", "test", "world"])]
    write(tmp_path, *rows)
    (tmp_path / "train-1.jsonl").write_text(json.dumps({**COMMENT, "id": "t", "text": "train", "part": "train"}))
    assert [row["text"] for row in world_part(tmp_path)] == ["world"]


def test_broken_line_is_named(tmp_path):
    (tmp_path / "world-1.jsonl").write_text("{")
    with pytest.raises(InputError, match=r"world-1.jsonl: line 1"):
        world_part(tmp_path)


def test_whole_posts_of_the_corpus_serve_their_labels(tmp_path):
    write(tmp_path, {**POST, "id": "p", "text": "un post", "part": "world"})
    found = phrases(tmp_path)
    assert found.captions == {((1, 2, 0, 0, 1), "books", "fr"): ["un post"]}
    pools = make_pools(found, ["Argana Lab"], read_world(DEFAULT), np.random.default_rng(0))
    cell = LABELS.index((1, 2, 0, 0, 1)) * 11 * 7 + 5 * 7
    start, count = pools.captions.first[cell], pools.captions.count[cell]
    assert "un post" in pools.captions.texts.slice(start, count).to_pylist()


def test_label_numbers_are_positions():
    columns = np.array(LABELS).T
    np.testing.assert_array_equal(label_number(columns[0].astype(bool), *columns[1:]), np.arange(len(LABELS)))


def test_short_texts_never_vary():
    dice = Dice(np.random.default_rng(0))
    assert {varied("dima top", "ary-Latn", dice, {}) for _ in range(200)} == {"dima top"}


def test_slots_survive_variation():
    dice = Dice(np.random.default_rng(0))
    texts = [varied("je prends {thing} chez vous ce soir", "fr", dice, {"thing": "Argana Lab"}) for _ in range(300)]
    assert all("Argana Lab" in text and "{" not in text for text in texts)
    assert len(set(texts)) > 100
