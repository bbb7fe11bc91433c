"""What became of the changes of a program, and the errors where they were not all made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmdm_tui.api.errors import ApiError
from cmdm_tui.changes.change_set import ChangeKind, Reject
from cmdm_tui.changes.errors import ChangeError, IncompleteChanges
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.operations.change_texts import MOST_SHOWN, describe_rejects
from cmdm_tui.operations.write import WriteOutcome
from cmdm_tui.text import count_noun, one_line


class RejectedChanges(ChangeError):
    """Some of what was asked for cannot be sent: `rejects` say what and why. Nothing was sent."""

    hint = "Nothing was sent. Correct them, or leave them out with skip_rejected=True"

    def __init__(self, rejects: tuple[Reject, ...]) -> None:
        _, *lines = describe_rejects(rejects)
        first = lines[0].strip().rstrip(".")
        super().__init__(f"{count_noun(len(rejects), 'change')} cannot be sent: {first}")
        self.rejects = rejects


class ChangesNotMade(IncompleteChanges):
    """Not all changes were made: `applied` says what became of each."""

    def __init__(self, applied: "AppliedChanges") -> None:
        failed = [one for one in applied.entries if one.state.is_failed or one.state.is_open]
        named = [
            f"change {one.number} is {one.state}"
            + (f": {one_line(one.reason, 200)}" * bool(one.reason))
            for one in failed[:MOST_SHOWN]
        ]
        what = f"{count_noun(len(failed), 'change')} of run {applied.run_id} not made"
        super().__init__(
            "; ".join([what, *named]), is_in_doubt=any(one.state.is_in_doubt for one in failed)
        )
        self.applied = applied


@dataclass(frozen=True, slots=True)
class AppliedChanges:
    """What became of changes that were sent.

    `run_id` is the run in the journal, None where there was nothing to send. `entries` say what
    became of each change, with the ids of new records; `counts` are by state, of the whole run.
    `rejects` were left out before, `unchanged` records held the wanted values already. `calls_made`
    are those of this apply. `stop_reason` is a clause that says why it ended with changes left to
    send, "" where it did not, and `error` what the service or the network said then.
    """

    run_id: int | None
    entries: tuple[JournalEntry, ...] = ()
    counts: Mapping[EntryState, int] = field(default_factory=dict[EntryState, int])
    rejects: tuple[Reject, ...] = ()
    unchanged: int = 0
    calls_made: int = 0
    stop_reason: str = ""
    error: ApiError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to send or to find out."""
        return not any(one.state.is_open for one in self.entries)

    @property
    def has_failures(self) -> bool:
        """Whether a change was refused, in conflict or skipped."""
        return any(one.state.is_failed for one in self.entries)

    @property
    def created_ids(self) -> dict[int, str]:
        """The ids of the new records, by number of the change, from 1."""
        return {
            one.number: one.result_id
            for one in self.entries
            if one.change.kind is ChangeKind.CREATE and one.result_id is not None
        }

    def raise_for_failures(self) -> None:
        """Raise ChangesNotMade unless every change was made, or found to be as wanted."""
        if self.has_failures or not self.is_complete:
            raise ChangesNotMade(self)


def list_applied(outcome: WriteOutcome) -> AppliedChanges:
    """Return what became of the changes of an operation that has ended."""
    made, run, summary = outcome.change_set, outcome.run, outcome.summary
    if run is None:
        return AppliedChanges(None, rejects=made.rejects, unchanged=made.unchanged)
    return AppliedChanges(
        run.id,
        run.entries,
        dict(run.summary.counts),
        made.rejects,
        made.unchanged,
        calls_made=0 if summary is None else summary.calls_made,
        stop_reason="" if summary is None else summary.stop_reason,
        error=None if summary is None else summary.error,
    )
