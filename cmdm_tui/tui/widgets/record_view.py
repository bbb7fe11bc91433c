"""The records of one entity: a window of which the pages in sight are read."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cmdm_tui.api import ApiError, AuthenticationFailed, Page, Record
from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.crash import make_fault
from cmdm_tui.tui.messages import CallReturned, ClientEvent, CountsChanged, StateChanged
from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.entity_records import EntityRecords
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.record_source import RecordSource
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.window_loader import PageRequest, WindowChange
from cmdm_tui.tui.models.workspace import Place
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from textual.worker import Worker


@dataclass(slots=True)
class _LeftGrid:
    """How the grid of an entity was left: the record and row under the cursor, marks, columns.

    `top` is the first row that was in sight.
    """

    key: str | None
    row: int
    top: int
    marks: Marks
    layout: ColumnLayout


class RecordView(Vertical):
    """Shows one entity's records, and reads the pages that come into sight."""

    @dataclass
    class PageArrived(CallReturned):
        """A page of a window has come."""

        request: PageRequest
        page: Page | None

    @dataclass
    class PageFailed(CallReturned):
        """A page of a window could not be had."""

        request: PageRequest
        error: ApiError

    @dataclass
    class RecordHighlighted(Message):
        """Another record has the cursor; None where there is none, or it was not read."""

        record: Record | None

    @dataclass
    class RecordOpened(Message):
        """A record was chosen."""

        record: Record

    @dataclass
    class ColumnsLaidOut(Message):
        """The columns of an entity were laid out in another way."""

        entity: str
        layout: ColumnLayout

    def __init__(
        self,
        account: Account,
        read_layout: Callable[[str], ColumnLayout] = lambda _: ColumnLayout(),
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._account = account
        self._read_layout = read_layout
        self._records = EntityRecords(account.profile.per_page, account.catalog.cached_fields)
        self._left_grids: dict[str, _LeftGrid] = {}
        self._first_column: str | None = None
        """The column that gets the cursor with the first records."""
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the grid, and the notice below it."""
        yield Grid(fitted=6, id="record-grid")
        yield Notice(id="record-notice")

    @cached_property
    def grid(self) -> Grid:
        """The grid itself."""
        return self.query_one(Grid)

    @property
    def source(self) -> RecordSource:
        """What the grid shows."""
        return self._records.source

    @property
    def window(self) -> RecordWindow | None:
        """The window that is shown."""
        return self._records.window

    @property
    def gone(self) -> Set[tuple[str, str]]:
        """The entities and ids of the records that were deleted here."""
        return self._records.gone

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._records.loader.failed is not None

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the records are sorted by."""
        return self._records.order

    @property
    def is_sorted(self) -> bool:
        """Whether the records are in another order than the service's own, or soon will be."""
        return self._records.is_sorted

    @property
    def has_missing(self) -> bool:
        """Whether the total counts records that no page brought."""
        return self._records.has_missing

    @property
    def record(self) -> Record | None:
        """The record under the cursor, None where it was not read."""
        return self.source.record(self.grid.cursor_row)

    @property
    def column(self) -> str | None:
        """The name of the column under the cursor, None where there are no records."""
        return self.grid.cursor_column if self._records.loader.has_rows else None

    @property
    def newest_field(self) -> str | None:
        """The field that shows which records are newest, None where the entity has none."""
        return self._records.newest_field

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        return self._records.caption

    def on_mount(self) -> None:
        """Show the source, which has no rows yet."""
        self.grid.show(self.source)

    def show_entity(self, entity: str, start: Place | None = None) -> None:
        """Show an entity's records: those read before, else the first page.

        `start` says in which order they are read at first, and which column has the cursor then.
        """
        records = self._records
        if entity == records.entity and self.window is not None:
            return
        self._keep_grid()
        if self._worker is not None:
            self._worker.cancel()
        records.show_entity(entity, () if start is None else start.order)
        self._first_column = None if start is None else start.column
        left = self._left_grids.get(entity)
        if left is None:
            self.grid.show(self.source, self._read_layout(entity))
        else:
            self.grid.show(self.source, left.layout, left.marks)
            found = self.source.position(left.key) if left.key is not None else None
            self.grid.scroll_to_row(left.top)
            self.grid.move_cursor(row=left.row if found is None else found)
        if not records.loader.has_rows:
            self.screen.post_message(self.RecordHighlighted(None))
        self._send_next()

    @property
    def place(self) -> Place | None:
        """Where the cursor is: the entity, its order, the record and the column."""
        entity, grid = self._records.entity, self.grid
        if entity is None:
            return None
        key, row, column = grid.cursor_key, grid.cursor_row, grid.cursor_column
        return Place(entity, self._records.service_order, key, row, column)

    def find_record(self, entity: str, external_id: str) -> Record | None:
        """Return a record of any entity where it was read and is held: no call."""
        return self._records.loader.find_record(entity, external_id)

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        self._records.loader.forget_entity(entity)
        self._left_grids.pop(entity, None)

    def sort(self, column: str) -> None:
        """Let the service sort by a column, and the other way round when it does already."""
        self._records.sort(column)
        self._send_next()

    def sort_newest_first(self) -> None:
        """Let the service sort by the date of the last change, the newest first."""
        self._records.sort_newest_first()
        self._send_next()

    def unsort(self) -> None:
        """Go back to the service's own order: no call where the records were sorted here only."""
        self._records.unsort()
        self.grid.source_changed()
        self._send_next()

    def sort_here(self, keys: Sequence[SortKey]) -> None:
        """Sort by several columns here, once all records were read: those that were not are."""
        self._records.sort_here(keys)
        self.grid.source_changed()
        self._send_next()

    def refresh_records(self) -> None:
        """Read what is in sight again."""
        self._records.refresh()
        self._send_next()

    def try_again(self) -> None:
        """Ask once more for the page that failed."""
        self._records.loader.retry()
        self._send_next()

    def read_missing(self) -> None:
        """Read the pages again, for records that overlapping pages hid."""
        self._records.loader.reread_pages()
        self._send_next()

    def mark_gone(self, entity: str, external_id: str) -> None:
        """Show a record as deleted, its row struck through: no command means it any more."""
        self._records.mark_gone(entity, external_id)
        if entity == self._records.entity:
            self.grid.unmark([external_id])
        elif entity in self._left_grids:
            self._left_grids[entity].marks.unmark([external_id])
        self.grid.source_changed()

    def replace_record(self, record: Record) -> None:
        """Show a record that was read again in its place."""
        self.source.replace_record(record)
        self.grid.source_changed()

    def _keep_grid(self) -> None:
        entity, grid = self._records.entity, self.grid
        if entity is not None and self.window is not None:
            self._left_grids[entity] = _LeftGrid(
                grid.cursor_key,
                grid.cursor_row,
                grid.scroll_offset.y,
                grid.marks,
                grid.column_layout,
            )

    def _send_next(self) -> None:
        """Send the next request, if one is wanted and none is under way; update the notice."""
        request = self._records.loader.next_request()
        if request is not None:
            self._worker = self.run_worker(
                partial(self._fetch, request), group="records", exclusive=True
            )
        self._update_notice()

    async def _fetch(self, request: PageRequest) -> None:
        try:
            page = await request.send(self._account.client)
        except ApiError as error:
            self.post_message(self.PageFailed(request, error))
        except Exception as error:
            self.post_message(self.PageFailed(request, make_fault(error)))
            raise
        else:
            self.post_message(self.PageArrived(request, page))

    def on_record_view_page_arrived(self, event: PageArrived) -> None:
        """Take a page in, unless its window was left meanwhile."""
        window, is_first = event.request.window, not event.request.window.is_started
        order_before = self.window.order if self.window is not None else None
        key = self.grid.cursor_key
        change = self._records.receive_page(event.request, event.page)
        if change is WindowChange.WINDOW:
            self._show_window(key, is_other_order=window.order != order_before)
        if change is not WindowChange.NOTHING:
            self._records.end_page(change)
            self.grid.source_changed()
            # It may hold other values now.
            self.screen.post_message(self.RecordHighlighted(self.record))
            self._store_total(window, is_first=is_first)
            for client_event in window.events:
                self.screen.post_message(ClientEvent(client_event))
        self._send_next()

    def _show_window(self, key: str | None, *, is_other_order: bool) -> None:
        """Follow the loader to its window: the cursor stays on its record where that was read.

        `key` is that record's, None where it was not read before.
        """
        self._records.follow_window()
        self.grid.source_changed()
        if self._first_column is not None:
            self.grid.move_cursor(column=self._first_column)
            self._first_column = None
        if is_other_order and (key is None or self.source.position(key) is None):
            self.grid.move_cursor(row=0)
        if not self._records.loader.has_rows:
            self.screen.post_message(self.RecordHighlighted(None))

    def _store_total(self, window: RecordWindow, *, is_first: bool) -> None:
        catalog = self._account.catalog
        catalog.store_total(window.entity, window.total)
        if is_first:  # later pages seldom bring another total
            catalog.save()
        self.screen.post_message(CountsChanged())

    def on_record_view_page_failed(self, event: PageFailed) -> None:
        """Say what went wrong where the records would be."""
        self._records.loader.receive_error(event.request, event.error)
        self._send_next()

    def on_grid_rows_in_sight(self, event: Grid.RowsInSight) -> None:
        """Read the rows that came into sight."""
        event.stop()
        self._send_next()

    def on_grid_cursor_moved(self, event: Grid.CursorMoved) -> None:
        """Report which record has the cursor."""
        event.stop()
        self.screen.post_message(self.RecordHighlighted(self.record))
        self.screen.post_message(StateChanged())

    def on_grid_row_opened(self, event: Grid.RowOpened) -> None:
        """Report which record was chosen."""
        event.stop()
        record = self.source.record(event.row)
        if record is not None:
            self.post_message(self.RecordOpened(record))

    def on_grid_column_pressed(self, event: Grid.ColumnPressed) -> None:
        """Sort by the column whose header was pressed."""
        event.stop()
        self.sort(event.column)

    def on_grid_layout_changed(self, event: Grid.LayoutChanged) -> None:
        """Report how the columns are laid out now."""
        event.stop()
        if self._records.entity is not None:
            self.post_message(self.ColumnsLaidOut(self._records.entity, event.layout))

    def _update_notice(self) -> None:
        """Bring the notice up to date."""
        loader, notice = self._records.loader, self.query_one(Notice)
        alone = not loader.has_rows
        if loader.error is not None:
            is_refused = isinstance(loader.error, AuthenticationFailed)
            hint = "t tries again · w switches account" if is_refused else "t tries again"
            notice.show_error(loader.error, alone=alone, hint=hint)
        elif not alone:
            notice.hide()
        elif loader.request is not None:
            entity = loader.request.window.entity
            notice.show_text(f"Reading {one_line(entity, 60)} …", alone=True)
        else:
            notice.show_text("No records", alone=True, hint="r looks again")
        self.screen.post_message(StateChanged())
