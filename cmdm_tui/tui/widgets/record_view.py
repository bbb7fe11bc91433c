"""The records of one entity: a window that is read as the table needs it."""

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cmdm_tui.api import ApiError, AuthenticationFailed, Page, Record
from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import CallReturned, ClientEvent, CountsChanged, StateChanged
from cmdm_tui.tui.models.columns import (
    MAX_COLUMNS,
    RecordColumn,
    choose_columns,
    list_names,
)
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.window_loader import WindowChange, WindowLoader
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from textual.worker import Worker

_ROWS_AT_ONCE = 500
"""Rows put into the table at a time: it is slow with thousands."""
_SECOND_PAGE = 2
_SAMPLE_SIZE = 200
"""Records that decide which columns there are and how wide."""


class RecordView(Vertical):
    """Shows one entity's records, and reads the next page when the table's end comes near."""

    @dataclass
    class PageArrived(CallReturned):
        """The next page of a window has come."""

        window: RecordWindow
        page: Page | None

    @dataclass
    class PageFailed(CallReturned):
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
        self._loader = WindowLoader(account.profile.per_page)
        self._field_count = 0
        """Columns that the shown records would have if all of their fields had one."""
        self._rows: dict[str, int] = {}
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
        return self._loader.shown

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._loader.failed is not None

    @property
    def is_sorted(self) -> bool:
        """Whether the records are in another order than the service's own."""
        return self.window is not None and self.window.order is not None

    @property
    def has_missing(self) -> bool:
        """Whether the total counts records that no page brought."""
        return self.window is not None and self.window.missing_count > 0

    @property
    def record(self) -> Record | None:
        """The record under the cursor."""
        return self._loader.record(self.table.cursor_row)

    @property
    def column(self) -> RecordColumn | None:
        """The column under the cursor."""
        return self.table.column_under_cursor if self._loader.has_rows else None

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        hidden = f" · {MAX_COLUMNS} of {self._field_count:,} fields"
        return self._loader.caption + (hidden if self._field_count > MAX_COLUMNS else "")

    def show_entity(self, entity: str) -> None:
        """Show an entity's records: those read before, else the first page."""
        if self.window is not None:
            if self.window.entity == entity:
                return
            self._rows[self.window.entity] = self.table.cursor_row
        if self._worker is not None:
            self._worker.cancel()
        self._loader.show_entity(entity)
        self._show_window()
        row = self._rows.get(entity, 0)
        self.table.move_cursor(row=row if row < self.table.row_count else 0)
        self._fetch_loading_page()

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        self._loader.forget_entity(entity)
        self._rows.pop(entity, None)

    def sort(self, column: RecordColumn) -> None:
        """Let the service sort by a column, and the other way round when it does already."""
        self._loader.sort(column.name)
        self._fetch_loading_page()

    def unsort(self) -> None:
        """Go back to the service's own order."""
        self._loader.unsort()
        self._fetch_loading_page()

    def refresh_records(self) -> None:
        """Read the shown entity's records again, from the first page."""
        self._loader.refresh()
        self._fetch_loading_page()

    def try_again(self) -> None:
        """Ask once more for the page that failed."""
        self._loader.retry()
        self._fetch_loading_page()

    def read_missing(self) -> None:
        """Read the pages again, for records that overlapping pages hid."""
        self._loader.reread_pages()
        self._fetch_loading_page()

    def replace_record(self, record: Record) -> None:
        """Show a record that was read again in its place."""
        if self.window is not None and self.window.entity == record.entity:
            row = self.window.replace_record(record)
            if row is not None and row < self.table.row_count:
                self.table.replace_record(row, record)

    @property
    def gone(self) -> Set[tuple[str, str]]:
        """The entities and ids of the records that were deleted here."""
        return self.table.gone

    def mark_gone(self, entity: str, external_id: str) -> None:
        """Show a record as deleted: its row stays, struck through."""
        self.table.gone.add((entity, external_id))
        if self.window is not None and self.window.entity == entity:
            found = (one for one in self.window.records if one.external_id == external_id)
            for record in found:
                self.replace_record(record)

    def _fetch_loading_page(self) -> None:
        """Fetch the page that is asked for, if there is one, and update the notice."""
        if self._loader.loading is not None:
            work = self._fetch(self._loader.loading)
            self._worker = self.run_worker(work, group="records", exclusive=True)
        self._update_notice()

    async def _fetch(self, window: RecordWindow) -> None:
        try:
            page = await window.fetch_page(self._account.client)
        except ApiError as error:
            self.post_message(self.PageFailed(window, error))
        else:
            self.post_message(self.PageArrived(window, page))

    def on_record_view_page_arrived(self, event: PageArrived) -> None:
        """Take a page in, unless its window was left meanwhile."""
        change = self._loader.receive_page(event.window, event.page)
        if change is WindowChange.NOTHING:
            return
        if change is WindowChange.WINDOW:
            self._show_window()
        else:
            self._show_more()
        self._store_total(event.window)
        for client_event in event.window.events:
            self.post_message(ClientEvent(client_event))
        self._fetch_loading_page()

    def _store_total(self, window: RecordWindow) -> None:
        catalog = self._account.catalog
        catalog.store_total(window.entity, window.total)
        if window.next_page == _SECOND_PAGE:  # later pages seldom bring another total
            catalog.save()
        self.post_message(CountsChanged())

    def on_record_view_page_failed(self, event: PageFailed) -> None:
        """Say what went wrong where the records would be."""
        if self._loader.receive_error(event.window, event.error) is not WindowChange.NOTHING:
            self._update_notice()

    def on_record_table_end_near(self, event: RecordTable.EndNear) -> None:
        """Show more of what was read; where that is all, read the next page."""
        if event.rows != self.table.row_count:
            return  # It was said of fewer rows, and the table has looked again since.
        if self.window is not None and self.table.row_count < len(self.window.records):
            self._show_more()
        elif self._loader.can_load_more:
            self._loader.load_next_page()
            self._fetch_loading_page()

    def on_record_table_highlighted(self, event: RecordTable.Highlighted) -> None:
        """Report which record has the cursor."""
        record = self._loader.record(event.row)
        if record is not None:
            self.post_message(self.RecordHighlighted(record))

    def on_record_table_opened(self, event: RecordTable.Opened) -> None:
        """Report which record was chosen."""
        record = self._loader.record(event.row)
        if record is not None:
            self.post_message(self.RecordOpened(record))

    def on_record_table_column_pressed(self, event: RecordTable.ColumnPressed) -> None:
        """Sort by the column whose header was pressed."""
        self.sort(event.column)

    def _show_window(self) -> None:
        window = self.window
        if window is None:
            self.table.show_records((), (), None)
        else:
            fields = self._account.catalog.cached_fields(window.entity)
            sample = window.records[:_SAMPLE_SIZE]
            columns = choose_columns(sample, fields)
            self._field_count = 1 + len(list_names(sample, fields))
            self.table.show_records(columns, window.records[:_ROWS_AT_ONCE], window.order)
        if not self._loader.has_rows:
            self.post_message(self.RecordHighlighted(None))

    def _show_more(self) -> None:
        if self.window is not None:
            first = self.table.row_count
            self.table.append_records(self.window.records[first : first + _ROWS_AT_ONCE])

    def _update_notice(self) -> None:
        """Bring the notice up to date."""
        reading, notice, alone = self._loader, self.query_one(Notice), not self._loader.has_rows
        if reading.error is not None:
            is_refused = isinstance(reading.error, AuthenticationFailed)
            hint = "t tries again · w switches account" if is_refused else "t tries again"
            notice.show_error(reading.error, alone=alone, hint=hint)
        elif not alone:
            notice.hide()
        elif reading.loading is not None:
            notice.show_text(f"Reading {one_line(reading.loading.entity, 60)} …", alone=True)
        else:
            notice.show_text("No records", alone=True, hint="r looks again")
        self.post_message(StateChanged())
