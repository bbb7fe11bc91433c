"""Local files in FROM: the rows are DuckDB's own, whatever the plan; no other file is read."""

import functools
import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cmdm_tui.query.database import local_files
from cmdm_tui.query.database.local_files import open_file_database
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryRefused, SqlError, UnknownName, UnreadableFile
from cmdm_tui.query.parsing import file_sources
from cmdm_tui.query.parsing.statement import Select, parse
from cmdm_tui.query.planning import file_keys
from tests.query.small_service import SmallService, open_engine

COUNT = 400
PAGE = 10
TYPES = {"Email": "Text", "City": "Text", "Score": "Number", "Born": "Date"}


def make_records() -> list[tuple[str, dict[str, str | None]]]:
    chance = random.Random(7)
    return [
        (
            f"P{place:03}",
            {
                "Email": chance.choice([f"u{place:03}@x.com", f"u{place:03}@x.com", None]),
                "City": chance.choice(["Leeds", "York", "leeds", None]),
                "Score": str(place % 50),
                "Born": f"2000-01-{place % 28 + 1:02}",
            },
        )
        for place in range(COUNT)
    ]


RECORDS = make_records()


@pytest.fixture
def service() -> SmallService:
    return SmallService({"lead": RECORDS}, {"lead": TYPES}, page=PAGE)


@pytest.fixture
async def engine(service: SmallService) -> AsyncIterator[Engine]:
    async with open_engine(service) as opened:
        await rows(opened, "SELECT count(*), max(Email) FROM lead")  # the fields and the total
        service.calls.clear()
        yield opened


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files, in which the query is run."""
    monkeypatch.chdir(tmp_path)
    emails = ["u007@x.com", "u008@x.com", "u009@x.com", "nobody@x.com", "U010@X.COM", ""]
    lines = [f"{email},{place},2000-01-0{place + 1}" for place, email in enumerate(emails)]
    Path("few.csv").write_text("\n".join(["mail,n,d", *lines]) + "\n")
    Path("none.csv").write_text("mail,n,d\n")
    Path("ids.csv").write_text("id\nP003\nP004\nnone\n")
    Path("few.json").write_text(json.dumps([{"mail": one, "n": 1} for one in emails]))
    duckdb.execute("COPY (SELECT 'u007@x.com' AS mail, 7 AS n) TO 'few.parquet'")
    return tmp_path


async def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with await engine.run(await engine.prepare(sql)) as result:
        return result.rows


@functools.cache
def plain_database() -> duckdb.DuckDBPyConnection:
    """Return DuckDB alone, with a table of the same records."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE lead (ExternalID TEXT, Email TEXT, City TEXT, Score DECIMAL(38,9), Born DATE)"
    )
    values = [(key, *record.values()) for key, record in RECORDS]
    connection.executemany("INSERT INTO lead VALUES (?, ?, ?, ?, ?)", values)
    return connection


def reference(sql: str) -> list[tuple[Any, ...]]:
    """Return what DuckDB alone gives, on a table of the same records."""
    given = sql.replace(".csv'", ".csv', all_varchar = true")
    return plain_database().execute(given).fetchall()


FEW = "read_csv('few.csv') f"
SHAPES = {
    "join": (f"SELECT l.ExternalID, f.n FROM {FEW} JOIN lead l ON l.Email = f.mail", True),
    "joined": (f"SELECT l.ExternalID FROM lead l JOIN {FEW} ON f.mail = l.Email", True),
    "comma": (f"SELECT l.ExternalID FROM lead l, {FEW} WHERE f.mail = l.Email AND n > '0'", True),
    "unqualified": (f"SELECT ExternalID FROM {FEW} JOIN lead ON Email = mail", True),
    "using": (
        "SELECT * FROM (SELECT mail AS Email FROM read_csv('few.csv')) JOIN lead USING (Email)",
        True,
    ),
    "lower": (f"SELECT ExternalID FROM {FEW} JOIN lead l ON Email = lower(mail)", True),
    "folded": (f"SELECT ExternalID FROM {FEW} JOIN lead l ON lower(Email) = lower(mail)", False),
    "left": (f"SELECT mail, ExternalID FROM {FEW} LEFT JOIN lead l ON l.Email = f.mail", True),
    "left of all": (f"SELECT ExternalID, n FROM lead l LEFT JOIN {FEW} ON Email = mail", False),
    "right": (f"SELECT ExternalID, n FROM lead l RIGHT JOIN {FEW} ON Email = mail", True),
    "right of all": (f"SELECT ExternalID, n FROM {FEW} RIGHT JOIN lead l ON Email = mail", False),
    "full": (f"SELECT ExternalID, n FROM lead l FULL JOIN {FEW} ON Email = mail", False),
    "semi": (f"SELECT ExternalID FROM lead l SEMI JOIN {FEW} ON Email = mail", True),
    "anti": (f"SELECT ExternalID FROM lead l ANTI JOIN {FEW} ON Email = mail", False),
    "which not": (f"SELECT mail FROM {FEW} ANTI JOIN lead l ON Email = mail", True),
    "in": ("SELECT * FROM lead WHERE Email IN (SELECT mail FROM read_csv('few.csv'))", True),
    "in, and": (
        (
            "SELECT ExternalID FROM lead WHERE Score < 9 AND Email IN "
            "(SELECT mail FROM read_csv('few.csv') WHERE n <> '3')"
        ),
        True,
    ),
    "in, or": (
        (
            "SELECT ExternalID FROM lead WHERE Score < 9 OR Email IN "
            "(SELECT mail FROM read_csv('few.csv'))"
        ),
        False,
    ),
    "not in": (
        (
            "SELECT ExternalID FROM lead WHERE Email NOT IN "
            "(SELECT mail FROM read_csv('few.csv') WHERE mail <> '')"
        ),
        False,
    ),
    "in entity": (f"SELECT mail FROM {FEW} WHERE mail IN (SELECT Email FROM lead)", True),
    "in entity of": (
        f"SELECT mail FROM {FEW} WHERE mail IN (SELECT DISTINCT Email FROM lead WHERE Score < 9)",
        True,
    ),
    "in first of entity": (
        f"SELECT mail FROM {FEW} WHERE mail IN (SELECT min(Email) FROM lead)",
        False,
    ),
    "not in entity": (f"SELECT mail FROM {FEW} WHERE mail NOT IN (SELECT Email FROM lead)", False),
    "shown in": (f"SELECT mail, mail IN (SELECT Email FROM lead) FROM {FEW}", False),
    "exists": (
        f"SELECT mail FROM {FEW} WHERE EXISTS (SELECT 1 FROM lead l WHERE l.Email = f.mail)",
        True,
    ),
    "not exists": (
        f"SELECT mail FROM {FEW} WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE l.Email = f.mail)",
        True,
    ),
    "exists in file": (
        f"SELECT ExternalID FROM lead l WHERE EXISTS (SELECT 1 FROM {FEW} WHERE f.mail = l.Email)",
        True,
    ),
    "counted exists": (
        (
            "SELECT count(*) FROM lead l WHERE EXISTS "
            f"(SELECT count(*) FROM {FEW} WHERE f.mail = l.Email)"
        ),
        False,
    ),
    "counted": (
        f"SELECT mail, (SELECT count(*) FROM lead l WHERE l.Email = f.mail) FROM {FEW}",
        True,
    ),
    "coalesced": (
        (
            "SELECT ExternalID FROM lead l LEFT JOIN read_csv('ids.csv') f ON false "
            "WHERE l.City = coalesce(f.id, 'York')"
        ),
        False,
    ),
    "of a null side": (
        f"SELECT ExternalID FROM lead l LEFT JOIN {FEW} ON l.Email = f.mail WHERE l.Email = f.mail",
        True,
    ),
    "CTE": (
        (
            "WITH f AS (SELECT lower(mail) AS m FROM read_csv('few.csv')) "
            "SELECT ExternalID FROM f JOIN lead l ON l.Email = f.m"
        ),
        True,
    ),
    "grouped": (
        f"SELECT City, count(*) FROM {FEW} JOIN lead l ON l.Email = f.mail GROUP BY City",
        True,
    ),
    "ids": ("SELECT * FROM lead WHERE ExternalID IN (SELECT id FROM read_csv('ids.csv'))", True),
    "no row": ("SELECT * FROM lead WHERE Email IN (SELECT mail FROM read_csv('none.csv'))", True),
    "no row, left": (
        (
            "SELECT ExternalID FROM lead l LEFT JOIN read_csv('none.csv') f ON true "
            "WHERE l.City = 'York'"
        ),
        False,
    ),
    "file alone": (f"SELECT mail, n, d FROM {FEW}", True),
    "two files": (f"SELECT count(*) FROM {FEW}, read_csv('ids.csv')", True),
    "union": (f"SELECT mail FROM {FEW} UNION ALL SELECT Email FROM lead", False),
    "shadowed": (
        (
            f"SELECT ExternalID FROM lead l WHERE EXISTS (SELECT 1 FROM {FEW}, "
            "(SELECT 'u007@x.com' AS Email) l WHERE f.mail = l.Email)"
        ),
        False,
    ),
    "limited": (
        (
            "SELECT ExternalID FROM lead l JOIN (SELECT mail FROM read_csv('few.csv') "
            "ORDER BY n LIMIT 2) f ON l.Email = f.mail"
        ),
        True,
    ),
}


async def test_rows_are_those_of_duckdb(engine: Engine, service: SmallService) -> None:
    for shape, (sql, is_cheap) in SHAPES.items():
        service.calls.clear()
        found = sorted(await rows(engine, sql), key=repr)
        assert found == sorted(reference(sql), key=repr), shape
        assert (len(service.calls) < COUNT // PAGE) is is_cheap, shape


async def test_a_key_that_an_outer_join_makes_up_would_be_noticed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_keys, "is_strict", bool)
    sql, _ = SHAPES["coalesced"]
    assert sorted(await rows(engine, sql)) != sorted(reference(sql))


async def test_a_key_of_a_counted_subquery_would_be_noticed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql, _ = SHAPES["counted exists"]
    monkeypatch.setattr(file_keys, "SHOWN_OF_EXISTS", (object,))
    assert await rows(engine, sql) != reference(sql)


async def test_an_empty_file_costs_no_call(engine: Engine, service: SmallService) -> None:
    assert await rows(engine, SHAPES["no row"][0]) == []
    assert service.calls == []


async def test_ids_of_a_file_are_fetched_one_by_one(engine: Engine, service: SmallService) -> None:
    await rows(engine, SHAPES["ids"][0])
    assert sorted(service.calls) == ["lead/P003", "lead/P004", "lead/none"]


async def test_many_values_are_found_by_one_scan(
    engine: Engine, service: SmallService, folder: Path
) -> None:
    lines = "".join(f"u{place:03}@x.com\n" for place in range(0, COUNT, 2))
    (folder / "many.csv").write_text(f"mail\n{lines}")
    sql = "SELECT count(*) FROM lead WHERE Email IN (SELECT mail FROM read_csv('many.csv'))"
    assert await rows(engine, sql) == reference(sql)
    assert len(service.calls) == COUNT // PAGE


# What is in a file


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('few.csv')", "read_csv_auto('few.csv')", "'few.csv'", "read_json('few.json')",
        "read_json_auto('few.json')", "'few.json'", "read_csv(['few.csv', 'few.csv'])",
        "read_csv('few.csv', header = true, delim => ',', nullstr = '')",
        "read_csv('few.csv', columns = {'mail': 'VARCHAR', 'n': 'INT', 'd': 'DATE'})",
    ],
)  # fmt: skip
async def test_every_form_is_read(engine: Engine, source: str) -> None:
    found = await rows(engine, f"SELECT mail FROM {source} WHERE mail LIKE 'u00%' ORDER BY mail")
    assert found[0] == ("u007@x.com",)


async def test_parquet_is_read(engine: Engine) -> None:
    assert await rows(engine, "FROM 'few.parquet'") == [("u007@x.com", 7)]
    assert await rows(engine, "FROM read_parquet('few.parquet')") == [("u007@x.com", 7)]


async def test_a_file_is_named_by_its_function_or_its_name(engine: Engine) -> None:
    assert await rows(engine, "SELECT few.n FROM 'few.parquet'") == [(7,)]
    assert await rows(engine, "SELECT read_csv.n FROM read_csv('few.csv') LIMIT 1") == [("0",)]


async def test_text_of_a_csv_is_text_and_is_read_as_what_it_is_compared_with(
    engine: Engine, folder: Path
) -> None:
    (folder / "t.csv").write_text("code,v,day\n007,1.10,2026-01-02\n10,1.100,x\n9,2,2026-01-03\n")
    assert await rows(engine, "SELECT code, v FROM 't.csv'") == [
        ("007", "1.10"), ("10", "1.100"), ("9", "2"),
    ]  # fmt: skip
    assert await rows(engine, "SELECT sum(v), max(code + 0) FROM 't.csv' WHERE code > 8") == [
        (3.1, 10.0)
    ]
    assert await rows(engine, "SELECT code FROM 't.csv' WHERE day > DATE '2026-01-02'") == [("9",)]
    typed = "read_csv('t.csv', all_varchar = false)"
    assert await rows(engine, f"SELECT max(code) FROM {typed}") == [("9",)]
    typed = "read_csv('t.csv', types = {'code': 'INTEGER'})"
    assert await rows(engine, f"SELECT max(code) FROM {typed}") == [(10,)]


async def test_fields_compare_with_text_of_a_file_as_what_they_are(
    engine: Engine, folder: Path
) -> None:
    sql = "SELECT count(*) FROM 'few.csv' f JOIN lead l ON l.Score = f.n AND l.Born = f.d"
    expected = sum(
        int(str(record["Score"])) < 6
        and record["Born"] == f"2000-01-{int(str(record['Score'])) + 1:02}"
        for _, record in RECORDS
    )
    assert await rows(engine, sql) == [(expected,)]


async def test_explain_names_the_files(engine: Engine) -> None:
    sql = f"EXPLAIN {SHAPES['join'][0]}"
    lines = [line for (line,) in await rows(engine, sql)]
    assert "file     few.csv (6 rows)" in lines
    assert any("values of a file" in line for line in lines)
    ((text,),) = await rows(engine, sql.replace("EXPLAIN", "EXPLAIN (FORMAT JSON)"))
    assert json.loads(text)["files"] == [{"names": ["few.csv"], "rows": 6}]


async def test_a_wrong_column_is_suggested(engine: Engine) -> None:
    with pytest.raises(UnknownName, match=r"'mial'\. Did you mean mail\?"):
        await engine.prepare("SELECT mial FROM 'few.csv'")


async def test_an_entity_may_be_called_like_a_file() -> None:
    async with open_engine(SmallService({"few.csv": [("A", {"a": "1"})]}, {})) as engine:
        assert await rows(engine, 'SELECT a FROM "few.csv"') == [("1",)]


# What is refused


REFUSED = {
    "http": "read_csv('http://127.0.0.1/x.csv')",
    "https": "'https://127.0.0.1/x.csv'",
    "s3": "read_parquet('s3://bucket/x.parquet')",
    "file": "read_csv('file:///etc/hostname')",
    "odd scheme": "read_csv('HTTPS:/x.csv')",
    "share": r"read_csv('\\host\share\x.csv')",
    "in a list": "read_csv(['few.csv', 'https://127.0.0.1/x.csv'])",
    "expression": "read_csv('few' || '.csv')",
    "column": "read_csv(few)",
    "parameter": "read_csv($file)",
    "subquery": "read_csv((SELECT 'few.csv'))",
    "no name": "read_csv()",
    "empty name": "read_csv('')",
    "empty list": "read_csv([])",
    "unknown option": "read_csv('few.csv', nonsense = 1)",
    "rejects": "read_csv('few.csv', store_rejects = true)",
    "names of files": "read_csv('few.csv', filename = true)",
    "option that is no literal": "read_csv('few.csv', delim = getenv('HOME'))",
    "option in a subquery": "read_csv('few.csv', nullstr = (SELECT 'x'))",
    "key": "read_parquet('few.parquet', encryption_config = {'footer_key': 'x'})",
    "text": "read_text('few.csv')",
    "blob": "read_blob('few.csv')",
    "names": "glob('*')",
    "sniffer": "sniff_csv('few.csv')",
    "scan": "sqlite_scan('x.db', 't')",
    "schema": '"\x01files"."1"',
}


@pytest.mark.parametrize("source", REFUSED)
def test_all_else_is_refused(source: str) -> None:
    sql = f"SELECT * FROM {REFUSED[source]}"
    with pytest.raises(SqlError):
        parse(sql, {"file": "few.csv"}, allows_files=True)


@pytest.mark.parametrize("source", ["read_csv('few.csv')", "'few.csv'", "read_json('few.json')"])
def test_a_profile_may_forbid_files(source: str) -> None:
    with pytest.raises(QueryRefused, match="reads a local file, which is not allowed here"):
        parse(f"SELECT * FROM {source}")


def ignore_path(_path: str, _function: str) -> None:
    """Take every path."""


SYSTEM = {
    "read_csv('/etc/passwd')": "read_csv\\(\\) does not read files of the system",
    "read_csv('/proc/self/environ')": "does not read files of the system",
    "read_csv('/dev/zero')": "does not read files of the system",
    "read_csv('/tmp/../etc/passwd')": "does not read files of the system",
    "read_csv('link.csv')": "does not read files of the system",
}


@pytest.mark.parametrize("source", SYSTEM)
def test_files_of_the_system_are_refused(folder: Path, source: str) -> None:
    (folder / "link.csv").symlink_to("/etc/passwd")
    with pytest.raises(QueryRefused, match=SYSTEM[source]):
        parse(f"SELECT * FROM {source}", allows_files=True)


def test_a_file_of_the_system_that_is_read_would_be_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_sources, "SYSTEM_FOLDERS", frozenset[Path]())
    (folder / "link.csv").symlink_to("/etc/passwd")
    parse("SELECT * FROM read_csv('link.csv')", allows_files=True)


async def test_an_address_is_no_file_even_where_it_is_not_recognised(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')"
    with pytest.raises(QueryRefused):
        await engine.prepare(sql)
    # The twin: without the check it is a path, which our own code opens, and not an address.
    monkeypatch.setattr(file_sources, "_check_path", ignore_path)
    with pytest.raises(UnreadableFile, match="No such file"):
        await engine.prepare(sql)


PATTERN = "SELECT * FROM read_csv('*.csv')"


async def test_a_pattern_is_a_name(engine: Engine, folder: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        await engine.prepare(PATTERN)
    (folder / "*.csv").write_text("a\nliteral\n")
    assert await rows(engine, PATTERN) == [("literal",)]


async def test_the_database_of_a_query_reads_no_file_any_more(folder: Path) -> None:
    statement = parse("FROM 'few.csv'", allows_files=True)
    assert isinstance(statement, Select)
    opened = await open_file_database(statement.files)
    session = opened.database.create_session()
    for sql in ("FROM 'few.csv'", "FROM read_csv('ids.csv')", "COPY (SELECT 1) TO 'out.csv'"):
        with pytest.raises(SqlError):
            session.execute(sql)
    session.close()
    opened.database.close()
    assert not (folder / "out.csv").exists()


async def test_a_database_that_is_not_locked_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_files, "lock_connection", bool)
    statement = parse("FROM 'few.csv'", allows_files=True)
    assert isinstance(statement, Select)
    opened = await open_file_database(statement.files)
    session = opened.database.create_session()
    assert session.execute("SELECT count(*) FROM read_csv('ids.csv')") == [(3,)]
    session.close()
    opened.database.close()


@pytest.fixture
def broken(folder: Path) -> dict[str, str]:
    """Files that cannot be read: the FROM of each, and what is said of it."""
    os.mkfifo(folder / "pipe.csv")
    return make_broken_files(folder)


def make_broken_files(folder: Path) -> dict[str, str]:
    """Make files that cannot be read; return the FROM of each and what is said of it."""
    (folder / "folder.csv").mkdir()
    (folder / "latin.csv").write_bytes("Näme\nMüller\n".encode("latin-1"))
    (folder / "bytes.csv").write_bytes(bytes(range(256)) * 10)
    (folder / "bad.json").write_text('{"a": ')
    (folder / "words.json").write_text("hello")
    (folder / "bad.parquet").write_bytes(b"PAR1 and so on PAR1")
    (folder / "short.parquet").write_bytes(b"")
    (folder / "bad.csv.gz").write_bytes(b"no gzip")
    (folder / "ragged.csv").write_text("a,b\n" + "1,2\n" * 50_000 + "3,4,5\n")
    with (folder / "huge.csv").open("wb") as file:
        file.truncate(10 * 1024**4)
    return {
        "'none-here.csv'": "none-here.csv cannot be read: No such file or directory",
        "'folder.csv'": "folder.csv cannot be read: it is a folder",
        "'pipe.csv'": "pipe.csv cannot be read: it is a pipe, not a file",
        "'huge.csv'": "huge.csv cannot be read: it is over",
        "'latin.csv'": "latin.csv cannot be read as CSV: CSV Error on Line: 1 Invalid unicode",
        "'bytes.csv'": "bytes.csv cannot be read as CSV: ",
        "'ragged.csv'": "ragged.csv cannot be read as CSV: CSV Error on Line: 50002",
        "'bad.json'": "bad.json cannot be read as JSON: Malformed JSON in file bad.json",
        "'words.json'": "words.json cannot be read as JSON: ",
        "'bad.parquet'": "bad.parquet cannot be read as Parquet: ",
        "'short.parquet'": "short.parquet cannot be read as Parquet: ",
        "'bad.csv.gz'": "bad.csv.gz cannot be read as CSV: ",
        "read_csv('few.csv', encoding = 'klingon')": "few.csv cannot be read as CSV: ",
        "read_csv('few.csv', types = {'mail': 'NOTYPE'})": "few.csv cannot be read as CSV: ",
        "read_csv('~nobody-of-this-name/x.csv')": "~nobody-of-this-name/x.csv cannot be read: ",
    }


async def test_what_cannot_be_read_is_one_sentence(engine: Engine, broken: dict[str, str]) -> None:
    for source, beginning in broken.items():
        with pytest.raises(UnreadableFile) as error:
            await engine.prepare(f"SELECT * FROM {source}")
        said = str(error.value)
        assert said.startswith(beginning), (source, said)
        assert "/dev/fd" not in said
        assert "\n" not in said
        assert len(said) < 500


async def test_other_encodings_are_named(engine: Engine, folder: Path) -> None:
    (folder / "latin.csv").write_bytes("Name\nMüller\n".encode("latin-1"))
    (folder / "wide.csv").write_bytes("Name\nMüller\n".encode("utf-16"))
    for name, encoding in (("latin.csv", "latin-1"), ("wide.csv", "utf-16")):
        sql = f"FROM read_csv('{name}', encoding = '{encoding}')"
        assert await rows(engine, sql) == [("Müller",)]


async def test_more_rows_than_are_read_are_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_files, "MOST_ROWS", 5)
    with pytest.raises(UnreadableFile, match=r"few\.csv has more than 5 rows"):
        await engine.prepare("FROM 'few.csv'")


async def test_a_name_with_odd_characters_is_read(engine: Engine, folder: Path) -> None:
    (folder / "it's \u202e [1].csv").write_text("a\n1\n")
    assert await rows(engine, "FROM 'it''s \u202e [1].csv'") == [("1",)]
