"""Which window of records is shown, which is on its way, and what could not be had."""

from enum import Enum, auto

from cmdm_tui.api import ApiError, Page, Record
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.record_window import PER_PAGE, RecordWindow, WindowOrder
from cmdm_tui.tui.models.value_text import format_count, format_counted


class WindowChange(Enum):
    """What an answer has changed."""

    NOTHING = auto()
    """It came too late: its window was left meanwhile."""
    WINDOW = auto()
    """Another window is shown."""
    RECORDS = auto()
    """The window shown has more records."""


class WindowLoader:
    """The reading of one entity after the other.

    What is shown stays until its successor is there, so a refresh or a sort that fails loses
    nothing. Windows are kept, so coming back to an entity costs no call. `asked` is the window
    whose next page is to be fetched or is on its way; there is one at a time. `per_page` records
    are asked for at a time, at most.
    """

    def __init__(self, per_page: int = PER_PAGE) -> None:
        self._per_page = per_page
        self.shown: RecordWindow | None = None
        self.loading: RecordWindow | None = None
        self.failed: RecordWindow | None = None
        """The window whose next page could not be had, for the reason `error`."""
        self.error: ApiError | None = None
        self._next_window: RecordWindow | None = None
        self._windows: dict[str, RecordWindow] = {}

    @property
    def has_rows(self) -> bool:
        """Whether any record is shown."""
        return self.shown is not None and bool(self.shown.records)

    @property
    def can_load_more(self) -> bool:
        """Whether there is a next page, and it is neither on its way nor failed."""
        shown = self.shown
        is_open = shown is not None and not shown.is_complete
        return is_open and self.loading is None and self.failed is not shown

    @property
    def caption(self) -> str:
        """What is shown, in words: how many of how many, in which order."""
        window = self.shown
        if window is None:
            return ""
        parts = [_describe_amount(window)]
        if window.order is not None:
            way = "▲" if window.order.direction == "asc" else "▼"
            parts.append(f"by {one_line(window.order.field, 24)} {way}")
        if window.missing_count:
            parts.append(f"{window.missing_count:,} not found")
        elif window.has_changed:
            parts.append("changed meanwhile")
        if self.loading is not None:
            parts.append("reading …")
        return " · ".join(parts)

    def record(self, row: int) -> Record | None:
        """Return the record shown in a row."""
        records = self.shown.records if self.shown is not None else ()
        return records[row] if row < len(records) else None

    def show_entity(self, entity: str) -> None:
        """Show an entity: what was read of it before, else its first page is asked for."""
        self._next_window = self.loading = None
        self._set_error(None, None)
        self.shown = self._windows.get(entity)
        if self.shown is None:
            self._open(self._make_window(entity))

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        self._windows.pop(entity, None)

    def sort(self, field: str) -> None:
        """Ask for the order by a field, or for the other way round where it is that already."""
        window = self._current
        if window is not None:
            order = window.order
            is_same = order is not None and order.field == field
            turned = order.reversed() if order and is_same else WindowOrder(field)
            self._open(self._make_window(window.entity, turned))

    def unsort(self) -> None:
        """Ask for the service's own order."""
        if self.shown is not None:
            self._open(self._make_window(self.shown.entity))

    def refresh(self) -> None:
        """Ask for the records again, from the first page."""
        window = self._current
        if window is not None:
            self._open(self._make_window(window.entity, window.order))

    def load_next_page(self) -> None:
        """Ask for the next page of the window shown."""
        self.loading = self.shown
        self._set_error(None, None)

    def retry(self) -> None:
        """Ask once more for the page that failed."""
        if self.failed is not None:
            self.loading = self.failed
            self._set_error(None, None)

    def reread_pages(self) -> None:
        """Ask for the pages of the window shown again, for records that overlapping pages hid."""
        if self.shown is not None:
            self.shown.restart()
            self.load_next_page()

    def receive_page(self, window: RecordWindow, page: Page | None) -> WindowChange:
        """Take in an answer; a page that brings nothing new has the next one asked for."""
        if window is not self.loading:
            return WindowChange.NOTHING
        fresh = window.add_page(page)
        self.loading = window if not fresh and not window.is_complete else None
        if window is not self._next_window:
            return WindowChange.RECORDS
        self.shown, self._next_window = window, None
        self._windows[window.entity] = window
        return WindowChange.WINDOW

    def receive_error(self, window: RecordWindow, error: ApiError) -> WindowChange:
        """Take in that a page could not be had."""
        if window is not self.loading:
            return WindowChange.NOTHING
        self.loading = None
        self._set_error(window, error)
        return WindowChange.RECORDS

    @property
    def _current(self) -> RecordWindow | None:
        """The window on its way, else the one shown; one that failed only where there is none."""
        is_on_its_way = self._next_window is not None and self.loading is self._next_window
        return self._next_window if is_on_its_way else self.shown or self._next_window

    def _make_window(self, entity: str, order: WindowOrder | None = None) -> RecordWindow:
        return RecordWindow(entity, order, per_page=self._per_page)

    def _open(self, window: RecordWindow) -> None:
        self._next_window = self.loading = window
        self._set_error(None, None)

    def _set_error(self, window: RecordWindow | None, error: ApiError | None) -> None:
        self.failed, self.error = window, error


def _describe_amount(window: RecordWindow) -> str:
    count = len(window.records)
    if window.total not in {None, count}:
        return f"{count:,} of {format_count(window.total)}"
    records = format_counted(count, "record")
    return records if window.is_complete or window.total is not None else f"{records} so far"
