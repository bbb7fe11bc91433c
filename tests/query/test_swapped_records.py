"""A record that is deleted while another is created leaves the total alone, and shifts others."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from cmdm_tui.api import BadRequest
from cmdm_tui.query.fetching import fetcher, page_cache
from tests.query.small_service import SmallService, open_engine, run_query

OLD = "2024-05-06T07:08:09Z"
TYPES = {"Name": "Text", "Score": "Number", "CreatedDate": "DateTime"}
SAID = "1 record may have been created in thing while it was read"
QUERIES = (
    "SELECT ExternalID, CreatedDate FROM thing",
    "SELECT * FROM thing",
    "SELECT count(Name || CreatedDate) FROM thing",
    "SELECT Name, CreatedDate FROM thing WHERE Score + 1 > 0 LIMIT 100",
    "SELECT ExternalID FROM thing",
    "SELECT Name FROM thing",
    "SELECT upper(Name) FROM thing LIMIT 59",
    "SELECT Score, count(*) FROM thing GROUP BY Score",
    "SELECT sum(Score) FROM thing",
    "SELECT a.Name FROM thing a JOIN thing b ON b.Name = a.Name || ''",
    "SELECT count(*) FROM thing WHERE Name NOT IN (SELECT upper(Name) FROM thing)",
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


async def test_a_scan_that_asks_for_no_more_than_it_uses_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin: no field is taken for the time of creation."""
    monkeypatch.setattr(page_cache, "CREATED_DATE", "no such field")
    assert SAID not in (await read_while("SELECT Name FROM thing"))[0]


@dataclass
class RefusingService(SmallService):
    """A service that describes CreatedDate and refuses it where fields are listed."""

    refusal: str = "There is no field CreatedDate."
    fields: list[str] = field(default_factory=list[str])

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        self.fields.append(asked.get("fields", ""))
        if "CreatedDate" in self.fields[-1]:
            return httpx.Response(400, json={"Message": self.refusal})
        return super()._page(entity, asked)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT Name FROM thing", 60),
        ("SELECT Score, count(*) FROM thing GROUP BY 1", 1),
        ("SELECT Name FROM thing WHERE Name LIKE 'n1%'", 11),
    ],
)
async def test_where_the_field_is_refused_every_page_is_read_without_it(
    sql: str, rows: int
) -> None:
    plain = new_service()
    service = RefusingService(plain.records, plain.types, page=5)
    async with open_engine(service) as engine:
        with await engine.run(await engine.prepare(sql)) as result:
            assert result.count == rows
            assert not result.mark
            assert result.stats.calls_used == len(service.calls)
            assert result.stats.calls_low <= result.stats.calls_used <= result.stats.calls_high
    assert sum("CreatedDate" in one for one in service.fields) == 1


@pytest.mark.parametrize("refusal", ["There is no field CreatedDate.", "No."])
async def test_a_query_that_uses_the_field_is_not_answered_without_it(refusal: str) -> None:
    plain = new_service()
    service = RefusingService(plain.records, plain.types, page=5, refusal=refusal)
    async with open_engine(service) as engine:
        with pytest.raises(BadRequest):
            await run_query(engine, "SELECT Name FROM thing WHERE CreatedDate || '' > '2024'")
