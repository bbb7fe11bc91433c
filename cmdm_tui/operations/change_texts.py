"""Describes changes for a person, before they are sent and after: sentences for every face."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cmdm_tui.api import Quota
from cmdm_tui.changes.apply_events import ApplySummary
from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.text import count_noun, end_sentence, one_line

MOST_SHOWN = 5
"""Changes of a kind that are named one by one; the journal and a file have them all."""

_FIELDS_SHOWN = 6
_STATES = {
    EntryState.DONE: "done",
    EntryState.UNCHANGED: "unchanged",
    EntryState.REFUSED: "refused",
    EntryState.CONFLICT: "in conflict",
    EntryState.SKIPPED: "skipped",
    EntryState.UNKNOWN: "in doubt",
    EntryState.SENDING: "in doubt",
    EntryState.PENDING: "not sent",
}


@dataclass(frozen=True, slots=True)
class JournalWords:
    """How a face's commands on a run of the journal are typed, before its number.

    `stop` is the key that ends a run after the calls under way.
    """

    show: str = "cmdm journal show"
    resume: str = "cmdm journal resume"
    stop: str = "Ctrl-C"


COMMAND_WORDS = JournalWords()


def describe_preview(preview: ChangePreview, quota: Quota) -> Iterator[str]:
    """Yield what the changes are, what they cost, and what cannot be undone."""
    for (kind, entity), count in preview.counts.items():
        yield (
            f"{kind.value.capitalize()} {count_noun(count, 'record')} of {one_line(entity, 60)}"
            + (_describe_fields(preview, entity) if kind is ChangeKind.UPDATE else "")
            + "."
        )
    if preview.every_of:
        yield f"Every record of {one_line(preview.every_of, 60)} is meant: there is no WHERE."
    if not preview.change_count:
        yield "There is nothing to change."
    if preview.unchanged:
        holds = "holds" if preview.unchanged == 1 else "hold"
        yield f"{count_noun(preview.unchanged, 'record')} {holds} the wanted values already."
    yield from describe_rejects(preview.rejects)
    yield from preview.notes
    if preview.is_partial:
        yield "Not every record that may be meant was read: these changes are a part of all."
    yield from _describe_undo(preview)
    if preview.new_ids:
        made = "it again, with a new id" if preview.new_ids == 1 else "them again, with new ids"
        yield f"Undo creates {made}."
    if preview.change_count:
        yield _describe_cost(preview, quota)


def describe_rejects(rejects: Sequence[Reject]) -> Iterator[str]:
    """Yield how many changes will not be sent, and why for the first of them."""
    if not rejects:
        return
    yield f"{count_noun(len(rejects), 'record')} left out:"
    for reject in rejects[:MOST_SHOWN]:
        reason = one_line(reject.reason, 300)
        yield f"  {_locate_reject(reject) or 'one record'}: {end_sentence(reason)}"
    if len(rejects) > MOST_SHOWN:
        yield f"  … and {len(rejects) - MOST_SHOWN:,} more."


def describe_outcome(
    run: JournalRun, summary: ApplySummary, words: JournalWords = COMMAND_WORDS
) -> Iterator[str]:
    """Yield how many changes were done, what was not and why, and how to go on."""
    yield (
        f"{describe_counts(summary.counts.items())}; {count_noun(summary.calls_made, 'call')}. "
        f"The journal has it as run {run.id}."
    )
    failed = [one for one in run.entries if one.state.is_failed or one.state is EntryState.UNKNOWN]
    for entry in failed[:MOST_SHOWN]:
        yield f"  {name_change(entry)}: {_STATES[entry.state]}: {one_line(entry.reason, 300)}."
    if len(failed) > MOST_SHOWN:
        yield f"  … and {len(failed) - MOST_SHOWN:,} more: {words.show} {run.id} lists them."
    waiting = [one for one in run.entries if one.state is EntryState.PENDING and one.reason]
    for entry in waiting[:1]:
        yield f"  {name_change(entry)}: not sent: {one_line(entry.reason, 300)}."
    if len(waiting) > 1:
        yield f"  … and {len(waiting) - 1:,} more: {words.show} {run.id} lists them."
    if summary.stop_reason:
        yield f"It ended early, because {summary.stop_reason}."
    if not summary.is_complete:
        yield f"{words.resume} {run.id} goes on with what is left."


def describe_counts(counts: Iterable[tuple[EntryState, int]]) -> str:
    """Return how many changes are in which state, as in `48 done, 2 in conflict`."""
    known = dict(counts)
    words = dict.fromkeys(_STATES.values(), 0)
    for state, count in known.items():
        words[_STATES[state]] += count
    return ", ".join(f"{count:,} {word}" for word, count in words.items() if count) or "nothing"


def name_state(state: EntryState) -> str:
    """Return the state in a word or two, as in `in doubt`."""
    return _STATES[state]


def name_change(entry: JournalEntry) -> str:
    """Return the change's number, its record and where it comes from."""
    change = entry.change
    where = f", {one_line(change.origin, 60)}" if change.origin else ""
    return f"Change {entry.number} ({name_record(change)}{where})"


def name_record(change: Change) -> str:
    """Return the kind of change and its record, as in `update lead ABC1D2E3`."""
    parts = (change.kind.value, change.entity, change.external_id or "")
    return " ".join(one_line(part, 80) for part in parts if part)


def _locate_reject(reject: Reject) -> str:
    """Return where it comes from, or else its record if that has an id, and the field at fault."""
    change = reject.change
    where = one_line(reject.origin, 80)
    if not where and change is not None and change.external_id:
        where = f"{one_line(change.entity, 80)} {one_line(change.external_id, 80)}"
    return ", ".join(one_line(part, 200) for part in (where, reject.column or "") if part)


def _describe_fields(preview: ChangePreview, entity: str) -> str:
    found = [(name, count) for (of, name), count in preview.fields.items() if of == entity]
    shown = ", ".join(f"{one_line(name, 60)} in {count:,}" for name, count in found[:_FIELDS_SHOWN])
    more = f" and {len(found) - _FIELDS_SHOWN} more fields" if len(found) > _FIELDS_SHOWN else ""
    return f": {shown}{more}" if found else ""


def _describe_undo(preview: ChangePreview) -> Iterator[str]:
    count = preview.not_undoable
    if count == 1 == preview.change_count:
        yield "It cannot be taken back."
    elif count and count == preview.change_count:
        yield "None of them can be taken back."
    elif count:
        yield f"{count:,} of them cannot be taken back: conversions and closings."


def _describe_cost(preview: ChangePreview, quota: Quota) -> str:
    low, high = preview.calls_low, preview.calls_high
    calls = count_noun(high, "call") if low == high else f"{low:,} to {high:,} calls"
    if quota.remaining is None:
        return f"It takes {calls} if none fails; how many are left this hour is not known."
    until = "" if quota.reset_at is None else f", which ends at {quota.reset_at:%H:%M} UTC"
    return f"It takes {calls} if none fails, of {quota.remaining:,} left this hour{until}."
