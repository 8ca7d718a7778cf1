"""Texts: where phrases come from, and how they vary."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from thiqa.data.world.comments import Voices, draw_thread, kinds_of
from thiqa.data.world.drawn import draw
from thiqa.data.world.pools import CLASSES, LABELS, label_number, make_pools
from thiqa.data.world.settings import DEFAULT, read_world
from thiqa.data.world.texts import phrases, world_part
from thiqa.data.world.twins import scene
from thiqa.data.world.variants import Dice, varied
from thiqa.errors import InputError

from .conftest import WORLDS

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


def test_short_texts_get_no_detail_of_their_own():
    pools = make_pools(
        phrases(Path("none")), ["Argana Lab"], read_world(WORLDS / "small.yaml"), np.random.default_rng(0)
    )
    texts, kind, n = pa.array(["dima top", "j'ai essayé ça hier soir"] * 100), CLASSES.index("genuine"), 200
    found = pools.detailed(texts, np.full(n, kind), np.zeros(n, int), np.linspace(0, 0.99, n), np.full(n, 0.1))
    assert set(found.to_pylist()[::2]) == {"dima top"}
    assert len(set(found.to_pylist()[1::2])) > 50


def test_real_people_repeat_stock_phrases_by_the_share_of_the_file(make_world):
    stock = [CLASSES.index(name) for name in ("praise", "bare_trust", "bare_suspicion")]
    for share in (0.1, 0.35, 0.6):
        seen = scene(draw(make_world({"generic_praise": share, "size.creators": 250, "size.months": 6})))
        drawn, posts, reactions = seen.drawn, seen.posts[0], seen.reactions[0]
        voices = Voices.of(drawn.world, drawn.creators, drawn.fraud)
        thread = draw_thread(posts, reactions, voices, drawn.blocks[0], drawn.draws)
        kind = kinds_of(drawn.world, thread, np.random.default_rng(0))
        assert np.isin(kind[thread.real], stock).mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("stealth", [0.0, 0.5, 1.0])
def test_bots_repeat_or_hide_by_stealth(stealth, make_world):
    seen = scene(draw(make_world({"fraud.stealth": stealth, "size.creators": 60}, "null-fraud.yaml")))
    drawn = seen.drawn
    voices = Voices.of(drawn.world, drawn.creators, drawn.fraud)
    thread = draw_thread(seen.posts[0], seen.reactions[0], voices, drawn.blocks[0], drawn.draws)
    kind = kinds_of(drawn.world, thread, np.random.default_rng(0))[thread.bot]
    assert (kind == CLASSES.index("bot")).mean() == pytest.approx(1 - stealth, abs=0.02)
    assert set(kind) <= {CLASSES.index(name) for name in ("bot", "disguise", "praise")}


def test_slots_survive_variation():
    dice = Dice(np.random.default_rng(0))
    texts = [varied("je prends {thing} chez vous ce soir", "fr", dice, {"thing": "Argana Lab"}) for _ in range(300)]
    assert all("Argana Lab" in text and "{" not in text for text in texts)
    assert len(set(texts)) > 100
