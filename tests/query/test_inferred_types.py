"""Types read off the pages that a plan reads anyway: no call for the fields, unless in doubt."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from decimal import Decimal

import pytest

from cmdm_tui.api import Page
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.planning import field_evidence
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from tests.query.conftest import NO_LIMIT, OpenedEngine, open_account
from tests.query.small_service import SmallService, open_engine, run_query

LEADS = 2_800
PAGE = 40


def values(number: int) -> dict[str, str | None]:
    """Return the values of a lead whose fields each tell their type in another way, or hide it."""
    return {
        # Text that looks like numbers on the first page from behind, in their order, and is none.
        "PostCode": str(9_000 + number if number <= PAGE else 10_000 + number),
        "City": f"Town {number:04}",
        "Score": str(number),
        "EstimatedValue": "100",
        "Status": ("New", "Working", "Closed")[number % 3],
        # Null where the order begins, so that the first page shows no type.
        "LastContacted": f"2026-01-{number % 28 + 1:02}" if number % 2 else None,
        # Numbers and text on one page.
        "JobTitle": str(number) if number % 7 else f"Title {number}",
    }


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
        ("SELECT max(l.City) FROM lead l", ("Town 2799",)),
        ("SELECT min(City) FROM lead", ("Town 0000",)),
    ],
)
async def test_an_extreme_is_two_calls_from_a_cold_start(
    cold: OpenedEngine, sql: str, row: tuple[object, ...]
) -> None:
    assert await cold.cost_of(sql) == ("seek", 2)
    assert not asked_for_fields(cold)
    assert await cold.rows(sql) == [row]


async def test_an_extreme_says_that_its_type_was_inferred_and_keeps_no_guess(
    cold: OpenedEngine,
) -> None:
    result = await cold.run("SELECT max(Score) FROM lead")
    assert result.rows == [(Decimal(2799),)]
    assert not cold.account.catalog.cached_fields("lead")
    assert any("checked on 2 of 70 pages" in note for note in result.notes.sentences)


@pytest.mark.parametrize(
    ("sql", "value", "most"),
    [
        # The first page looks like numbers, the middle one contradicts it.
        ("SELECT max(PostCode) FROM lead", "9040", 4),
        # One value is all that the first page shows: it may be a pick-list's.
        ("SELECT max(Status) FROM lead", "Working", 3),
        # Numbers and text on one page.
        ("SELECT max(JobTitle) FROM lead", "Title 994", 3),
        # No value at all on the first page.
        ("SELECT min(LastContacted) FROM lead", date(2026, 1, 2), 12),
    ],
)
async def test_in_doubt_the_fields_are_asked_for(
    cold: OpenedEngine, sql: str, value: str | date, most: int
) -> None:
    _, made = await cold.cost_of(sql)
    assert made <= most
    assert asked_for_fields(cold) == 1
    assert await cold.rows(sql) == [(value,)]


async def test_a_guess_that_the_middle_is_not_asked_about_is_wrong(
    cold: OpenedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with the first page alone the postcode of five digits passes for the largest."""

    def always(_pages: Sequence[Page], _name: str, *, descending: bool) -> bool:
        return descending

    monkeypatch.setattr(field_evidence, "pages_show_type", always)
    assert await cold.rows("SELECT max(PostCode) FROM lead") != [("9040",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT max(Score), min(Score) FROM lead",
        "SELECT max(Score) + 1 FROM lead",
        "SELECT max(Score) FROM lead WHERE Status = 'New'",
        "SELECT max(Score) FROM lead HAVING count(*) > 1",
        "SELECT max(Score, 2) FROM lead",
    ],
)
async def test_more_than_one_extreme_asks_for_the_fields(cold: OpenedEngine, sql: str) -> None:
    await cold.cost_of(sql)
    assert asked_for_fields(cold) == 1


async def test_the_extreme_of_a_few_pages_asks_for_the_fields(opened: OpenedEngine) -> None:
    """With so few pages every doubt is resolved, so the type must be certain too."""
    _, made = await opened.cost_of("SELECT max(Score) FROM lead")
    assert made == 3
    assert asked_for_fields(opened) == 1


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
async def test_a_type_that_later_pages_may_contradict_is_asked_for(
    codes: SmallService, sql: str
) -> None:
    async with open_engine(codes) as engine:
        rows = await run_query(engine, sql)
        assert sorted(rows) == sorted((values["Code"],) for _, values in codes.records["thing"])
        assert codes.calls.count("thing/fields") == 1


async def test_what_is_computed_in_the_place_of_a_column_asks_for_its_type(
    codes: SmallService,
) -> None:
    async with open_engine(codes) as engine:
        sql = "SELECT * REPLACE (Zip = '07' AS Zip) FROM thing WHERE ExternalID = 'R007'"
        assert await run_query(engine, sql) == [("R007", "7", False, "n 007")]
