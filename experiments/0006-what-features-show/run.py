"""What do features show of what is true? Run the worlds and seeds that results.csv lacks, then write the README.

This script alone, outside the package, reads truth/ to judge features, and draws the world again for the labels of
its posts, which truth/ does not hold.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from sklearn.metrics import roc_auc_score

import thiqa
from thiqa.annotate import annotate, read_gazetteer
from thiqa.data.world import simulate
from thiqa.data.world.audience import moments
from thiqa.data.world.drawn import draw
from thiqa.data.world.ids import ids, post_words
from thiqa.data.world.settings import read_world
from thiqa.data.world.twins import scene
from thiqa.engine import Engine, EngineConfig, open_engine
from thiqa.features import FeatureConfig, build_features
from thiqa.features.assemble import prepare
from thiqa.features.config import SignWeights
from thiqa.files import digest, replacing
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import load_scorer

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
    "resemblance": ("language_match", "language_match_real", "language_match_shrunk"),
}  # fmt: skip


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
        yield from mirrors(tables, features(engine, tables, annotated, config))
        last = features(engine, tables, annotated, config, at).join(latents, "creator_id")
        yield from ranks(last)
        yield "undisclosed", "undisclosed_share", undisclosed(world_file, seed, last, ends)
        prepare(engine, tables, annotated, folder, config, read_gazetteer())
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


def mirrors(tables: Path, table: pl.DataFrame) -> Iterator[tuple[str, str, float]]:
    """Correlate features at agreed_at with the levers' true values at the same deals, by ranks."""
    truth = pl.read_parquet(tables / "truth" / "placements.parquet")
    deals = pl.read_parquet(tables / "placements.parquet", columns=["placement_id", "creator_id", "agreed_at"])
    rows = truth.join(deals, "placement_id").join(
        table, left_on=["creator_id", "agreed_at"], right_on=["creator_id", "as_of"]
    )
    for lever, names in MIRRORS.items():
        for name in names:
            column = name if name in rows.columns else f"{name}_{DAYS}d"
            known = rows.select(f"lever_{lever}", column).drop_nulls()
            value = known.select(pl.corr(f"lever_{lever}", column, method="spearman")).item()
            yield "correlation", f"{lever}: {name}", value


def undisclosed(world_file: Path, seed: int, table: pl.DataFrame, ends: Any) -> float:
    """Rank-correlate the undisclosed share with that of the posts' true labels, creators with at least five ads."""
    drawn = draw(read_world(world_file, seed=seed))
    parts, first = [], 0
    for posts in scene(drawn).posts:
        parts.append(pl.DataFrame({
            "creator_id": ids(drawn.creators.platform[posts.creator], drawn.creators.word[posts.creator]).to_pylist(),
            "post_id": ids(
                drawn.creators.platform[posts.creator], post_words(first + np.arange(len(posts)))
            ).to_pylist(),
            "at": moments(posts.day), "ad": posts.ad, "hidden": posts.ad & (posts.disclosure == 0),
        }))  # fmt: skip
        first += len(posts)
    true = pl.concat(parts).filter(pl.col("at") < ends, pl.col("at") >= ends - pl.duration(days=DAYS), pl.col("ad"))
    true = true.group_by("creator_id").agg(pl.col("hidden").mean(), ads=pl.len()).filter(pl.col("ads") >= 5)
    both = table.join(true, "creator_id").drop_nulls(f"undisclosed_share_{DAYS}d")
    return both.select(pl.corr(f"undisclosed_share_{DAYS}d", "hidden", method="spearman")).item()


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
        ("correlation", "Rank correlation with the truth at the deal"),
    ):
        part = results.filter(pl.col("kind") == kind)
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
