"""Nothing but reading entities gets through: refused on the tree, and by DuckDB once more."""

from pathlib import Path

import duckdb
import pytest

from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase
from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.statement import parse

FILE = "/etc/hostname"

REFUSED = [
    f"SELECT * FROM read_csv('{FILE}')",
    f"SELECT * FROM read_text('{FILE}')",
    f"SELECT * FROM read_blob('{FILE}')",
    "SELECT * FROM read_json('x.json')",
    "SELECT * FROM read_parquet('x.parquet')",
    "SELECT * FROM parquet_scan('x.parquet')",
    "SELECT * FROM glob('*')",
    "SELECT * FROM sniff_csv('x.csv')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_database_list()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('lead')",
    "SELECT nextval('s')",
    "SELECT version()",
    "SELECT pg_sleep(1)",
    "SELECT 'HOME'.getenv()",
    "SELECT main.getenv('HOME')",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM memory.main.lead",
    "SELECT * FROM temp.lead",
    "COPY lead TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "EXPORT DATABASE 'x'",
    "ATTACH 'x.db'",
    "DETACH x",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA version",
    "SET threads = 1",
    "RESET threads",
    "USE memory",
    "CALL pragma_version()",
    "CHECKPOINT",
    "CREATE TABLE x AS SELECT 1",
    "DROP TABLE lead",
    "ALTER TABLE lead ADD COLUMN x INT",
    "INSERT INTO lead VALUES (1)",
    "UPDATE lead SET LastName = 'x'",
    "DELETE FROM lead",
    "SELECT * INTO x FROM lead",
    "SELECT * FROM lead WHERE LastName = ?",
    "SELECT * FROM lead WHERE LastName = $1",
    f"WITH x AS (SELECT * FROM read_text('{FILE}')) SELECT * FROM x",
    f"SELECT (SELECT content FROM read_text('{FILE}'))",
    f"SELECT 1 UNION SELECT content FROM read_text('{FILE}')",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_the_tree_is_refused(sql: str) -> None:
    with pytest.raises(SqlError):
        parse(sql)


def test_more_than_one_statement_is_refused() -> None:
    with pytest.raises(SqlError, match="more than one statement"):
        parse("SELECT 1; SELECT 2")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM lead",
        "FROM lead",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "SELECT * FROM (VALUES (1), (2)) v(a)",
        "SELECT * FROM unnest([1, 2]) t(a)",
        "SELECT * FROM range(3)",
        "SELECT 1 UNION ALL SELECT 2 ORDER BY 1",
        "SELECT row_number() OVER (ORDER BY LastName) FROM lead QUALIFY true",
    ],
)
def test_reading_is_let_through(sql: str) -> None:
    parse(sql)


def test_a_file_named_as_a_table_is_an_entity_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n")
    session = QueryDatabase().create_session()
    with pytest.raises(SqlError):
        session.execute(f"SELECT * FROM '{file}'")
    # The twin: without the configuration, DuckDB does open it.
    assert duckdb.execute(f"SELECT * FROM '{file}'").fetchall() == [(1,)]


@pytest.fixture
def session() -> DuckDBSession:
    return QueryDatabase().create_session()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/y.csv'",
        "ATTACH '{folder}/y.db'",
        "EXPORT DATABASE '{folder}/z'",
    ],
)
def test_duckdb_refuses_files_where_the_tree_would_not(
    session: DuckDBSession, tmp_path: Path, sql: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n")
    sql = sql.format(file=file, folder=tmp_path)
    with pytest.raises(SqlError):
        session.execute(sql)
    # The twin: the same statement runs where nothing is locked.
    duckdb.connect(":memory:").execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET TimeZone = 'Europe/London'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_duckdb_stays_locked(session: DuckDBSession, sql: str) -> None:
    with pytest.raises(SqlError):
        session.execute(sql)


def test_python_variables_are_no_tables(session: DuckDBSession) -> None:
    secret = duckdb.sql("SELECT 'leaked' AS a")
    with pytest.raises(SqlError):
        session.execute("SELECT * FROM secret")
    # The twin: a connection that is not locked finds the variable.
    assert duckdb.execute("SELECT * FROM secret").fetchall() == [("leaked",)]
    assert secret is not None


def test_a_session_sees_nothing_of_another() -> None:
    database = QueryDatabase()
    one, other = database.create_session(), database.create_session()
    one.execute("CREATE TEMP TABLE kept AS SELECT 1 AS a")
    with pytest.raises(SqlError, match="kept"):
        other.execute("SELECT * FROM temp.kept")


def test_a_refusal_is_told_in_a_line() -> None:
    with pytest.raises(QueryRefused) as refusal:
        parse("SELECT * FROM read_csv('\x1b[31mx')")
    assert "\x1b" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
