"""Lists what the journal keeps, as rows for every face: runs, and the changes of one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import JournalEntry, RunSummary
from cmdm_tui.changes.preview import PreviewColumn
from cmdm_tui.changes.unchanged import find_value
from cmdm_tui.operations.change_texts import describe_counts
from cmdm_tui.text import one_line

_LONGEST_VALUES = 200
_TIME = "TIMESTAMP WITH TIME ZONE"
RUN_COLUMNS = (
    PreviewColumn("run", "BIGINT"),
    PreviewColumn("profile"),
    PreviewColumn("began", _TIME),
    PreviewColumn("ended", _TIME),
    PreviewColumn("changes", "BIGINT"),
    PreviewColumn("state"),
    PreviewColumn("title"),
)
RunRow = tuple[int, str, datetime, datetime | None, int, str, str]
ENTRY_COLUMNS = tuple(
    map(
        PreviewColumn,
        ("number", "change", "entity", "ExternalID", "state", "reason", "origin"),
        ("BIGINT", *["VARCHAR"] * 6),
    )
)
RESULT_COLUMNS = (*ENTRY_COLUMNS, PreviewColumn("run", "BIGINT"))


def list_run(run: RunSummary, *, is_in_use: bool) -> RunRow:
    """Return the row of a run: when it was, how many changes it has, and how far they are."""
    state = describe_counts(run.counts.items()) + ("; under way" if is_in_use else "")
    ended = None if run.ended_at is None else _to_time(run.ended_at)
    began = _to_time(run.began_at)
    return run.id, run.profile, began, ended, run.change_count, state, run.title


def list_entry(entry: JournalEntry) -> Sequence[int | str | None]:
    """Return the row of a change of the journal: its record, its state, and why."""
    change = entry.change
    external_id = entry.result_id or change.external_id
    state, reason = entry.state.value, entry.reason or None
    origin = change.origin or None
    return entry.number, change.kind.value, change.entity, external_id, state, reason, origin


def describe_values(entry: JournalEntry) -> str | None:
    """Return the values of a change, old ones first where they are known; None for none."""
    change = entry.change
    sent = change.properties if entry.write is None else entry.write.properties
    read = change.before if entry.observed is None else entry.observed
    said = [
        f"{name}: {_show(find_value(read, name))} → {_show(value)}"
        if change.kind is ChangeKind.UPDATE and read is not None
        else f"{name}: {_show(value)}"
        for name, value in (sent or {}).items()
    ]
    return one_line(", ".join(said), _LONGEST_VALUES) or None


def _show(value: object) -> str:
    return "empty" if is_empty(value) else str(value)


def list_result(run_id: int, entry: JournalEntry) -> Sequence[int | str | None]:
    """Return the row of a change where those of several runs are listed: its run comes last."""
    return *list_entry(entry), run_id


def _to_time(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).replace(microsecond=0)
