"""Send one change of one record with one call, and keep the journal of it."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.api.errors import (
    ApiError,
    NetworkError,
    OutcomeUnknown,
    QuotaFloorReached,
    StatusError,
)
from cmdm_tui.api.models import PendingWrite
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_sender import ONCE_KINDS, RUN_ENDING, is_refusal
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import ChangeError, InvalidChange
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.operations.write import forget_totals
from cmdm_tui.text import one_line


@dataclass(frozen=True, slots=True)
class SentChange:
    """The service's answer to a change, and the id of what it made."""

    body: bytes
    result_id: str | None = None


class SingleChange:
    """One confirmed change, which `send` makes with the call that it is given.

    The journal knows of it before the call and after. A journal that cannot be written does not
    keep the change from being sent: `trouble` says then why it is not there.
    """

    def __init__(self, account: Account, journal: Path, change_set: ChangeSet) -> None:
        self._account = account
        self._path = journal
        self._change_set = change_set
        self._run: JournalRun | None = None
        self.trouble = ""
        """Why the journal does not have it, or not how it ended; empty where it does."""

    @property
    def run_id(self) -> int | None:
        """The number of its run in the journal; None where it is not there."""
        return None if self._run is None else self._run.id

    @property
    def can_be_undone(self) -> bool:
        """Whether `cmdm journal undo` can take it back: what was there before is known."""
        (change,) = self._change_set.changes
        is_known = change.kind is ChangeKind.CREATE or change.before is not None
        return self._run is not None and change.kind.can_be_undone and is_known

    async def send(self, call: Callable[[PendingWrite], Awaitable[SentChange]]) -> SentChange:
        """Make the call and return its answer; what it raises is raised."""
        (change,) = self._change_set.changes
        write = self._prepare(change)
        with ExitStack() as stack:
            self._begin(stack, change, write)
            try:
                sent = await call(write)
            except BaseException as error:
                self._end(*self._classify(change, error))
                raise
            finally:
                forget_totals(self._account, [change])
            self._end(EntryState.DONE, "", sent.result_id)
        return sent

    def _prepare(self, change: Change) -> PendingWrite:
        if change.kind is ChangeKind.CREATE:
            client = self._account.client
            return client.prepare_create(change.entity, change.properties, parent=change.parent)
        lead_id = change.external_id if change.kind is ChangeKind.CONVERT else None
        return PendingWrite(change.entity, change.properties, lead_id=lead_id)

    def _begin(self, stack: ExitStack, change: Change, write: PendingWrite) -> None:
        try:
            journal = stack.enter_context(Journal.open(self._path))
            run = journal.begin(self._change_set, profile=self._account.profile.name)
            stack.enter_context(run.hold())
            run.mark_sending(1, write=write, observed=change.before)
        except InvalidChange:
            return  # It changes nothing, or cannot be sent: the service, or the client, says so.
        except ChangeError as error:
            self.trouble = str(error)
        else:
            self._run = run

    def _end(self, state: EntryState, reason: str, result_id: str | None = None) -> None:
        if self._run is None:
            return
        try:
            self._run.set_state(1, state, reason=reason, result_id=result_id)
        except ChangeError as error:
            self.trouble = str(error)

    def _classify(self, change: Change, error: BaseException) -> tuple[EntryState, str]:
        """Return what is known of a change whose call has failed, and why."""
        client = self._account.client
        if isinstance(error, ApiError):
            is_open = isinstance(error, OutcomeUnknown) or not (
                is_refusal(error) or _was_not_sent(change, error)
            )
            words = error.message
        else:
            is_open = client.has_open_write or client.was_cancelled_call_sent
            words = str(error) or "it was interrupted"
        reason = one_line(client.redact(words).rstrip("."), 400)
        return (EntryState.UNKNOWN if is_open else EntryState.REFUSED), reason


def _was_not_sent(change: Change, error: ApiError) -> bool:
    """Return whether the failure came before the call, or refused it as a whole."""
    if isinstance(error, StatusError | QuotaFloorReached) and error.is_repeated:
        return False
    is_once = change.kind in ONCE_KINDS
    return isinstance(error, RUN_ENDING) and (is_once or not isinstance(error, NetworkError))
