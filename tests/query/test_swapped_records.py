"""A record that is deleted while another is created leaves the total alone, and shifts others."""

from datetime import UTC, datetime

import pytest

from cmdm_tui.query.fetching import fetcher
from tests.query.small_service import SmallService, open_engine

OLD = "2024-05-06T07:08:09Z"
TYPES = {"Name": "Text", "Score": "Number", "CreatedDate": "DateTime"}
SAID = "created in thing while it was read"
QUERIES = (
    "SELECT ExternalID, CreatedDate FROM thing",
    "SELECT * FROM thing",
    "SELECT count(Name || CreatedDate) FROM thing",
    "SELECT Name, CreatedDate FROM thing WHERE Score + 1 > 0 LIMIT 100",
)

SEARCHES = (
    "SELECT Name FROM thing WHERE Name LIKE 'n1%'",
    "SELECT count(*) FROM thing WHERE Name LIKE 'n1%'",
    "SELECT Name, CreatedDate FROM thing WHERE Name BETWEEN 'n1' AND 'n2'",
    "SELECT a.Name FROM thing a JOIN thing b ON b.ExternalID = a.Name WHERE a.Name LIKE 'n1%'",
)


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_service(count: int = 60) -> SmallService:
    records = [
        (f"R{number:03}", {"Name": f"n{number}", "Score": "1", "CreatedDate": OLD})
        for number in range(count)
    ]
    return SmallService({"thing": records}, {"thing": TYPES}, page=5)


async def read_while(
    sql: str,
    *,
    swaps: bool = True,
    created: str | None = None,
    count: int = 60,
    name: str = "new",
) -> tuple[str, list[object]]:
    """Run a query; before its fourth page, delete the first record and create one at the end.

    Returns what it says, and the first value of each row.
    """
    service = new_service(count)
    async with open_engine(service) as engine:

        async def swap() -> None:
            if swaps and service.calls.count("thing") == 4:
                values = {
                    "Name": name,
                    "Score": "1",
                    "CreatedDate": stamp() if created is None else created,
                }
                records = [*service.records["thing"], ("S000", values)]
                service.records = {"thing": records[1:]}

        service.meanwhile = swap
        with await engine.run(await engine.prepare(sql)) as result:
            return " ".join(result.notes.sentences), [row[0] for row in result.rows]


@pytest.mark.parametrize("sql", QUERIES)
async def test_a_scan_says_that_records_were_created_meanwhile(sql: str) -> None:
    assert SAID in (await read_while(sql))[0]


@pytest.mark.parametrize("sql", SEARCHES)
async def test_a_search_says_it_too_whatever_fields_are_in_use(sql: str) -> None:
    assert SAID in (await read_while(sql, name="n1x"))[0]
    assert SAID not in (await read_while(sql, swaps=False))[0]


async def test_a_record_that_no_one_touched_is_lost_where_that_is_said() -> None:
    said, ids = await read_while(QUERIES[0])
    assert SAID in said
    # The first was read before it was deleted; one in the middle never came.
    assert len(ids) == 60
    assert len(set(ids) & {f"R{number:03}" for number in range(60)}) == 59


@pytest.mark.parametrize("sql", QUERIES)
async def test_an_unchanged_list_is_not_spoken_of(sql: str) -> None:
    assert SAID not in (await read_while(sql, swaps=False))[0]


@pytest.mark.parametrize("created", [OLD, "2099-01-01T00:00:00Z", "2024", "", "soon"])
async def test_what_is_no_time_of_this_scan_is_not_spoken_of(created: str) -> None:
    assert SAID not in (await read_while(QUERIES[0], created=created))[0]


async def test_a_single_page_is_one_state_of_the_list() -> None:
    assert SAID not in (await read_while(QUERIES[0], count=5))[0]


async def test_a_scan_that_says_nothing_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin."""

    def believe(*_: object) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(fetcher, "_ids_of_created", believe)
    assert SAID not in (await read_while(QUERIES[0]))[0]
    assert SAID not in (await read_while(SEARCHES[0], name="n1x"))[0]
