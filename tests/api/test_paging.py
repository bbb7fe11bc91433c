"""Pages: each record once, in order, to the end and no further, whatever the service grants."""

import asyncio
import math
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.api.errors import NotFound
from cmdm_tui.api.events import Event, PageRead, TotalChanged
from cmdm_tui.api.models import Page, Record, Response
from cmdm_tui.api.paging import PageWalk

RESPONSE = Response(1, "GET", "/lead", 200, {}, b"", 0.0)


@dataclass
class Service:
    """A service of `total` records that grants, tells and repeats as it likes."""

    total: int
    cap: int = 1_000
    tells_total: bool = True
    tells_pages: bool = True
    overlap: int = 0
    past_the_end: str = "empty"
    grows_to: int | None = None
    calls: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    at_once: int = 0
    most_at_once: int = 0

    async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
        self.calls.append((number, per_page))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.grows_to is not None and number > 1:
            self.total = self.grows_to
        size = min(per_page, self.cap)
        pages = math.ceil(self.total / size)
        asked = number
        if number > max(pages, 1):
            if self.past_the_end == "missing":
                raise NotFound("no such page", status=404)
            if self.past_the_end == "last":
                number = max(pages, 1)
        overlap = 0 if by_id else self.overlap
        start = max((number - 1) * size - (overlap if number > 1 else 0), 0)
        rows = range(start, min(start + size, self.total)) if number <= max(pages, 1) else range(0)
        if asked > pages and self.past_the_end == "empty":
            rows = range(0)
        return Page(
            entity="lead",
            records=tuple(Record("lead", f"R{row}", {}) for row in rows),
            total_records=self.total if self.tells_total else None,
            total_pages=pages if self.tells_pages else None,
            per_page=per_page,
            page=asked,
            response=RESPONSE,
        )


async def read(
    service: Service, per_page: int, *, ahead: int = 4, most: int | None = None
) -> tuple[list[str], list[Event]]:
    told: list[Event] = []
    walk = PageWalk("lead", per_page, most=most)
    pages = walk.run(service.retrieve, ahead=ahead, notify=told.append)
    return [record.external_id async for page in pages for record in page.records], told


@settings(deadline=None)
@given(
    total=st.integers(0, 120),
    per_page=st.integers(1, 40),
    cap=st.integers(1, 40),
    ahead=st.integers(1, 6),
    tells_total=st.booleans(),
    tells_pages=st.booleans(),
    past_the_end=st.sampled_from(["empty", "missing", "last"]),
)
async def test_every_record_comes_once_and_in_order(
    total: int,
    per_page: int,
    cap: int,
    ahead: int,
    tells_total: bool,
    tells_pages: bool,
    past_the_end: str,
) -> None:
    service = Service(total, cap, tells_total, tells_pages, past_the_end=past_the_end)
    ids, _ = await read(service, per_page, ahead=ahead)
    assert ids == [f"R{row}" for row in range(total)]
    pages = max(math.ceil(total / min(cap, per_page)), 1)
    assert len(service.calls) <= pages + (0 if tells_total or tells_pages else 1)
    assert service.most_at_once <= ahead


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(2, 20), st.integers(1, 19))
async def test_overlapping_pages_hide_no_record_and_give_none_twice(
    total: int, per_page: int, overlap: int
) -> None:
    service = Service(total, overlap=min(overlap, per_page - 1))
    ids, _ = await read(service, per_page)
    assert sorted(ids) == sorted(f"R{row}" for row in range(total))
    assert len(service.calls) <= 2 * math.ceil(total / per_page)


async def test_a_count_that_is_too_high_costs_one_more_reading() -> None:
    class Boasting(Service):
        async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
            page = await super().retrieve(number, per_page, by_id)
            return replace(page, total_records=34)

    service = Boasting(30)
    ids, _ = await read(service, 10)
    assert len(ids) == 30
    assert len(service.calls) <= 4 + 4


@pytest.mark.parametrize("past_the_end", ["empty", "missing", "last"])
async def test_a_count_that_is_millions_too_high_costs_few_calls(past_the_end: str) -> None:
    class Boasting(Service):
        async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
            page = await super().retrieve(number, per_page, by_id)
            return replace(page, total_records=5_000_000, total_pages=500_000)

    service = Boasting(30, past_the_end=past_the_end)
    ids, _ = await read(service, 10)
    assert len(ids) == 30
    assert len(service.calls) <= 2 * (3 + 2 + 4)


@pytest.mark.parametrize(("most", "calls"), [(1, 1), (10, 1), (11, 2), (35, 4), (1_000, 10)])
async def test_no_page_is_retrieved_beyond_what_is_wanted(most: int, calls: int) -> None:
    service = Service(100)
    ids, _ = await read(service, 10, most=most)
    assert len(service.calls) == calls
    assert len(ids) == calls * 10


async def test_a_reader_that_stops_early_costs_little() -> None:
    service = Service(1_000)
    pages = PageWalk("lead", 10).run(service.retrieve)
    await anext(pages)
    assert len(service.calls) == 1
    await anext(pages)
    await pages.aclose()
    assert len(asyncio.all_tasks()) == 1
    assert len(service.calls) <= 3


async def test_a_reader_that_is_cancelled_while_it_stops_stays_cancelled() -> None:
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def retrieve(number: int, per_page: int, by_id: bool) -> Page:
        if number == 4:
            try:
                await asyncio.Event().wait()
            finally:
                ending.set()
                await may_end.wait()
        return await Service(1_000).retrieve(number, per_page, by_id)

    pages = PageWalk("lead", 10).run(retrieve)
    for _ in range(3):
        await anext(pages)
    stopping = asyncio.ensure_future(pages.aclose())
    await ending.wait()
    stopping.cancel()
    may_end.set()
    await asyncio.wait([stopping])
    assert stopping.cancelled()


async def test_what_is_granted_is_asked_for_from_then_on() -> None:
    service = Service(250, cap=100)
    ids, _ = await read(service, 1_000)
    assert len(ids) == 250
    assert service.calls == [(1, 1_000), (2, 100), (3, 100)]


async def test_a_total_that_changes_on_the_way_is_told() -> None:
    service = Service(30, grows_to=45)
    ids, told = await read(service, 10, ahead=1)
    assert TotalChanged("lead", 30, 45) in told
    assert len(ids) == 45


async def test_each_page_is_told_as_it_comes() -> None:
    _, told = await read(Service(30), 10)
    assert told == [PageRead("lead", number, 3) for number in (1, 2, 3)]


async def test_a_failure_on_the_way_is_raised_and_ends_the_rest() -> None:
    class Failing(Service):
        async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
            if number == 3:
                raise RuntimeError("down")
            return await super().retrieve(number, per_page, by_id)

    with pytest.raises(RuntimeError, match="down"):
        await read(Failing(1_000), 10)
    assert len(asyncio.all_tasks()) == 1
