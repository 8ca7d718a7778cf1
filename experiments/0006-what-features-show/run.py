"""What do features show of what is true? Run the worlds and seeds that results.csv lacks, then write the README.

This script alone, outside the package, reads truth/ to judge features, and draws the world again for the labels of
its posts, which truth/ does not hold.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import polars as pl
import yaml
from sklearn.metrics import roc_auc_score

import thiqa
from thiqa.annotate import annotate, read_gazetteer
from thiqa.data.world import simulate
from thiqa.data.world.drawn import draw
from thiqa.data.world.ids import ids, post_words
from thiqa.data.world.settings import read_world
from thiqa.data.world.twins import scene
from thiqa.engine import Engine, EngineConfig, open_engine
from thiqa.features import FeatureConfig, Priors, build_features, fit_priors
from thiqa.features.assemble import prepare
from thiqa.features.config import SignWeights
from thiqa.features.registry import SHRUNK
from thiqa.features.shrink import shrunk
from thiqa.files import digest, replacing
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import load_scorer
from thiqa.tiers import Tiers

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.csv", HERE / "README.md"
CODE = ("data/world", "annotate", "features", "models/text")  # a change here makes old results void
DAYS = 180
SIGNS = tuple(SignWeights.model_fields)
ALONE = {  # one sign alone, and the baseline that sees nothing but hashes of texts
    "duplicates by hash alone": "duplicate_share", "near duplicates alone": "near_duplicate_share",
    "early alone": "early_share", "wide alone": "wide_share", "fellow alone": "fellow_share",
    "reciprocal alone": "reciprocal_share", "copied alone": "copied_share", "follower jumps alone": "follower_jump",
    "genuine score alone": "genuine_share",
}  # fmt: skip
MIRRORS = {  # lever of the world -> features that mirror it
    "trust": ("trust_share", "trust_share_real", "returning_share", "intent_share"),
    "replies": ("reply_rate", "reply_rate_real", "reply_rate_shrunk"),
    "genuine": ("genuine_share", "genuine_share_shrunk", "authenticity_score"),
    "ad_density": ("ad_density", "ad_density_shrunk", "ad_likeness"),
    "undisclosed": ("undisclosed_share", "undisclosed_share_shrunk", "undisclosed_lagged"),
    "polished": ("polished_share", "polished_share_shrunk"),
    "discourse_shift": ("discourse_shift", "discourse_changed", "topic_shift", "language_shift"),
    "overconsumption": ("overconsumption_share", "overconsumption_share_shrunk"),
    "tested": ("tested_share", "tested_share_shrunk"),
    "community": ("community",),
    "resemblance": ("language_match", "language_match_real", "language_match_shrunk", "local_commenters"),
    "coherence": ("brand_coherence",),
    "proximity": ("home_posts", "local_commenters"),
}  # fmt: skip
SHARES = {  # lever -> the share that mirrors it, for priors
    "replies": "reply_rate", "genuine": "genuine_share", "trust": "trust_share", "ad_density": "ad_density",
    "undisclosed": "undisclosed_share", "polished": "polished_share", "tested": "tested_share",
    "overconsumption": "overconsumption_share", "resemblance": "language_match",
}  # fmt: skip
LEAST_ADS = 5  # of creators whose undisclosed share is judged


def code_digest() -> str:
    """Name the code and the parameters that results were made with."""
    package = Path(thiqa.__file__).parent
    files = [f for part in CODE for f in sorted((package / part).rglob("*")) if f.suffix in {".py", ".yaml", ".csv"}]
    return digest(*files, HERE.parents[1] / "data" / "corpus" / "world.jsonl", HERE / "params.yaml")[:12]


def features(
    engine: Engine, tables: Path, annotated: Path, config: FeatureConfig, at: Path | None = None
) -> pl.DataFrame:
    """Build the features of a world."""
    out = tables.parent / "features.parquet"
    build_features(engine, tables, annotated, out, config, at)
    return pl.read_parquet(out)


def run(world: dict[str, Any], seed: int, folder: Path) -> Iterator[tuple[str, str, float]]:
    """Simulate one world and judge features on it; yields (kind, name, value)."""
    world_file, tables, annotated = folder / "world.yaml", folder / "world", folder / "annotated"
    world_file.write_text(yaml.safe_dump(world), encoding="utf-8")
    simulate(world_file, tables, seed=seed, progress=False)
    latents = pl.read_parquet(tables / "truth" / "latents.parquet")
    ends = pl.read_parquet(tables / "posts.parquet")["published_at"].max()
    at = folder / "at.parquet"
    latents.select("creator_id", as_of=pl.lit(ends)).write_parquet(at)
    config = FeatureConfig()
    with open_engine(EngineConfig(), folder / "scratch") as engine:
        annotate(engine, tables, annotated, load_scorer(SHIPPED))
        at_deals = features(engine, tables, annotated, config)
        yield from mirrors(tables, at_deals)
        yield from priors(engine, tables, at_deals, config)
        last = features(engine, tables, annotated, config, at).join(latents, "creator_id")
        yield from ranks(last)
        prepare(engine, tables, annotated, folder, config, read_gazetteer())
        yield from undisclosed(world_file, seed, last, pl.read_parquet(folder / "posts.parquet"), ends)
    yield from ablation(folder, latents, ends, config)


def auc(table: pl.DataFrame, doubt: pl.Expr) -> float:
    """Judge how well doubt ranks accounts that were touched by fraud above those that were not."""
    value = table.select(doubt.fill_null(0.0)).to_series()
    return float(roc_auc_score(table["fake_share"].to_numpy() > 0, value.to_numpy()))


def ablation(folder: Path, latents: pl.DataFrame, ends: Any, config: FeatureConfig) -> Iterator[tuple[str, str, float]]:
    """Judge the score without each sign in turn, from the signs that :func:`prepare` wrote."""
    comments = pl.read_parquet(folder / "comments.parquet").filter(
        "others", pl.col("written_at") < ends, pl.col("written_at") >= ends - pl.duration(days=DAYS)
    )
    prior = config.prior("doubt")
    for left_out in SIGNS:
        calm = pl.lit(1.0)
        for sign, weight in config.fraud.weights.model_dump().items():
            if sign != left_out:
                calm *= 1 - weight * pl.col(sign).cast(pl.Float64).fill_null(0.0)
        total = ((1 - calm).sum() + prior.mean * prior.strength) / (pl.len() + prior.strength)
        doubts = comments.group_by("creator_id").agg(doubt=total)
        yield "auc", f"without {left_out}", auc(latents.join(doubts, "creator_id", how="left"), pl.col("doubt"))


def ranks(table: pl.DataFrame) -> Iterator[tuple[str, str, float]]:
    """Judge the score and each sign alone."""
    yield "auc", "authenticity_score", auc(table, 1 - pl.col(f"authenticity_score_{DAYS}d"))
    for words, name in ALONE.items():
        side = -1 if name == "genuine_share" else 1
        yield "auc", words, auc(table, side * pl.col(f"{name}_{DAYS}d"))
    share = table["bot_share"] + table["pod_share"]
    found = table.select(pl.corr(1 - pl.col(f"authenticity_score_{DAYS}d"), share, method="spearman")).item()
    yield "correlation", "fraudulent comments: 1 - authenticity_score", found


def levers(tables: Path, table: pl.DataFrame) -> pl.DataFrame:
    """Put the true values of the levers at each deal beside the features as of it."""
    truth = pl.read_parquet(tables / "truth" / "placements.parquet")
    deals = pl.read_parquet(tables / "placements.parquet", columns=["placement_id", "creator_id", "agreed_at"])
    keys = {"left_on": ["creator_id", "agreed_at"], "right_on": ["creator_id", "as_of"]}
    return truth.join(deals, "placement_id").join(table, **keys)


def mirrors(tables: Path, table: pl.DataFrame) -> Iterator[tuple[str, str, float]]:
    """Correlate features at agreed_at with the levers' true values at the same deals, by ranks."""
    rows = levers(tables, table)
    for lever, names in MIRRORS.items():
        for name in names:
            column = name if name in rows.columns else f"{name}_{DAYS}d"
            known = rows.select(f"lever_{lever}", column).drop_nulls()
            value = known.select(pl.corr(f"lever_{lever}", column, method="spearman")).item()
            yield "correlation", f"{lever}: {name}", value


def priors(
    engine: Engine, tables: Path, table: pl.DataFrame, config: FeatureConfig
) -> Iterator[tuple[str, str, float]]:
    """Correlate shares, raw and shrunk, with their levers at late deals of creators that no prior was fitted on."""
    names = table["creator_id"].unique().sort()
    training, cut = names.gather_every(2), table["as_of"].quantile(0.7)
    kinds = {"fixed": Priors.fixed(config), "fitted": fit_priors(table, DAYS, Tiers(), training.to_list(), cut)}
    rows = levers(tables, table).filter(~pl.col("creator_id").is_in(training.to_list()), pl.col("agreed_at") >= cut)
    seen = ibis.memtable(rows)
    for lever, share in SHARES.items():
        values = {"raw": seen[f"{share}_{DAYS}d"]}
        for kind, some in kinds.items():
            mean, strength = some.of(share, seen.followers)
            count = seen[f"{SHRUNK[share]}_{DAYS}d"]
            values[kind] = shrunk(values["raw"], count, mean, strength)
        known = engine.backend.to_polars(seen.select(truth=seen[f"lever_{lever}"], **values)).drop_nulls()
        for kind in values:
            value = known.select(pl.corr("truth", kind, method="spearman")).item()
            yield "priors", f"{lever}: {share}, {kind}", value


def undisclosed(
    world_file: Path, seed: int, table: pl.DataFrame, posts: pl.DataFrame, ends: Any
) -> Iterator[tuple[str, str, float]]:
    """Rank-correlate undisclosed shares with that of the posts' true labels, of creators with enough ads.

    :param posts: What :func:`prepare` made of the posts.
    """
    window = posts.filter(pl.col("published_at") < ends, pl.col("published_at") >= ends - pl.duration(days=DAYS))
    window = window.join(true_posts(world_file, seed), "post_id")
    true = window.filter("true_ad").group_by("creator_id").agg(pl.col("hidden").mean(), ads=pl.len())
    true = true.filter(pl.col("ads") >= LEAST_ADS)
    said, likely = (pl.col("said") == "none").cast(pl.Float64), pl.col("ad_likely")
    score = pl.when(pl.col("paid_label").fill_null(value=False)).then(1.0).otherwise(pl.col("ad"))
    odds = pl.when(pl.col("brand").is_null()).then(1.0).otherwise(FeatureConfig().brand_odds)
    arms = {
        "undisclosed_share": pl.col(f"undisclosed_share_{DAYS}d"),
        "undisclosed_share_shrunk": pl.col(f"undisclosed_share_shrunk_{DAYS}d"),
    }
    of_posts = {
        "weighed by the ad score, no flags": (said * likely).sum() / likely.sum(),
        "a missing brand says nothing": said.filter(score * odds >= 1 - score).mean(),
        "flags from 0.8 on": said.filter(likely >= 0.8).mean(),
        "true ads, disclosure as read (ceiling)": said.filter("true_ad").mean(),
        "ads as flagged, true disclosure": pl.col("says_nothing").cast(pl.Float64).filter("is_ad").mean(),
    }
    by_creator = window.group_by("creator_id").agg(**of_posts)
    both = true.join(table, "creator_id", how="left").join(by_creator, "creator_id", how="left", suffix="_posts")
    for name, value in {**arms, **{name: pl.col(name) for name in of_posts}}.items():
        known = both.select("hidden", value=value).drop_nulls()
        yield "undisclosed", name, known.select(pl.corr("hidden", "value", method="spearman")).item()
    for name, share in (("posts flagged as ads", "is_ad"), ("posts that are ads", "true_ad")):
        yield "share", name, window.select(pl.col(share).cast(pl.Float64).mean()).item()


def true_posts(world_file: Path, seed: int) -> pl.DataFrame:
    """Draw the world again for what truth/ does not hold: which posts are ads, and which say nothing of it."""
    drawn = draw(read_world(world_file, seed=seed))
    parts, first = [], 0
    for posts in scene(drawn).posts:
        names = ids(drawn.creators.platform[posts.creator], post_words(first + np.arange(len(posts))))
        says_nothing = posts.disclosure == 0
        parts.append(pl.DataFrame({"post_id": names.to_pylist(), "true_ad": posts.ad, "says_nothing": says_nothing,
                                   "hidden": posts.ad & says_nothing}))  # fmt: skip
        first += len(posts)
    return pl.concat(parts)


def done_before(code: str) -> pl.DataFrame:
    """Read the results of this code; those of other code are run anew."""
    schema = {"code": pl.String, "world": pl.String, "seed": pl.Int64, "kind": pl.String, "name": pl.String,
              "value": pl.Float64}  # fmt: skip
    if not RESULTS.exists():
        return pl.DataFrame(schema=schema)
    return pl.read_csv(RESULTS, schema=schema).filter(pl.col("code") == code)


def table(results: pl.DataFrame) -> str:
    """Write the tables of the README."""
    worlds = results["world"].unique(maintain_order=True).to_list()
    lines = []
    for kind, words in (
        ("auc", "AUC: accounts touched by fraud against the others"),
        ("undisclosed", "Rank correlation with the share of the posts' true labels"),
        ("share", "Share of posts in the window"),
        ("correlation", "Rank correlation with the truth at the deal"),
        ("priors", "Rank correlation of a share with the truth at late deals of creators that no prior was fitted on"),
    ):
        part = results.filter(pl.col("kind") == kind)
        if part.is_empty():
            continue
        lines += ["", f"| {words} | {' | '.join(worlds)} |", "|---|" + "--:|" * len(worlds)]
        for name in part["name"].unique(maintain_order=True):
            cells = []
            for world in worlds:
                values = part.filter((pl.col("name") == name) & (pl.col("world") == world))["value"]
                cells.append(f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})")
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines[1:])


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = done_before(code)
    for seed in params["seeds"]:
        for name, world in params["worlds"].items():
            if len(results.filter((pl.col("seed") == seed) & (pl.col("world") == name))):
                print(f"{name}, seed {seed}: done before")
                continue
            with tempfile.TemporaryDirectory() as folder:
                rows = [
                    {"code": code, "world": name, "seed": seed, "kind": kind, "name": what, "value": value}
                    for kind, what, value in run(world, seed, Path(folder))
                ]
            results = pl.concat([results, pl.DataFrame(rows, schema=results.schema)])
            with replacing(RESULTS) as temporary:
                results.write_csv(temporary, float_precision=6)
            print(f"{name}, seed {seed}: done")
    text = table(done_before(code))
    print(text)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    main()
