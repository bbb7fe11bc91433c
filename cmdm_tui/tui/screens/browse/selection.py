"""Which records a command means: those that are marked, else the one under the cursor."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cmdm_tui.api import Record
from cmdm_tui.tui.models.columns import EXTERNAL_ID
from cmdm_tui.tui.screens.browse.panes import BrowsePanes

if TYPE_CHECKING:
    from cmdm_tui.tui.models.write_context import WriteContext

RecordAddress = tuple[str, str]
"""An entity and the external id of one of its records."""


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
        view = screen.filtered or screen.records
        keys, cursor = view.grid.marks.keys, view.record
        marked = _find_rows(screen, keys)
        if len(marked) < len(keys):
            return ()  # some were let go of: a part of them is not what is meant
        found = marked or (() if cursor is None else (cursor,))
    gone = screen.records.gone
    return tuple(one for one in found if (one.entity, one.external_id) not in gone)


def count_unread_marks(screen: BrowsePanes) -> int:
    """Return how many marked records are not read now, so that no command can mean the marks."""
    if screen.shows_fields or screen.entities.has_focus_within:
        return 0
    if screen.is_record_pane_visible and screen.record_pane.has_focus_within:
        return 0
    keys = (screen.filtered or screen.records).grid.marks.keys
    return len(keys) - len(_find_rows(screen, keys))


def selected_cell(screen: BrowsePanes) -> tuple[Record, str] | None:
    """Return the record and the field under the cursor of the records; None where there is none.

    The external id is not a field.
    """
    view = screen.filtered or screen.records
    column, record = view.grid.cursor_column, view.record
    if column is None or column == EXTERNAL_ID or record is None:
        return None
    if screen.shows_fields or not screen.panel.display or screen.record_pane.has_focus_within:
        return None
    known = {one.name for one in screen.account.catalog.cached_fields(record.entity)}
    if screen.filtered is not None and column not in known:
        return None  # a query may call a field by another name
    is_gone = (record.entity, record.external_id) in screen.records.gone
    return None if is_gone else (record, column)


def find_shown_records(
    screen: BrowsePanes, wanted: Iterable[RecordAddress]
) -> Mapping[RecordAddress, Record]:
    """Return those of the records that are shown, as they were read: no call."""
    addresses = set(wanted)
    pane = screen.record_pane.record
    shown = [*_find_rows(screen, (external_id for _, external_id in addresses))]
    shown += [] if pane is None else [pane]
    found = {(one.entity, one.external_id): one for one in shown}
    return {address: found[address] for address in addresses if address in found}


def _find_rows(screen: BrowsePanes, ids: Iterable[str]) -> tuple[Record, ...]:
    if screen.filtered is not None:
        shown = map(screen.filtered.find_record, ids)
        return tuple(record for record in shown if record is not None)
    window = screen.records.window
    if window is None:
        return ()
    places = (window.position(one) for one in ids)
    found = (window.records(place, 1) for place in places if place is not None)
    return tuple(row[0] for row in found if row and row[0] is not None)
