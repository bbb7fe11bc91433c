"""A record of 2,000 fields is listed, queried and explored without quadratic work."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.api import Record
from cmdm_tui.catalog import Account
from cmdm_tui.config import Profile
from cmdm_tui.query.database.casts import Digits
from cmdm_tui.query.database.duckdb_session import DuckDBSession
from cmdm_tui.query.database.loader import RecordLoader
from cmdm_tui.query.engine import Engine
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.columns import MAX_COLUMNS, choose_columns, list_names
from cmdm_tui.tui.widgets.property_list import PropertyList
from tests.claims.odd_service import Answer, Call, serve
from tests.claims.program import run_cmdm
from tests.claims.test_shapes import CREDENTIALS
from tests.tui.driver import FixedProfiles, browse, screen_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile

WIDTH = 2_000
WIDE = {f"Field{number:04}": f"value {number}" for number in range(WIDTH)}
NUMBERS = {f"Field{number:04}": str(number) for number in range(WIDTH)}


@pytest.mark.parametrize("values", [WIDE, NUMBERS], ids=["texts", "numbers"])
def test_a_wide_record_is_queried(values: dict[str, str], tmp_path: Path) -> None:
    with serve(None, [("A1", values)]) as service:
        ended = run_cmdm(
            "query", "-o", "json", "SELECT * FROM lead", home=tmp_path, extra=service.environment
        )
    assert ended.code == 0
    (row,) = json.loads(ended.out)
    assert len(row) == WIDTH + 1
    assert str(row["Field1999"]) == values["Field1999"]


def test_a_wide_record_is_listed_and_retrieved(tmp_path: Path) -> None:
    with serve(None, [("A1", WIDE)]) as service:
        listed = run_cmdm("list", "lead", home=tmp_path, extra=service.environment)
        got = run_cmdm("get", "lead", "A1", home=tmp_path, extra=service.environment)
    assert json.loads(listed.out)["Entity"][0]["Properties"] == WIDE
    assert json.loads(got.out)["Properties"] == WIDE


async def count_expressions(width: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many regular expressions DuckDB is given to query one record of numbers."""
    statements: list[str] = []
    execute: Callable[..., Any] = DuckDBSession.execute

    def note(session: DuckDBSession, sql: str, parameters: Sequence[Any] = ()) -> Any:
        statements.append(sql)
        return execute(session, sql, parameters)

    monkeypatch.setattr(DuckDBSession, "execute", note)
    numbers = {name: NUMBERS[name] for name in list(NUMBERS)[:width]}
    with serve(None, [("A1", numbers | {"Name": "x"})]) as service:
        service.fields = [{"Name": name, "Type": "Number"} for name in numbers]
        wide = Profile("wide", service.url, CREDENTIALS, catalog="wide")
        async with Account.open(wide, catalogs=None) as account:
            with closing(Engine(account)) as engine:
                result = await engine.run(await engine.prepare("SELECT * FROM lead"))
                assert result.count == 1
                result.close()
    return sum(sql.count("regexp_") for sql in statements)


async def test_the_query_of_a_wide_record_compiles_no_expression_a_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await count_expressions(500, monkeypatch) < 50


async def test_the_count_of_expressions_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: where the database measures the values, there is one a column."""
    monkeypatch.setattr("cmdm_tui.query.database.loader._FEW_ROWS", 0)
    assert await count_expressions(100, monkeypatch) > 100


KINDS = {
    "Text": "x",
    "Number": "12.50",
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T10:00:00Z",
    "Boolean": "true",
}


async def statements_of(
    sql: str, monkeypatch: pytest.MonkeyPatch, width: int = 200
) -> list[list[str]]:
    """Return what DuckDB is given for a query of fields of all types, at first and once more."""
    given: list[str] = []
    execute: Callable[..., Any] = DuckDBSession.execute

    def note(session: DuckDBSession, sql: str, parameters: Sequence[Any] = ()) -> Any:
        given.append(sql)
        return execute(session, sql, parameters)

    monkeypatch.setattr(DuckDBSession, "execute", note)
    kinds = [list(KINDS)[number % len(KINDS)] for number in range(width)]
    names = [f"Field{number:04}" for number in range(width)]
    values = {name: KINDS[kind] for name, kind in zip(names, kinds, strict=True)}
    found: list[list[str]] = []
    with serve(None, [("A1", values), ("A2", values)]) as service:
        service.fields = [
            {"Name": name, "Type": kind} for name, kind in zip(names, kinds, strict=True)
        ]
        wide = Profile("wide", service.url, CREDENTIALS, catalog="wide")
        async with Account.open(wide, catalogs=None) as account:
            with closing(Engine(account)) as engine:
                for _ in range(2):
                    given.clear()
                    with await engine.run(await engine.prepare(sql)) as result:
                        assert len(result.rows) == (width + 1 if "DESC" in sql else 2)
                    found.append(list(given))
    return found


@pytest.mark.parametrize(
    ("sql", "most"),
    [
        ("SELECT * FROM lead", 14),
        ("SELECT * FROM lead LIMIT 2", 14),
        ("SELECT * FROM lead WHERE ExternalID IN ('A1', 'A2')", 14),
        ("DESCRIBE lead", 4),
    ],
)
async def test_the_statements_do_not_grow_with_the_fields(
    sql: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for statements in await statements_of(sql, monkeypatch):
        assert len(statements) <= most, [one[:60] for one in statements]
        assert not any("ORDER BY rowid" in one for one in statements)
        assert sum(one.startswith("DESCRIBE") for one in statements) <= 3


async def test_statements_that_grow_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: where the database measures the values, it does so fifty at a time."""
    monkeypatch.setattr(RecordLoader, "_load_few", RecordLoader._load_many)
    cold, _ = await statements_of("SELECT * FROM lead", monkeypatch, 600)
    assert len(cold) > 14


async def test_the_explorer_draws_what_is_in_sight_of_a_wide_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[int] = []
    layouts: list[int] = []
    render, lay_out = PropertyList.render_line, PropertyList._build_layout

    def note_line(widget: PropertyList, y: int) -> Any:
        lines.append(y)
        return render(widget, y)

    def note_layout(widget: PropertyList, width: int, *rest: Any) -> Any:
        layouts.append(width)
        return lay_out(widget, width, *rest)

    monkeypatch.setattr(PropertyList, "render_line", note_line)
    monkeypatch.setattr(PropertyList, "_build_layout", note_layout)
    service = ScriptedService(entities={"account": [("A1", WIDE), ("A2", WIDE)]})
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(160, 40)) as pilot:
        await wait_until_settled(pilot)
        assert len(browse(app).records.grid.columns) == MAX_COLUMNS
        assert f"{MAX_COLUMNS:,} of 2,001 fields" in browse(app).records.caption
        assert "Field0030" in screen_text(app)
        assert app.screen.query_one(PropertyList).size.height == WIDTH + 1
    assert len(lines) < WIDTH
    assert len(layouts) < 12


def test_the_columns_of_a_table_are_bounded_and_its_names_all_known() -> None:
    records = [Record("lead", "A1", WIDE), Record("lead", "A2", {"Other": 1})]
    assert len(choose_columns(records)) == MAX_COLUMNS
    assert len(list_names(records)) == WIDTH + 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.from_regex(r"[+-]?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})", fullmatch=True)))
def test_digits_are_measured_as_the_database_measures_them(texts: list[str]) -> None:
    before, after = Digits.measure_sql("x")
    with duckdb.connect(":memory:") as connection:
        measured = connection.execute(
            f"SELECT {before}, {after} FROM (SELECT unnest($1::VARCHAR[]) AS x)", [texts]
        ).fetchone()
    assert measured is not None
    assert Digits.measure(texts) == tuple(value or 0 for value in measured)


def test_an_address_does_not_grow_with_the_number_of_fields(tmp_path: Path) -> None:
    def strict(call: Call) -> Answer | None:
        return Answer(414, b"") if len(call.target) > 6_000 else None

    names = ", ".join(f'"Field{number:04}"' for number in range(WIDTH - 1))
    with serve(strict, [("A1", WIDE)]) as service:
        service.fields = [{"Name": name, "Type": "Text"} for name in WIDE]
        ended = run_cmdm(
            "query", "-o", "jsonl", f"SELECT {names} FROM lead",
            home=tmp_path, extra=service.environment,
        )  # fmt: skip
    assert ended.code == 0
    assert len(json.loads(ended.out)) == WIDTH - 1
