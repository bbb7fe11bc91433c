"""The records of one entity: a window that is read as the table needs it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cmdm_tui.api import ApiError, AuthenticationFailed, Page, Record
from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.columns import Column, columns_of
from cmdm_tui.tui.messages import Answered, CountKnown, StateChanged
from cmdm_tui.tui.records import Order, RecordWindow
from cmdm_tui.tui.values import counted, number
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from textual.worker import Worker

_BATCH = 500
"""Rows put into the table at a time: it is slow with thousands, and they are at hand anyway."""
_SAMPLE = 200
"""Records that decide which columns there are and how wide."""


class RecordView(Vertical):
    """Shows one entity's records, and reads the next page when the table's end comes near.

    What is shown stays until its successor is there: a refresh or a sort that fails loses nothing.
    Windows are kept, so coming back to an entity costs no call.
    """

    @dataclass
    class PageArrived(Answered):
        """The next page of a window has come."""

        window: RecordWindow
        page: Page | None

    @dataclass
    class PageFailed(Answered):
        """The next page of a window could not be had."""

        window: RecordWindow
        error: ApiError

    @dataclass
    class RecordHighlighted(Message):
        """Another record has the cursor; None where there is none."""

        record: Record | None

    @dataclass
    class RecordOpened(Message):
        """A record was chosen."""

        record: Record

    def __init__(self, account: Account, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._account = account
        self._windows: dict[str, RecordWindow] = {}
        self._rows: dict[str, int] = {}
        self._shown: RecordWindow | None = None
        self._coming: RecordWindow | None = None
        self._asked: RecordWindow | None = None
        self._failed: tuple[RecordWindow, ApiError] | None = None
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the table, and the notice below it."""
        yield RecordTable(id="record-table")
        yield Notice(id="record-notice")

    @property
    def table(self) -> RecordTable:
        """The table itself."""
        return self.query_one(RecordTable)

    @property
    def window(self) -> RecordWindow | None:
        """The window that is shown."""
        return self._shown

    @property
    def has_rows(self) -> bool:
        """Tell whether any record is shown."""
        return self._shown is not None and bool(self._shown.records)

    @property
    def has_failed(self) -> bool:
        """Tell whether there is something to try again."""
        return self._failed is not None

    @property
    def is_sorted(self) -> bool:
        """Tell whether the records are in another order than the service's own."""
        return self._shown is not None and self._shown.order is not None

    @property
    def has_missing(self) -> bool:
        """Tell whether the total counts records that no page brought."""
        return self._shown is not None and self._shown.missing > 0

    @property
    def record(self) -> Record | None:
        """The record under the cursor."""
        return self._record(self.table.cursor_row)

    @property
    def column(self) -> Column | None:
        """The column under the cursor."""
        return self.table.column_under_cursor if self.has_rows else None

    @property
    def _current(self) -> RecordWindow | None:
        """The window on its way, else the one shown; one that failed only where there is none."""
        is_on_its_way = self._coming is not None and self._asked is self._coming
        return self._coming if is_on_its_way else self._shown or self._coming

    @property
    def caption(self) -> str:
        """What is shown, in words: how many of how many, in which order."""
        window = self._shown
        if window is None:
            return ""
        parts = [f"{len(window.records):,} of {number(window.total)}"]
        if window.total in {None, len(window.records)}:
            parts = [counted(len(window.records), "record")]
            if window.total is None and not window.is_complete:
                parts = [f"{parts[0]} so far"]
        if window.order is not None:
            way = "▲" if window.order.direction == "asc" else "▼"
            parts.append(f"by {one_line(window.order.field, 24)} {way}")
        if window.missing:
            parts.append(f"{window.missing:,} not found")
        elif window.has_changed:
            parts.append("changed meanwhile")
        if self._asked is not None:
            parts.append("reading …")
        return " · ".join(parts)

    def show_entity(self, entity: str) -> None:
        """Show an entity's records: those read before, else the first page."""
        if self._shown is not None:
            if self._shown.entity == entity:
                return
            self._rows[self._shown.entity] = self.table.cursor_row
        if self._worker is not None:
            self._worker.cancel()
        self._coming = self._asked = self._failed = None
        window = self._windows.get(entity)
        if window is not None:
            self._show(window)
            row = self._rows.get(entity, 0)
            self.table.move_cursor(row=row if row < self.table.row_count else 0)
            return
        self._shown = None
        self._clear_table()
        self._open(RecordWindow(entity))

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        self._windows.pop(entity, None)
        self._rows.pop(entity, None)

    def sort(self, column: Column) -> None:
        """Let the service sort by a column, and the other way round when it does already."""
        window = self._current
        if window is not None:
            order = window.order
            is_same = order is not None and order.field == column.name
            order = order.turned() if order and is_same else Order(column.name)
            self._open(RecordWindow(window.entity, order))

    def unsort(self) -> None:
        """Go back to the service's own order."""
        if self._shown is not None:
            self._open(RecordWindow(self._shown.entity))

    def refresh_records(self) -> None:
        """Read the shown entity's records anew, from the first page."""
        window = self._current
        if window is not None:
            self._open(RecordWindow(window.entity, window.order))

    def try_again(self) -> None:
        """Ask once more for the page that failed."""
        if self._failed is not None:
            self._ask(self._failed[0])

    def read_missing(self) -> None:
        """Read the pages again, for records that overlapping pages hid."""
        if self._shown is not None:
            self._shown.read_again()
            self._ask(self._shown)

    def replace(self, record: Record) -> None:
        """Show a record that was read again in its place."""
        if self._shown is not None and self._shown.entity == record.entity:
            row = self._shown.replace(record)
            if row is not None and row < self.table.row_count:
                self.table.replace(row, record)

    def _open(self, window: RecordWindow) -> None:
        self._coming = window
        self._ask(window)

    def _ask(self, window: RecordWindow) -> None:
        self._asked, self._failed = window, None
        self._worker = self.run_worker(self._fetch(window), group="records", exclusive=True)
        self._tell()

    async def _fetch(self, window: RecordWindow) -> None:
        try:
            page = await window.fetch(self._account.client)
        except ApiError as error:
            self.post_message(self.PageFailed(window, error))
        else:
            self.post_message(self.PageArrived(window, page))

    def on_record_view_page_arrived(self, event: PageArrived) -> None:
        """Take a page in, unless its window was left meanwhile."""
        window = event.window
        if window is not self._asked:
            return
        self._asked = None
        fresh = window.take(event.page)
        if window is self._coming:
            self._coming = None
            self._windows[window.entity] = window
            self._show(window)
        else:
            self._show_more()
            self._tell()
        if window.total is not None:
            self.post_message(CountKnown(window.entity, window.total))
        if not fresh and not window.is_complete:
            self._ask(window)

    def on_record_view_page_failed(self, event: PageFailed) -> None:
        """Say what went wrong where the records would be."""
        if event.window is self._asked:
            self._asked, self._failed = None, (event.window, event.error)
            self._tell()

    def on_record_table_end_near(self) -> None:
        """Read the next page, unless one is on its way or has failed."""
        window = self._shown
        if window is not None and self.table.row_count < len(window.records):
            self._show_more()
            return
        if window is None or window.is_complete or self._asked is not None:
            return
        if self._failed is None or self._failed[0] is not window:
            self._ask(window)

    def on_record_table_highlighted(self, event: RecordTable.Highlighted) -> None:
        """Tell which record has the cursor."""
        record = self._record(event.row)
        if record is not None:
            self.post_message(self.RecordHighlighted(record))

    def on_record_table_opened(self, event: RecordTable.Opened) -> None:
        """Tell which record was chosen."""
        record = self._record(event.row)
        if record is not None:
            self.post_message(self.RecordOpened(record))

    def on_record_table_column_pressed(self, event: RecordTable.ColumnPressed) -> None:
        """Sort by the column whose header was pressed."""
        self.sort(event.column)

    def _record(self, row: int) -> Record | None:
        records = self._shown.records if self._shown is not None else ()
        return records[row] if row < len(records) else None

    def _show(self, window: RecordWindow) -> None:
        self._shown = window
        fields = self._account.catalog.known_fields(window.entity)
        columns = columns_of(window.records[:_SAMPLE], fields)
        self.table.show(columns, window.records[:_BATCH], window.order)
        if not window.records:
            self.post_message(self.RecordHighlighted(None))
        self._tell()

    def _show_more(self) -> None:
        if self._shown is not None:
            first = self.table.row_count
            self.table.append(self._shown.records[first : first + _BATCH])

    def _clear_table(self) -> None:
        self.table.show((), (), None)
        self.post_message(self.RecordHighlighted(None))

    def _tell(self) -> None:
        """Bring the notice up to date."""
        alone = not self.has_rows
        notice = self.query_one(Notice)
        if self._failed is not None:
            error = self._failed[1]
            is_refused = isinstance(error, AuthenticationFailed)
            hint = "t tries again · w other ways in" if is_refused else "t tries again"
            notice.warn(error, alone=alone, hint=hint)
        elif not alone:
            notice.hush()
        elif self._asked is not None:
            notice.say(f"Reading {one_line(self._asked.entity, 60)} …", alone=True)
        else:
            notice.say("No records", alone=True, hint="r looks again")
        self.post_message(StateChanged())
