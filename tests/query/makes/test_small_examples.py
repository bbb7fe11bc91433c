"""Wrong answers that the makes have found, each by the smallest example."""

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.differential.data_set import DataSet
from tests.query.makes.made_service import MadeService, open_account
from tests.query.makes.make_trials import Asked, Said
from tests.query.makes.makes import Make
from tests.query.makes.mixed_data import make_mixed_data


def make_small_service(make: Make, cities: list[str], cap: int) -> MadeService:
    """Return a service of leads with these cities."""
    data, drawn = make_mixed_data(1)
    records = [
        (f"ID{number:06}", {**drawn.record("lead"), "City": city})
        for number, city in enumerate(cities)
    ]
    return MadeService(make, DataSet(1, True, {**data.records, "lead": tuple(records)}), drawn, cap)


async def ask(service: MadeService, database: QueryDatabase, sql: str) -> Said:
    async with open_account(service) as account:
        return await Asked(account, database, trusts_order=False).ask(sql)


async def test_where_no_total_is_told_a_scan_does_not_read_pages_whose_ties_change_places(
    database: QueryDatabase,
) -> None:
    make = Make("casefold", totals="missing", ties="unstable")
    service = make_small_service(make, ["Bath"] * 12, cap=3)
    for _ in range(5):
        said = await ask(service, database, "SELECT ExternalID FROM lead WHERE City = 'Bath'")
        assert said.fell_back
        assert len(said.rows) == 12


TITLES = [f"t{number:02}" for number in range(20)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [("City = 't19'", 1), ("City > 't17'", 2), ("City >= 't10'", 10), ("City LIKE 't1%'", 10)],
)
async def test_where_pages_repeat_records_none_at_the_end_is_lost(
    database: QueryDatabase, condition: str, found: int
) -> None:
    service = make_small_service(Make("casefold", overlap=1), TITLES, cap=5)
    said = await ask(service, database, f"SELECT ExternalID FROM lead WHERE {condition}")
    assert len(said.rows) == found or said.mark == "partial"
    said = await ask(service, database, f"SELECT count(*) FROM lead WHERE {condition}")
    assert said.rows == [(found,)] or said.mark == "partial"


async def test_a_search_that_takes_the_last_page_for_the_end_is_found_out(
    database: QueryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def passed(_: SortedPages) -> None:
        return None

    monkeypatch.setattr(SortedPages, "check_end", passed)
    service = make_small_service(Make("casefold", overlap=1), TITLES, cap=5)
    said = await ask(service, database, "SELECT ExternalID FROM lead WHERE City = 't19'")
    assert not said.rows
    assert not said.mark
