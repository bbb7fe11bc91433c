"""First rows by a text field read few pages, once another field has shown how text is sorted."""

import random
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from cmdm_tui.query.execution.order_scout import OrderScout
from tests.query.small_service import SmallService, open_engine

PAGE, PAGES = 50, 100
SQL = "SELECT Name FROM person ORDER BY Name LIMIT 5"
TYPES = {"Name": "Text", "Mail": "Email", "Score": "Number"}


def make_service() -> SmallService:
    """Return a service of people with names of letters alone, and addresses with signs."""
    chance = random.Random(3)

    def word(length: int) -> str:
        return "".join(chance.choices("abdeiklmnorstu", k=length))

    records = [
        (
            f"P{number:05}",
            {
                "Name": word(7).capitalize() if number % 50 else word(7),
                "Mail": f"{word(4)}{chance.choice('._-+')}{word(4)}@{word(3)}-{word(3)}.example"
                if number % 4
                else None,
                "Score": str(number),
            },
        )
        for number in range(PAGE * PAGES)
    ]
    return SmallService({"person": records}, {"person": TYPES}, page=PAGE)


def expected() -> list[tuple[str | None]]:
    names = [values["Name"] for _, values in make_service().records["person"]]
    return [(name,) for name in sorted((str(name) for name in names), key=str.casefold)[:5]]


async def costs(service: SmallService, *queries: str) -> list[int]:
    """Return the calls of each query, one after the other; all are certain and right."""
    found: list[int] = []
    async with open_engine(service) as engine:
        for sql in queries:
            before = len(service.calls)
            with await engine.run(await engine.prepare(sql)) as result:
                assert result.rows == expected()
                assert not result.mark
                assert result.stats.calls_used <= result.stats.calls_high
            found.append(len(service.calls) - before)
    return found


async def test_addresses_show_how_names_are_sorted() -> None:
    service = make_service()
    first, again = await costs(service, SQL, SQL)
    assert first <= 15
    assert again <= first - 4


async def test_a_search_that_looks_at_no_other_field_reads_every_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin."""

    async def look_away(*_: object) -> None:
        pass

    monkeypatch.setattr(OrderScout, "_look_at", look_away)
    assert (await costs(make_service(), SQL))[0] > PAGES


async def test_a_service_without_addresses_is_searched_as_before() -> None:
    plain = make_service()
    types = {"person": {"Name": "Text", "Score": "Number"}}
    service = SmallService(plain.records, types, page=PAGE)
    assert (await costs(service, SQL))[0] > PAGES


@dataclass
class SortedService(SmallService):
    """A service that counts by which field its pages were sorted."""

    sorted_by: Counter[str | None] = field(default_factory=Counter[str | None])

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        self.sorted_by[asked.get("sort_by")] += 1
        return super()._page(entity, asked)


async def test_a_field_that_shows_nothing_is_looked_at_once() -> None:
    records = [
        (external_id, {**values, "Mail": values["Mail"] and values["Name"], "Company": "a"})
        for external_id, values in make_service().records["person"]
    ]
    types = {"person": {**TYPES, "Company": "Text"}}
    service = SortedService({"person": records}, types, page=PAGE)
    first, again, _ = await costs(service, SQL, SQL, SQL)
    assert service.sorted_by["Company"] == service.sorted_by["Mail"] == 3
    assert again <= first - 6


async def test_a_scan_that_takes_over_goes_on_in_the_order_of_the_search() -> None:
    """And not in that of a field that was only looked at, without a null as well."""
    records = [
        (f"P{number:05}", {"Score": str(number), "Value": str(number % 9), "Rank": str(number % 7)})
        for number in range(PAGE * PAGES)
    ]
    types = {"person": {"Score": "Number", "Value": "Number", "Rank": "Number"}}
    service = SortedService({"person": records}, types, page=PAGE)
    async with open_engine(service) as engine:
        query = "SELECT count(*) FROM person WHERE Score BETWEEN 333 AND 4666"
        with await engine.run(await engine.prepare(query)) as result:
            assert result.rows == [(4_334,)]
    assert service.sorted_by == {"Value": 2, "Rank": 2, "Score": PAGES}
