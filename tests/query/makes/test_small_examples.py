"""Wrong answers that the makes have found, each by the smallest example."""

from cmdm_tui.query.database.duckdb_session import QueryDatabase
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
