"""Finds what has become of a run, or of its changes, in other runs of the journal."""

from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState

_NOTHING_LEFT = frozenset({EntryState.DONE, EntryState.UNCHANGED})


def find_undo(journal: Journal, run: JournalRun) -> JournalRun | None:
    """Return the last run that has taken back a part of a run, or may have; None where none has.

    One that was itself taken back whole does not count, unless that made records again: those have
    other ids than the run knows.
    """
    undos = [one for one in journal.load_undos(run.id) if _has_acted(one)]
    return next((one for one in reversed(undos) if not _is_as_before(journal, one)), None)


def find_sent(
    journal: Journal, change_set: ChangeSet, *, besides: int | None = None
) -> JournalRun | None:
    """Return a run that has sent the very same changes, or may have; None where there is none.

    The run `besides` is not looked at. One that is under way, or was killed, may have. One that was
    taken back whole does not count.
    """
    for run in journal.load_same(change_set):
        may_have_acted = run.ended_at is None or _has_acted(run)
        if run.id == besides or not may_have_acted:
            continue
        undos = journal.load_undos(run.id)
        if not any(_undoes(one, run) and find_undo(journal, one) is None for one in undos):
            return run
    return None


def _is_as_before(journal: Journal, undo: JournalRun) -> bool:
    """Return whether all is as if the undo had not been: another took it back, ids and all."""
    return any(
        _undoes(one, undo) and not _makes_records(one) and find_undo(journal, one) is None
        for one in journal.load_undos(undo.id)
    )


def _undoes(undo: JournalRun, run: JournalRun) -> bool:
    """Return whether an undo has taken back all that a run has done, and may have done."""
    states = {entry.state for entry in undo.entries}
    is_whole = EntryState.DONE in states and states <= _NOTHING_LEFT
    is_known = not any(entry.state.is_in_doubt for entry in run.entries)
    if not is_whole or not is_known or undo.change_set.rejects:
        return False
    done = [entry for entry in run.entries if entry.state is EntryState.DONE]
    # What was sent after the undo was made is not in it.
    return all(
        entry.change.kind.can_be_undone and (entry.sent_at or 0.0) <= undo.began_at
        for entry in done
    )


def _makes_records(run: JournalRun) -> bool:
    return any(entry.change.kind is ChangeKind.CREATE for entry in run.entries)


def _has_acted(run: JournalRun) -> bool:
    return any(one.state is EntryState.DONE or one.state.is_in_doubt for one in run.entries)
