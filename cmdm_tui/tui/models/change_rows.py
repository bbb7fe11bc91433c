"""Changes as rows for a grid: those of a change set before it is sent, runs, and those of a run."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.preview import count_calls, count_rows, list_rows
from cmdm_tui.operations.change_texts import name_state
from cmdm_tui.operations.journal_rows import RunRow, list_entry
from cmdm_tui.tui.models.made_rows import MadeRows
from cmdm_tui.tui.models.row_source import SourceColumn, Tone
from cmdm_tui.tui.models.table_source import TableRow

_KINDS_WITH_VALUES = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE})
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
    has_new = any(change.kind in _KINDS_WITH_VALUES for change in changes)

    def make(place: int) -> TableRow:
        at = bisect_right(ends, place)
        first = ends[at - 1] if at else 0
        row = list(list_rows(changes[at], changes))[place - first]
        cells = (row.field, row.old, row.new) if has_new else (row.field, row.old)
        tones = _tone_preview(changes[at].kind, has_new=has_new)
        if is_one:
            return TableRow(str(place + 1), cells, tones)
        record = f"{row.entity} {row.external_id or '(new)'}"
        calls = _describe_calls(changes[at]) if place == first else None
        shifted = {2 + column: tone for column, tone in tones.items()}
        if changes[at].kind is ChangeKind.DELETE:
            shifted[1] = Tone.GONE
        return TableRow(str(place + 1), (row.change, record, *cells, calls), shifted)

    return MadeRows(
        _choose_columns(width, is_one=is_one, has_new=has_new), ends[-1] if ends else 0, make
    )


def _choose_columns(width: int, *, is_one: bool, has_new: bool) -> Sequence[SourceColumn]:
    """Return the columns: the record is never cut for the others.

    The field, the old and the new value share what is left; a set that only deletes, converts or
    closes has no new values. In a narrow terminal the calls are to the right of what is seen.
    """
    values = ["old", "new"] if has_new else ["value"]
    if is_one:
        room = width - _WIDTHS["field"] - _GAP
        share = max(room // len(values) - _GAP, _LEAST_WIDTH)
        return [_column("field"), *(_column(name, share) for name in values)]
    shared = ["field", *values]
    room = width - _WIDTHS["change"] - _WIDTHS["record"] - 2 * _GAP
    calls = _WIDTHS["calls"] + _GAP
    if (room - calls) // len(shared) >= _LEAST_WIDTH + _GAP:
        room -= calls
    share = max(room // len(shared) - _GAP, _LEAST_WIDTH)
    columns = [_column(name, share) for name in shared]
    return [_column("change"), _column("record"), *columns, _column("calls")]


def _column(name: str, width: int | None = None) -> SourceColumn:
    return SourceColumn(name, name, _WIDTHS[name] if width is None else width)


def _tone_preview(kind: ChangeKind, *, has_new: bool) -> Mapping[int, Tone]:
    """Return the tones of a row by column, counted from that of the field."""
    if kind is ChangeKind.DELETE:
        return {1: Tone.GONE}
    return {2: Tone.CHANGED} if has_new else {}


def _describe_calls(change: Change) -> str:
    low, high = count_calls(change)
    return str(low) if low == high else f"{low}–{high}"


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
