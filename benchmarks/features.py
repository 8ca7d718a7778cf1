"""How fast features are built, against the same columns written by hand: DuckDB SQL, polars and pandas.

    python benchmarks/features.py [ROWS…]        default 1000000 10000000 100000000

Tables are drawn at random (ids, times, scores): speed does not ask what is true. Each contestant is a process of its
own, with two threads, and writes the same table: nine columns of comments in two windows, one row a creator at the end
of the export. What counts is CPU time (user and system, all threads), so that other work on the machine does not
decide; wall time and peak memory stand beside it. The median of three runs in turns counts, at 100 M the only one.
Figures go to reports/bench/: features.csv, features.md, features.svg.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OUT = Path("reports/bench")
END = datetime(2026, 1, 1, tzinfo=UTC)
WINDOWS = (30, 180)
COMMENTS_A_CREATOR, COMMENTS_A_POST = 800, 6
CHUNK = 333_334 * COMMENTS_A_POST
SECOND = 1_000_000  # microseconds; times are whole seconds, so that no contestant rounds another way
COLUMNS = ("comments", "genuine_share", "generic_share", "spam_share", "duplicate_share", "early_share", "reply_rate",
           "returning_share", "concentration")  # fmt: skip
MEMORY = "8GB"  # of DuckDB, which spills beyond it
ROUNDS, ROUNDS_UP_TO = 3, 10_000_000  # of each contestant, of which the median counts; one beyond
IN_MEMORY_ROWS = 10_000_000  # beyond it pandas and polars, which do not spill, outgrow a small machine


def draw(rows: int, folder: Path, seed: int = 0) -> None:
    """Write posts, comments, pairs and their annotations, in chunks."""
    rng = np.random.default_rng(seed)
    creators, posts = max(10, rows // COMMENTS_A_CREATOR), rows // COMMENTS_A_POST
    day = 86_400_000_000
    end = int(END.timestamp() * 1e6)
    names = named("instagram:", np.arange(creators))
    pq.write_table(pa.table({"creator_id": names, "pair_id": np.arange(creators),
                             "as_of": pa.array(np.full(creators, end), pa.timestamp("us", "UTC"))}),
                   folder / "pairs.parquet")  # fmt: skip
    owner, published = (
        rng.integers(0, creators, posts),
        end - (rng.random(posts) * 365 * day).astype(np.int64) // SECOND * SECOND,
    )
    owner.sort()
    ids = named("instagram:", np.arange(posts))
    pq.write_table(pa.table({"post_id": ids, "creator_id": names.take(pa.array(owner)),
                             "published_at": pa.array(published, pa.timestamp("us", "UTC"))}),
                   folder / "posts.parquet")  # fmt: skip
    writer = None
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        number = np.arange(start, start + n)
        post = np.minimum(number // COMMENTS_A_POST, posts - 1)
        reply = (number % COMMENTS_A_POST > 0) & (rng.random(n) < 0.2)
        first = number - number % COMMENTS_A_POST
        above = pc.if_else(pa.array(reply), named("instagram:c", first), None)
        author = (owner[post] << 10) + (rng.random(n) ** 2 * 600).astype(np.int64)
        delay = rng.exponential(20_000, n).astype(np.int64)
        delay = np.where(reply, delay[first - start] + 7_200, delay) * SECOND  # nothing is answered before it is there
        chunk = pa.table({
            "comment_id": named("instagram:c", number),
            "post_id": ids.take(pa.array(post)), "parent_id": above,
            "author_id": named("instagram:a", author),
            "written_at": pa.array(published[post] + delay, pa.timestamp("us", "UTC")), "by_creator": reply,
            "genuine": rng.random(n), "generic": rng.random(n), "spam": rng.random(n) / 10,
            "skeleton": named("", rng.integers(0, 50_000, n)),
        })  # fmt: skip
        writer = writer or pq.ParquetWriter(folder / "comments.parquet", chunk.schema, compression="zstd")
        writer.write_table(chunk)
    if writer:
        writer.close()


def named(prefix: str, numbers: np.ndarray, digits: int = 16) -> pa.Array:
    """Write numbers as ids of one length."""
    return pl.select(pl.lit(prefix) + pl.Series(numbers).cast(pl.String).str.zfill(digits)).to_series().to_arrow()


def thiqa(folder: Path, out: Path) -> None:
    """Run the library's expressions, cut to the columns compared."""
    import ibis
    import ibis.expr.types as ir

    from thiqa.engine import EngineConfig, open_engine
    from thiqa.features.authenticity import authenticity, duplicates
    from thiqa.features.engagement import by_author, crowd, dialogue
    from thiqa.features.rows import first_answers, is_early, narrowed, numbered
    from thiqa.features.window import in_one_pass, look_back

    with open_engine(EngineConfig(threads=2, memory=MEMORY), folder / "scratch") as engine:
        posts, pairs = engine.read(folder / "posts.parquet"), engine.read(folder / "pairs.parquet")
        comments = engine.read(folder / "comments.parquet")
        rows = numbered(comments.join(posts, "post_id"), engine.number)
        # columns that are not compared are left out of what is held, and null
        absent = ("doubt", "answer_hours", "after_undisclosed", "alike", "emoji_only", "intent", "trust", "suspicion",
                  "copied", "wide", "rush", "fellow", "names_home", "names_place", "near_a", "near_b")  # fmt: skip
        nulls = {name: ibis.null("float64") for name in (*absent, "variety", "spoken")} | {"doubt": ibis.literal(0.0)}
        rows = rows.mutate(others=~rows.by_creator, early=is_early(rows, 15), **nulls)
        rows = rows.left_join(first_answers(comments), "comment_id").drop("comment_id_right")
        seen = narrowed(look_back(pairs, rows, "written_at", WINDOWS), WINDOWS).drop(*absent)
        names = [f"{name}_{days}d" for days in WINDOWS for name in COLUMNS]

        def kept(number: int, family: ir.Table) -> ir.Table:  # as the library does, but for columns not compared
            part = family.select("pair_id", *(name for name in names if name in family.columns))
            return engine.keep(part, folder / f"family.{number}.parquet")

        with engine.held(seen, folder / "seen.parquet") as held:
            told = held.mutate(**nulls)
            shares = in_one_pass(told, WINDOWS, authenticity(told, (0.1, 10.0)), dialogue(told))
            families = [kept(0, shares), kept(1, duplicates(told, WINDOWS)),
                        kept(2, crowd(by_author(told, WINDOWS), WINDOWS))]  # fmt: skip
        table = pairs
        for family in families:
            table = table.left_join(family, "pair_id").drop("pair_id_right")
        values = {name: table[name].cast("float64") for name in names}
        engine.write(table.select("creator_id", **values), out, ["creator_id"])


def sql(folder: Path, out: Path) -> None:
    """Run what somebody would write in DuckDB by hand, who knows that days are taken from a moment slowly."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(folder / "spill")})
    connection.execute("SET enable_progress_bar = false")
    starts = ", ".join(f"as_of - INTERVAL {days} DAY AS start_{days}" for days in WINDOWS)
    flags = ", ".join(f"c.written_at >= q.start_{days} AS in_{days}" for days in WINDOWS)
    connection.execute(f"""
        CREATE TEMP VIEW seen AS SELECT q.pair_id, c.*, p.published_at, {flags} FROM '{folder}/comments.parquet' c
        JOIN '{folder}/posts.parquet' p USING (post_id)
        JOIN (SELECT *, {starts} FROM '{folder}/pairs.parquet') q USING (creator_id)
        WHERE c.written_at < q.as_of AND c.written_at >= q.start_{WINDOWS[-1]}""")
    shares, dialogue, authors, crowd = [], [], [], []
    for days in WINDOWS:
        f, early = f"FILTER (in_{days})", "(written_at < published_at + INTERVAL 15 MINUTE)::INT"
        shares += [f"count(*) {f} AS comments_{days}d", *(f"avg({s}) {f} AS {s}_share_{days}d" for s in
                   ("genuine", "generic", "spam")),
                   f"1 - count(DISTINCT skeleton) {f} / nullif(count(skeleton) {f}, 0) AS duplicate_share_{days}d",
                   f"avg(CASE WHEN parent_id IS NULL THEN {early} END) {f} AS early_share_{days}d"]  # fmt: skip
        dialogue.append(f"avg((a.parent_id IS NOT NULL)::INT) {f} AS reply_rate_{days}d")
        authors += [f"count(*) {f} AS n_{days}", f"min(post_id) {f} < max(post_id) {f} AS back_{days}"]
        back = f"count(*) FILTER (back_{days}) / nullif(count(*) FILTER (n_{days} > 0), 0)"
        crowd += [f"{back} AS returning_share_{days}d",
                  f"sum(n_{days} ** 2) / nullif(sum(n_{days})::DOUBLE ** 2, 0) AS concentration_{days}d"]  # fmt: skip
    names = ", ".join(f"{name}_{days}d::DOUBLE AS {name}_{days}d" for days in WINDOWS for name in COLUMNS)
    connection.execute(f"""
        COPY (WITH shares AS (SELECT pair_id, {", ".join(shares)} FROM seen WHERE NOT by_creator GROUP BY 1),
        answers AS (SELECT DISTINCT pair_id, parent_id FROM seen WHERE by_creator AND parent_id IS NOT NULL),
        dialogue AS (SELECT s.pair_id, {", ".join(dialogue)} FROM seen s LEFT JOIN answers a
            ON s.pair_id = a.pair_id AND s.comment_id = a.parent_id
            WHERE NOT s.by_creator AND s.parent_id IS NULL GROUP BY 1),
        authors AS (SELECT pair_id, author_id, {", ".join(authors)} FROM seen WHERE NOT by_creator GROUP BY 1, 2),
        crowd AS (SELECT pair_id, {", ".join(crowd)} FROM authors GROUP BY 1)
        SELECT creator_id, {names} FROM '{folder}/pairs.parquet' LEFT JOIN shares USING (pair_id)
        LEFT JOIN dialogue USING (pair_id) LEFT JOIN crowd USING (pair_id) ORDER BY creator_id)
        TO '{out}' (COMPRESSION zstd)""")


def polars(folder: Path, out: Path) -> None:
    """Run what somebody would write in polars by hand, lazily and streaming."""
    col, lit = pl.col, pl.lit
    posts, pairs = pl.scan_parquet(folder / "posts.parquet"), pl.scan_parquet(folder / "pairs.parquet")
    seen = pl.scan_parquet(folder / "comments.parquet").join(posts, on="post_id").join(pairs, on="creator_id")
    age = col("as_of") - col("written_at")
    seen = seen.filter(age > pl.duration(), age <= pl.duration(days=WINDOWS[-1]))
    seen = seen.with_columns((age <= pl.duration(days=days)).alias(f"in_{days}") for days in WINDOWS)
    others = seen.filter(~col("by_creator"))
    early = pl.when(col("parent_id").is_null()).then(
        (col("written_at") - col("published_at")).dt.total_seconds() < 900
    )  # fmt: skip
    shares, crowd, authors, replied = [], [], [], []
    for days in WINDOWS:
        on = col(f"in_{days}")
        shares += [on.sum().cast(pl.Float64).alias(f"comments_{days}d"),
                   *(col(s).filter(on).mean().alias(f"{s}_share_{days}d") for s in ("genuine", "generic", "spam")),
                   (1 - col("skeleton").filter(on).n_unique() / on.sum()).alias(f"duplicate_share_{days}d"),
                   early.filter(on).mean().alias(f"early_share_{days}d")]  # fmt: skip
        authors += [on.sum().cast(pl.Float64).alias(f"n_{days}"),
                    (col("post_id").filter(on).n_unique() > 1).alias(f"back_{days}")]  # fmt: skip
        n = col(f"n_{days}")
        crowd += [(col(f"back_{days}").sum() / (n > 0).sum()).alias(f"returning_share_{days}d"),
                  ((n * n).sum() / n.sum() ** 2).alias(f"concentration_{days}d")]  # fmt: skip
        replied.append(col("answered").fill_null(value=False).filter(on).mean().alias(f"reply_rate_{days}d"))
    answers = seen.filter(col("by_creator"), col("parent_id").is_not_null()).select("pair_id", comment_id="parent_id")
    first = others.filter(col("parent_id").is_null())
    first = first.join(
        answers.unique().with_columns(answered=lit(value=True)), on=["pair_id", "comment_id"], how="left"
    )
    table = pairs.join(others.group_by("pair_id").agg(shares), on="pair_id", how="left")
    table = table.join(first.group_by("pair_id").agg(replied), on="pair_id", how="left")
    by_author = others.group_by("pair_id", "author_id").agg(authors)
    table = table.join(by_author.group_by("pair_id").agg(crowd), on="pair_id", how="left")
    names = [f"{name}_{days}d" for days in WINDOWS for name in COLUMNS]
    table.sort("creator_id").select("creator_id", *names).collect(engine="streaming").write_parquet(out)


def pandas(folder: Path, out: Path) -> None:
    """Run what somebody would write in pandas by hand."""
    import pandas as pd

    posts, pairs = pd.read_parquet(folder / "posts.parquet"), pd.read_parquet(folder / "pairs.parquet")
    seen = pd.read_parquet(folder / "comments.parquet").merge(posts, on="post_id").merge(pairs, on="creator_id")
    start = seen.as_of - pd.Timedelta(days=WINDOWS[-1])
    seen = seen[(seen.written_at < seen.as_of) & (seen.written_at >= start)].copy()
    soon = seen.written_at - seen.published_at < pd.Timedelta(minutes=15)
    seen["early"] = soon.astype(float).where(seen.parent_id.isna())
    answers = seen[seen.by_creator].parent_id
    table = pairs.set_index("pair_id")[["creator_id"]]
    for days in WINDOWS:
        window = seen[seen.written_at >= seen.as_of - pd.Timedelta(days=days)]
        others = window[~window.by_creator]
        groups = others.groupby("pair_id")
        count = groups.size()
        first = others[others.parent_id.isna()]
        of_author = others.groupby(["pair_id", "author_id"]).agg(n=("post_id", "size"), posts=("post_id", "nunique"))
        crowd = of_author.assign(square=of_author.n**2, back=of_author.posts > 1).groupby("pair_id")
        new = {
            "comments": count, **{f"{s}_share": groups[s].mean() for s in ("genuine", "generic", "spam")},
            "duplicate_share": 1 - groups.skeleton.nunique() / count,
            "early_share": groups.early.mean(),
            "reply_rate": first.comment_id.isin(answers).groupby(first.pair_id).mean(),
            "returning_share": crowd.back.mean(), "concentration": crowd.square.sum() / count**2,
        }  # fmt: skip
        table = table.join(pd.DataFrame({f"{name}_{days}d": value for name, value in new.items()}).astype(float))
    names = [f"{name}_{days}d" for days in WINDOWS for name in COLUMNS]
    table.sort_values("creator_id")[["creator_id", *names]].to_parquet(out, index=False)


CONTESTANTS = {"thiqa": thiqa, "sql": sql, "polars": polars, "pandas": pandas}
SPILLING = {"thiqa", "sql"}


def measured(name: str, folder: Path) -> dict[str, float]:
    """Run one contestant in a process of its own."""
    environment = os.environ | {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, __file__, "--one", name, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def one(name: str, folder: Path) -> None:
    """Run a contestant here, and print what it took, imports apart."""
    if name == "thiqa":
        import ibis.backends.duckdb  # noqa: F401

        import thiqa.features  # noqa: F401
    if name == "pandas":
        import pandas  # noqa: F401
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    CONTESTANTS[name](folder, folder / f"{name}.parquet")
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu_s": cpu, "wall_s": time.perf_counter() - started, "peak_gb": peak_gb()}))


def peak_gb() -> float:
    """Return the largest resident memory of this process, without that of the process it was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e6


def same(folder: Path, names: list[str]) -> None:
    """Stop where two contestants did not write the same table."""
    first, *others = (pl.read_parquet(folder / f"{name}.parquet") for name in names)
    for name, other in zip(names[1:], others, strict=True):
        for column in first.columns[1:]:
            empty = 0 if column.startswith("comments") else -1  # no comments are none, or not one row
            gap = (first[column].fill_null(empty) - other[column].fill_nan(None).fill_null(empty)).abs().max()
            if gap is None or gap > 1e-6:
                sys.exit(f"{name}: column {column} differs from {names[0]}'s by {gap}")


def report(results: pl.DataFrame) -> None:
    """Write table and plot."""
    OUT.mkdir(parents=True, exist_ok=True)
    results = results.sort("rows", maintain_order=True)
    results.write_csv(OUT / "features.csv", float_precision=3)
    lines = ["# Speed of features", "", __doc__.split("\n\n")[2].replace("\n", " "), "",
             "| comments | who | CPU s | rows a CPU second | wall s | peak GB | CPU against SQL |",
             "|--:|---|--:|--:|--:|--:|--:|"]  # fmt: skip
    for row in results.iter_rows(named=True):
        base = results.filter((pl.col("rows") == row["rows"]) & (pl.col("who") == "sql"))["cpu_s"]
        against = f"{row['cpu_s'] / base.item():.2f}" if len(base) else "–"
        lines.append(f"| {row['rows']:,} | {row['who']} | {row['cpu_s']:.1f} | {row['rows'] / row['cpu_s']:,.0f} | "
                     f"{row['wall_s']:.1f} | {row['peak_gb']:.2f} | {against} |")  # fmt: skip
    mine = results.filter(pl.col("who") == "thiqa").sort("rows")
    if len(mine) > 1:
        exponent = np.polyfit(np.log(mine["rows"]), np.log(mine["cpu_s"]), 1)[0]
        lines += ["", f"Growth exponent of the library's CPU time over these sizes: {exponent:.2f}."]
    for pandas_row in results.filter(pl.col("who") == "pandas").iter_rows(named=True):
        ours = mine.row(by_predicate=pl.col("rows") == pandas_row["rows"], named=True)
        cpu, wall = (pandas_row[kind] / ours[kind] for kind in ("cpu_s", "wall_s"))
        words = f"pandas takes {cpu:.1f} times the library's CPU time and {wall:.1f} times its wall time"
        lines += ["", f"At {ours['rows']:,} comments {words}."]
    (OUT / "features.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    plot(results)
    print("\n".join(lines))


def plot(results: pl.DataFrame) -> None:
    """Draw CPU seconds against rows, both on logarithmic axes."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "thiqa"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    for who in CONTESTANTS:
        part = results.filter(pl.col("who") == who).sort("rows")
        axes.plot(part["rows"], part["cpu_s"], marker="o", label=who)
    axes.set(xscale="log", yscale="log", xlabel="comments", ylabel="CPU seconds", title="The same 18 columns")
    axes.legend()
    figure.savefig(OUT / "features.svg", metadata={"Date": None})


def main(sizes: list[int]) -> None:
    """Measure every contestant at every size."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            draw(size, folder)
            names = [who for who in CONTESTANTS if who in SPILLING or size <= IN_MEMORY_ROWS]
            rounds = ROUNDS if size <= ROUNDS_UP_TO else 1
            runs = {who: [] for who in names}
            for _ in range(rounds):  # in turns: other work on the machine meets all alike
                for who in names:
                    runs[who].append(measured(who, folder))
                    print(size, who, runs[who][-1], flush=True)
            for who, measures in runs.items():
                medians = {key: float(np.median([one[key] for one in measures])) for key in measures[0]}
                rows.append({"rows": size, "who": who, "rounds": rounds, **medians})
            same(folder, names)
        report(pl.DataFrame(rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        main([int(size) for size in sys.argv[1:]] or [1_000_000, 10_000_000, 100_000_000])
