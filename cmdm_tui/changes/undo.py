"""Makes the change set that takes a run back."""

from collections.abc import Mapping, Sequence

from cmdm_tui.api import Client
from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.journal import JournalRun


async def make_undo(
    run: JournalRun, client: Client, *, fields: Mapping[str, Sequence[Field]] | None = None
) -> ChangeSet:
    """Return what takes back what the run has done; it reads each record that it would change.

    Updates are put back only where the value is still the one that was written, else they are
    rejects. Created records are deleted. Deleted records are made again, under a new id: without
    what is read-only by `fields`, which are looked up where they are not given. Notes name the
    conversions and closings, which stay, and who still points at an old id. Apply it with
    `journal.begin(undo, …, undo_of=run.id)`. Raises ApiError where it cannot read.
    """
    raise NotImplementedError
