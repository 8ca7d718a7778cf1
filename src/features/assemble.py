"""All families put together: one row for each (creator, as-of) pair."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import ibis
import ibis.expr.types as ir
import polars as pl

from ..annotate.gazetteer import Gazetteer, read_gazetteer
from ..engine import Engine
from .audience import audience, followers_at, of_creator, steps
from .authenticity import authenticity, duplicates, near_duplicates, pods
from .changes import changes, schema
from .config import FeatureConfig
from .discourse import style
from .engagement import by_author, crowd, dialogue, engagement_of_posts
from .proximity import adoptions, earliness, named_places, places_of_posts
from .registry import COUNTED, SHRUNK, column_names
from .rows import narrowed, numbered, prepared_comments, prepared_posts
from .shrink import Priors, shrunk
from .sponsorship import brand_fit, lagged, last_ad, later_suspicion, sponsorship
from .window import in_one_pass, look_back

# Threads add floats in no fixed order, so the last bits of a sum differ from run to run. Of half a million values some
# lie so near the edge between two roundings that those bits decide: with nine digits every fifth run of a small world
# had one value that differed.
DIGITS = 6


def build_features(
    engine: Engine,
    tables: Path,
    annotated: Path,
    out: Path,
    config: FeatureConfig,
    at: Path | None = None,
    priors: Priors | None = None,
    gazetteer: Gazetteer | None = None,
) -> None:
    """Write one row for each pair (creator_id, as_of), one column for each registered feature, sorted.

    :param tables: A checked folder of tables.
    :param annotated: What :func:`thiqa.annotate.annotate` wrote for them.
    :param at: A Parquet file of pairs; by default every placement's (creator_id, agreed_at), and without placements
        every creator, as of the end of the export. A creator without dated posts has no as_of, and all rows count.
    :param priors: What small samples are shrunk towards; by default those that ``config`` names, else its fixed ones.
    :param gazetteer: The places that annotate looked for; by default those of ``config``.
    """
    priors = priors or (Priors.read(config.priors) if config.priors else Priors.fixed(config))
    gazetteer = gazetteer or read_gazetteer(config.gazetteer)
    with _folder(engine) as folder:
        pairs = engine.read(at).select("creator_id", "as_of").distinct() if at else default_pairs(engine, tables)
        numbered = pairs.mutate(pair_id=ibis.row_number().over(order_by=[pairs.creator_id, pairs.as_of]))
        engine.write(numbered, folder / "pairs.parquet", ["creator_id", "as_of"])
        rows = prepare(engine, tables, annotated, folder, config, gazetteer)
        table = assemble(engine, engine.read(folder / "pairs.parquet"), rows, folder, config, priors)
        engine.write(table, out, ["creator_id", "as_of"], DIGITS)


@contextmanager
def _folder(engine: Engine) -> Iterator[Path]:
    """Make a folder for intermediate files, and remove it at the end."""
    folder = Path(mkdtemp(prefix="features.", dir=engine.scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def default_pairs(engine: Engine, tables: Path) -> ir.Table:
    """Return every placement's creator and date; without placements, every creator at the end of the export."""
    placements = engine.read_table("placements", tables)
    if (tables / "placements.parquet").exists():
        return placements.select("creator_id", as_of=placements.agreed_at).distinct()
    posts, readings = engine.read_table("posts", tables), engine.read_table("audience", tables)
    comments = engine.read_table("comments", tables)
    times = posts.select(at="published_at").union(readings.select(at="observed_at"), comments.select(at="written_at"))
    end = times.aggregate(end=times["at"].max() + ibis.interval(seconds=1))
    dated = posts.group_by("creator_id").aggregate(dated=posts.published_at.count() > 0)
    creators = engine.read_table("creators", tables).select("creator_id").left_join(dated, "creator_id")
    creators = creators.select("creator_id", dated=creators.dated.fill_null(False)).cross_join(end)
    return creators.select("creator_id", as_of=creators.dated.ifelse(creators.end, ibis.null("timestamp('UTC')")))


@dataclass(frozen=True)
class Rows:
    """What all pairs look back on, read once: rows with all that can be told of them alone."""

    creators: ir.Table
    audience: ir.Table
    readings: ir.Table  # of followers, with their rise
    posts: ir.Table
    comments: ir.Table
    series: ir.Table  # posts as changes() wants them
    adopted: ir.Table  # first uses of tags that spread
    brands: ir.Table
    has_comments: bool


def prepare(
    engine: Engine, tables: Path, annotated: Path, folder: Path, config: FeatureConfig, gazetteer: Gazetteer
) -> Rows:
    """Join tables and annotations, and mark what can be told of single rows; kept in ``folder``."""
    creators = engine.read_table("creators", tables)
    texts = engine.read(annotated / "posts.parquet")
    homes = _homes(engine, creators, gazetteer)
    known_places = ibis.memtable(gazetteer.table().select("place", "city", "kind"))
    posts = prepared_posts(engine.read_table("posts", tables), texts, config)
    posts = engine.keep(posts, folder / "posts.bare.parquet")
    named = named_places(posts, "post_id", homes, known_places)
    posts = posts.left_join(named, "post_id").drop("post_id_right").left_join(homes, "creator_id")
    posts = engine.keep(posts.drop("creator_id_right", "places"), folder / "posts.parquet")
    comments = prepared_comments(
        engine.read_table("comments", tables),
        engine.read(annotated / "comments.parquet"),
        posts,
        creators,
        config,
    )
    comments = engine.keep(numbered(comments, engine.number), folder / "comments.bare.parquet")
    named = named_places(comments, "comment_id", homes, known_places)
    comments = comments.left_join(named, "comment_id").drop("comment_id_right", "places")
    comments = engine.keep(comments, folder / "comments.parquet")
    series = posts.inner_join(texts.select("post_id", "embedding"), "post_id")
    series = series.select(
        "creator_id", "embedding", "variety", "polished", at="published_at", ad=series.is_ad.cast("float64")
    )
    return Rows(
        creators=creators,
        audience=engine.read_table("audience", tables),
        readings=engine.keep(steps(engine.read_table("audience", tables), posts), folder / "readings.parquet"),
        posts=posts.drop("hashtags"),
        comments=comments,
        series=series,
        adopted=engine.keep(adoptions(posts, config), folder / "adopted.parquet"),
        brands=engine.read_table("brands", tables),
        has_comments=(tables / "comments.parquet").exists(),
    )


def _homes(engine: Engine, creators: ir.Table, gazetteer: Gazetteer) -> ir.Table:
    """Give each creator the gazetteer's id of the city that they list."""
    names = creators.filter(creators.city.notnull()).select("city").distinct()
    listed = [pl.Series(batch["city"]) for batch in engine.batches(names)]
    cities = pl.concat(listed).sort() if listed else pl.Series("city", [], dtype=pl.String)
    table = pl.DataFrame(
        {"city": cities, "home": gazetteer.city_of(cities)}, schema={"city": pl.String, "home": pl.String}
    )
    return creators.select("creator_id", "city").inner_join(ibis.memtable(table), "city").select("creator_id", "home")


def assemble(
    engine: Engine, pairs: ir.Table, rows: Rows, folder: Path, config: FeatureConfig, priors: Priors
) -> ir.Table:
    """Build the expression of the whole feature table for numbered pairs."""
    windows = config.windows
    followers = engine.keep(followers_at(pairs, rows.audience), folder / "followers.parquet")
    posts = look_back(pairs, rows.posts, "published_at", windows)
    posts = posts.left_join(followers.select("pair_id", "followers"), "pair_id").drop("pair_id_right")
    of_posts = (engagement_of_posts(posts), sponsorship(posts), style(posts), places_of_posts(posts))
    families = {
        "creator": of_creator(pairs, rows.creators),
        "audience": audience(pairs, rows.readings, windows),
        "posts": in_one_pass(posts, windows, *of_posts),
        "last": last_ad(posts),
        "lagged": lagged(pairs, rows.posts, config),
        "brands": brand_fit(posts, rows.brands, rows.creators, config),
        "tags": earliness(pairs, rows.adopted, windows, config.spread),
    }
    kept = {name: engine.keep(family, folder / f"family.{name}.parquet") for name, family in families.items()}
    kept |= _of_comments(engine, pairs, rows, folder, config)
    table = pairs
    for family in [followers, *kept.values(), changed(engine, pairs, rows.series, folder, config)]:
        table = table.left_join(family, "pair_id").drop("pair_id_right")
    observed = set(COUNTED) if rows.has_comments else set(COUNTED) - {"comments"}
    return table.select("creator_id", "as_of", **_typed(table, _shrunk(table, config, priors), windows, observed))


def _of_comments(
    engine: Engine, pairs: ir.Table, rows: Rows, folder: Path, config: FeatureConfig
) -> dict[str, ir.Table]:
    """Build the families that aggregate comments, by pair, by author and by text, from rows joined once."""
    windows, doubt = config.windows, config.prior("doubt")
    comments = narrowed(look_back(pairs, rows.comments, "written_at", windows), windows)
    with engine.held(comments, folder / "seen.parquet") as seen:
        authors = engine.keep(by_author(seen, windows), folder / "authors.parquet")
        shares = (authenticity(seen, (doubt.mean, doubt.strength)), dialogue(seen), later_suspicion(seen))
        families = {
            "comments": in_one_pass(seen, windows, *shares),
            "duplicates": duplicates(seen, windows),
            "near": near_duplicates(seen, windows),
            "crowd": crowd(authors, windows),
            "pods": pods(pairs, rows.comments, authors, windows),
        }
        return {name: engine.keep(family, folder / f"family.{name}.parquet") for name, family in families.items()}


def changed(engine: Engine, pairs: ir.Table, series: ir.Table, folder: Path, config: FeatureConfig) -> ir.Table:
    """Ask :func:`changes` about every pair, one creator after the other."""
    asked = pairs.select(
        "creator_id", "pair_id", "as_of", embedding=ibis.null(series.embedding.type()), variety=ibis.null("string"),
        polished=ibis.null("float64"), at=ibis.null(pairs.as_of.type()), ad=ibis.null("float64"),
    )  # fmt: skip
    told = series.semi_join(pairs, "creator_id").select(
        "creator_id", "embedding", "variety", "polished", "at", "ad",
        pair_id=ibis.null(pairs.pair_id.type()), as_of=ibis.null(pairs.as_of.type()),
    )  # fmt: skip
    both = asked.union(told.select(*asked.columns))
    return engine.per_creator(both, changes(config), schema(config.windows), folder / "changes.parquet")


def _shrunk(table: ir.Table, config: FeatureConfig, priors: Priors) -> dict[str, ir.Value]:
    """Return the values of the shrunk features by column."""
    values: dict[str, ir.Value] = {}
    for share, count in SHRUNK.items():
        mean, strength = priors.of(share, table.followers)
        for days in config.windows:
            values[f"{share}_shrunk_{days}d"] = shrunk(
                table[f"{share}_{days}d"], table[f"{count}_{days}d"], mean, strength
            )
    mean, strength = priors.of("undisclosed_share", table.followers)
    ads = table.lagged_ads.nullif(0)
    return values | {"undisclosed_lagged": (table.lagged_hidden + strength * mean).cast("float64") / (ads + strength)}


def _typed(
    table: ir.Table, values: dict[str, ir.Value], windows: Sequence[int], observed: set[str]
) -> dict[str, ir.Value]:
    """Give every feature its place and one type: a number, null where it was not observed.

    A dated window in which ``observed`` things did not happen holds 0 of them.
    """
    columns = {}
    for name, feature in column_names(windows).items():
        value = (values[name] if name in values else table[name]).cast("float64")
        zero = table.as_of.notnull().ifelse(ibis.literal(0.0), ibis.null("float64"))
        columns[name] = value.coalesce(zero) if feature.name in observed else value
    return columns
