"""The records of one entity: a window of which the pages in sight are read."""

from collections.abc import Callable, Sequence
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
from cmdm_tui.tui.models.columns import MAX_COLUMNS
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.page_reader import WindowOrder
from cmdm_tui.tui.models.record_source import RecordSource
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.window_caption import describe_window
from cmdm_tui.tui.models.window_loader import PageRequest, WindowChange, WindowLoader
from cmdm_tui.tui.models.workspace import Place
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from textual.worker import Worker

_DATES_OF_CHANGE = ("ModifiedDate", "CreatedDate")
"""Fields that show which records are newest, the better one first (`api.md`, system fields)."""


@dataclass(slots=True)
class _Place:
    """How an entity was left: the record and row under the cursor, the marks and the columns."""

    key: str | None
    row: int
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
        self.gone: set[tuple[str, str]] = set()
        """The entities and ids of the records that were deleted here."""
        self._account = account
        self._read_layout = read_layout
        self._loader = WindowLoader(account.profile.per_page)
        self._source = RecordSource(self._loader)
        self._entity: str | None = None
        self._places: dict[str, _Place] = {}
        self._keys_when_read: tuple[SortKey, ...] = ()
        """What to sort by here, once all records were read."""
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
        return self._source

    @property
    def window(self) -> RecordWindow | None:
        """The window that is shown."""
        return self._loader.shown

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._loader.failed is not None

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the records are sorted by."""
        return self._source.order

    @property
    def is_sorted(self) -> bool:
        """Whether the records are in another order than the service's own, or soon will be."""
        return bool(self.order or self._keys_when_read)

    @property
    def has_missing(self) -> bool:
        """Whether the total counts records that no page brought."""
        return self.window is not None and self.window.missing_count > 0

    @property
    def record(self) -> Record | None:
        """The record under the cursor, None where it was not read."""
        return self._source.record(self.grid.cursor_row)

    @property
    def column(self) -> str | None:
        """The name of the column under the cursor, None where there are no records."""
        return self.grid.cursor_column if self._loader.has_rows else None

    @property
    def newest_field(self) -> str | None:
        """The field that shows which records are newest, None where the entity has none."""
        names = {column.name for column in self._source.columns}
        return next((field for field in _DATES_OF_CHANGE if field in names), None)

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        fields = self._source.field_count
        hidden = f" · {MAX_COLUMNS:,} of {fields:,} fields" if fields > MAX_COLUMNS else ""
        return describe_window(self._loader, self._source.local_order) + hidden

    def on_mount(self) -> None:
        """Show the source, which has no rows yet."""
        self.grid.show(self._source)

    def show_entity(self, entity: str, start: Place | None = None) -> None:
        """Show an entity's records: those read before, else the first page.

        `start` says in which order they are read at first, and which column has the cursor then.
        """
        if entity == self._entity and self.window is not None:
            return
        self._keep_place()
        if self._worker is not None:
            self._worker.cancel()
        self._entity, self._keys_when_read = entity, ()
        self._loader.show_entity(entity, _read_order(start))
        self._first_column = None if start is None else start.column
        self._source = RecordSource(self._loader)
        self._source.show_window(self._account.catalog.cached_fields(entity))
        self._source.mark_gone(one for name, one in self.gone if name == entity)
        place = self._places.get(entity)
        if place is None:
            self.grid.show(self._source, self._read_layout(entity))
        else:
            self.grid.show(self._source, place.layout, place.marks)
            found = self._source.position(place.key) if place.key is not None else None
            self.grid.move_cursor(row=place.row if found is None else found)
        if not self._loader.has_rows:
            self.screen.post_message(self.RecordHighlighted(None))
        self._send_next()

    @property
    def place(self) -> Place | None:
        """Where the cursor is: the entity, its order, the record and the column."""
        if self._entity is None:
            return None
        grid = self.grid
        key, row, column = grid.cursor_key, grid.cursor_row, grid.cursor_column
        return Place(self._entity, self._loader_order, key, row, column)

    @property
    def _loader_order(self) -> tuple[SortKey, ...]:
        order = self.window.order if self.window is not None else None
        return () if order is None else (SortKey(order.field, order.direction == "desc"),)

    def find_record(self, entity: str, external_id: str) -> Record | None:
        """Return a record of any entity where it was read and is held: no call."""
        return self._loader.find_record(entity, external_id)

    def forget_entity(self, entity: str) -> None:
        """Let go of what was read of an entity."""
        self._loader.forget_entity(entity)
        self._places.pop(entity, None)

    def sort(self, column: str) -> None:
        """Let the service sort by a column, and the other way round when it does already."""
        chosen = self._source.record_column(column)
        if chosen is not None:
            self._keys_when_read = ()
            self._loader.sort(chosen.name)
            self._send_next()

    def sort_newest_first(self) -> None:
        """Let the service sort by the date of the last change, the newest first."""
        field = self.newest_field
        if field is not None:
            self._keys_when_read = ()
            self._loader.sort(field, "desc")
            self._send_next()

    def unsort(self) -> None:
        """Go back to the service's own order: no call where the records were sorted here only."""
        self._keys_when_read = ()
        self._loader.stop_reading()
        if self.window is not None and (self.window.order is not None or self._loader.is_opening):
            self._loader.show_order(None)
        if self._source.local_order:
            self._source.sort_rows(())
            self.grid.source_changed()
        self._send_next()

    def sort_here(self, keys: Sequence[SortKey]) -> None:
        """Sort by several columns here, once all records were read: those that were not are."""
        self._keys_when_read = tuple(keys)
        if not self._sort_if_read():
            self._loader.read_all()
        self._send_next()

    def refresh_records(self) -> None:
        """Read what is in sight again."""
        self._keys_when_read = self._source.local_order
        self._loader.refresh()
        self._send_next()

    def try_again(self) -> None:
        """Ask once more for the page that failed."""
        self._loader.retry()
        self._send_next()

    def read_missing(self) -> None:
        """Read the pages again, for records that overlapping pages hid."""
        self._loader.reread_pages()
        self._send_next()

    def mark_gone(self, entity: str, external_id: str) -> None:
        """Show a record as deleted, its row struck through: no command means it any more."""
        self.gone.add((entity, external_id))
        if entity == self._entity:
            self.grid.unmark([external_id])
        elif entity in self._places:
            self._places[entity].marks.unmark([external_id])
        self._source.mark_gone(one for name, one in self.gone if name == self._entity)
        self.grid.source_changed()

    def replace_record(self, record: Record) -> None:
        """Show a record that was read again in its place."""
        self._source.replace_record(record)
        self.grid.source_changed()

    def _keep_place(self) -> None:
        grid = self.grid
        if self._entity is not None and self.window is not None:
            place = _Place(grid.cursor_key, grid.cursor_row, grid.marks, grid.column_layout)
            self._places[self._entity] = place

    def _send_next(self) -> None:
        """Send the next request, if one is wanted and none is under way; update the notice."""
        request = self._loader.next_request()
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
        change = self._loader.receive_page(event.request, event.page)
        if change is WindowChange.WINDOW:
            self._show_window(key, is_other_order=window.order != order_before)
        elif change is WindowChange.RECORDS and window is self.window:
            self._source.window_changed()
        if change is not WindowChange.NOTHING:
            if not self._sort_if_read() and change is WindowChange.WINDOW:
                self._keys_when_read = ()
            self.grid.source_changed()
            self.post_message(self.RecordHighlighted(self.record))  # it may hold other values now
            self._store_total(window, is_first=is_first)
            for client_event in window.events:
                self.screen.post_message(ClientEvent(client_event))
        self._send_next()

    def _show_window(self, key: str | None, *, is_other_order: bool) -> None:
        """Follow the loader to its window: the cursor stays on its record where that was read.

        `key` is that record's, None where it was not read before.
        """
        self._source.show_window(self._account.catalog.cached_fields(self._entity or ""))
        self.grid.source_changed()
        if self._first_column is not None:
            self.grid.move_cursor(column=self._first_column)
            self._first_column = None
        if is_other_order and (key is None or self._source.position(key) is None):
            self.grid.move_cursor(row=0)
        if not self._loader.has_rows:
            self.screen.post_message(self.RecordHighlighted(None))

    def _sort_if_read(self) -> bool:
        """Sort here as was asked for, if all records are there now."""
        window = self.window
        if not self._keys_when_read or window is None or not window.is_whole:
            return False
        self._source.sort_rows(self._keys_when_read)
        self._keys_when_read = ()
        self.grid.source_changed()
        return True

    def _store_total(self, window: RecordWindow, *, is_first: bool) -> None:
        catalog = self._account.catalog
        catalog.store_total(window.entity, window.total)
        if is_first:  # later pages seldom bring another total
            catalog.save()
        self.screen.post_message(CountsChanged())

    def on_record_view_page_failed(self, event: PageFailed) -> None:
        """Say what went wrong where the records would be."""
        self._loader.receive_error(event.request, event.error)
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
        record = self._source.record(event.row)
        if record is not None:
            self.post_message(self.RecordOpened(record))

    def on_grid_column_pressed(self, event: Grid.ColumnPressed) -> None:
        """Sort by the column whose header was pressed."""
        event.stop()
        self.sort(event.column)

    def on_grid_layout_changed(self, event: Grid.LayoutChanged) -> None:
        """Report how the columns are laid out now."""
        event.stop()
        if self._entity is not None:
            self.post_message(self.ColumnsLaidOut(self._entity, event.layout))

    def _update_notice(self) -> None:
        """Bring the notice up to date."""
        loader, notice, alone = self._loader, self.query_one(Notice), not self._loader.has_rows
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


def _read_order(place: Place | None) -> WindowOrder | None:
    """Return the first key of a place's order: the service sorts by one field."""
    if place is None or not place.order:
        return None
    key = place.order[0]
    return WindowOrder(key.column, "desc" if key.is_descending else "asc")
