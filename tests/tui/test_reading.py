"""The reading of windows: what is shown, asked for and failed, whatever comes in which order."""

from collections.abc import Sequence

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cmdm_tui.api import NetworkError, Page, Record, Response
from cmdm_tui.tui.reading import Change, Reading
from cmdm_tui.tui.records import Order, RecordWindow

RESPONSE = Response(1, "GET", "/lead", 200, httpx.Headers(), b"", 0.0)
BROKEN = NetworkError("The network is gone")


def page_of(entity: str, ids: Sequence[str], total: int, pages: int | None = None) -> Page:
    records = tuple(Record(entity, external_id, {}) for external_id in ids)
    return Page(entity, records, total, pages, 100, 1, RESPONSE)


def asked(reading: Reading) -> RecordWindow:
    assert reading.asked is not None
    return reading.asked


def opened(total: int = 4) -> Reading:
    reading = Reading()
    reading.choose("lead")
    assert reading.arrive(asked(reading), page_of("lead", ["A", "B"], total)) is Change.WINDOW
    return reading


def test_an_entity_is_asked_for_once() -> None:
    reading = opened()
    first = reading.shown
    reading.choose("task")
    assert reading.shown is None
    reading.choose("lead")
    assert reading.shown is first
    assert reading.asked is None
    reading.forget("lead")
    reading.choose("lead")
    assert reading.shown is None
    assert asked(reading).entity == "lead"


def test_a_sort_takes_over_once_it_is_there() -> None:
    reading = opened()
    before = reading.shown
    reading.sort("Name")
    assert asked(reading).order == Order("Name")
    assert reading.shown is before
    reading.sort("Name")
    assert asked(reading).order == Order("Name", "desc")
    assert reading.arrive(asked(reading), page_of("lead", ["B"], 1)) is Change.WINDOW
    assert reading.caption == "1 record · by Name ▼"
    reading.unsort()
    assert asked(reading).order is None


def test_a_sort_that_fails_leaves_the_order_as_it_is() -> None:
    reading = opened()
    before = reading.shown
    reading.sort("Name")
    reading.fail(asked(reading), BROKEN)
    assert reading.shown is before
    assert reading.error is BROKEN
    assert reading.wants_more
    reading.refresh()
    assert asked(reading).order is None
    reading.fail(asked(reading), BROKEN)
    reading.ask_again()
    assert asked(reading).order is None
    assert reading.error is None


def test_a_page_that_failed_is_not_wanted_until_asked_for_again() -> None:
    reading = opened()
    reading.ask()
    reading.fail(asked(reading), BROKEN)
    assert not reading.wants_more
    reading.ask_again()
    assert reading.asked is reading.shown


def test_what_comes_too_late_changes_nothing() -> None:
    reading = opened()
    reading.sort("Name")
    late = asked(reading)
    reading.choose("task")
    assert reading.arrive(late, page_of("lead", ["Z"], 1)) is Change.NOTHING
    assert reading.fail(late, BROKEN) is Change.NOTHING
    assert reading.shown is None
    assert reading.error is None
    assert not late.was_read


def test_a_page_without_a_new_record_has_the_next_one_asked_for() -> None:
    reading = opened()
    reading.ask()
    page = page_of("lead", ["A"], 4, pages=5)
    assert reading.arrive(asked(reading), page) is Change.RECORDS
    assert asked(reading).next_page == 3


def test_the_caption_says_how_many_of_how_many() -> None:
    reading = Reading()
    assert reading.caption == ""
    reading = opened(total=1_234)
    assert reading.caption == "2 of 1,234"
    reading.ask()
    assert reading.caption == "2 of 1,234 · reading …"
    reading.arrive(asked(reading), page_of("lead", ["C"], 1_235))
    assert reading.caption == "3 of 1,235 · changed meanwhile"
    reading.ask()
    reading.arrive(asked(reading), page_of("lead", [], 1_235))
    assert reading.caption == "3 of 1,235 · 1,232 not found"


class AnyOrder(RuleBasedStateMachine):
    """Choices, answers and failures as they may come, late ones among them."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = Reading()
        self.chosen: str | None = None
        self.fetched: list[RecordWindow] = []

    @rule(entity=st.sampled_from(["lead", "task", "event"]))
    def choose(self, entity: str) -> None:
        self.reading.choose(entity)
        self.chosen = entity
        self._note()

    @rule(field=st.sampled_from(["Name", "City"]))
    def sort(self, field: str) -> None:
        self.reading.sort(field)
        self._note()

    @rule(do=st.sampled_from(["unsort", "refresh", "ask_again", "read_again"]))
    def act(self, do: str) -> None:
        getattr(self.reading, do)()
        self._note()

    @precondition(lambda self: self.reading.wants_more)
    @rule()
    def scroll(self) -> None:
        self.reading.ask()
        self._note()

    @precondition(lambda self: self.fetched)
    @rule(data=st.data(), count=st.integers(0, 3), total=st.integers(0, 6))
    def answer(self, data: st.DataObject, count: int, total: int) -> None:
        window = self.fetched.pop(data.draw(st.integers(0, len(self.fetched) - 1)))
        before = self.reading.shown
        number = window.next_page
        ids = [f"{number}-{place}" for place in range(count)]
        change = self.reading.arrive(window, page_of(window.entity, ids, total))
        if change is Change.NOTHING:
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
        self.reading.fail(window, BROKEN)
        assert self.reading.shown is before

    def _note(self) -> None:
        if self.reading.asked is not None:
            self.fetched.append(self.reading.asked)

    @invariant()
    def nothing_else_than_what_was_chosen_is_shown_or_asked_for(self) -> None:
        for window in (self.reading.shown, self.reading.asked, self.reading.failed):
            assert window is None or window.entity == self.chosen

    @invariant()
    def a_window_never_fails_and_is_asked_for_at_once(self) -> None:
        assert self.reading.failed is None or self.reading.asked is not self.reading.failed
        assert (self.reading.failed is None) == (self.reading.error is None)

    @invariant()
    def something_is_shown_or_on_its_way_or_failed(self) -> None:
        if self.chosen is not None:
            reading = self.reading
            assert reading.shown or reading.asked or reading.failed


TestAnyOrder = AnyOrder.TestCase
