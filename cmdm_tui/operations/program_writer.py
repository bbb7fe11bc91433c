"""Sends the changes of a program: its call is the confirmation, and no one is asked."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import (
    DEFAULT_OPTIONS,
    ApplyListener,
    ApplyOptions,
    ignore_apply_events,
)
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import RunSummary
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.operations.account_runs import list_account_runs
from cmdm_tui.operations.applied_changes import AppliedChanges, list_applied
from cmdm_tui.operations.confirmation import WritePolicy
from cmdm_tui.operations.lookups import LookupOperation
from cmdm_tui.operations.prompter import CheckText
from cmdm_tui.operations.query import CallPolicy
from cmdm_tui.operations.write import WriteOperation, check_writable
from cmdm_tui.query.engine import Engine


class ClosedConnection(ChangeError):
    """Changes are to be read or sent after the connection's `async with` has ended."""

    hint = "Nothing was sent. Look at changes and apply them within the connection's `async with`"


class ProgramWriter:
    """Sends the changes of a program to one account; `journal` is the file that keeps them."""

    def __init__(self, account: Account, journal: Path) -> None:
        self._account = account
        self._journal = journal

    def start(self) -> None:
        """Begin the time of one operation, as the profile or the program bounds it.

        Raises ClosedConnection where the connection has ended.
        """
        if self._account.client.is_closed:
            raise ClosedConnection("The connection is closed")
        self._account.client.start_command()

    def check_writable(self) -> None:
        """Raise ReadOnly where the profile allows no change."""
        check_writable(self._account)

    async def apply(
        self,
        change_set: ChangeSet,
        *,
        undo_of: int | None,
        max_writes: int | None,
        options: ApplyOptions,
        listener: ApplyListener,
        begun: Callable[[int], None],
    ) -> AppliedChanges:
        """Send the changes; `begun` gets the run's number, also where an error ends it.

        Raises what `WriteOperation.apply` does.
        """
        with self._open_operation(listener, options, max_writes) as (journal, operation):
            del journal
            try:
                outcome = await operation.apply(change_set, undo_of=undo_of)
            finally:
                if operation.run is not None:
                    begun(operation.run.id)
            return list_applied(outcome)

    async def resume(self, run_id: int, listener: ApplyListener) -> AppliedChanges:
        """Go on with a run that was stopped or killed. Raises what `WriteOperation.resume` does."""
        with self._open_operation(listener) as (journal, operation):
            return list_applied(await operation.resume(journal.load(run_id)))

    async def plan_undo(self, run_id: int) -> ChangeSet:
        """Return what takes the run back; it reads each record that it would change."""
        with self._open_operation(ignore_apply_events) as (journal, operation):
            return await operation.plan_undo(journal.load(run_id))

    async def check_lookups(self, change_set: ChangeSet, engine: Engine) -> ChangeSet:
        """Return the set without what names a record that does not exist, as rejects."""
        policy = CallPolicy("", is_allowed=True)
        checked = await LookupOperation(self._account, engine, _Nobody(), policy).check(change_set)
        return change_set if checked is None else checked

    def list_runs(self) -> list[RunSummary]:
        """Return the runs of this account, the newest first."""
        with Journal.open(self._journal) as journal:
            return list_account_runs(journal, self._account)

    @contextmanager
    def _open_operation(
        self,
        listener: ApplyListener,
        options: ApplyOptions = DEFAULT_OPTIONS,
        max_writes: int | None = None,
    ) -> Generator[tuple[Journal, WriteOperation]]:
        policy = WritePolicy(
            "never",
            "",
            is_confirmed=True,
            max_writes=max_writes,
            how_to_raise="Allow more with max_writes",
            how_to_read_all="Nothing was sent. Allow more calls with max_calls, or try again",
        )
        with Journal.open(self._journal) as journal:
            yield (
                journal,
                WriteOperation(
                    self._account,
                    journal,
                    _Nobody(),
                    policy,
                    show=_show_no_one,
                    options=options,
                    listener=listener,
                ),
            )


class _Nobody:
    """The prompter of a program: no one is asked, and events say what a person would read."""

    can_ask = False

    async def confirm(self, question: str) -> bool:  # noqa: ARG002 — it asks nothing
        return False

    async def enter_count(self, question: str, count: int) -> bool:  # noqa: ARG002 — it asks nothing
        return False

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:  # noqa: ARG002 — it asks nothing
        return None

    async def enter_text(
        self,
        question: str,  # noqa: ARG002 — it asks nothing
        check: CheckText,  # noqa: ARG002 — it asks nothing
        *,
        suggestions: Sequence[str] = (),  # noqa: ARG002 — it asks nothing
        default: str = "",  # noqa: ARG002 — it asks nothing
    ) -> str | None:
        return None

    def show_progress(self, line: str) -> None:
        """Show nothing."""

    def notify(self, message: str) -> None:
        """Tell no one."""

    def progress(self, most_calls: int) -> AbstractContextManager[None]:  # noqa: ARG002 — it asks nothing
        return nullcontext()


def _show_no_one(_: ChangeSet, __: ChangePreview) -> None:
    """Show nothing: a program asks for the preview itself."""
