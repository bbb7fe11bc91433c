"""The reading of windows: what is shown, asked for and failed, whatever comes in which order."""

from collections.abc import Sequence

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cmdm_tui.api import NetworkError, Page, Record, Response
from cmdm_tui.tui.models.page_reader import WindowOrder
from cmdm_tui.tui.models.window_caption import describe_window
from cmdm_tui.tui.models.window_loader import PageRequest, WindowChange, WindowLoader

RESPONSE = Response(1, "GET", "/lead", 200, httpx.Headers(), b"", 0.0)
BROKEN = NetworkError("The network is gone")


def page_of(entity: str, ids: Sequence[str], total: int | None, pages: int | None = None) -> Page:
    records = tuple(Record(entity, external_id, {}) for external_id in ids)
    return Page(entity, records, total, pages, 100, 1, RESPONSE)


def asked(loader: WindowLoader) -> PageRequest:
    """Return the request that is sent now."""
    request = loader.next_request()
    assert request is not None
    return request


def opened(total: int | None = 4) -> WindowLoader:
    """Return a loader that shows two records of a page of two, of leads."""
    loader = WindowLoader()
    loader.show_entity("lead")
    assert (
        loader.receive_page(asked(loader), page_of("lead", ["A", "B"], total))
        is WindowChange.WINDOW
    )
    return loader


def many(total: int | None = 1_000, *, tells_total: bool = True) -> WindowLoader:
    """Return a loader that shows the first 100 of many leads, 20 of them in sight."""
    loader = WindowLoader()
    loader.show_entity("lead")
    answer(loader, total if tells_total else None)
    loader.want_rows(0, 20)
    return loader


def answer(loader: WindowLoader, total: int | None = 1_000) -> int:
    """Answer the request that is sent now with a page of 100; return its number."""
    request = asked(loader)
    first = (request.number - 1) * 100
    last = min(first + 100, total or 1_000)
    ids = [f"R{number}" for number in range(first, last)]
    loader.receive_page(request, page_of(request.window.entity, ids, total))
    return request.number


def pages_asked_for(loader: WindowLoader, total: int | None = 1_000) -> list[int]:
    """Answer whatever is asked for, and return the numbers of the pages."""
    numbers: list[int] = []
    while loader.next_request() is not None:
        request = loader.request
        assert request is not None
        first = (request.number - 1) * 100
        ids = [f"R{number}" for number in range(first, min(first + 100, total or 1_000))]
        loader.receive_page(request, page_of("lead", ids, total))
        numbers.append(request.number)
    return numbers


def test_an_entity_is_asked_for_once() -> None:
    loader = opened()
    first = loader.shown
    loader.show_entity("task")
    assert loader.shown is None
    loader.show_entity("lead")
    loader.want_rows(0, 2)
    assert loader.shown is first
    assert loader.next_request() is None
    loader.forget_entity("lead")
    loader.show_entity("lead")
    assert loader.shown is None
    assert asked(loader).window.entity == "lead"


def test_what_is_in_sight_is_read_and_no_more() -> None:
    loader = many()
    assert pages_asked_for(loader) == []
    loader.want_rows(19, 20)
    loader.want_rows(38, 20)
    assert pages_asked_for(loader) == []


def test_one_page_ahead_is_read_as_scrolling_comes_near_it() -> None:
    loader = many()
    loader.want_rows(61, 20)
    assert pages_asked_for(loader) == [2]
    loader.want_rows(161, 20)
    assert pages_asked_for(loader) == [3]
    loader.want_rows(500, 20)
    assert pages_asked_for(loader) == [6]
    loader.want_rows(510, 20)
    loader.want_rows(509, 20)
    assert pages_asked_for(loader) == [5]


def test_the_last_row_costs_one_call() -> None:
    loader = many()
    loader.want_rows(980, 20)
    assert pages_asked_for(loader) == [10]
    loader.want_rows(0, 20)
    assert pages_asked_for(loader) == []


def test_a_view_over_two_pages_costs_two() -> None:
    loader = many()
    loader.want_rows(590, 20)
    assert pages_asked_for(loader) == [6, 7]


def test_pages_scrolled_past_while_another_is_on_its_way_are_not_asked_for() -> None:
    loader = many()
    loader.want_rows(200, 20)
    under_way = asked(loader)
    for first in range(220, 850, 20):
        loader.want_rows(first, 20)
        assert loader.next_request() is None
    ids = [f"R{number}" for number in range(200, 300)]
    assert loader.receive_page(under_way, page_of("lead", ids, 1_000)) is WindowChange.RECORDS
    assert pages_asked_for(loader) == [9]


def test_a_count_that_is_not_told_grows_as_its_end_comes_near() -> None:
    loader = many(tells_total=False)
    assert pages_asked_for(loader, None) == []
    loader.want_rows(85, 20)
    request = asked(loader)
    assert request.number == 2
    loader.receive_page(request, page_of("lead", ["Z"], None))
    assert describe_window(loader) == "rows 86–101 of 101 so far"
    request = asked(loader)
    loader.receive_page(request, page_of("lead", [], None))
    assert loader.next_request() is None
    assert describe_window(loader) == "rows 86–101 of 101"


def test_a_sort_takes_over_once_it_is_there() -> None:
    loader = opened()
    before = loader.shown
    loader.sort("Name")
    first = asked(loader)
    assert first.window.order == WindowOrder("Name")
    assert loader.shown is before
    loader.sort("Name")
    assert loader.next_request() is None
    assert loader.receive_page(first, page_of("lead", ["B"], 1)) is WindowChange.NOTHING
    second = asked(loader)
    assert second.window.order == WindowOrder("Name", "desc")
    assert loader.receive_page(second, page_of("lead", ["B"], 1)) is WindowChange.WINDOW
    assert describe_window(loader) == "1 record · by Name ▼"
    loader.show_order(None)
    assert asked(loader).window.order is None


def test_a_sort_that_fails_leaves_the_order_as_it_is() -> None:
    loader = opened()
    before = loader.shown
    loader.sort("Name")
    loader.receive_error(asked(loader), BROKEN)
    assert loader.shown is before
    assert loader.error is BROKEN
    loader.want_rows(2, 2)
    assert asked(loader).number == 2
    assert loader.error is BROKEN
    loader.receive_page(asked_again(loader), page_of("lead", ["C", "D"], 4))
    loader.refresh()
    assert asked(loader).window.order is None
    loader.receive_error(asked_again(loader), BROKEN)
    loader.retry()
    assert asked(loader).window.order is None
    assert loader.error is None


def asked_again(loader: WindowLoader) -> PageRequest:
    """Return the request that is under way."""
    assert loader.request is not None
    return loader.request


def test_after_a_page_that_failed_nothing_is_asked_for_until_it_is_told_to() -> None:
    loader = opened(total=1_000)
    loader.want_rows(500, 2)
    failed = asked(loader)
    assert failed.number == 251
    assert loader.receive_error(failed, BROKEN) is WindowChange.RECORDS
    loader.want_rows(700, 2)
    assert loader.next_request() is None
    loader.retry()
    assert asked(loader).number == 351


def test_a_refresh_reads_what_is_in_sight_and_keeps_it_until_then() -> None:
    loader = many()
    loader.want_rows(590, 20)
    pages_asked_for(loader)
    before = loader.shown
    loader.refresh()
    for number in (6, 7):
        assert loader.shown is before
        assert answer(loader) == number
    after = loader.shown
    assert after is not before
    assert after is not None
    assert after.missing_pages(590, 20) == []
    assert loader.next_request() is None


def test_refreshes_while_one_is_under_way_are_one() -> None:
    loader = opened(total=2)
    loader.refresh()
    request = asked(loader)
    for _ in range(60):
        loader.refresh()
    assert loader.receive_page(request, page_of("lead", ["A"], 1)) is WindowChange.WINDOW
    assert loader.next_request() is None


def test_what_comes_too_late_changes_nothing() -> None:
    loader = opened()
    loader.sort("Name")
    late = asked(loader)
    loader.show_entity("task")
    assert loader.receive_page(late, page_of("lead", ["Z"], 1)) is WindowChange.NOTHING
    assert loader.receive_error(late, BROKEN) is WindowChange.NOTHING
    assert loader.shown is None
    assert loader.error is None
    assert not late.window.is_started


def test_the_answer_to_a_request_that_was_given_up_leaves_the_next_one_under_way() -> None:
    loader = many()
    loader.want_rows(980, 20)
    given_up = asked(loader)
    loader.show_entity("task")
    loader.show_entity("lead")
    loader.want_rows(500, 20)
    under_way = asked(loader)
    late = page_of("lead", ["Z"], 1_000)
    assert loader.receive_page(given_up, late) is WindowChange.NOTHING
    assert loader.receive_error(given_up, BROKEN) is WindowChange.NOTHING
    assert loader.request is under_way
    assert loader.next_request() is None


def test_a_page_without_a_new_record_has_the_next_one_asked_for() -> None:
    loader = opened(total=4)
    loader.want_rows(0, 4)
    assert asked(loader).number == 2
    page = page_of("lead", ["A", "B"], 4, pages=5)
    assert loader.receive_page(asked_again(loader), page) is WindowChange.RECORDS
    assert asked(loader).number == 3


def test_all_pages_are_read_when_all_are_wanted() -> None:
    loader = many()
    loader.want_rows(460, 20)
    assert pages_asked_for(loader) == [5]
    loader.read_all()
    assert pages_asked_for(loader) == [2, 3, 4, 6, 7, 8, 9, 10]
    assert loader.shown is not None
    assert loader.shown.is_whole
    assert not loader.reads_all


def test_reading_all_goes_on_where_it_stopped() -> None:
    loader = many()
    loader.read_all()
    loader.receive_error(asked(loader), BROKEN)
    assert loader.next_request() is None
    loader.retry()
    assert pages_asked_for(loader) == list(range(2, 11))


def test_reading_all_goes_back_to_what_is_in_sight_first() -> None:
    loader = many()
    loader.read_all()
    assert answer(loader) == 2
    loader.want_rows(980, 20)
    assert answer(loader) == 10
    assert answer(loader) == 3
    loader.stop_reading()
    assert loader.next_request() is None


def test_the_caption_says_how_many_of_how_many() -> None:
    loader = WindowLoader()
    assert describe_window(loader) == ""
    loader = opened(total=1_234)
    loader.want_rows(0, 2)
    assert describe_window(loader) == "rows 1–2 of 1,234 · 2 read"
    loader.want_rows(2, 2)
    request = asked(loader)
    assert describe_window(loader) == "rows 3–4 of 1,234 · 2 read · reading …"
    loader.receive_page(request, page_of("lead", ["C", "D"], 1_235))
    assert describe_window(loader) == "rows 3–4 of 1,235 · 4 read · changed meanwhile"
    loader.want_rows(4, 1)
    loader.receive_page(asked(loader), page_of("lead", ["D"], 1_235))
    words = "rows 4–4 of 4 · 1,235 counted · 1,231 not found · 1 came twice"
    assert describe_window(loader) == words


def test_a_total_that_is_not_so_is_said() -> None:
    loader = many(1_000_000)
    loader.want_rows(999_980, 20)
    loader.receive_page(asked(loader), page_of("lead", [], 1_000_000))
    assert "1,000,000 counted" in describe_window(loader)
    assert "so far" in describe_window(loader)


class AnyOrder(RuleBasedStateMachine):
    """Choices, answers and failures as they may come, late ones among them."""

    def __init__(self) -> None:
        super().__init__()
        self.loader = WindowLoader()
        self.chosen: str | None = None
        self.sent: list[PageRequest] = []

    @rule(entity=st.sampled_from(["lead", "task", "event"]))
    def choose(self, entity: str) -> None:
        self.loader.show_entity(entity)
        self.chosen = entity
        self._send()

    @rule(field=st.sampled_from(["Name", "City"]))
    def sort(self, field: str) -> None:
        self.loader.sort(field)
        self._send()

    @rule(do=st.sampled_from(["refresh", "retry", "reread_pages", "read_all", "stop_reading"]))
    def act(self, do: str) -> None:
        getattr(self.loader, do)()
        self._send()

    @rule()
    def unsort(self) -> None:
        self.loader.show_order(None)
        self._send()

    @rule(first=st.integers(0, 12), count=st.integers(1, 5))
    def scroll(self, first: int, count: int) -> None:
        self.loader.want_rows(first, count)
        self._send()

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), count=st.integers(0, 3), total=st.none() | st.integers(0, 9))
    def answer(self, data: st.DataObject, count: int, total: int | None) -> None:
        request = self.sent.pop(data.draw(st.integers(0, len(self.sent) - 1)))
        before, read = self.loader.shown, request.window.read_count
        ids = [f"{request.number}-{place}" for place in range(count)]
        change = self.loader.receive_page(request, page_of(request.window.entity, ids, total))
        if change is WindowChange.NOTHING:
            assert self.loader.shown is before
            assert request.window.read_count == read
        elif change is WindowChange.WINDOW:
            assert self.loader.shown is request.window
        else:
            assert self.loader.shown is before
        self._send()

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def break_off(self, data: st.DataObject) -> None:
        request = self.sent.pop(data.draw(st.integers(0, len(self.sent) - 1)))
        before = self.loader.shown
        self.loader.receive_error(request, BROKEN)
        assert self.loader.shown is before
        self._send()

    def _send(self) -> None:
        request = self.loader.next_request()
        if request is not None:
            self.sent.append(request)
            window = request.window
            assert self.loader.next_request() is None
            assert window.is_started or request.number == 1 or window.total

    @invariant()
    def nothing_else_than_what_was_chosen_is_shown_or_asked_for(self) -> None:
        requests = [self.loader.request, self.loader.failed]
        windows = [self.loader.shown, *(request.window for request in requests if request)]
        for window in windows:
            assert window is None or window.entity == self.chosen

    @invariant()
    def an_error_is_that_of_a_request(self) -> None:
        assert (self.loader.failed is None) == (self.loader.error is None)

    @invariant()
    def something_is_shown_or_on_its_way_or_failed(self) -> None:
        if self.chosen is not None:
            loader = self.loader
            assert loader.shown or loader.request or loader.failed

    @invariant()
    def rows_are_as_many_as_positions(self) -> None:
        window = self.loader.shown
        if window is not None:
            held = window.records(0, 1_000)
            ids = [record.external_id for record in held if record is not None]
            assert len(held) == window.row_count
            assert len(set(ids)) == len(ids)


TestAnyOrder = AnyOrder.TestCase
