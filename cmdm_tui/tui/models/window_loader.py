"""Which window of records is shown, which page of it to ask for next, and what could not be had."""

from dataclasses import dataclass
from enum import Enum, auto

from cmdm_tui.api import ApiError, Client, Page, Record, SortOrder
from cmdm_tui.tui.models.page_reader import WindowOrder
from cmdm_tui.tui.models.page_store import PageStore
from cmdm_tui.tui.models.record_window import PER_PAGE, RecordWindow


class WindowChange(Enum):
    """What an answer has changed."""

    NOTHING = auto()
    """It came too late: its window was left meanwhile."""
    WINDOW = auto()
    """Another window is shown."""
    RECORDS = auto()
    """The window shown has more records, or one could not be read."""


@dataclass(frozen=True, slots=True, eq=False)
class PageRequest:
    """A page of a window that is asked for. Each one is itself: equal only to itself."""

    window: RecordWindow
    number: int

    async def send(self, client: Client) -> Page | None:
        """Ask for it: one call."""
        return await self.window.fetch_page(client, self.number)


@dataclass(frozen=True, slots=True)
class _Successor:
    """A window that is shown once these positions of it were read."""

    window: RecordWindow
    first: int = 0
    count: int = 1

    @property
    def missing_pages(self) -> list[int]:
        return self.window.missing_pages(self.first, self.count)


@dataclass(frozen=True, slots=True)
class RowRange:
    """The positions in sight. `direction` is that of the last scrolling: 1 down, -1 up, 0 none."""

    first: int = 0
    count: int = 1
    direction: int = 0


class WindowLoader:
    """The reading of one entity after the other: what is shown, and what to ask for next.

    There is one request at a time, the `request`, and what comes after it is decided when its
    answer is there, by what is wanted then: first a successor of what is shown, for a refresh or
    another order; then the pages in sight; then, where all records were asked for, the rest; else
    the one page ahead, if scrolling comes near it. A page scrolled past is not asked for.

    What is shown stays until its successor is there, so a refresh or a sort that fails loses
    nothing. Windows are kept, so coming back to an entity costs no call. After a failure of the
    window shown no page of it is asked for until `retry`. `per_page` records are asked for at a
    time, at most. All pages together are bounded by `store`.
    """

    def __init__(self, per_page: int = PER_PAGE, *, store: PageStore | None = None) -> None:
        self.store = store if store is not None else PageStore()
        self.revision = 0
        """Another number once anything of what is shown has changed."""
        self.shown: RecordWindow | None = None
        self.request: PageRequest | None = None
        """The request that is under way."""
        self.failed: PageRequest | None = None
        """The request that failed, for the reason `error`."""
        self.error: ApiError | None = None
        self.in_sight = RowRange()
        self.reads_all = False
        """Whether every page of the window shown is to be read."""
        self._per_page = per_page
        self._successor: _Successor | None = None
        self._windows: dict[str, RecordWindow] = {}

    @property
    def has_rows(self) -> bool:
        """Whether any record is shown."""
        return self.shown is not None and self.shown.row_count > 0

    @property
    def is_opening(self) -> bool:
        """Whether a successor of what is shown is on its way, or wanted."""
        return self._successor is not None and not self._has_successor_failed

    def show_entity(self, entity: str, order: WindowOrder | None = None) -> None:
        """Show an entity: what was read of it before, else its first page is asked for.

        `order` is that of the first page; what was read before is in the order that it had.
        """
        self._successor = self.request = None
        self.reads_all = False
        self._set_failed(None, None)
        self.in_sight = RowRange()
        self.shown = self._windows.get(entity)
        if self.shown is None:
            self._open(RecordWindow(entity, order, per_page=self._per_page, store=self.store))
        self.revision += 1

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        window = self._windows.pop(entity, None)
        if window is not None:
            window.release()

    def find_record(self, entity: str, external_id: str) -> Record | None:
        """Return a record of any entity where it was read and is held: no call.

        Entities match without regard to case, as a lookup may write them in another.
        """
        name = entity.casefold()
        for window in self._windows.values():
            if window.entity.casefold() == name:
                place = window.position(external_id)
                found = window.records(place, 1) if place is not None else []
                if found and found[0] is not None:
                    return found[0]
        return None

    def want_rows(self, first: int, count: int) -> None:
        """Note which positions are in sight."""
        before = self.in_sight
        moved = (first > before.first) - (first < before.first)
        self.in_sight = RowRange(first, max(count, 1), moved or before.direction)

    def sort(self, field: str, direction: SortOrder | None = None) -> None:
        """Ask for the order by a field: in that direction, else ascending, and reversed again."""
        window = self._current
        if window is not None:
            order = WindowOrder(field, direction or "asc")
            if direction is None and window.order is not None and window.order.field == field:
                order = window.order.reversed()
            self.show_order(order)

    def show_order(self, order: WindowOrder | None) -> None:
        """Ask for an order, None for the service's own."""
        window = self._current
        if window is not None:
            per_page = self._per_page
            self._open(RecordWindow(window.entity, order, per_page=per_page, store=self.store))

    def refresh(self) -> None:
        """Ask for the records in sight again, unless they are on their way."""
        window = self._current
        if window is None or self.is_opening:
            return
        self._open(window.make_successor())
        if window is self.shown and self._successor is not None:
            count = min(self.in_sight.count, max(window.row_count - self.in_sight.first, 1))
            self._successor = _Successor(self._successor.window, self.in_sight.first, count)

    def read_all(self) -> None:
        """Ask for every page of the window shown that was not read."""
        self.reads_all = True

    def stop_reading(self) -> None:
        """Ask for no more than what is in sight."""
        self.reads_all = False

    def retry(self) -> None:
        """Ask once more for what failed."""
        self._set_failed(None, None)

    def reread_pages(self) -> None:
        """Ask for the pages of the window shown again, for records that overlapping pages hid."""
        if self.shown is not None:
            self.shown.reread()
            self.reads_all = True
            self._set_failed(None, None)

    def next_request(self) -> PageRequest | None:
        """Return the request to send now; None where one is under way, or nothing is wanted."""
        if self.request is not None:
            return None
        if self._successor is not None and not self._has_successor_failed:
            number = next(iter(self._successor.missing_pages), 1)
            self.request = PageRequest(self._successor.window, number)
        elif self.shown is not None and (self.failed is None or self._has_successor_failed):
            number = self._choose_page(self.shown)
            self.request = PageRequest(self.shown, number) if number is not None else None
        return self.request

    def receive_page(self, request: PageRequest, page: Page | None) -> WindowChange:
        """Take in an answer."""
        if request is not self.request:
            return WindowChange.NOTHING
        self.request = None
        window, successor = request.window, self._successor
        if window is not self.shown and (successor is None or window is not successor.window):
            return WindowChange.NOTHING
        window.add_page(request.number, page)
        self.revision += 1
        if window is self.shown:
            self.reads_all = self.reads_all and window.next_unread_page is not None
            return WindowChange.RECORDS
        if successor is not None and not successor.missing_pages:
            self._show(successor)
            return WindowChange.WINDOW
        return WindowChange.RECORDS

    def receive_error(self, request: PageRequest, error: ApiError) -> WindowChange:
        """Take in that a page could not be had."""
        if request is not self.request:
            return WindowChange.NOTHING
        self.request = None
        successor = self._successor.window if self._successor is not None else None
        if request.window not in {self.shown, successor}:
            return WindowChange.NOTHING
        self._set_failed(request, error)
        self.revision += 1
        return WindowChange.RECORDS

    @property
    def _has_successor_failed(self) -> bool:
        successor, failed = self._successor, self.failed
        return successor is not None and failed is not None and failed.window is successor.window

    @property
    def _current(self) -> RecordWindow | None:
        """The window on its way, else the one shown; one that failed only where there is none."""
        coming = self._successor.window if self._successor is not None else None
        return coming if self.is_opening else self.shown or coming

    def _choose_page(self, window: RecordWindow) -> int | None:
        """Return the page of the window shown to ask for next."""
        sight = self.in_sight
        missing = window.missing_pages(sight.first, sight.count)
        if missing:
            return missing[0]
        after, is_end_near = window.page_after, self._is_end_near(window, 1)
        if after is not None and is_end_near:
            return after
        if self.reads_all:
            return window.next_unread_page
        return self._choose_ahead(window)

    def _choose_ahead(self, window: RecordWindow) -> int | None:
        """Return the page next to those in sight, if one more screen of scrolling reaches it."""
        sight = self.in_sight
        if sight.direction < 0:
            page = window.page_at(sight.first) - 1
            is_near = page > 0 and window.page_start(page + 1) > sight.first - sight.count
        elif sight.direction > 0:
            last = min(sight.first + sight.count, window.row_count) - 1
            page = window.page_at(max(last, 0)) + 1
            is_near = window.page_start(page) < sight.first + 2 * sight.count
            if page > window.page_count:
                return window.page_after if self._is_end_near(window, 2) else None
        else:
            return None
        return page if is_near and not window.holds_page(page) else None

    def _is_end_near(self, window: RecordWindow, screens: int) -> bool:
        return self.in_sight.first + screens * self.in_sight.count >= window.row_count

    def _show(self, successor: _Successor) -> None:
        window = successor.window
        before = self._windows.get(window.entity)
        if before is not None:
            before.release()
        self._successor = None
        self.reads_all = False
        self.in_sight = RowRange(successor.first, self.in_sight.count)
        self.shown = self._windows[window.entity] = window

    def _open(self, window: RecordWindow) -> None:
        self._successor = _Successor(window)
        self._set_failed(None, None)

    def _set_failed(self, request: PageRequest | None, error: ApiError | None) -> None:
        self.failed, self.error = request, error
