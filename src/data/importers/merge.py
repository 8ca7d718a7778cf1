"""Staged rows and the tables that are there become one: a row a key, the later observation first, in bounded memory."""

import os
import shutil
from pathlib import Path

import duckdb
import polars as pl

from ...files import remove
from ...tables import TABLES, check, present, writing
from ..quarantine import Quarantine
from .staging import ALSO, FILE, OBSERVED, PERSONS, ROW, UNKNOWN, WEAK, alias_column

MEMORY = "2GB"  # beyond it, the merge spills to disk
BATCH_ROWS = 100_000  # rows of a finished table written at once
ALIASES, OBSERVATIONS = ".aliases.parquet", ".observed.parquet"
FORGOTTEN = ".forgotten.parquet"  # hashes of people who are left out
COMMIT, GONE = ".commit", ".gone"  # NAME.gone: the table NAME has no rows any more
HIDDEN = {ALIASES: "alias, id", OBSERVATIONS: "table_name, key, observed"}


def merge(staging: Path, into: Path, out: Path, quarantine: Quarantine) -> None:
    """Merge staged rows with the tables of ``into`` and write what changed to ``out``.

    For each column the latest observation that is not null wins. User names become ids where any answer gave both.
    A reply without a post takes that of its parent; a post without a creator gets one of its own.
    """
    with duckdb.connect(staging / "merge.duckdb") as connection:
        connection.execute(
            f"SET enable_progress_bar = false; SET memory_limit = '{MEMORY}'; SET threads = 2; SET TimeZone = 'UTC'; "
            f"SET temp_directory = '{_sql(staging / 'spill')}'; SET preserve_insertion_order = false"
        )
        touched = [name for name in TABLES if list(staging.glob(f"*.{name}.parquet"))]
        _read_hidden(connection, into)
        for name in touched:
            _stage(connection, name, staging)
        _one_account(connection, touched)
        touched = _renamed(connection, touched, into)
        for name in touched:
            _leave_out_forgotten(connection, name, into, quarantine)
            _set_aside_nameless(connection, name, quarantine)
            _merge_rows(connection, name, into)
        if "comments" in touched:
            _place_replies(connection, quarantine)
        if "posts" in touched:
            _own_creators(connection)
        if {"posts", "audience", "creators"} & set(touched):
            touched = _missing_creators(connection, touched, into)
        for name in sorted(touched, key=list(TABLES).index):
            _refuse_lost_references(connection, name, into, quarantine)
            _write(connection, name, out)
        _write_hidden(connection, touched, out)


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall())


def _read_hidden(connection: duckdb.DuckDBPyConnection, into: Path) -> None:
    """Make the tables of aliases and observations, with what earlier imports knew."""
    connection.execute("CREATE TABLE aliases (alias VARCHAR, id VARCHAR)")
    connection.execute("CREATE TABLE observed (table_name VARCHAR, key VARCHAR, observed TIMESTAMPTZ)")
    for file, table in ((ALIASES, "aliases"), (OBSERVATIONS, "observed")):
        if (into / file).exists():
            connection.execute(f"INSERT INTO {table} SELECT {HIDDEN[file]} FROM read_parquet('{_sql(into / file)}')")


def _learn_aliases(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Add the pairs (alias, id, observed) that are new; for an alias with several ids the latest one counts."""
    connection.execute(
        f"INSERT INTO aliases SELECT alias, arg_max(id, (observed, id)) FROM ({pairs}) WHERE alias IS NOT NULL "
        "AND id IS NOT NULL AND alias <> id AND alias NOT IN (SELECT alias FROM aliases) GROUP BY alias"
    )


def _key(name: str, row: str = "") -> str:
    parts = [f"CAST({row}{column} AS VARCHAR)" for column in TABLES[name].key]
    return f"concat_ws('|', {', '.join(parts)})"


def _stage(connection: duckdb.DuckDBPyConnection, name: str, staging: Path) -> None:
    """Make ``staged_NAME``: the rows of this import, user names and short ids resolved."""
    source = f"read_parquet('{_sql(staging)}/*.{name}.parquet')"
    columns = list(TABLES[name].columns)
    for column in PERSONS:
        if column in columns:
            pair = f"{alias_column(column)} AS alias, {column} AS id, {OBSERVED} AS observed"
            _learn_aliases(connection, f"SELECT {pair} FROM {source}")
    if name == "posts":
        _learn_aliases(connection, f"SELECT {ALSO} AS alias, post_id AS id, {OBSERVED} AS observed FROM {source}")
    new = ", ".join(_resolved(column, with_alias=True) + f" AS {column}" for column in columns)
    connection.execute(
        f"CREATE TABLE staged_{name} AS SELECT {new}, {FILE}, {ROW}, {OBSERVED}, {WEAK}, true AS __new "
        f"FROM {source} AS s"
    )


def _renamed(connection: duckdb.DuckDBPyConnection, touched: list[str], into: Path) -> list[str]:
    """Add the tables that are there and name somebody by a user name whose id is known by now."""
    again = list(touched)
    for name, table in TABLES.items():
        columns = [column for column in table.columns if column in PERSONS or column == "post_id"]
        file = into / f"{name}.parquet"
        if name in touched or not columns or not file.exists():
            continue
        named = " OR ".join(f"{column} IN (SELECT alias FROM aliases)" for column in columns)
        if connection.execute(f"SELECT 1 FROM read_parquet('{_sql(file)}') WHERE {named} LIMIT 1").fetchall():
            _empty(connection, f"staged_{name}", name, f"'' AS {FILE}, 0 AS {ROW}, CAST('epoch' AS TIMESTAMPTZ) AS "
                                                       f"{OBSERVED}, false AS {WEAK}, true AS __new")  # fmt: skip
            again.append(name)
    return again


def _empty(connection: duckdb.DuckDBPyConnection, table: str, name: str, more: str) -> None:
    connection.register("empty", TABLES[name].schema.empty_table())
    connection.execute(f"CREATE TABLE {table} AS SELECT {', '.join(TABLES[name].columns)}, {more} FROM empty")
    connection.unregister("empty")


def _one_account(connection: duckdb.DuckDBPyConnection, touched: list[str]) -> None:
    """Where an import names one account only, what names none is that account's."""
    tables = [name for name in ("creators", "audience", "posts") if name in touched]
    if not tables:
        return
    named = " UNION ".join(f"SELECT creator_id FROM staged_{name}" for name in tables)
    accounts = connection.execute(
        f"SELECT creator_id FROM ({named}) WHERE creator_id IS NOT NULL AND creator_id NOT LIKE '%:{UNKNOWN}%' LIMIT 2"
    ).fetchall()
    if len(accounts) == 1:
        for name in tables:
            connection.execute(f"UPDATE staged_{name} SET creator_id = ? WHERE creator_id IS NULL", accounts[0])


def _leave_out_forgotten(connection: duckdb.DuckDBPyConnection, name: str, into: Path, quarantine: Quarantine) -> None:
    """Leave out whom ``thiqa forget`` removed, whatever is imported later."""
    columns = [column for column in TABLES[name].columns if column in PERSONS]
    if not columns or not (into / FORGOTTEN).exists():
        return
    gone = f"(SELECT id FROM read_parquet('{_sql(into / FORGOTTEN)}'))"
    where = " OR ".join(f"{column} IN {gone}" for column in columns)
    lost = connection.execute(f"SELECT DISTINCT {FILE}, {ROW} FROM staged_{name} WHERE {where} ORDER BY ALL").fetchall()
    for file, row in lost:
        quarantine.reject(file, row, "", None, "of a person who is forgotten here", fault=False)
    connection.execute(f"DELETE FROM staged_{name} WHERE {where}")


def _set_aside_nameless(connection: duckdb.DuckDBPyConnection, name: str, quarantine: Quarantine) -> None:
    if name in ("creators", "audience"):
        lost = f"SELECT DISTINCT {FILE}, {ROW} FROM staged_{name} WHERE creator_id IS NULL ORDER BY ALL"
        for file, row in connection.execute(lost).fetchall():
            reason = "the answer does not say whose account it is: put its user name in the name of the file's folder"
            quarantine.reject(file, row, "creator_id", None, reason, fault=False)


def _merge_rows(connection: duckdb.DuckDBPyConnection, name: str, into: Path) -> None:
    """Make ``merged_NAME``: one row a key, what is there already included."""
    columns = list(TABLES[name].columns)
    everything = f"SELECT * FROM staged_{name}"
    if (into / f"{name}.parquet").exists():
        old = ", ".join(_resolved(column, with_alias=False) + f" AS {column}" for column in columns)
        everything += (
            f" UNION ALL SELECT {old}, '', 0, coalesce(o.observed, 'epoch'), false, false "
            f"FROM read_parquet('{_sql(into / f'{name}.parquet')}') AS s "
            f"LEFT JOIN observed AS o ON o.table_name = '{name}' AND o.key = {_key(name, 's.')}"
        )
    order = f"(NOT {WEAK}, {OBSERVED}, __new, {FILE}, {ROW})"
    values = [c if c in TABLES[name].key else f"arg_max({c}, {order}) AS {c}" for c in columns]
    connection.execute(
        f"CREATE TABLE merged_{name} AS SELECT {', '.join(values)}, max({OBSERVED}) AS {OBSERVED} FROM ({everything}) "
        f"WHERE {' AND '.join(f'{key} IS NOT NULL' for key in TABLES[name].key)} GROUP BY {', '.join(TABLES[name].key)}"
    )


def _resolved(column: str, *, with_alias: bool) -> str:
    """Write the expression of a column in which names and short ids are replaced by the ids they stand for."""
    mapped = "(SELECT any_value(a.id) FROM aliases AS a WHERE a.alias = {0})"
    if column == "post_id":
        return f"coalesce({mapped.format('s.post_id')}, s.post_id)"
    if column not in PERSONS:
        return f"s.{column}"
    if with_alias:
        alias = f"s.{alias_column(column)}"
        return f"coalesce(s.{column}, {mapped.format(alias)}, {alias})"
    known = f"CASE WHEN s.{column} NOT LIKE '%:{UNKNOWN}%' THEN s.{column} END"
    return f"coalesce({mapped.format(f's.{column}')}, {known})"


def _place_replies(connection: duckdb.DuckDBPyConnection, quarantine: Quarantine) -> None:
    """Give replies the post of their parent; what belongs to no known post is set aside."""
    connection.execute(
        "UPDATE merged_comments AS c SET post_id = p.post_id FROM merged_comments AS p "
        "WHERE c.post_id IS NULL AND p.comment_id = c.parent_id AND p.post_id IS NOT NULL"
    )
    lost = connection.execute(
        f"SELECT s.{FILE}, s.{ROW} FROM staged_comments AS s JOIN merged_comments AS c USING (comment_id) "
        "WHERE c.post_id IS NULL ORDER BY ALL"
    )
    while rows := lost.fetchmany(BATCH_ROWS):
        for file, row in rows:
            quarantine.reject(file, row, "post_id", None, "no answer says under which post it stands", fault=False)
    connection.execute("DELETE FROM merged_comments WHERE post_id IS NULL")
    if _exists(connection, "merged_posts"):
        connection.execute(
            "UPDATE merged_comments AS c SET by_creator = (c.author_id = p.creator_id) FROM merged_posts AS p "
            "WHERE c.by_creator IS NULL AND p.post_id = c.post_id AND c.author_id IS NOT NULL "
            "AND p.creator_id IS NOT NULL"
        )


def _own_creators(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"UPDATE merged_posts SET creator_id = split_part(post_id, ':', 1) || ':{UNKNOWN}' "
        "|| substr(post_id, strpos(post_id, ':') + 1) WHERE creator_id IS NULL"
    )


def _missing_creators(connection: duckdb.DuckDBPyConnection, touched: list[str], into: Path) -> list[str]:
    """Add a creator for every account that posts or audience name, known by its platform alone."""
    if "creators" not in touched:
        _from_file(connection, "creators", into)
    connection.execute(f"DELETE FROM merged_creators WHERE creator_id LIKE '%:{UNKNOWN}%'")
    for name in ("posts", "audience"):
        source = f"merged_{name}" if name in touched else f"read_parquet('{_sql(into / f'{name}.parquet')}')"
        if name in touched or (into / f"{name}.parquet").exists():
            connection.execute(
                f"INSERT INTO merged_creators (creator_id, platform, {OBSERVED}) SELECT DISTINCT creator_id, "
                f"split_part(creator_id, ':', 1), CAST('epoch' AS TIMESTAMPTZ) FROM {source} "
                "WHERE creator_id NOT IN (SELECT creator_id FROM merged_creators)"
            )
    return sorted({*touched, "creators"})


def _from_file(connection: duckdb.DuckDBPyConnection, name: str, into: Path) -> None:
    columns = ", ".join(TABLES[name].columns)
    if (into / f"{name}.parquet").exists():
        source = f"read_parquet('{_sql(into / f'{name}.parquet')}')"
        connection.execute(f"CREATE TABLE merged_{name} AS SELECT {columns}, "
                           f"CAST('epoch' AS TIMESTAMPTZ) AS {OBSERVED} FROM {source}")  # fmt: skip
    else:
        _empty(connection, f"merged_{name}", name, f"CAST('epoch' AS TIMESTAMPTZ) AS {OBSERVED}")


def _refuse_lost_references(
    connection: duckdb.DuckDBPyConnection, name: str, into: Path, quarantine: Quarantine
) -> None:
    """Reject rows that point to nothing where they must; where they need not, the pointer becomes null."""
    for column, other in TABLES[name].references.items():
        (key,) = TABLES[other].key
        merged = _exists(connection, f"merged_{other}")
        file = into / f"{other}.parquet"
        if not merged and not file.exists():
            continue
        target = f"merged_{other}" if merged else f"read_parquet('{_sql(file)}')"
        lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {target})"
        if not TABLES[name].columns[column].required:
            connection.execute(f"UPDATE merged_{name} SET {column} = NULL WHERE {lost}")
            continue
        for source, row, found in connection.execute(
            f"SELECT {FILE}, {ROW}, {column} FROM staged_{name} WHERE {lost} ORDER BY ALL"
        ).fetchall():
            quarantine.reject(source, row, column, found, f"expected a {key} that is in {other}")
        connection.execute(f"DELETE FROM merged_{name} WHERE {lost}")


def _write(connection: duckdb.DuckDBPyConnection, name: str, out: Path) -> None:
    columns, keys = ", ".join(TABLES[name].columns), ", ".join(TABLES[name].key)
    rows = connection.sql(f"SELECT {columns} FROM merged_{name} ORDER BY {keys}")
    with writing(name, out) as writer:
        for batch in rows.to_arrow_reader(BATCH_ROWS):
            writer.write(pl.DataFrame(pl.from_arrow(batch)))


def _write_hidden(connection: duckdb.DuckDBPyConnection, touched: list[str], out: Path) -> None:
    """Keep what later imports need: user names' ids (hashed both), and when each row was last observed."""
    names = ", ".join(f"'{name}'" for name in touched)
    parts = [f"SELECT table_name, key, observed FROM observed WHERE table_name NOT IN ({names})"]
    parts += [f"SELECT '{name}', {_key(name)}, {OBSERVED} FROM merged_{name}" for name in touched]
    for file, query in ((ALIASES, "SELECT DISTINCT alias, id FROM aliases"), (OBSERVATIONS, " UNION ALL ".join(parts))):
        connection.execute(f"COPY (SELECT * FROM ({query}) ORDER BY ALL) TO '{_sql(out / file)}' (FORMAT parquet)")


def commit(out: Path, into: Path) -> None:
    """Check the new tables together with the unchanged ones, then put them in place; a kill is made good later.

    :raises InputError: If the tables do not fit together.
    """
    new = {path.name for path in out.iterdir()}
    for path in present(into).values():
        if path.name not in new and f"{path.stem}{GONE}" not in new:
            _linked(path, out / path.name)
    check(out, whole=False)
    out.rename(into / COMMIT)
    finish(into)


def _linked(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def finish(into: Path) -> None:
    """Move what a commit holds into place; also done at the start of an import, where a kill left one."""
    pending = into / COMMIT
    if pending.is_dir():
        for path in sorted(pending.iterdir()):
            if path.suffix == GONE:
                (into / f"{path.stem}.parquet").unlink(missing_ok=True)
            else:
                path.replace(into / path.name)
        remove(pending)
