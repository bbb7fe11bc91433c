"""Declared types decide: they are asked for once a day, and the same under every plan."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal

import pytest

from cmdm_tui.query.database import casts
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from tests.query.conftest import NO_LIMIT, OpenedEngine, open_account
from tests.query.small_service import SmallService, open_engine, run_query
from tests.services import copy_records

LEADS = 2_800
PAGE = 40


def values(number: int) -> dict[str, str | None]:
    """Return the values of a lead whose fields each tell their type in another way, or hide it."""
    filled: dict[str, str | None] = {
        # Where nulls are in fields that have some tells where they would be in those without.
        "FirstName": f"Ann {number}" if number % 3 else None,
        # Text that looks like numbers on the first page from behind, in their order, and is none.
        "PostCode": str(9_000 + number if number <= PAGE else 10_000 + number),
        "City": f"Town {number:04}",
        "Score": str(number),
        "EstimatedValue": "100",
        "Status": ("New", "Working", "Closed")[number % 3],
        # Null where the order begins, so that the first page shows no type.
        "LastContacted": f"2026-01-{number % 28 + 1:02}" if number % 2 else None,
        "CreatedDate": f"20{number // 28:02}-01-{number % 28 + 1:02}T00:00:00Z",
        # Numbers and text on one page.
        "JobTitle": str(number) if number % 7 else f"Title {number}",
    }
    return dict.fromkeys(ENTITIES["lead"].by_name) | filled


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    """A sandbox of 70 pages of leads."""
    folder = tmp_path_factory.mktemp("many") / "data"
    folder.mkdir()
    records = [(f"L{number:07}", json.dumps(values(number)).encode()) for number in range(LEADS)]
    create_data_file(folder / "sandbox.sqlite", {"lead": records}, LEADS)
    config = SandboxConfig(
        folder, 0, rate_limit=NO_LIMIT, month_limit=NO_LIMIT, behaviours={"page_cap": str(PAGE)}
    )
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
async def cold(many: RunningInfo) -> AsyncIterator[OpenedEngine]:
    """An account of which nothing is known yet."""
    async with open_account(many) as one:
        yield one


def asked_for_fields(opened: OpenedEngine) -> int:
    return sum(call.startswith("lead/fields") for call in opened.network.calls)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT max(Score) FROM lead", (Decimal(2799),)),
        ("SELECT max(Score) AS best, count(*) FROM lead", (Decimal(2799), LEADS)),
        ("SELECT min(Score) FROM lead", (Decimal(0),)),
        ("SELECT max(EstimatedValue) FROM lead", (Decimal(100),)),
    ],
)
async def test_an_extreme_is_three_calls_from_a_cold_start_and_two_when_warm(
    cold: OpenedEngine, sql: str, row: tuple[object, ...]
) -> None:
    assert await cold.cost_of(sql) == ("seek", 3)
    assert asked_for_fields(cold) == 1
    assert await cold.cost_of(sql) == ("seek", 2)
    assert asked_for_fields(cold) == 1
    assert await cold.rows(sql) == [row]


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT max(l.City) FROM lead l", ("Town 2799",)),
        ("SELECT min(City) FROM lead", ("Town 0000",)),
    ],
)
async def test_an_extreme_of_text_is_as_few_calls_where_the_order_is_trusted(
    cold: OpenedEngine, sql: str, row: tuple[object, ...]
) -> None:
    assert await cold.cost_of(sql, trusts_order=True) == ("seek", 3)
    assert asked_for_fields(cold) == 1
    # The page that decided it before.
    assert await cold.cost_of(sql, trusts_order=True) == ("seek", 1)
    assert asked_for_fields(cold) == 1
    trusting = await cold.run(sql, trusts_order=True)
    assert trusting.rows == [row]
    assert (trusting.unsure, trusting.partial, trusting.mark) == (True, False, "unsure")
    assert any("do not show" in note for note in trusting.notes.sentences)
    # No page shows whether a letter with an accent would come after it in the account's order.
    certain = await cold.run(sql)
    assert certain.rows == [row]
    assert not certain.unsure
    assert any("Every page was read" in note for note in certain.notes.sentences)


async def test_first_rows_are_three_calls_from_a_cold_start_and_one_when_warm(
    cold: OpenedEngine,
) -> None:
    """The third shows that numbers are sorted by value, of every field of the account."""
    sql = "SELECT City, Score FROM lead ORDER BY Score DESC LIMIT 10"
    assert await cold.cost_of(sql) == ("stream", 3)
    assert await cold.cost_of(sql) == ("stream", 1)
    assert await cold.cost_of(sql.replace("Score", "EstimatedValue")) == ("stream", 1)


async def test_the_smallest_come_after_a_look_for_nulls_at_both_ends(cold: OpenedEngine) -> None:
    """And where they are in another field of the kind, since this one has none: two calls."""
    sql = "SELECT City, CreatedDate FROM lead ORDER BY CreatedDate LIMIT 10"
    assert await cold.cost_of(sql) == ("stream", 5)
    assert await cold.cost_of(sql) == ("stream", 1)
    assert (await cold.run(sql)).rows[0][0] == "Town 0000"


async def test_where_no_field_of_the_kind_has_a_null_every_page_is_read_for_the_smallest(
    cold: OpenedEngine,
) -> None:
    result = await cold.run("SELECT City, Score FROM lead ORDER BY Score LIMIT 10")
    assert any("do not show where nulls of Score are" in one for one in result.notes.sentences)
    assert [row[1] for row in result.rows] == list(range(10))
    assert not result.mark


async def test_first_rows_by_text_are_as_few_calls_where_the_order_is_trusted(
    cold: OpenedEngine,
) -> None:
    """On more than a few pages nothing shows that no sign at a word's start was ignored."""
    sql = "SELECT City, Score FROM lead ORDER BY City LIMIT 10"
    assert await cold.cost_of(sql, trusts_order=True) == ("stream", 2)
    assert await cold.cost_of(sql, trusts_order=True) == ("stream", 1)
    certain = await cold.run(sql)
    assert any("Every page was read" in note for note in certain.notes.sentences)
    assert [row[0] for row in certain.rows] == [f"Town {number:04}" for number in range(10)]


async def test_an_extreme_says_on_how_many_pages_the_order_was_checked(cold: OpenedEngine) -> None:
    result = await cold.run("SELECT max(Score) FROM lead")
    assert result.rows == [(Decimal(2799),)]
    assert any("checked on 2 of 70 pages" in note for note in result.notes.sentences)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        # Looks like numbers on the first page from behind, and is text.
        ("SELECT max(PostCode) FROM lead", "9040"),
        ("SELECT max(Status) FROM lead", "Working"),
        # Numbers and text on one page.
        ("SELECT max(JobTitle) FROM lead", "Title 994"),
        # No value at all on the first page.
        ("SELECT min(LastContacted) FROM lead", date(2026, 1, 2)),
    ],
)
async def test_what_a_page_looks_like_decides_nothing(
    cold: OpenedEngine, sql: str, value: str | date
) -> None:
    await cold.cost_of(sql)
    assert asked_for_fields(cold) == 1
    assert await cold.rows(sql) == [(value,)]


PLANS = (
    "SELECT {columns} FROM lead",
    "SELECT {columns} FROM lead LIMIT 1",
    "SELECT {columns} FROM lead LIMIT 90",
    "SELECT {columns} FROM lead ORDER BY City LIMIT 3",
    "SELECT {columns} FROM lead ORDER BY Score DESC LIMIT 1",
    "SELECT {columns} FROM lead WHERE City = 'Town 0007'",
    "SELECT {columns} FROM lead WHERE City = 'nowhere'",
    "SELECT {columns} FROM lead WHERE City LIKE '%7' ORDER BY Score, City LIMIT 1",
    "SELECT {columns} FROM (SELECT * FROM lead LIMIT 2) q",
    "WITH q AS (SELECT * FROM lead) SELECT {columns} FROM q WHERE Score < 3",
    "SELECT DISTINCT {columns} FROM lead WHERE Score < 3",
    "SELECT {columns} FROM lead WHERE ExternalID = 'L0000012'",
    "SELECT {columns} FROM lead WHERE ExternalID IN ('L0000012', 'L0000013', 'none')",
    "SELECT {columns} FROM lead WHERE Score IN (1, 2) OR EstimatedValue > 5",
)
COLUMNS = "PostCode, City, Score, EstimatedValue, Status, LastContacted"
TYPES = ["VARCHAR", "VARCHAR", "DECIMAL(38,9)", "DECIMAL(38,9)", "VARCHAR", "DATE"]


@pytest.mark.parametrize("sql", PLANS)
async def test_a_columns_type_is_the_same_under_every_plan(many: RunningInfo, sql: str) -> None:
    async with open_account(many) as one:
        query = sql.format(columns=COLUMNS)
        prepared = await one.engine.prepare(query)
        assert [column.type for column in prepared.columns] == TYPES
        result = await one.engine.run(prepared)
        assert [column.type for column in result.columns] == TYPES


async def test_a_type_that_would_follow_the_values_is_found_out(
    many: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with decimal places as the values have them, the type depends on the LIMIT."""
    monkeypatch.setattr(casts, "_PLACES", 0)
    found: set[tuple[str, ...]] = set()
    async with open_account(many) as one:
        for limit in (1, 2_000):
            result = await one.run(f"SELECT EstimatedValue / 1.0, Score FROM lead LIMIT {limit}")
            found.add(tuple(column.type for column in result.columns))
    assert ("DOUBLE", "DECIMAL(38,9)") not in found


async def test_one_record_that_is_asked_for_first_has_its_declared_types(
    cold: OpenedEngine,
) -> None:
    sql = "SELECT Score, City FROM lead WHERE ExternalID = 'L0000012'"
    assert await cold.rows(sql) == [(Decimal(12), "Town 0012")]
    assert asked_for_fields(cold) == 1
    assert await cold.cost_of(sql) == ("get", 1)
    assert await cold.rows(sql) == [(Decimal(12), "Town 0012")]


async def test_one_record_is_one_call_where_its_types_do_not_matter(cold: OpenedEngine) -> None:
    prepared = await cold.engine.prepare(
        "SELECT Score, City FROM lead WHERE ExternalID = 'L0000012'", is_raw=True
    )
    with await cold.engine.run(prepared) as result:
        assert (result.rows, result.stats.calls_used) == ([("12", "Town 0012")], 1)


async def test_what_is_not_described_is_asked_for_once_a_day(codes: SmallService) -> None:
    codes.types = {}
    sql = "SELECT * FROM thing WHERE ExternalID = 'R007'"
    async with open_engine(codes) as engine:
        for _ in range(2):
            assert await run_query(engine, sql) == [("R007", "7", "7", "n 007")]
        assert codes.calls == ["thing/fields", "thing/R007", "thing/R007"]
        # One record's fields are not taken for those of all.
        assert len(await run_query(engine, "SELECT * FROM thing")) == 90
        assert codes.calls.count("thing/fields") == 1


@pytest.mark.parametrize("name", ["score", '"SCORE"'])
async def test_a_name_in_another_case_is_found_all_the_same(cold: OpenedEngine, name: str) -> None:
    await cold.cost_of(f"SELECT max({name}) FROM lead")
    assert await cold.rows(f"SELECT max({name}) FROM lead") == [(Decimal(2799),)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT max(Scor) FROM lead", "Score"),
        ("SELECT max(Score) FROM leed", "lead"),
        ("SELECT max(x.Score) FROM lead", None),
    ],
)
async def test_a_wrong_name_is_told(cold: OpenedEngine, sql: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(Exception, match="x"):
            await cold.rows(sql)
        return
    with pytest.raises(UnknownName) as caught:
        await cold.rows(sql)
    assert said in caught.value.suggestions


@pytest.fixture
def codes() -> SmallService:
    """Return a service of three pages of codes: text whose first page looks like numbers."""
    records = [
        (f"R{n:03}", {"Code": str(n) if n < 60 else f"A{n}", "Zip": str(n), "Name": f"n {n:03}"})
        for n in range(90)
    ]
    types = {"Code": "Text", "Zip": "Text", "Name": "Text"}
    return SmallService({"thing": records}, {"thing": types}, page=40)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT Code FROM thing",
        "SELECT Code FROM thing LIMIT 90",
        "SELECT Code FROM thing LIMIT 100%",
        "SELECT Code FROM thing LIMIT 90 OFFSET (0 + 0)",
        "SELECT Code FROM thing OFFSET 0",
        "SELECT Code FROM thing ORDER BY Name LIMIT 90",
    ],
)
async def test_a_declared_type_holds_for_what_looks_otherwise(
    codes: SmallService, sql: str
) -> None:
    async with open_engine(codes) as engine:
        rows = await run_query(engine, sql)
        assert sorted(rows) == sorted((values["Code"],) for _, values in codes.records["thing"])
        assert codes.calls.count("thing/fields") == 1


async def test_what_is_computed_in_the_place_of_a_column_has_its_declared_type(
    codes: SmallService,
) -> None:
    async with open_engine(codes) as engine:
        sql = "SELECT * REPLACE (Zip = '07' AS Zip) FROM thing WHERE ExternalID = 'R007'"
        assert await run_query(engine, sql) == [("R007", "7", False, "n 007")]
