"""Shows what became of changes in the rows that are there: nothing is read again for it."""

from collections.abc import Iterable, Iterator

from cmdm_tui.api import Record
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.tui.messages import CallReturned, CountsChanged
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.browse.selection import RecordAddress, find_shown_records
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, can_undo
from cmdm_tui.tui.widgets.record_pane import RECORD_TAB

_IN_PLACE = frozenset({EntryState.DONE, EntryState.UNCHANGED})
_SECONDS = 8.0


def show_result(screen: BrowsePanes, result: ApplyResult) -> None:
    """Bring the rows, the counts and the quota up to date, and say what the rows show now.

    An update is shown as it was sent: the service has answered that it was made, and not what it
    stores. Of a closing or a conversion it says nothing more, so one such record is read again with
    a call, and several are left for a refresh. A new record that is to be opened is read.
    """
    entries = () if result.run is None else result.run.entries
    made = [entry for entry in entries if entry.state in _IN_PLACE]
    for record in merge_written(screen, made):
        screen.records.replace_record(record)
        if _is_in_pane(screen, record.entity, record.external_id):
            screen.record_pane.show_record(record)
    gone = [_address_of(one) for one in made if one.change.kind is ChangeKind.DELETE]
    for address in gone:
        screen.records.mark_gone(*address)
    if screen.filtered is not None:
        screen.filtered.grid.unmark(external_id for _, external_id in gone)
    screen.post_message(CountsChanged())
    screen.post_message(CallReturned())
    words = _describe(result, made, is_filtered=screen.filtered is not None)
    if words:
        screen.notify(words, timeout=_SECONDS, markup=False)
    if result.to_open is not None:
        screen.record_pane.read_record(*result.to_open)
        screen.open_pane(RECORD_TAB)
        return
    if any(_is_in_pane(screen, *address) for address in gone):
        screen.close_pane()
    acted = [one for one in made if one.change.kind in {ChangeKind.CLOSE, ChangeKind.CONVERT}]
    if len(acted) == 1 and acted[0].state is EntryState.DONE:
        screen.record_pane.read_record(*_address_of(acted[0]))
    screen.show_state()


def merge_written(screen: BrowsePanes, entries: Iterable[JournalEntry]) -> Iterator[Record]:
    """Yield the records that are shown and were updated, with what was sent in their fields."""
    updates = [one for one in entries if one.change.kind is ChangeKind.UPDATE]
    shown = dict(find_shown_records(screen, map(_address_of, updates)))
    for entry in updates:
        address = _address_of(entry)
        record = shown.get(address)
        if record is not None:
            written = entry.change.properties if entry.write is None else entry.write.properties
            shown[address] = Record(*address, {**record.properties, **written})
            yield shown[address]


def _describe(result: ApplyResult, made: list[JournalEntry], *, is_filtered: bool) -> str:
    """Return what to know of the rows; how the run ended was said before it was left."""
    run = result.run
    sentences: list[str] = []
    if (
        run is not None
        and run.undo_of is not None
        and all(one.state in _IN_PLACE for one in run.entries)
    ):
        sentences.append("Taken back.")
    kinds = {one.change.kind for one in made}
    if is_filtered and made:
        sentences.append("The rows are as they were found; r looks for them again.")
    elif kinds == {ChangeKind.UPDATE}:
        sentences.append("Shown as it was sent; r reads what is stored.")
    elif kinds & {ChangeKind.CLOSE, ChangeKind.CONVERT} and len(made) > 1:
        sentences.append("The rows are as they were read; r reads them again.")
    if run is not None and any(one.state is EntryState.CONFLICT for one in run.entries):
        sentences.append("Nothing was overwritten; r reads what is there now.")
    if offers_undo(result) and result.to_undo is None:
        sentences.append("U takes it back.")
    return " ".join(sentences)


def offers_undo(result: ApplyResult) -> bool:
    """Return whether what was done can be taken back, and is not an undo itself."""
    run = result.run
    return run is not None and run.undo_of is None and can_undo(run)


def _address_of(entry: JournalEntry) -> RecordAddress:
    return entry.change.entity, entry.change.external_id or ""


def _is_in_pane(screen: BrowsePanes, entity: str, external_id: str) -> bool:
    record = screen.record_pane.record
    return record is not None and (record.entity, record.external_id) == (entity, external_id)
