"""The window of records: any page in any order, each record once, and honest counts."""

from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api import Page, PageRead, Record, RecordsMissing, Response, TotalChanged
from cmdm_tui.tui.models.activity import Activity
from cmdm_tui.tui.models.page_layout import PageLayout
from cmdm_tui.tui.models.page_store import PageStore
from cmdm_tui.tui.models.record_window import RecordWindow


def page_of(
    ids: Sequence[str], total: int | None = None, pages: int | None = None, size: int = 0
) -> Page:
    records = tuple(Record("lead", external_id, {}) for external_id in ids)
    response = Response(1, "GET", "/lead", 200, httpx.Headers(), b" " * size, 0.0)
    return Page("lead", records, total, pages, 100, 1, response)


def ids_of(window: RecordWindow, first: int = 0, count: int = 10_000) -> list[str | None]:
    records = window.records(first, count)
    return [record.external_id if record is not None else None for record in records]


def names(first: int, last: int) -> list[str]:
    return [f"R{number}" for number in range(first, last)]


def window_of(
    count: int = 1_000, granted: int = 100, store: PageStore | None = None
) -> RecordWindow:
    """Return a window of which the first page was read."""
    window = RecordWindow("lead", store=store)
    window.add_page(1, page_of(names(0, min(granted, count)), count))
    return window


def read(window: RecordWindow, page: int, count: int = 1_000, granted: int = 100) -> None:
    start = (page - 1) * granted
    window.add_page(page, page_of(names(start, min(start + granted, count)), count))


def test_the_last_rows_of_a_million_need_their_page_alone() -> None:
    window = window_of(1_000_000)
    assert window.row_count == 1_000_000
    assert window.is_count_known
    assert window.missing_pages(999_960, 40) == [10_000]
    read(window, 10_000, 1_000_000)
    assert ids_of(window, 999_998) == ["R999998", "R999999"]
    assert ids_of(window, 500, 2) == [None, None]
    assert window.read_count == 200
    assert window.position("R999999") == 999_999
    assert not window.is_complete


@given(
    count=st.integers(1, 120),
    granted=st.integers(1, 40),
    data=st.data(),
    tells_total=st.booleans(),
)
def test_pages_read_in_any_order_hold_each_record_at_its_place(
    count: int, granted: int, data: st.DataObject, tells_total: bool
) -> None:
    window = RecordWindow("lead")
    pages = -(-count // granted)
    ids = names(0, count)
    later = data.draw(st.permutations(range(2, pages + 1)))
    for page in [1, *later]:
        start = (page - 1) * granted
        came = page_of(ids[start : start + granted], count if tells_total else None, pages)
        window.add_page(page, came)
        if tells_total:
            assert window.row_count == count
        held = ids_of(window)
        assert [found for found in held if found is not None] == [
            found for found, known in zip(ids, held, strict=False) if known is not None
        ]
    assert ids_of(window) == ids
    assert window.is_complete
    assert window.is_whole
    assert all(window.position(found) == place for place, found in enumerate(ids))
    assert window.missing_pages(0, count) == []


@given(
    per_page=st.integers(1, 9),
    rows=st.dictionaries(st.integers(1, 12), st.integers(0, 15)),
)
def test_the_layout_is_that_of_pages_put_one_after_the_other(
    per_page: int, rows: dict[int, int]
) -> None:
    layout = PageLayout(per_page)
    for page, count in rows.items():
        layout.set_rows(page, 99)
        layout.set_rows(page, count)
    owners = [page for page in range(1, 14) for _ in range(rows.get(page, per_page))]
    for page in range(1, 14):
        assert layout.start(page) == sum(rows.get(before, per_page) for before in range(1, page))
    for position, page in enumerate(owners):
        assert layout.find_page(position, 13) == page


def test_a_count_that_is_not_told_grows_with_what_is_read() -> None:
    window = RecordWindow("lead")
    assert window.missing_pages(0, 30) == [1]
    window.add_page(1, page_of(names(0, 100)))
    assert (window.row_count, window.is_count_known, window.page_after) == (100, False, 2)
    window.add_page(2, page_of(names(100, 150)))
    assert (window.row_count, window.page_after) == (150, 3)
    window.add_page(3, page_of([]))
    assert (window.row_count, window.is_count_known, window.page_after) == (150, True, None)


def test_pages_that_are_named_without_a_total_can_be_jumped_to() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(names(0, 10), None, 5))
    assert (window.row_count, window.is_count_known, window.page_after) == (50, False, None)
    window.add_page(5, page_of(names(40, 43), None, 5))
    assert ids_of(window, 40) == ["R40", "R41", "R42"]
    assert window.row_count == 43


def test_a_record_on_two_pages_is_shown_once() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(["A", "B"], 6))
    window.add_page(3, page_of(["D", "E"], 6))
    window.add_page(2, page_of(["B", "C"], 6))
    assert ids_of(window) == ["A", "B", "C", "D", "E"]
    assert window.repeated_count == 1
    assert window.is_complete
    assert window.missing_count == 1
    assert window.row_count == 5
    assert [window.position(found) for found in "ABCDE"] == [0, 1, 2, 3, 4]


def test_a_page_that_holds_a_record_twice_shows_it_once() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(["A", "A", "B"], 3))
    assert ids_of(window) == ["A", "B"]
    assert window.repeated_count == 1


def test_a_total_that_changed_is_known_whichever_page_said_so() -> None:
    window = window_of(1_000)
    window.add_page(7, page_of(names(600, 700), 1_001))
    assert window.has_changed
    assert window.row_count == 1_001
    assert window.events == (TotalChanged("lead", 1_000, 1_001), PageRead("lead", 7, None))


def test_a_total_that_is_one_too_large_ends_before_the_empty_page() -> None:
    window = window_of(301)
    assert window.missing_pages(300, 1) == [4]
    window.add_page(4, page_of([], 301))
    assert not window.is_count_known
    assert window.row_count == 300
    assert window.page_after is None
    read(window, 2, 301)
    read(window, 3, 301)
    assert window.is_complete
    assert window.row_count == 300
    assert window.missing_count == 1


def test_a_total_of_millions_that_are_not_there_is_not_believed_a_second_time() -> None:
    window = window_of(1_000_000)
    window.add_page(10_000, page_of([], 1_000_000))
    assert window.row_count == 999_900
    window.add_page(9_999, None)
    assert window.row_count == 100
    assert not window.is_count_known
    assert window.page_after == 2


def test_a_total_smaller_than_what_comes_goes_on() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(names(0, 100), 7, 1))
    assert (window.row_count, window.is_count_known, window.page_after) == (100, False, 2)
    window.add_page(2, page_of(names(100, 130), 7, 1))
    assert window.row_count == 130


def test_more_records_than_asked_for_are_all_there() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(names(0, 1_200), None, 1))
    assert window.is_complete
    assert ids_of(window) == names(0, 1_200)


def test_an_empty_entity_has_no_rows() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of([], 0, 0))
    assert window.is_complete
    assert window.row_count == 0
    assert window.records(0, 5) == []
    assert window.missing_pages(0, 5) == []


def test_pages_beyond_the_bound_are_let_go_of_and_read_again() -> None:
    store = PageStore(max_bytes=5_000)
    window = RecordWindow("lead", store=store)
    for page in range(1, 11):
        start = (page - 1) * 10
        window.add_page(page, page_of(names(start, start + 10), 100, 10, size=200))
    assert len(store) == 5
    assert store.bytes_held == 5_000
    assert window.row_count == window.read_count == 100
    assert window.is_complete
    assert not window.is_whole
    assert window.missing_pages(0, 100) == [1, 2, 3, 4, 5]
    assert window.position("R3") is None
    assert window.next_unread_page == 1
    window.add_page(1, page_of(names(0, 10), 100, 10, size=200))
    assert window.position("R3") == 3
    assert window.repeated_count == 0
    assert not window.holds_page(6)


def test_what_is_looked_at_is_let_go_of_last() -> None:
    store = PageStore(max_bytes=5_000)
    window = RecordWindow("lead", store=store)
    for page in range(1, 7):
        start = (page - 1) * 10
        window.add_page(page, page_of(names(start, start + 10), 100, 10, size=200))
        window.records(0, 1)
    assert window.holds_page(1)
    assert not window.holds_page(2)


def test_the_windows_of_all_entities_share_one_bound() -> None:
    store = PageStore(max_bytes=5_000)
    first, second = RecordWindow("lead", store=store), RecordWindow("task", store=store)
    first.add_page(1, page_of(names(0, 5), 5, size=200))
    for page in range(1, 6):
        second.add_page(page, page_of([f"T{page}"], 100, size=200))
    assert not first.holds_page(1)
    assert first.row_count == 5
    second.release()
    assert (len(store), store.bytes_held) == (0, 0)


def test_reading_again_finds_what_overlapping_pages_hid() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(["A", "B"], 4, 2))
    window.add_page(2, page_of(["B", "C"], 4, 2))
    assert window.is_complete
    assert window.missing_count == 1
    window.reread()
    assert window.next_unread_page == 1
    window.add_page(1, page_of(["A", "D"], 4, 2))
    assert window.is_complete
    assert window.missing_count == 0
    assert ids_of(window) == ["A", "B", "D", "C"]


def test_a_record_read_again_takes_its_place() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(["A", "B"], 2, 1))
    before = window.revision_of(Record("lead", "B", {}))
    assert window.replace_record(Record("lead", "B", {"Name": "new"})) == 1
    found = window.records(1, 1)[0]
    assert found is not None
    assert found.properties == {"Name": "new"}
    assert window.revision_of(found) != before
    assert window.replace_record(Record("lead", "Z", {})) is None


def test_a_window_that_succeeds_another_begins_where_it_is_looked_at() -> None:
    window = window_of(1_000).make_successor()
    assert not window.is_started
    assert window.missing_pages(650, 20) == [7]
    read(window, 7)
    assert ids_of(window, 650, 2) == ["R650", "R651"]
    assert window.row_count == 1_000
    assert window.missing_pages(0, 5) == [1]


def test_pages_that_end_too_early_are_reported_as_partial() -> None:
    window = RecordWindow("lead")
    window.add_page(1, page_of(["A", "B"], 9_000, 90))
    assert not [event for event in window.events if isinstance(event, RecordsMissing)]
    window.add_page(2, page_of([], 9_000, 90))
    (missing,) = [event for event in window.events if isinstance(event, RecordsMissing)]
    assert missing == RecordsMissing("lead", 9_000, 2)
    assert Activity().with_event(missing, 0.0).describe(1.0) == "lead is partial: 2 of 9,000 came"


def unstable(ids: list[str], granted: int) -> st.SearchStrategy[list[list[str]]]:
    page = st.lists(st.sampled_from(ids), min_size=granted, max_size=granted)
    told = -(-len(ids) // granted)
    return st.lists(page, min_size=told, max_size=told + 5)


@pytest.mark.parametrize("tells_total", [True, False])
@given(data=st.data(), count=st.integers(1, 60), granted=st.integers(1, 20))
def test_an_unstable_order_neither_repeats_a_record_nor_goes_on_for_ever(
    tells_total: bool, data: st.DataObject, count: int, granted: int
) -> None:
    ids = names(0, count)
    pages = data.draw(unstable(ids, granted))
    window = RecordWindow("lead")
    reads = 0
    while window.next_unread_page is not None:
        number = window.next_unread_page
        came = pages[number - 1] if number <= len(pages) else []
        window.add_page(number, page_of(came, count if tells_total else None, None))
        reads += 1
        assert reads <= len(pages) + 1
    held = ids_of(window)
    assert None not in held
    assert len(held) == len(set(held)) == window.row_count == window.read_count
    assert all(window.position(str(found)) == place for place, found in enumerate(held))
