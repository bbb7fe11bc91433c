"""Nulls within the values of a column on many pages are not counted as values."""

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.seek import bisect
from cmdm_tui.sandbox.schema import ENTITIES
from tests.query.differential.data_set import DataSet
from tests.query.makes.made_service import MadeService, open_account
from tests.query.makes.make_trials import Asked, Said
from tests.query.makes.makes import Make, Nulls
from tests.query.makes.mixed_data import make_mixed_data

PAGES, CAP = 66, 12
RECORDS = PAGES * CAP
FULL, FILLED = RECORDS, RECORDS - RECORDS // 10
SQL = (
    "SELECT count(OptIn) FROM lead",
    "SELECT count(Score) FROM lead",
    "SELECT count(LastContacted) FROM lead",
    "SELECT count(*) FROM lead WHERE Score > -1000",
    "SELECT count(*) FROM lead WHERE LastContacted >= '2000-01-01'",
    "SELECT count(CreatedDate) FROM lead",
    "SELECT count(LastName) FROM lead",
)


_DATA = make_mixed_data(1)


def make_service(nulls: Nulls, *, full: tuple[str, ...] = ()) -> MadeService:
    """Return a service of leads; one in ten has null in each field, except in the full ones."""
    data, drawn = _DATA
    records: list[tuple[str, dict[str, str | None]]] = []
    for number in range(RECORDS):
        day = f"20{number % 90 + 10}-01-{number % 28 + 1:02}"
        values: dict[str, str | None] = dict.fromkeys(ENTITIES["lead"].by_name) | {
            "LastName": f"n{number:03}",
            "OptIn": str(number % 3 == 0).lower(),
            "Score": str(number),
            "EstimatedValue": str(number + 10),
            "LastContacted": day,
            "CreatedDate": f"{day}T00:00:00Z",
        }
        empty = {
            name: None
            for name in ("OptIn", "Score", "EstimatedValue", "LastContacted", "CreatedDate")
            if name not in full and number % 10 == 9
        }
        records.append((f"ID{number:06}", values | empty))
    make = Make("casefold then code point", nulls=nulls)
    return MadeService(make, DataSet(1, True, {**data.records, "lead": tuple(records)}), drawn, CAP)


async def ask(service: MadeService, database: QueryDatabase, *queries: str) -> Said:
    async with open_account(service) as account:
        asked = Asked(account, database, trusts_order=False)
        return [await asked.ask(sql) for sql in queries][-1]


@pytest.mark.parametrize(
    ("nulls", "sql"),
    [*(("middle", sql) for sql in SQL), ("first", SQL[0]), ("always-last", SQL[1])],
)
async def test_nulls_are_not_counted_wherever_they_are(
    database: QueryDatabase, nulls: Nulls, sql: str
) -> None:
    said = await ask(make_service(nulls), database, sql)
    assert said.rows == [(FULL if "LastName" in sql else FILLED,)]
    assert not said.mark
    assert said.told <= said.high


@pytest.mark.parametrize("nulls", ["first", "always-last"])
@pytest.mark.parametrize(
    ("sql", "full", "count"),
    [
        ("SELECT count(*) FROM lead WHERE Score > 0", "Score", RECORDS - 1),
        ("SELECT count(*) FROM lead WHERE CreatedDate >= '2010-01-01'", "CreatedDate", RECORDS),
    ],
)
async def test_another_field_of_the_kind_shows_where_nulls_are(
    database: QueryDatabase, nulls: Nulls, sql: str, full: str, count: int
) -> None:
    service = make_service(nulls, full=(full,))
    said = await ask(service, database, sql)
    assert (said.plan, said.mark, said.fell_back) == ("seek", "", False)
    assert said.rows == [(count,)]
    assert said.told <= 26
    again = await ask(service, database, sql, sql)
    assert again.rows == said.rows
    assert again.told <= said.told - 2


async def test_where_no_field_of_the_kind_shows_it_every_page_is_read(
    database: QueryDatabase,
) -> None:
    service = make_service("first", full=("OptIn",))
    said = await ask(service, database, "SELECT count(OptIn) FROM lead")
    assert said.rows == [(FULL,)]
    assert said.fell_back


async def test_a_search_that_takes_nulls_to_be_at_an_end_would_be_noticed(
    database: QueryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    def find_none(*_args: object, **_options: object) -> list[bisect.Gap]:
        return []

    monkeypatch.setattr(bisect, "_gaps_to_check", find_none)
    said = await ask(make_service("middle"), database, "SELECT count(OptIn) FROM lead")
    assert said.rows != [(FILLED,)]
