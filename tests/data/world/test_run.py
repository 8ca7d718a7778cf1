"""A whole world: valid tables, the same bytes again, sealed imports, and what the tables look like."""

import ast
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

import thiqa.data.world
from thiqa import tables
from thiqa.data.world import simulate, trials
from thiqa.data.world.card import filled
from thiqa.data.world.claims import IDS
from thiqa.data.world.ids import BY_NAME
from thiqa.data.world.marginals import marginals
from thiqa.errors import InputError
from thiqa.files import read_json

from .conftest import ROOT, WORLDS

PACKAGE = Path(thiqa.data.world.__file__).parent


def digests(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}  # fmt: skip


def test_small_world_is_valid_and_has_every_tier(small_world):
    assert set(tables.check(small_world)) == set(tables.TABLES)
    truth = pl.read_parquet(small_world / "truth" / "placements.parquet")
    assert (truth["tier"].value_counts()["count"] >= 5).all()
    assert set(truth["tier"]) == {"nano", "micro", "macro"}


@pytest.mark.parametrize("name", tables.TABLES)
def test_table_is_sorted_by_its_key(name, small_world):
    key = list(tables.TABLES[name].key)
    frame = pl.read_parquet(small_world / f"{name}.parquet", columns=key)
    assert frame.equals(frame.sort(key))


def test_truth_of_placements_is_consistent(small_world):
    truth = pl.read_parquet(small_world / "truth" / "placements.parquet")
    product = truth["rate_per_real_person"] * truth["real_share"]
    assert ((product / truth["rate_per_reach"] - 1).abs() < 1e-6).all()
    expected = truth["rate_per_reach"] * truth["true_reach"]
    assert ((expected / truth["expected_delivered"] - 1).abs() < 1e-6).all()
    placements = pl.read_parquet(small_world / "placements.parquet")
    assert placements["placement_id"].equals(truth["placement_id"])


def test_effects_hold_every_key_and_claim(small_world):
    effects = read_json(small_world / "truth" / "effects.json")
    declared = yaml.safe_load((PACKAGE / "maroc.yaml").read_text())
    assert set(declared["effects"]) - {"brand"} | set(declared["reactions"]) <= set(effects["levers"])
    for lever in effects["levers"].values():
        assert {"declared", "intervened", "observable", "error", "unit", "level", "weight"} <= set(lever)
    assert tuple(effects["claims"]) == IDS
    for claim in effects["claims"].values():
        assert {"truth", "error", "unit", "holds"} <= set(claim)


def test_languages_follow_the_city_the_platform_and_the_niche(make_world):
    from thiqa.data.world import places
    from thiqa.data.world.drawn import draw

    creators = draw(make_world({"size.creators": 6000, "size.placements": 10, "size.campaigns": 1})).creators
    city = np.array([entry["city"] for entry in places.cities()])[creators.city]
    platform, niche = np.array(BY_NAME)[creators.platform], np.array(places.NICHE_NAMES)[creators.niche]
    language = np.array(places.VARIETIES)[creators.language]

    def more(variety, where):
        return (language[where] == variety).mean() / (language[~where] == variety).mean()

    assert more("zgh", city == "Agadir") > 3
    assert more("fr", np.isin(city, ["Casablanca", "Rabat"])) > 1.1
    assert more("ary-Latn", platform == "tiktok") > 1.2
    assert more("ary-Latn", creators.joined > -500) > 1.1
    assert more("fr", niche == "books") > 1.2
    assert set(language) == set(places.VARIETIES)


def test_tables_have_the_gaps_and_goods_of_real_exports(small_world):
    frames = {name: pl.read_parquet(small_world / f"{name}.parquet") for name in ("creators", "posts", "placements")}
    for name, column in [("creators", "neighbourhood"), ("creators", "city"), ("posts", "reach"), ("posts", "shares"),
                         ("posts", "saves"), ("placements", "fee_mad"), ("placements", "clicks")]:  # fmt: skip
        assert 0 < frames[name][column].null_count() < len(frames[name]), column
    placements = frames["placements"]
    assert placements.filter((pl.col("fee_mad").fill_null(0) == 0) & (pl.col("goods_mad") > 0)).height > 10
    assert set(frames["creators"]["kind"].drop_nulls()) == set(tables.KINDS)


def test_neighbourhoods_are_named_in_three_scripts(small_world):
    captions = pl.read_parquet(small_world / "posts.parquet")["caption"].drop_nulls()
    places = captions.str.extract(r"📍 (.*?)(?: #|$)").drop_nulls()
    assert places.str.contains(r"\p{Arabic}").any()
    assert places.str.contains(r"\d").any()  # Arabizi writes sounds as digits: 7ay mohammadi
    assert places.str.contains(r"^[A-ZÀ-Þ]").any()


def test_posts_of_a_deal_are_posts_of_its_creator(small_world):
    placements = pl.read_parquet(small_world / "placements.parquet")
    posts = pl.read_parquet(small_world / "posts.parquet", columns=["post_id", "creator_id", "published_at"])
    pairs = placements.explode("post_ids").join(posts, left_on="post_ids", right_on="post_id", how="left", suffix="_of")
    assert (pairs["creator_id"] == pairs["creator_id_of"]).all()
    assert (pairs["published_at"] > pairs["agreed_at"]).all()


def test_replies_come_after_what_they_answer_and_from_the_creator(small_world):
    comments = pl.read_parquet(small_world / "comments.parquet")
    both = comments.join(comments, left_on="parent_id", right_on="comment_id", suffix="_of")
    assert len(both) > 100
    assert (both["written_at"] >= both["written_at_of"]).all()
    posts = pl.read_parquet(small_world / "posts.parquet", columns=["post_id", "creator_id"])
    own = comments.filter("by_creator").join(posts, on="post_id")
    assert (own["author_id"] == own["creator_id"]).all()


def test_an_exact_hash_does_not_tell_bots_from_people(small_world):
    """Most texts that repeat are people's stock praise."""
    latents = pl.read_parquet(small_world / "truth" / "latents.parquet")
    posts = pl.read_parquet(small_world / "posts.parquet", columns=["post_id", "creator_id"])
    comments = pl.read_parquet(small_world / "comments.parquet").filter(pl.col("parent_id").is_null())
    clean = comments.join(posts, on="post_id").join(latents, on="creator_id").filter(fake_share=0)
    repeated = clean["text"].is_duplicated().mean()
    assert 0.25 < repeated < 0.75


def test_fraud_shows_as_bursts_pods_and_jumps(tmp_path):
    file = tmp_path / "world.yaml"
    size = {"creators": 60, "months": 4, "campaigns": 3, "placements": 60}
    file.write_text(yaml.safe_dump({"size": size, "fraud": {"nano": 1, "micro": 1, "macro": 1}}))
    simulate(file, tmp_path / "w", progress=False)
    posts = pl.read_parquet(tmp_path / "w" / "posts.parquet", columns=["post_id", "published_at"])
    comments = pl.read_parquet(tmp_path / "w" / "comments.parquet").join(posts, on="post_id")
    fast = (comments["written_at"] - comments["published_at"]).dt.total_minutes() < 15
    assert fast.mean() > 0.15
    creators = pl.read_parquet(tmp_path / "w" / "creators.parquet")
    fellows = comments.filter(~pl.col("by_creator") & pl.col("author_id").is_in(creators["creator_id"].to_list()))
    assert len(fellows) > 50
    audience = pl.read_parquet(tmp_path / "w" / "audience.parquet").sort("creator_id", "observed_at")
    jumps = audience.with_columns(step=(pl.col("followers") / pl.col("followers").shift(1)).over("creator_id"))
    assert (jumps["step"] > 1.05).sum() >= 60


@pytest.mark.parametrize("lead", [0, 20])
def test_nano_creators_use_a_tag_first_by_the_lead(lead, make_world):
    from thiqa.data.world.captions import draw_trends
    from thiqa.data.world.drawn import draw

    size = {"size.creators": 1500, "size.placements": 10, "size.campaigns": 1}
    drawn = draw(make_world({**size, "trends.nano_lead_days": lead}))
    trends = draw_trends(drawn.world, drawn.creators, drawn.draws)
    nano = drawn.creators.tier == 0
    days = pl.DataFrame({"tag": trends.tag.ravel(), "day": trends.day.ravel(), "nano": nano.repeat(4)})
    gap = days.group_by("tag", "nano").agg(pl.col("day").mean()).pivot("nano", index="tag", values="day")
    assert (gap["false"] - gap["true"]).mean() == pytest.approx(lead, abs=1.0)


def run_apart(file, out, **changes):
    """Simulate in a process of its own, whose environment alone decides on threads and on the processor's features."""
    code = "import sys, numpy as np; from pathlib import Path; from thiqa.data.world import simulate\n"
    code += "simulate(Path(sys.argv[1]), Path(sys.argv[2]), progress=False)\n"
    code += "print(np.exp(np.arange(-5, 5, 1e-4)).tobytes().hex())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "typings"), **changes}
    command = [sys.executable, "-c", code, str(file), str(out)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.long
def test_another_processor_gives_the_same_ids_texts_and_times_and_floats_to_1e_9(small_file, small_world, tmp_path):
    """NumPy and the C library pick other code, as without AVX: their functions then differ in the last bit."""
    newer = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # what NumPy has code for beyond its base
    old = {"NPY_DISABLE_CPU_FEATURES": " ".join(newer),
           "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-AVX512VL,-AVX"}  # fmt: skip
    here, there = run_apart(small_file, tmp_path / "here"), run_apart(small_file, tmp_path / "there", **old)
    if here == there:
        pytest.skip("no other code to pick on this processor")
    for path in sorted(small_world.rglob("*.parquet")):
        name = path.relative_to(small_world)
        ours, theirs = pl.read_parquet(path), pl.read_parquet(tmp_path / "there" / name)
        floats = pl.selectors.float()
        assert ours.select(~floats).equals(theirs.select(~floats)), name
        for column in ours.select(floats).columns:
            np.testing.assert_allclose(theirs[column].to_numpy(), ours[column].to_numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.long
def test_same_file_and_seed_give_the_same_bytes_whatever_the_threads(small_file, small_world, tmp_path):
    for threads in ("1", "2"):
        names = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")
        out = tmp_path / threads
        run_apart(small_file, out, **dict.fromkeys(names, threads))
        assert digests(out) == digests(small_world)


def test_trials_draw_what_simulate_draws_but_texts_and_effects(small_file, small_world, tmp_path):
    (one,) = trials(small_file, [7], tmp_path)
    ours, theirs = digests(small_world), digests(one)
    # the file's own seed: nothing differs at all
    assert ours == theirs
    (other,) = trials(small_file, [8], tmp_path)
    simulate(small_file, tmp_path / "w", seed=8, progress=False)
    ours, theirs = digests(tmp_path / "w"), digests(other)
    assert {name for name in ours if ours[name] != theirs[name]} == {
        "posts.parquet", "comments.parquet", "truth/effects.json",
    }  # fmt: skip


def test_another_seed_gives_another_world(small_file, small_world, tmp_path):
    simulate(small_file, tmp_path / "w", seed=8, progress=False)
    ours, theirs = (pl.read_parquet(folder / "creators.parquet") for folder in (small_world, tmp_path / "w"))
    assert not set(ours["creator_id"]) & set(theirs["creator_id"])


def test_one_effect_changed_leaves_everything_but_outcomes(small_file, small_world, tmp_path):
    file = tmp_path / "world.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(small_file.read_text()), "effects": {"trust": 1.0}}))
    simulate(file, tmp_path / "w", progress=False)
    ours, theirs = digests(small_world), digests(tmp_path / "w")
    assert {name for name in ours if ours[name] != theirs[name]} == {
        "placements.parquet", "truth/placements.parquet", "truth/effects.json",
    }  # fmt: skip


def test_folder_that_is_not_a_world_is_never_replaced(small_file, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="not a simulated world"):
        simulate(small_file, tmp_path / "mine", progress=False)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_failing_run_leaves_the_old_world_and_no_rest(small_file, small_world, tmp_path, monkeypatch):
    out = tmp_path / "w"
    (out / "truth").mkdir(parents=True)
    (out / "old").write_text("old")
    monkeypatch.setattr("thiqa.data.world.run.write_truth", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulate(small_file, out, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
    assert (out / "old").read_text() == "old"


@pytest.mark.parametrize("creators", [10, 11, 40])
def test_tiniest_worlds_work(creators, tmp_path):
    file = tmp_path / "world.yaml"
    size = {"creators": creators, "months": 3, "campaigns": 1, "placements": 30}
    file.write_text(yaml.safe_dump({"size": size, "fraud": {"nano": 1, "micro": 1, "macro": 1}}))
    simulate(file, tmp_path / "w", progress=False)
    tables.check(tmp_path / "w")


def test_world_imports_nothing_from_features_or_models():
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                allowed = {1: None, 3: {"tables", "files", "config", "errors", None}}
                assert node.level in (0, 1, 3), (file, node.module)
                if node.level == 3:
                    assert node.module in allowed[3], (file, node.module)
                elif node.level == 0:
                    assert not str(node.module).startswith("thiqa"), (file, node.module)


@pytest.fixture(scope="module")
def default_world(tmp_path_factory):
    out = tmp_path_factory.mktemp("default") / "world"
    simulate(WORLDS / "maroc.yaml", out, progress=False)
    return out


@pytest.mark.long
def test_marginals_lie_inside_published_ranges(default_world):
    table = marginals(default_world)
    assert table.filter(~pl.col("inside"))["name"].to_list() == []


@pytest.mark.long
def test_data_card_is_what_the_code_writes(default_world):
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert filled(card, default_world) == card


@pytest.mark.long
def test_default_world_has_the_size_it_states(default_world):
    comments = pl.scan_parquet(default_world / "comments.parquet").select(pl.len()).collect().item()
    assert 300_000 <= comments <= 500_000
    creators = pl.read_parquet(default_world / "creators.parquet")
    assert (creators["kind"] != "person").sum() >= 0.10 * len(creators)
