"""SUMMARIZE and PIVOT as statements, and scripts of several statements."""

from collections.abc import AsyncIterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.query.parsing.statement import parse
from cmdm_tui.query.parsing.statement_forms import split_script
from tests.query.small_service import SmallService, open_engine

TYPES = {"City": "Text", "Status": "Text", "Amount": "Currency", "Born": "Date", "Seen": "DateTime"}
RECORDS = [
    ("A1", {"City": "Leeds", "Status": "New", "Amount": "1.10", "Born": "2000-01-01"}),
    ("A2", {"City": "_x", "Status": "Won", "Amount": "12.50", "Born": "2000-01-02"}),
    ("A3", {"City": "York", "Status": "New", "Amount": None, "Seen": "2026-01-01T00:00:00Z"}),
    ("A4", {"City": "leeds", "Status": None, "Amount": "7", "Born": "2000-01-04"}),
]


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    service = SmallService(
        {"deal": RECORDS, "task": [("T1", {"Hours": "1.10"})], "none": []},
        {"deal": TYPES, "none": TYPES},
        page=2,
    )
    async with open_engine(service) as opened:
        yield opened


async def table(engine: Engine, sql: str) -> list[dict[str, Any]]:
    with await engine.run(await engine.prepare(sql)) as result:
        names = [one.name for one in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows]


async def test_summarize_tells_of_every_column(engine: Engine) -> None:
    rows = {row["column_name"]: row for row in await table(engine, "SUMMARIZE deal")}
    assert list(rows) == ["ExternalID", *TYPES]
    city, amount, born, seen = (rows[name] for name in ("City", "Amount", "Born", "Seen"))
    # By the account's order, in which `_` comes before letters whatever their case.
    assert (city["min"], city["max"], city["count"], city["avg"]) == ("_x", "York", 4, None)
    assert (amount["min"], amount["max"], amount["q50"]) == ("1.1", "12.5", "7")
    assert amount["column_type"].startswith("DECIMAL")
    assert float(amount["avg"]) == pytest.approx(20.6 / 3)
    assert float(amount["null_percentage"]) == 25
    assert (born["min"], born["q50"], born["max"]) == ("2000-01-01", "2000-01-02", "2000-01-04")
    assert float(seen["null_percentage"]) == 75


async def test_summarize_has_the_columns_of_duckdb(engine: Engine) -> None:
    (first, *_) = await table(engine, "SUMMARIZE SELECT City FROM deal")
    described = duckdb.execute("SUMMARIZE SELECT 1").description
    assert list(first) == [one[0] for one in described]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SUMMARIZE SELECT City, City FROM deal", ["City", "City"]),
        ("SUMMARIZE SELECT Amount + 1 AS more FROM deal WHERE Amount > 2", ["more"]),
        ("SUMMARIZE FROM task", ["ExternalID", "Hours"]),
        ("SUMMARIZE WITH q AS (SELECT City FROM deal) SELECT * FROM q", ["City"]),
        ("SUMMARIZE SELECT City FROM deal UNION ALL SELECT Status FROM deal", ["City"]),
        ("SUMMARIZE (SELECT 1 AS one)", ["one"]),
        ("SUMMARIZE SELECT [1] AS list, {'a': 1} AS struct", ["list", "struct"]),
        ("SUMMARIZE none", ["ExternalID", *TYPES]),
    ],
)
async def test_summarize_takes_every_query(engine: Engine, sql: str, names: list[str]) -> None:
    assert [row["column_name"] for row in await table(engine, sql)] == names


async def test_summarize_reads_each_page_once(engine: Engine) -> None:
    planned = await engine.prepare("SUMMARIZE deal")
    with await engine.run(planned) as result:
        assert result.stats.calls_used <= result.stats.calls_high
    warm = await engine.prepare("EXPLAIN SUMMARIZE SELECT City FROM deal")
    assert (warm.plan.cost.low, warm.plan.cost.high) == (2, 2)


async def test_a_wrong_name_in_summarize_is_told(engine: Engine) -> None:
    with pytest.raises(UnknownName, match="There is no column 'Citty'"):
        await engine.prepare("SUMMARIZE SELECT Citty FROM deal")


PIVOTS = [
    "PIVOT deal ON Status USING count(*) GROUP BY City",
    "PIVOT deal ON Status IN ('New', 'Won') USING count(*) GROUP BY City",
    "PIVOT deal ON Status USING count(*), max(City) AS top GROUP BY Born",
    "PIVOT deal ON Status USING count(*), max(City) GROUP BY Born",
    "PIVOT (SELECT Status, City FROM deal) ON Status USING first(City ORDER BY City)",
    "PIVOT (SELECT City, Status FROM deal) ON Status USING count(*) ORDER BY Won DESC LIMIT 1",
    "WITH q AS (SELECT City, Status FROM deal) PIVOT q ON Status USING count(*)",
    "SELECT * FROM (PIVOT (SELECT City, Status FROM deal) ON Status USING count(*)) WHERE New > 0",
    "UNPIVOT (SELECT City, Status FROM deal) ON City, Status INTO NAME n VALUE v",
    "UNPIVOT (SELECT City, Status FROM deal) ON City, Status INTO NAME n VALUE v LIMIT 3",
]


@pytest.mark.parametrize("sql", PIVOTS)
async def test_pivots_are_those_of_duckdb(engine: Engine, sql: str) -> None:
    connection = duckdb.connect(config={"default_null_order": "nulls_first_on_asc_last_on_desc"})
    connection.execute("CREATE TABLE deal (ExternalID TEXT, City TEXT, Status TEXT, Born DATE)")
    rows = [(key, values["City"], values["Status"], values.get("Born")) for key, values in RECORDS]
    connection.executemany("INSERT INTO deal VALUES (?, ?, ?, ?)", rows)
    answer = connection.execute(sql)
    expected = [dict(zip([one[0] for one in answer.description], row, strict=True))
                for row in answer.fetchall()]  # fmt: skip
    assert sorted(await table(engine, sql), key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    "sql",
    [
        "PIVOT deal ON Sttus USING count(*)",
        "PIVOT deal ON Status USING max(Sttus)",
        "PIVOT (SELECT Sttus FROM deal) ON City USING count(*)",
        "PIVOT deal ON Status USING count(*) GROUP BY Sttus",
    ],
)
async def test_a_wrong_name_in_a_pivot_costs_no_page(engine: Engine, sql: str) -> None:
    with pytest.raises(UnknownName, match=r"There is no column 'Sttus'\. Did you mean Status"):
        await engine.prepare(sql)


async def test_a_pivot_of_no_row_is_told(engine: Engine) -> None:
    sql = "PIVOT (SELECT Status FROM none) ON Status USING count(*)"
    prepared = await engine.prepare(sql)
    with pytest.raises(SqlError, match="The result has no columns: no row has a value"):
        await engine.run(prepared)


# Scripts


def statements(sql: str) -> list[tuple[str, int, int]]:
    return [(one.sql, one.line, one.column) for one in split_script(sql)]


def test_semicolons_in_text_names_and_comments_separate_nothing() -> None:
    sql = (
        "SELECT ';' /* ; */, \";\" -- ;\nFROM a;;\n\n  SELECT $$a;b$$, $t$;$t$; SHOW x;\n-- end;\n"
    )
    assert statements(sql) == [
        ("SELECT ';' /* ; */, \";\" -- ;\nFROM a", 1, 1),
        ("SELECT $$a;b$$, $t$;$t$", 4, 3),
        ("SHOW x", 4, 28),
    ]


def test_the_parameters_of_each_statement_are_known() -> None:
    parts = split_script("SELECT $a, '$b'; SELECT 1; SELECT $c + $a -- $d")
    assert [set(one.parameters) for one in parts] == [{"a"}, set(), {"a", "c"}]


def test_nothing_is_no_statement() -> None:
    assert statements(" ;; -- nothing\n;/* */") == []


def test_a_text_that_is_not_closed_is_one_statement() -> None:
    assert len(statements("SELECT 1; SELECT 'a; SELECT 2")) == 1


PARTS = ["SELECT 1", "SELECT ';'", "SELECT $$;\n$$", 'SELECT ";" FROM a', "FROM a -- ;\n, b",
         "SELECT /* ; */ 2"]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from([";", ";\n", " ; ;\n\n  "]))))
def test_every_statement_is_found_where_it_is(pairs: list[tuple[str, str]]) -> None:
    sql = "".join(part + end for part, end in pairs)
    found = split_script(sql)
    assert [one.sql for one in found] == [part for part, _ in pairs]
    for one in found:
        assert sql.split("\n")[one.line - 1][one.column - 1 :].startswith(one.sql.split("\n")[0])
        assert one.padded.split("\n")[one.line - 1].lstrip() == one.sql.split("\n")[0]


@pytest.mark.parametrize(
    "sql", ["\n\n  SELECT * FROM lead WHERE )", "-- a\n\nEXPLAIN SELECT * FROM lead\nWHERE )"]
)
def test_places_are_those_of_the_whole_text(sql: str) -> None:
    with pytest.raises(SqlError) as error:
        parse(sql)
    line = error.value.line
    assert line is not None
    assert error.value.column is not None
    assert sql.split("\n")[line - 1][error.value.column - 1] == ")"
