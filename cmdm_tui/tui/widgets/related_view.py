"""The tasks and opportunities that belong to a record, and the record it belongs to itself."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cmdm_tui.api import ApiError, Record
from cmdm_tui.catalog import Account
from cmdm_tui.formats.value_text import format_count, format_counted
from cmdm_tui.tui.crash import make_fault
from cmdm_tui.tui.messages import CallReturned, CountsChanged, StateChanged
from cmdm_tui.tui.models.record_names import RecordNames
from cmdm_tui.tui.models.related_index import RELATED_ENTITIES, RecordLink, RelatedIndex, find_links
from cmdm_tui.tui.models.row_source import SourceColumn
from cmdm_tui.tui.models.table_source import TableRow, TableSource
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.notice import Notice

_WIDTHS = {"Title": 24, "State": 11, "Due": 10, "Entity": 11, "ExternalID": 10}
_COLUMNS = [SourceColumn(name, name, width) for name, width in _WIDTHS.items()]


class RelatedView(Vertical):
    """Lists what belongs to the record shown.

    The API cannot filter, so every task and opportunity is read once, when asked to, and kept in
    memory for the other records.
    """

    @dataclass
    class Progressed(CallReturned):
        """One more page was read."""

        index: RelatedIndex

    @dataclass
    class Failed(CallReturned):
        """Reading stopped."""

        index: RelatedIndex
        error: ApiError

    @dataclass
    class RecordOpened(Message):
        """A related record was chosen that was read already."""

        record: Record

    @dataclass
    class LinkFollowed(Message):
        """A record was chosen that the one shown names; it was not read yet."""

        link: RecordLink

    def __init__(self, account: Account, names: RecordNames, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._names = names
        self._client = account.client
        self._catalog = account.catalog
        self._index = RelatedIndex()
        self._record: Record | None = None
        self._listed: list[Record | RecordLink] = []
        self._rows: list[TableRow] = []
        self._source = TableSource()
        self._found = 0
        self._read_at = ""
        self._is_reading = False
        self._error: ApiError | None = None
        self._is_notice_due = False
        """Whether the notice says less than is known, as it is not seen."""

    def compose(self) -> ComposeResult:
        """Lay out the grid, and the notice below it."""
        yield Grid(has_numbers=False, id="related-grid")
        yield Notice(id="related-notice")

    def on_mount(self) -> None:
        """Show the columns, without rows."""
        self._source.set_rows(_COLUMNS, ())
        self.grid.show(self._source)

    @property
    def grid(self) -> Grid:
        """The grid itself."""
        return self.query_one(Grid)

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._error is not None

    @property
    def can_read(self) -> bool:
        """Whether there is anything left to read, and it is not being read."""
        return self._record is not None and not self._is_reading and not self._index.is_complete

    def show_record(self, record: Record | None) -> None:
        """Show what belongs to a record, as far as it was read: no call."""
        self._record = record
        self._fill()
        self._update_notice()

    def show_names(self) -> None:
        """Show what the records that it names are called, as it is known by now: no call."""
        self._fill()

    def show_cost(self) -> None:
        """Show the cost in calls by the counts that the catalog knows now."""
        self._update_notice()

    def read_index(self) -> None:
        """Read on, to the last task and opportunity."""
        self._is_reading, self._error = True, None
        self.run_worker(partial(self._read, self._index), group="related", exclusive=True)
        self._update_notice()

    def try_again(self) -> None:
        """Go on after a failure."""
        self.read_index()

    def reread(self) -> None:
        """Read them all again."""
        self._index = RelatedIndex()
        self._fill()
        self.read_index()

    def describe_owned(self, records: Sequence[Record]) -> str:
        """Return what is known of tasks and opportunities of records to delete: no call."""
        is_one = len(records) == 1
        if not self._index.is_complete:
            calls = self._index.count_calls_left(self._known_totals(), self._client.page_sizes)
            cost = "calls" if calls is None else f"about {format_counted(calls, 'call')}"
            owners = "Its" if is_one else "Their"
            return (
                f"{owners} tasks and opportunities were not looked at: Escape, then R twice reads "
                f"them, with {cost}."
            )
        found = Counter(
            owned.record.entity for record in records for owned in self._index.find(record)
        )
        counted = " and ".join(
            f"{found[name]:,} {name if found[name] == 1 else plural}"
            for name, plural in zip(RELATED_ENTITIES, ("tasks", "opportunities"), strict=True)
            if found[name]
        )
        owner, read = "it" if is_one else "them", f"as read at {self._read_at}"
        if not counted:
            return f"No task or opportunity belongs to {owner}, {read}."
        verb = "belongs" if found.total() == 1 else "belong"
        return f"{counted} {verb} to {owner}, {read}, and may be left pointing at nothing."

    def take_focus(self) -> None:
        """Put the focus on the list."""
        self.screen.set_focus(self.grid)

    async def _read(self, index: RelatedIndex) -> None:
        try:
            async for window in index.read(self._client):
                self._catalog.store_total(window.entity, window.total)
                self.post_message(self.Progressed(index))
        except ApiError as error:
            self.post_message(self.Failed(index, error))
        except Exception as error:
            self.post_message(self.Failed(index, make_fault(error)))
            raise
        self._catalog.save()
        self.post_message(CountsChanged())

    def on_related_view_progressed(self, event: Progressed) -> None:
        """Show how far it got, and what was found by then."""
        if event.index is self._index:
            self._is_reading = not self._index.is_complete
            self._read_at = time.strftime("%H:%M")
            self._fill()
            self._update_notice()

    def on_related_view_failed(self, event: Failed) -> None:
        """Say what stopped it; what was read stays."""
        if event.index is self._index:
            self._is_reading, self._error = False, event.error
            self._update_notice()

    def on_grid_row_opened(self, event: Grid.RowOpened) -> None:
        """Report which related record was chosen."""
        event.stop()
        chosen = self._listed[event.row]
        if isinstance(chosen, RecordLink):
            self.post_message(self.LinkFollowed(chosen))
        else:
            self.post_message(self.RecordOpened(chosen))

    def on_grid_cursor_moved(self, event: Grid.CursorMoved) -> None:
        """Keep the cursor's moves to this view."""
        event.stop()

    def on_grid_rows_in_sight(self, event: Grid.RowsInSight) -> None:
        """Keep it to this view: what is listed is there."""
        event.stop()

    def _fill(self) -> None:
        links = find_links(self._record) if self._record is not None else ()
        found = self._index.find(self._record) if self._record is not None else ()
        self._found = len(found)
        self._listed = [*links, *(entry.record for entry in found)]
        rows = [self._make_link_row(link) for link in links]
        for entry in found:
            record = entry.record
            values = (entry.title, entry.state, entry.date, record.entity, record.external_id)
            rows.append(TableRow(f"{record.entity}/{record.external_id}", values))
        if rows != self._rows:
            self._rows = rows
            self._source.set_rows(_COLUMNS, rows)
            self.grid.source_changed()

    def _make_link_row(self, link: RecordLink) -> TableRow:
        """Return the row of a record that the one shown names: its name, else the field's."""
        name = self._names.find(link.entity, link.external_id)
        values = (f"↑ {name or link.field}", None, None, link.entity, link.external_id)
        return TableRow(link.field, values)

    def on_show(self) -> None:
        """Say what has changed while another tab was in front."""
        if self._is_notice_due:
            self._update_notice()

    def _update_notice(self) -> None:
        """Say what is known, when it is seen: text that is not would be laid out with each call."""
        self.screen.post_message(StateChanged())
        self._is_notice_due = not self.is_on_screen
        if self._is_notice_due:
            return
        notice, alone = self.query_one(Notice), not self._listed
        if self._record is None:
            notice.show_text("No record chosen", alone=True)
        elif self._error is not None:
            notice.show_error(self._error, alone=alone, hint="t continues from there")
        elif self._is_reading:
            notice.show_text(self._describe_progress(), alone=alone)
        elif not self._index.is_complete:
            notice.show_text(self._describe_cost(), alone=alone, hint="R finds them")
        elif not self._found:
            notice.show_text(f"{self._describe_nothing()}. {self._describe_age()}", alone=alone)
        else:
            notice.show_text(self._describe_age(), alone=False)

    def _known_totals(self) -> dict[str, int | None]:
        counts = {name: self._catalog.record_count(name) for name in RELATED_ENTITIES}
        return {name: count.total if count else None for name, count in counts.items()}

    def _describe_cost(self) -> str:
        calls = self._index.count_calls_left(self._known_totals(), self._client.page_sizes)
        cost = (
            "an unknown number of calls"
            if calls is None
            else f"about {format_counted(calls, 'call')}"
        )
        left = self._client.quota.remaining
        words = (
            "The API cannot say which tasks and opportunities belong to a record, so all of them "
            f"are read once, in {cost}."
        )
        if left is not None:
            words += f" {format_count(left)} are left this hour."
        if left is not None and calls is not None and calls > left:
            words += " That is not enough."
        return words

    def _describe_progress(self) -> str:
        parts = [
            f"{name}: {len(window.records):,} of {format_count(window.total)}"
            for name, window in self._index.windows.items()
            if window.is_started
        ]
        return f"Reading … {', '.join(parts)}".rstrip()

    def _describe_age(self) -> str:
        calls = format_counted(self._index.calls_made, "call")
        missing = self._index.missing_count
        lack = f" without {missing:,} that no page brought" if missing else ""
        return f"As read at {self._read_at}{lack}; r reads them again with {calls}"

    def _describe_nothing(self) -> str:
        if self._index.records_read and not self._index.owned_count:
            return "The tasks and opportunities of this service do not name what they belong to"
        return f"No {' or '.join(RELATED_ENTITIES)} belongs to this record"
