"""Makes a change set of what a run did not do, to be corrected and applied again."""

from dataclasses import dataclass

from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.journal import JournalRun


@dataclass(frozen=True, slots=True)
class RefusedChanges:
    """The changes that were refused, in conflict or skipped, and a reason for each."""

    change_set: ChangeSet
    reasons: tuple[str, ...]


def make_refused_set(run: JournalRun) -> RefusedChanges | None:
    """Return what was not done, ids of records that were created filled in; None for nothing.

    Save it with `save_change_set(path, refused.change_set, reasons=refused.reasons)`.
    """
    raise NotImplementedError
