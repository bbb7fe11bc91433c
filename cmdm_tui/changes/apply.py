"""Applies the changes of a run, or what is left of them, and keeps the journal of it."""

from cmdm_tui.api import Client
from cmdm_tui.changes.apply_events import (
    ApplyListener,
    ApplyOptions,
    ApplySummary,
    ignore_apply_events,
)
from cmdm_tui.changes.journal import JournalRun


class ChangeApplier:
    """Sends the open changes of a run; for a run that was stopped or killed, it resumes it.

    What was about to be sent when the run was killed is looked at first: it is done, or sent
    again where that is safe, or left in doubt and reported so.
    """

    def __init__(
        self,
        client: Client,
        run: JournalRun,
        options: ApplyOptions | None = None,
        *,
        listener: ApplyListener = ignore_apply_events,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> ApplySummary:
        """Send what is open and return what came of it.

        Raises RunInUse where another process applies the run, OtherAccount where the client's
        address is not the run's, and JournalError where the journal cannot be written.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """End in good order: calls under way are finished, the rest stays pending."""
        raise NotImplementedError
