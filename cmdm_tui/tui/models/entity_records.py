"""The records of the entity that is shown: what is read of them, in which order, as which rows."""

from collections.abc import Callable, Sequence

from cmdm_tui.api import Field, Page, SortOrder
from cmdm_tui.tui.models.columns import MAX_COLUMNS
from cmdm_tui.tui.models.page_reader import WindowOrder
from cmdm_tui.tui.models.record_source import RecordSource
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.window_caption import describe_window
from cmdm_tui.tui.models.window_loader import PageRequest, WindowChange, WindowLoader

_DATES_OF_CHANGE = ("ModifiedDate", "CreatedDate")
"""Fields that show which records are newest, the better one first (`api.md`, system fields)."""


class EntityRecords:
    """Chooses what is read of an entity and in which order, and keeps the rows up to date.

    `per_page` is the size of page to ask for; `read_fields` returns the fields known of an entity.
    It makes no call: whoever shows it sends what `next_request` returns, and hands the page over.
    """

    def __init__(self, per_page: int, read_fields: Callable[[str], Sequence[Field]]) -> None:
        self.loader = WindowLoader(per_page)
        """What is read, and what is asked for next."""
        self.source = RecordSource(self.loader)
        """The rows."""
        self.entity: str | None = None
        """The entity that is shown."""
        self.gone: set[tuple[str, str]] = set()
        """The entities and ids of the records that were deleted here."""
        self._read_fields = read_fields
        self._keys_when_read: tuple[SortKey, ...] = ()
        """What to sort by here, once all records were read."""

    @property
    def window(self) -> RecordWindow | None:
        """The window that is shown."""
        return self.loader.shown

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the records are sorted by."""
        return self.source.order

    @property
    def service_order(self) -> tuple[SortKey, ...]:
        """What the service sorts the records by, empty for its own order."""
        order = self.window.order if self.window is not None else None
        return () if order is None else (SortKey(order.field, order.direction == "desc"),)

    @property
    def is_sorted(self) -> bool:
        """Whether the records are in another order than the service's own, or soon will be."""
        return bool(self.order or self._keys_when_read)

    @property
    def has_missing(self) -> bool:
        """Whether the total counts records that no page brought."""
        return self.window is not None and self.window.missing_count > 0

    @property
    def newest_field(self) -> str | None:
        """The field that shows which records are newest, None where the entity has none."""
        names = {column.name for column in self.source.columns}
        return next((field for field in _DATES_OF_CHANGE if field in names), None)

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        fields = self.source.field_count
        hidden = f" · {MAX_COLUMNS:,} of {fields:,} fields" if fields > MAX_COLUMNS else ""
        return describe_window(self.loader, self.source.local_order) + hidden

    def show_entity(self, entity: str, order: Sequence[SortKey] = ()) -> None:
        """Show an entity's records: those read before, else the first page is wanted.

        `order` is that in which they are read at first: its first key, as the service sorts by one.
        """
        self.entity, self._keys_when_read = entity, ()
        key = next(iter(order), None)
        first = None if key is None else WindowOrder(key.column, _direction(key))
        self.loader.show_entity(entity, first)
        self.source = RecordSource(self.loader)
        self.follow_window()
        self._mark_gone()

    def follow_window(self) -> None:
        """Make the rows of the window that the loader shows now."""
        self.source.show_window(self._read_fields(self.entity or ""))

    def mark_gone(self, entity: str, external_id: str) -> None:
        """Show a record as deleted."""
        self.gone.add((entity, external_id))
        self._mark_gone()

    def _mark_gone(self) -> None:
        self.source.mark_gone(one for name, one in self.gone if name == self.entity)

    # Order.

    def sort(self, column: str) -> None:
        """Let the service sort by a column, and the other way round when it does already."""
        chosen = self.source.record_column(column)
        if chosen is not None:
            self._keys_when_read = ()
            self.loader.sort(chosen.name)

    def sort_newest_first(self) -> None:
        """Let the service sort by the date of the last change, the newest first."""
        field = self.newest_field
        if field is not None:
            self._keys_when_read = ()
            self.loader.sort(field, "desc")

    def unsort(self) -> None:
        """Go back to the service's own order: no call where the records were sorted here only."""
        self._keys_when_read = ()
        self.loader.stop_reading()
        if self.window is not None and (self.window.order is not None or self.loader.is_opening):
            self.loader.show_order(None)
        if self.source.local_order:
            self.source.sort_rows(())

    def sort_here(self, keys: Sequence[SortKey]) -> None:
        """Sort by several columns here, once all records were read: those that were not are."""
        self._keys_when_read = tuple(keys)
        if not self._sort_if_read():
            self.loader.read_all()

    def refresh(self) -> None:
        """Read what is in sight again, and sort it as it is sorted here."""
        self._keys_when_read = self.source.local_order
        self.loader.refresh()

    # Pages.

    def receive_page(self, request: PageRequest, page: Page | None) -> WindowChange:
        """Take a page in, unless its window was left meanwhile; return what has changed.

        Where that is the window, `follow_window` makes its rows, and then `end_page` sorts them.
        """
        change = self.loader.receive_page(request, page)
        if change is WindowChange.RECORDS and request.window is self.window:
            self.source.window_changed()
        return change

    def end_page(self, change: WindowChange) -> None:
        """Sort here as was asked for, if all records are there now."""
        if not self._sort_if_read() and change is WindowChange.WINDOW:
            self._keys_when_read = ()

    def _sort_if_read(self) -> bool:
        window = self.window
        if not self._keys_when_read or window is None or not window.is_whole:
            return False
        self.source.sort_rows(self._keys_when_read)
        self._keys_when_read = ()
        return True


def _direction(key: SortKey) -> SortOrder:
    return "desc" if key.is_descending else "asc"
