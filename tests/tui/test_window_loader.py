"""The reading of windows: what is shown, asked for and failed, whatever comes in which order."""

from collections.abc import Sequence

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cmdm_tui.api import NetworkError, Page, Record, Response
from cmdm_tui.tui.models.record_window import RecordWindow, WindowOrder
from cmdm_tui.tui.models.window_loader import WindowChange, WindowLoader

RESPONSE = Response(1, "GET", "/lead", 200, httpx.Headers(), b"", 0.0)
BROKEN = NetworkError("The network is gone")


def page_of(entity: str, ids: Sequence[str], total: int, pages: int | None = None) -> Page:
    records = tuple(Record(entity, external_id, {}) for external_id in ids)
    return Page(entity, records, total, pages, 100, 1, RESPONSE)


def asked(reading: WindowLoader) -> RecordWindow:
    assert reading.loading is not None
    return reading.loading


def opened(total: int = 4) -> WindowLoader:
    reading = WindowLoader()
    reading.show_entity("lead")
    assert (
        reading.receive_page(asked(reading), page_of("lead", ["A", "B"], total))
        is WindowChange.WINDOW
    )
    return reading


def test_an_entity_is_asked_for_once() -> None:
    reading = opened()
    first = reading.shown
    reading.show_entity("task")
    assert reading.shown is None
    reading.show_entity("lead")
    assert reading.shown is first
    assert reading.loading is None
    reading.forget_entity("lead")
    reading.show_entity("lead")
    assert reading.shown is None
    assert asked(reading).entity == "lead"


def test_a_sort_takes_over_once_it_is_there() -> None:
    reading = opened()
    before = reading.shown
    reading.sort("Name")
    assert asked(reading).order == WindowOrder("Name")
    assert reading.shown is before
    reading.sort("Name")
    assert asked(reading).order == WindowOrder("Name", "desc")
    assert reading.receive_page(asked(reading), page_of("lead", ["B"], 1)) is WindowChange.WINDOW
    assert reading.caption == "1 record · by Name ▼"
    reading.unsort()
    assert asked(reading).order is None


def test_a_sort_that_fails_leaves_the_order_as_it_is() -> None:
    reading = opened()
    before = reading.shown
    reading.sort("Name")
    reading.receive_error(asked(reading), BROKEN)
    assert reading.shown is before
    assert reading.error is BROKEN
    assert reading.can_load_more
    reading.refresh()
    assert asked(reading).order is None
    reading.receive_error(asked(reading), BROKEN)
    reading.retry()
    assert asked(reading).order is None
    assert reading.error is None


def test_a_page_that_failed_is_not_wanted_until_asked_for_again() -> None:
    reading = opened()
    reading.load_next_page()
    reading.receive_error(asked(reading), BROKEN)
    assert not reading.can_load_more
    reading.retry()
    assert reading.loading is reading.shown


def test_what_comes_too_late_changes_nothing() -> None:
    reading = opened()
    reading.sort("Name")
    late = asked(reading)
    reading.show_entity("task")
    assert reading.receive_page(late, page_of("lead", ["Z"], 1)) is WindowChange.NOTHING
    assert reading.receive_error(late, BROKEN) is WindowChange.NOTHING
    assert reading.shown is None
    assert reading.error is None
    assert not late.is_started


def test_a_page_without_a_new_record_has_the_next_one_asked_for() -> None:
    reading = opened()
    reading.load_next_page()
    page = page_of("lead", ["A"], 4, pages=5)
    assert reading.receive_page(asked(reading), page) is WindowChange.RECORDS
    assert asked(reading).next_page == 3


def test_the_caption_says_how_many_of_how_many() -> None:
    reading = WindowLoader()
    assert reading.caption == ""
    reading = opened(total=1_234)
    assert reading.caption == "2 of 1,234"
    reading.load_next_page()
    assert reading.caption == "2 of 1,234 · reading …"
    reading.receive_page(asked(reading), page_of("lead", ["C"], 1_235))
    assert reading.caption == "3 of 1,235 · changed meanwhile"
    reading.load_next_page()
    reading.receive_page(asked(reading), page_of("lead", [], 1_235))
    assert reading.caption == "3 of 1,235 · 1,232 not found"


class AnyOrder(RuleBasedStateMachine):
    """Choices, answers and failures as they may come, late ones among them."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = WindowLoader()
        self.chosen: str | None = None
        self.fetched: list[RecordWindow] = []

    @rule(entity=st.sampled_from(["lead", "task", "event"]))
    def choose(self, entity: str) -> None:
        self.reading.show_entity(entity)
        self.chosen = entity
        self._note()

    @rule(field=st.sampled_from(["Name", "City"]))
    def sort(self, field: str) -> None:
        self.reading.sort(field)
        self._note()

    @rule(do=st.sampled_from(["unsort", "refresh", "retry", "reread_pages"]))
    def act(self, do: str) -> None:
        getattr(self.reading, do)()
        self._note()

    @precondition(lambda self: self.reading.can_load_more)
    @rule()
    def scroll(self) -> None:
        self.reading.load_next_page()
        self._note()

    @precondition(lambda self: self.fetched)
    @rule(data=st.data(), count=st.integers(0, 3), total=st.integers(0, 6))
    def answer(self, data: st.DataObject, count: int, total: int) -> None:
        window = self.fetched.pop(data.draw(st.integers(0, len(self.fetched) - 1)))
        before = self.reading.shown
        number = window.next_page
        ids = [f"{number}-{place}" for place in range(count)]
        change = self.reading.receive_page(window, page_of(window.entity, ids, total))
        if change is WindowChange.NOTHING:
            assert self.reading.shown is before
            assert window.next_page == number
        else:
            assert self.reading.shown is window
        self._note()

    @precondition(lambda self: self.fetched)
    @rule(data=st.data())
    def break_off(self, data: st.DataObject) -> None:
        window = self.fetched.pop(data.draw(st.integers(0, len(self.fetched) - 1)))
        before = self.reading.shown
        self.reading.receive_error(window, BROKEN)
        assert self.reading.shown is before

    def _note(self) -> None:
        if self.reading.loading is not None:
            self.fetched.append(self.reading.loading)

    @invariant()
    def nothing_else_than_what_was_chosen_is_shown_or_asked_for(self) -> None:
        for window in (self.reading.shown, self.reading.loading, self.reading.failed):
            assert window is None or window.entity == self.chosen

    @invariant()
    def a_window_never_fails_and_is_asked_for_at_once(self) -> None:
        assert self.reading.failed is None or self.reading.loading is not self.reading.failed
        assert (self.reading.failed is None) == (self.reading.error is None)

    @invariant()
    def something_is_shown_or_on_its_way_or_failed(self) -> None:
        if self.chosen is not None:
            reading = self.reading
            assert reading.shown or reading.loading or reading.failed


TestAnyOrder = AnyOrder.TestCase
