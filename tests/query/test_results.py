"""What a result is: typed, exact, ordered, annotated, and in hand without another call."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.api import Record
from cmdm_tui.query.database.casts import FORMS, parse_value
from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase, without_zones
from cmdm_tui.query.database.loader import RecordLoader, column_texts
from cmdm_tui.query.database.python_values import Described, PythonValues
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.query.model import Column, ColumnKind, Table
from tests.query.conftest import OpenedEngine
from tests.query.small_service import SmallService, open_engine

TABLE = Table(
    "thing",
    (
        Column("ExternalID"),
        Column("Text"),
        Column("Amount", ColumnKind.NUMBER, "Currency"),
        Column("Day", ColumnKind.DATE, "Date"),
        Column("Moment", ColumnKind.DATETIME, "DateTime"),
        Column("Flag", ColumnKind.BOOLEAN, "Boolean"),
    ),
)


@pytest.fixture(scope="module")
def database() -> QueryDatabase:
    return QueryDatabase()


def loaded(session: DuckDBSession, *values: dict[str, Any]) -> RecordLoader:
    records = [Record("thing", f"R{n}", one) for n, one in enumerate(values)]
    session.create_table(TABLE, TABLE.columns)
    loader = RecordLoader(session, TABLE, TABLE.columns)
    loader.load(column_texts(records, TABLE.columns))
    loader.show_loaded()
    return loader


def column(session: DuckDBSession, name: str) -> list[Any]:
    sql = f'SELECT "{name}" FROM temp.thing'
    described = session.describe(sql)
    values = PythonValues(Described(tuple(described)))
    return [row[0] for row in values.convert(session.execute(without_zones(sql, described)))]


def type_of(session: DuckDBSession, name: str) -> str:
    return dict(session.describe("SELECT * FROM temp.thing"))[name]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1", "2.50", None], "DECIMAL(38,9)"),
        (["0.1", "123456789012345678901234567890.12"], "DECIMAL(38,8)"),
        (["1e3", "2"], "DECIMAL(38,9)"),
        (["0.000000000000000000000000000001"], "DECIMAL(38,30)"),
        ([], "DECIMAL(38,9)"),
    ],
)
def test_the_scale_of_a_decimal_fits_every_value(
    database: QueryDatabase, amounts: list[str | None], expected: str
) -> None:
    session = database.create_session()
    loader = loaded(session, *({"Amount": amount} for amount in amounts))
    assert type_of(session, "Amount") == expected
    found = column(session, "Amount")
    assert found == [None if one is None else Decimal(one) for one in amounts]
    assert not loader.values.misfits


@pytest.mark.parametrize(
    ("amounts", "lost"),
    [
        (["1" * 30, "0.0000000001"], [True, False]),
        (["1" * 39, "2.5", "3"], [True, False, False]),
        (["1e50", "2.5"], [True, False]),
        (["12345678901234567890", "0." + "0" * 30 + "1", "1.05"], [False, True, False]),
    ],
)
def test_a_number_with_too_many_digits_is_null_and_counted_and_changes_no_other(
    database: QueryDatabase, amounts: list[str], lost: list[bool]
) -> None:
    session = database.create_session()
    loader = loaded(session, *({"Amount": amount} for amount in amounts))
    found = column(session, "Amount")
    assert found == [
        None if is_lost else Decimal(one) for one, is_lost in zip(amounts, lost, strict=True)
    ]
    assert loader.values.misfits == {"Amount": sum(lost)}


def test_what_cannot_be_cast_is_null_and_counted(database: QueryDatabase) -> None:
    session = database.create_session()
    loader = loaded(
        session,
        {"Amount": "12,5", "Day": "2026-02-30", "Moment": "soon", "Flag": "maybe"},
        {"Amount": "", "Day": "2026-02-28", "Moment": "2026-03-01T10:00:00+02:00", "Flag": "TRUE"},
        {"Amount": None, "Day": None, "Moment": None, "Flag": None},
        {"Amount": 7, "Day": 5, "Moment": True, "Flag": False},
    )
    assert loader.values.failed_casts == {"Amount": 2, "Day": 2, "Moment": 2, "Flag": 1}
    assert column(session, "Amount") == [None, None, None, Decimal(7)]
    assert column(session, "Day") == [None, date(2026, 2, 28), None, None]
    assert column(session, "Moment") == [None, datetime(2026, 3, 1, 8, tzinfo=UTC), None, None]
    assert column(session, "Flag") == [None, True, None, False]


def test_nested_values_appear_as_their_json(database: QueryDatabase) -> None:
    session = database.create_session()
    loaded(
        session,
        {"Text": {"a": [1, None, "é"]}},
        {"Text": [Decimal("1.10")]},
        {"Text": True},
        {"Text": "\ud800x\0y"},
    )
    found = column(session, "Text")
    assert found[0] == '{"a":[1,null,"é"]}'
    assert found[2] == "true"
    assert found[3].endswith("x\0y")


VALUES = {
    ColumnKind.NUMBER: st.from_regex(FORMS[ColumnKind.NUMBER], fullmatch=True)
    | st.decimals(-9, 9).map(str),
    ColumnKind.DATE: st.dates().map(str) | st.from_regex(FORMS[ColumnKind.DATE], fullmatch=True),
    ColumnKind.DATETIME: st.datetimes().map(lambda one: one.isoformat() + "Z")
    | st.from_regex(FORMS[ColumnKind.DATETIME], fullmatch=True),
    ColumnKind.BOOLEAN: st.sampled_from(["true", "False", "1", "yes"]),
}


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_python_and_duckdb_agree_on_what_text_is_a_value(
    database: QueryDatabase, drawn: tuple[ColumnKind, str]
) -> None:
    kind, text = drawn
    name = next(one.name for one in TABLE.columns if one.kind is kind)
    session = database.create_session()
    loader = loaded(session, {name: text})
    (found,) = column(session, name)
    expected = parse_value(kind, text)
    if isinstance(expected, Decimal) and loader.values.misfits:
        # It has more digits than any DECIMAL.
        assert found is None
        whole, _, fraction = f"{expected:f}".strip("-").strip("0").partition(".")
        assert len(whole) > 18 or len(fraction) > 18 or expected.adjusted() > 18
        session.close()
        return
    if isinstance(expected, datetime):
        expected = expected.replace(tzinfo=UTC)
    assert found == expected
    assert bool(loader.values.failed_casts) is (expected is None)
    session.close()


async def test_names_are_matched_without_regard_to_case(opened: OpenedEngine) -> None:
    result = await opened.run('SELECT LASTNAME, "score" FROM LEAD AS L WHERE l.Score > 99 LIMIT 1')
    assert [one.name for one in result.columns] == ["LastName", "Score"]
    assert isinstance(result.rows[0][1], Decimal)


async def test_a_star_begins_with_the_id_and_keeps_the_fields_order(opened: OpenedEngine) -> None:
    result = await opened.run("SELECT * FROM lead WHERE Score > 50 LIMIT 1")
    fields = await opened.account.catalog.load_fields("lead")
    assert [one.name for one in result.columns] == ["ExternalID", *(one.name for one in fields)]


@pytest.mark.parametrize(
    ("sql", "suggestion"),
    [
        ("SELECT * FROM leads", "lead"),
        ("SELECT LastNme FROM lead WHERE Score > 1", "LastName"),
        ("SELECT l.scor FROM lead l WHERE Score > 1", "Score"),
        ("DESCRIBE contct", "contact"),
    ],
)
async def test_an_unknown_name_gets_the_nearest_ones(
    opened: OpenedEngine, sql: str, suggestion: str
) -> None:
    with pytest.raises(UnknownName) as unknown:
        await opened.run(sql)
    assert suggestion in unknown.value.suggestions
    assert f"Did you mean {suggestion}" in str(unknown.value)


async def test_an_unknown_column_is_told_where_it_stands(opened: OpenedEngine) -> None:
    await opened.know("lead")
    with pytest.raises(UnknownName) as unknown:
        await opened.run("SELECT LastName,\n  Skore FROM lead")
    assert (unknown.value.line, unknown.value.column) == (2, 3)
    assert opened.network.calls == opened.network.calls[:2], "nothing is fetched for it"


async def test_a_cte_may_have_an_entitys_name(opened: OpenedEngine) -> None:
    sql = "WITH lead AS (SELECT Score FROM lead WHERE Score > 90) SELECT min(Score) > 90 FROM lead"
    assert await opened.rows(sql) == [(True,)]


async def test_fields_whose_types_nobody_declared_are_text_and_marked(opened: OpenedEngine) -> None:
    result = await opened.run("SELECT Subject, DueDate FROM task WHERE DueDate IS NOT NULL LIMIT 2")
    assert [one.type for one in result.columns] == ["VARCHAR", "VARCHAR"]
    assert set(result.notes.inferred) == {"task.Subject", "task.DueDate"}


async def test_moments_of_a_time_zone_come_in_utc(opened: OpenedEngine) -> None:
    ((moment,),) = await opened.rows("SELECT TIMESTAMPTZ '2026-03-31 12:00:00+02:00'")
    assert moment == datetime(2026, 3, 31, 10, tzinfo=UTC)


async def test_moments_within_a_list_come_in_utc_too(opened: OpenedEngine) -> None:
    moment = "TIMESTAMPTZ '2026-03-31 12:00:00+02:00'"
    sql = f"SELECT [{moment}] AS l, {{'at': {moment}}} AS s"
    result = await opened.run(sql)
    utc = datetime(2026, 3, 31, 10, tzinfo=UTC)
    assert result.rows == [([utc], {"at": utc})]
    assert result.columns[0].type == "TIMESTAMP WITH TIME ZONE[]"


async def test_a_result_is_sorted_anew_without_a_call(opened: OpenedEngine) -> None:
    result = await opened.run("SELECT LastName, Score FROM lead WHERE Score > 90")
    before = len(opened.network.calls)
    names = [row[0] for row in result.sorted_by("lastname").rows]
    assert names == sorted(names, key=lambda name: (name.casefold(), name))
    scores = [row[1] for row in result.sorted_by("Score", descending=True)]
    assert scores == sorted(scores, reverse=True)
    assert len(opened.network.calls) == before


async def test_a_result_becomes_what_other_libraries_work_on(opened: OpenedEngine) -> None:
    result = await opened.run("SELECT LastName, Score FROM lead WHERE Score > 90")
    assert result.to_arrow().num_rows == result.count
    assert result.to_polars().columns == ["LastName", "Score"]
    assert list(result.to_pandas().columns) == ["LastName", "Score"]


async def test_the_first_rows_come_before_the_last_page_is_asked_for(opened: OpenedEngine) -> None:
    await opened.know("lead")
    before = len(opened.network.calls)
    streaming = opened.engine.stream(await opened.engine.prepare("SELECT LastName FROM lead"))
    made: list[int] = []
    rows = 0
    async for batch in streaming:
        made.append(len(opened.network.calls) - before)
        rows += len(batch.rows)
    assert made[0] == 1
    assert rows == 3_000
    assert streaming.result is not None
    assert streaming.result.count == 3_000


async def test_stopping_keeps_what_came(opened: OpenedEngine) -> None:
    await opened.know("lead")
    streaming = opened.engine.stream(await opened.engine.prepare("SELECT LastName FROM lead"))
    rows = 0
    async for batch in streaming:
        rows += len(batch.rows)
        streaming.stop()
    assert streaming.result is not None
    assert streaming.result.partial
    assert streaming.result.count == rows < 3_000


async def test_cancelling_keeps_what_came(opened: OpenedEngine) -> None:
    await opened.know("lead")
    streaming = opened.engine.stream(await opened.engine.prepare("SELECT LastName FROM lead"))
    has_begun = asyncio.Event()

    async def read() -> None:
        async for _ in streaming:
            has_begun.set()
            await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await has_begun.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    result = await streaming.finish_early()
    assert result.partial
    assert 1_000 <= result.count < 3_000


async def test_a_long_computation_is_ended_when_it_is_cancelled(opened: OpenedEngine) -> None:
    sql = "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range * b.range = 7"
    streaming = opened.engine.stream(await opened.engine.prepare(sql))
    computing = asyncio.create_task(streaming.finish())
    while not streaming.is_computing:  # noqa: ASYNC110 — nothing tells of it
        await asyncio.sleep(0)
    computing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await computing
    assert await opened.rows("SELECT 1 + 1") == [(2,)]


async def test_what_duckdb_finds_wrong_is_told_in_a_line(opened: OpenedEngine) -> None:
    await opened.know("lead")
    with pytest.raises(SqlError) as wrong:
        await opened.run("SELECT no_such_function(LastName) FROM lead")
    assert "no_such_function" in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM lead, lead",
        "SELECT LastName FROM lead ORDER BY lower('x'), 'y'",
        "SELECT LastName::INET FROM lead",
        "SELECT LastNam FROM lead, lead l WHERE temp.main.lead.Score > 1",
        "SELECT (SELECT LastName FROM lead) FROM lead",
    ],
)
async def test_what_duckdb_finds_wrong_tells_nothing_of_what_is_within(
    opened: OpenedEngine, sql: str
) -> None:
    await opened.know("lead")
    with pytest.raises(SqlError) as wrong:
        await opened.run(sql)
    said = str(wrong.value)
    assert not any(word in said for word in ("temp", "SET ", "INSTALL", "order_key", "folded"))


async def test_a_subquery_within_a_column_is_named_as_it_is_written(opened: OpenedEngine) -> None:
    result = await opened.run("SELECT (SELECT max(Score) FROM lead) - 1 FROM lead LIMIT 1")
    assert [one.name for one in result.columns] == ["(SELECT max(Score) FROM lead) - 1"]


@pytest.mark.parametrize("value", ["INTERVAL 10000000 YEAR", "[INTERVAL 10000000 YEAR]"])
async def test_a_value_that_python_cannot_hold_is_told(opened: OpenedEngine, value: str) -> None:
    result = await opened.run(f"SELECT {value}")
    with pytest.raises(SqlError, match="cannot be shown"):
        list(result)


@pytest.mark.parametrize(
    ("sql", "titles"),
    [
        ("SELECT current_date, 1 AS one", ["current_date", "one"]),
        ("SELECT CURRENT_TIMESTAMP, localtimestamp", ["current_timestamp", "localtimestamp"]),
        ("SELECT 1 + 2, (SELECT count(*) FROM lead)", ["1 + 2", "(SELECT count(*) FROM lead)"]),
        ("SELECT (SELECT max(City) FROM lead) AS top", ["top"]),
    ],
)
async def test_a_function_without_brackets_and_a_subquery_have_titles(
    sql: str, titles: list[str]
) -> None:
    service = SmallService({"lead": [("L1", {"City": "York"})]}, {"lead": {"City": "Text"}})
    async with open_engine(service) as engine:
        with await engine.run(await engine.prepare(sql)) as result:
            assert [column.name.casefold() for column in result.columns] == [
                title.casefold() for title in titles
            ]
            assert result.count == 1
