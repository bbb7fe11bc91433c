"""Reading all pages in order: each record once, whatever pages a service makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api import NotFound, Page, PageSizes, Record, Response
from cmdm_tui.tui.models.page_reader import PageReader, WindowOrder

RESPONSE = Response(1, "GET", "/lead", 200, httpx.Headers(), b"", 0.0)


def page_of(ids: Sequence[str], total: int | None = None, pages: int | None = None) -> Page:
    records = tuple(Record("lead", external_id, {}) for external_id in ids)
    return Page("lead", records, total, pages, 100, 1, RESPONSE)


@dataclass
class Pager:
    """A service in one page: what it grants, what it tells, how it orders."""

    ids: list[str]
    granted: int = 100
    tells_total: bool = True
    tells_pages: bool = True
    tells_pages_of: int | None = None
    past_the_end_is_404: bool = False
    pages: list[list[str]] | None = None
    numbers: list[int] = field(default_factory=list[int])

    def page(self, number: int) -> Page:
        self.numbers.append(number)
        start = (number - 1) * self.granted
        if self.pages is not None:
            ids = self.pages[number - 1] if number <= len(self.pages) else []
        else:
            ids = self.ids[start : start + self.granted]
        if not ids and number > 1 and self.past_the_end_is_404:
            raise LookupError
        count = len(self.ids)
        pages = max(-(-count // (self.tells_pages_of or self.granted)), 1)
        return page_of(
            ids, count if self.tells_total else None, pages if self.tells_pages else None
        )


def read_all(window: PageReader, pager: Pager, *, most: int = 1_000) -> list[str]:
    for _ in range(most):
        if window.is_complete:
            return [record.external_id for record in window.records]
        try:
            window.add_page(pager.page(window.next_page))
        except LookupError:
            window.add_page(None)
    pytest.fail("the window never came to an end")


@given(
    count=st.integers(0, 400),
    granted=st.integers(1, 200),
    tells_total=st.booleans(),
    tells_pages=st.booleans(),
    is_404=st.booleans(),
)
def test_every_record_comes_once_and_in_order(
    count: int, granted: int, tells_total: bool, tells_pages: bool, is_404: bool
) -> None:
    ids = [f"R{number}" for number in range(count)]
    pager = Pager(ids, granted, tells_total, tells_pages, past_the_end_is_404=is_404)
    window = PageReader("lead", per_page=100)
    assert read_all(window, pager) == ids
    assert window.missing_count == 0
    needed = max(-(-count // granted), 1)
    # Where nothing is told, only an empty page shows that the one before was the last.
    unsure = not tells_total and not tells_pages and count > 0
    assert pager.numbers == list(range(1, needed + unsure + 1))


@given(count=st.integers(1, 300), granted=st.integers(1, 99))
def test_pages_counted_by_the_size_asked_for_do_not_end_it_early(count: int, granted: int) -> None:
    ids = [f"R{number}" for number in range(count)]
    pager = Pager(ids, granted, tells_pages_of=100)
    assert read_all(PageReader("lead", per_page=100), pager) == ids
    assert len(pager.numbers) == -(-count // granted)


@given(data=st.data(), count=st.integers(1, 60), granted=st.integers(1, 20))
def test_an_unstable_order_neither_repeats_a_record_nor_goes_on_for_ever(
    data: st.DataObject, count: int, granted: int
) -> None:
    ids = [f"R{number}" for number in range(count)]
    page = st.lists(st.sampled_from(ids), min_size=granted, max_size=granted)
    told = -(-count // granted)
    pages = data.draw(st.lists(page, min_size=told, max_size=told + 5))
    pager = Pager(ids, granted, pages=pages)
    window = PageReader("lead", per_page=100)
    got = read_all(window, pager)
    assert len(got) == len(set(got))
    assert len(pager.numbers) <= told
    assert window.missing_count == count - len(got)


@given(totals=st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_totals_that_change_end_it_all_the_same(totals: list[int]) -> None:
    window = PageReader("lead", per_page=100)
    for number, total in enumerate(totals):
        if window.is_complete:
            break
        window.add_page(page_of([f"R{number}"], total, None))
    assert len(window.records) <= len(totals)
    assert window.is_complete == (len(window.records) >= totals[len(window.records) - 1])
    assert window.has_changed == (len(set(totals[: len(window.records)])) > 1)


def test_a_service_that_knows_only_one_page_ends_after_two_of_it() -> None:
    window = PageReader("lead", per_page=100)
    for _ in range(2):
        window.add_page(page_of(["A", "B"], None, None))
    assert window.is_complete
    assert len(window.records) == 2


def test_a_service_that_repeats_a_page_of_many_is_given_up_after_three() -> None:
    window = PageReader("lead", per_page=100)
    for _ in range(3):
        assert not window.is_complete
        window.add_page(page_of(["A", "B"], 1_000, 500))
    assert window.is_complete
    assert window.missing_count == 998


def test_an_order_turns_round() -> None:
    order = WindowOrder("Name")
    assert order.reversed() == WindowOrder("Name", "desc")
    assert order.reversed().reversed() == order


@dataclass
class Refusing:
    """A client whose every page is 404."""

    page_sizes: PageSizes = field(default_factory=PageSizes)

    async def page(self, *_: object, **__: object) -> Page:
        raise NotFound("no such page", status=404)


@pytest.mark.parametrize(
    ("read", "ends"),
    [([], False), ([page_of(["A"], 3, 2)], False), ([page_of(["A"])], True)],
    ids=["first page", "a page that was told of", "past the last"],
)
async def test_a_page_not_found_is_the_end_only_past_the_last(read: list[Page], ends: bool) -> None:
    window = PageReader("lead", per_page=100)
    for page in read:
        window.add_page(page)
    client = Refusing()
    if ends:
        assert await window.fetch_page(client) is None  # pyright: ignore[reportArgumentType]
    else:
        with pytest.raises(NotFound):
            await window.fetch_page(client)  # pyright: ignore[reportArgumentType]
