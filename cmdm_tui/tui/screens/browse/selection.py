"""Which records a command means: those that are marked, else the one under the cursor."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cmdm_tui.api import Record
from cmdm_tui.tui.screens.browse.panes import BrowsePanes

if TYPE_CHECKING:
    from cmdm_tui.tui.models.write_context import WriteContext

RecordAddress = tuple[str, str]
"""An entity and the external id of one of its records."""


@runtime_checkable
class MarkedRecords(Protocol):
    """A view in which records can be marked."""

    @property
    def marked_records(self) -> Sequence[Record]:
        """The records that are marked, in the order of the view; none where none is."""
        ...


def write_context(screen: BrowsePanes) -> "WriteContext":
    """Return what changes of the screen's account need."""
    from cmdm_tui.tui.models.write_context import WriteContext

    return WriteContext.of_user(screen.account)


def selected_records(screen: BrowsePanes) -> tuple[Record, ...]:
    """Return the records that a command means, all of one entity; none that was deleted here.

    In the pane of one record that is its record. Elsewhere it is those that are marked, else the
    one under the cursor of the records; none while the fields are in front of them.
    """
    pane = screen.record_pane
    if screen.is_record_pane_visible and pane.has_focus_within:
        found = () if pane.record is None else (pane.record,)
    elif screen.shows_fields or screen.entities.has_focus_within:
        found = ()
    else:
        view: object = screen.records
        marked = view.marked_records if isinstance(view, MarkedRecords) else ()
        cursor = screen.records.record
        found = tuple(marked) or (() if cursor is None else (cursor,))
    gone = screen.records.gone
    return tuple(one for one in found if (one.entity, one.external_id) not in gone)


def selected_cell(screen: BrowsePanes) -> tuple[Record, str] | None:
    """Return the record and the field under the cursor of the records; None where there is none.

    The external id is not a field.
    """
    column, record = screen.records.column, screen.records.record
    if column is None or column.is_external_id or record is None:
        return None
    if not screen.is_record_table_visible or screen.record_pane.has_focus_within:
        return None
    is_gone = (record.entity, record.external_id) in screen.records.gone
    return None if is_gone else (record, column.name)


def find_shown_records(
    screen: BrowsePanes, wanted: Iterable[RecordAddress]
) -> Mapping[RecordAddress, Record]:
    """Return those of the records that are shown, as they were read: no call."""
    addresses = set(wanted)
    window, pane = screen.records.window, screen.record_pane.record
    shown = [*(() if window is None else window.records), *(() if pane is None else (pane,))]
    found = {(one.entity, one.external_id): one for one in shown}
    return {address: found[address] for address in addresses if address in found}
