"""Pages: each record once, in order, to the end and no further, whatever the service grants."""

import asyncio
import math
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.api.events import Event, PageRead, RecordsMissing, TotalChanged
from cmdm_tui.api.models import Page, Record, Response
from cmdm_tui.api.paging import PageWalk, count_missing

RESPONSE = Response(1, "GET", "/lead", 200, {}, b"", 0.0)


@dataclass
class Service:
    """A service of `total` records that grants, tells and repeats as it likes."""

    total: int
    cap: int = 1_000
    tells_total: bool = True
    tells_pages: bool = True
    overlap: int = 0
    shared: int = 0
    """Records that each page repeats, in whichever order; the last page named is not the last."""
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
        if self.shared:
            return self._repeat(number, size, pages)
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

    def _repeat(self, number: int, size: int, pages: int) -> Page:
        start = (number - 1) * (size - self.shared)
        rows = range(start, min(start + size, self.total))
        records = tuple(Record("lead", f"R{row}", {}) for row in rows)
        return Page("lead", records, self.total, pages, size, number, RESPONSE)


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


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(2, 20), st.integers(1, 19), st.integers(1, 4))
async def test_pages_by_id_that_overlap_are_read_past_the_last_one_named(
    total: int, per_page: int, overlap: int, ahead: int
) -> None:
    repeats = min(overlap, per_page - 1)
    service = Service(total, shared=repeats)
    walk = PageWalk("lead", per_page, is_by_id=True)
    pages = walk.run(service.retrieve, ahead=ahead)
    ids = [record.external_id async for page in pages for record in page.records]
    assert ids == [f"R{row}" for row in range(total)]
    needed = 1 + max(math.ceil((total - per_page) / (per_page - repeats)), 0)
    # Pages that were on their way when the overlap showed count too.
    assert len(service.calls) <= needed + ahead
    assert walk.overlap == (None if needed < 3 else repeats)


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


class Counting(Service):
    """A service whose count is not what it holds, and that may repeat its first page for ever."""

    told: int = 0
    told_pages: int | None = None
    repeats: bool = False
    refuses_past_named = False

    async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
        if self.refuses_past_named and number > (self.told_pages or 1):
            self.calls.append((number, per_page))
            raise BadRequest("no such page", status=400)
        page = await super().retrieve(1 if self.repeats else number, per_page, by_id)
        self.calls[-1] = (number, per_page)
        return replace(page, total_records=self.told, total_pages=self.told_pages, page=number)


def counting(holds: int, told: int, **settings: object) -> Counting:
    service = Counting(holds)
    service.told = told
    for name, value in settings.items():
        setattr(service, name, value)
    return service


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("told", [31, 3_000, 999_999_999_999, 10**30])
async def test_a_shortfall_is_told_after_few_calls(told: int, repeats: bool) -> None:
    service = counting(30, told, repeats=repeats, told_pages=told // 10, past_the_end="empty")
    ids, events = await read(service, 10)
    came = 10 if repeats else 30
    assert len(set(ids)) == len(ids) == came
    assert [e for e in events if isinstance(e, RecordsMissing)] == [
        RecordsMissing("lead", told, came)
    ]
    assert len(service.calls) <= 9


async def test_pages_are_not_read_again_where_none_overlapped() -> None:
    service = counting(5_000, 9_000)
    await read(service, 1_000, ahead=8)
    assert len(service.calls) <= 9
    assert len({number for number, _ in service.calls}) == len(service.calls)


async def test_records_that_nobody_asked_for_are_not_missing() -> None:
    service = counting(10, 9_000)
    _, events = await read(service, 10, most=10)
    assert not [e for e in events if isinstance(e, RecordsMissing)]
    _, events = await read(service, 10, most=11)
    assert RecordsMissing("lead", 9_000, 10) in events


@pytest.mark.parametrize("told", [0, 1, 3, 29])
@pytest.mark.parametrize("refuses", [False, True])
async def test_a_count_that_is_too_low_hides_no_record(told: int, refuses: bool) -> None:
    service = counting(30, told, told_pages=3 if refuses else 1, refuses_past_named=refuses)
    ids, events = await read(service, 10)
    assert len(ids) == 30
    assert len(service.calls) == 4
    assert not [e for e in events if isinstance(e, RecordsMissing)]


async def test_a_refusal_before_the_last_page_named_is_raised() -> None:
    class Refusing(Service):
        async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
            if number == 3:
                raise BadRequest("too deep", status=400)
            return await super().retrieve(number, per_page, by_id)

    with pytest.raises(BadRequest, match="too deep"):
        await read(Refusing(50), 10)


async def test_a_second_reading_ends_at_a_refusal_past_the_last_page_named() -> None:
    """Overlaps have hidden two records; past page 3 the service answers 400."""
    service = counting(30, 3_000, told_pages=3, refuses_past_named=True, overlap=2)
    ids, events = await read(service, 10)
    assert sorted(ids) == sorted(f"R{row}" for row in range(30))
    assert RecordsMissing("lead", 3_000, 30) in events


@pytest.mark.parametrize("tells_total", [False, True])
async def test_a_refusal_past_the_end_is_raised_where_no_last_page_was_named(
    tells_total: bool,
) -> None:
    """No count and no page shows that this is the end: 400 may stand for anything (`api.md`)."""

    class Refusing(Counting):
        async def retrieve(self, number: int, per_page: int, by_id: bool) -> Page:
            if number == 4:
                raise BadRequest("bad page", status=400)
            page = await super().retrieve(number, per_page, by_id)
            return page if tells_total else replace(page, total_records=None)

    service = Refusing(30)
    service.told = 3_000
    with pytest.raises(BadRequest, match="bad page"):
        await read(service, 10)
    missing = Service(30, tells_total=False, tells_pages=False, past_the_end="missing")
    assert len((await read(missing, 10))[0]) == 30  # a 404 is the end, as `api.md` has it


async def test_a_walk_that_believes_its_count_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PageWalk, "shortfall", property(lambda _: 0))
    with pytest.raises(AssertionError):
        await test_a_shortfall_is_told_after_few_calls(3_000, False)


async def test_a_walk_that_does_not_see_repetition_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cmdm_tui.api.paging._STALE_PAGES", 1_000)
    with pytest.raises(AssertionError):
        await test_a_shortfall_is_told_after_few_calls(3_000, True)


@pytest.mark.parametrize(
    ("came", "total", "per_page", "number", "missing"),
    [
        (250, 20_000, None, None, 19_750),  # asked for all
        (50, 20_000, 50, 1, 0),
        (20, 20_000, 50, 1, 30),
        (0, 30, 10, 4, 0),  # past the last page
        (5, 35, 10, 4, 0),  # the last page
        (4, 35, 10, 4, 1),
        (9, 3, None, None, 0),
        (3, None, None, None, 0),
        (3, None, 10, 1, 0),
    ],
)
def test_what_one_answer_lacks_is_counted_by_what_it_was_asked_for(
    came: int, total: int | None, per_page: int | None, number: int | None, missing: int
) -> None:
    assert count_missing(came, total, per_page=per_page, number=number) == missing
