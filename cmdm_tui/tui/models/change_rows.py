"""Changes as rows for a grid: those of a change set before it is sent, runs, and those of a run."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.preview import PreviewRow, count_calls, count_rows, list_rows
from cmdm_tui.operations.change_texts import name_state
from cmdm_tui.operations.journal_rows import RunRow, list_entry
from cmdm_tui.tui.models.made_rows import MadeRows
from cmdm_tui.tui.models.row_source import SourceColumn, Tone
from cmdm_tui.tui.models.table_source import TableRow

_LEAST_WIDTH = 11
_GAP = 2
_WIDTHS = {"change": 7, "record": 18, "field": 18, "calls": 5}

RUN_COLUMNS = (
    SourceColumn("run", "run", 5, is_number=True, is_key=True),
    SourceColumn("began", "began (UTC)", 16),
    SourceColumn("changes", "changes", 7, is_number=True),
    SourceColumn("state", "state", 24),
    SourceColumn("title", "title", 60),
)
ENTRY_COLUMNS = (
    SourceColumn("number", "#", 5, is_number=True, is_key=True),
    SourceColumn("change", "change", 7),
    SourceColumn("record", "record", 24),
    SourceColumn("state", "state", 10),
    SourceColumn("reason", "reason", 60),
    SourceColumn("origin", "origin", 20),
)
_STATE = 3
_TONES = {
    EntryState.DONE: Tone.GOOD,
    EntryState.REFUSED: Tone.ERROR,
    EntryState.CONFLICT: Tone.ERROR,
    EntryState.SKIPPED: Tone.ERROR,
    EntryState.UNKNOWN: Tone.WARNING,
    EntryState.SENDING: Tone.WARNING,
}


def make_preview(change_set: ChangeSet, width: int) -> MadeRows:
    """Return a row for each field that changes, old value next to new, and what its change costs.

    `width` is how many cells there are for the columns. A single change is not named in each row:
    the title does.
    """
    changes = change_set.changes
    ends = list(accumulate(count_rows(change) for change in changes))
    is_one = len(changes) <= 1

    def make(place: int) -> TableRow:
        at = bisect_right(ends, place)
        first = ends[at - 1] if at else 0
        row = list(list_rows(changes[at], changes))[place - first]
        return _make_preview_row(place, row, changes[at], is_one=is_one, is_first=place == first)

    return MadeRows(_choose_columns(width, is_one=is_one), ends[-1] if ends else 0, make)


def _choose_columns(width: int, *, is_one: bool) -> Sequence[SourceColumn]:
    """Return the columns: the record is never cut for the others.

    The field, the old and the new value share what is left. In a narrow terminal the calls are to
    the right of what is seen.
    """
    if is_one:
        share = max((width - _WIDTHS["field"] - _GAP) // 2 - _GAP, _LEAST_WIDTH)
        return [_column("field"), _column("old", share), _column("new", share)]
    room = width - _WIDTHS["change"] - _WIDTHS["record"] - 2 * _GAP
    calls = _WIDTHS["calls"] + _GAP
    if (room - calls) // 3 >= _LEAST_WIDTH + _GAP:
        room -= calls
    share = max(room // 3 - _GAP, _LEAST_WIDTH)
    shared = [_column(name, share) for name in ("field", "old", "new")]
    return [_column("change"), _column("record"), *shared, _column("calls")]


def _column(name: str, width: int | None = None) -> SourceColumn:
    return SourceColumn(name, name, _WIDTHS[name] if width is None else width)


def _make_preview_row(
    place: int, row: PreviewRow, change: Change, *, is_one: bool, is_first: bool
) -> TableRow:
    record = f"{row.entity} {row.external_id or '(new)'}"
    is_gone = change.kind is ChangeKind.DELETE
    values = (row.field, row.old, row.new)
    if is_one:
        tones = {1: Tone.GONE} if is_gone else {2: Tone.CHANGED}
        return TableRow(str(place + 1), values, tones)
    low, high = count_calls(change)
    calls = (str(low) if low == high else f"{low}–{high}") if is_first else None
    tones = {1: Tone.GONE, 3: Tone.GONE} if is_gone else {4: Tone.CHANGED}
    return TableRow(str(place + 1), (row.change, record, *values, calls), tones)


def make_run_rows(runs: Sequence[RunRow]) -> list[TableRow]:
    """Return a row for each run, under `RUN_COLUMNS`; its key is its number."""
    return [
        TableRow(str(number), (number, f"{began:%Y-%m-%d %H:%M}", changes, state, title))
        for number, _, began, _, changes, state, title in runs
    ]


def make_entries(entries: Sequence[JournalEntry]) -> MadeRows:
    """Return a row for each change of a run, and what became of it."""

    def make(place: int) -> TableRow:
        entry = entries[place]
        number, kind, entity, external_id, _, reason, origin = list_entry(entry)
        values = (
            number, kind, f"{entity} {external_id or ''}", name_state(entry.state), reason, origin,
        )  # fmt: skip
        return TableRow(str(place + 1), values, _tone_of(entry))

    return MadeRows(ENTRY_COLUMNS, len(entries), make)


def _tone_of(entry: JournalEntry) -> Mapping[int, Tone]:
    tone = _TONES.get(entry.state)
    return {} if tone is None else {_STATE: tone}
