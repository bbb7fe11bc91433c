"""What changes records at the prompt: SQL, files of changes, and the runs of the journal."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_file import load_change_set
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeError, IncompleteChanges, NoSuchRun, PartialChanges
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState, RunSummary
from cmdm_tui.changes.preview import (
    ChangePreview,
    preview_columns,
    preview_rows,
)
from cmdm_tui.changes.run_effect import collect_effects
from cmdm_tui.changes.sql_returning import describe_unread, returned_columns, returned_rows
from cmdm_tui.config import Paths
from cmdm_tui.formats import OutputColumn, OutputRow, OutputStyle, create_writer
from cmdm_tui.operations.account_runs import (
    find_last_run,
    find_stopped_run,
    list_account_runs,
)
from cmdm_tui.operations.change_texts import JournalWords, describe_outcome, describe_preview
from cmdm_tui.operations.journal_rows import describe_values, list_entry, list_run
from cmdm_tui.operations.query import CallPolicy
from cmdm_tui.operations.statement import StatementOperation
from cmdm_tui.operations.write import WriteOperation, WriteOutcome, check_writable
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.write_statement import WriteStatement
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session_policy import make_write_policy
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_prompter import HOW_TO_CONFIRM, ReplPrompter
from cmdm_tui.text import one_line

_SAMPLE = 5

WORDS = JournalWords(r"\journal", r"\resume")
"""How the commands on a run are typed here."""

_Given = TypeVar("_Given")
ReturnedRows = tuple[Sequence[OutputColumn], Sequence[OutputRow]]


class DoneChanges(Struct, frozen=True):
    """What a statement did: how many changes were made, and the rows that RETURNING gives."""

    count: int
    returned: ReturnedRows | None = None


class SessionChanges:
    """The changes of a session, and the runs of its account; `journal` is the file of these.

    What is sent is shown, and confirmed as the profile has it. In a script, IncompleteChanges is
    raised where something was left out or not done; PartialChanges where not all was read.
    """

    def __init__(
        self,
        account: Account,
        streams: ReplStreams,
        settings: SessionSettings,
        prompter: ReplPrompter,
        journal: Path | None,
    ) -> None:
        self._account = account
        self._streams = streams
        self._settings = settings
        self._prompter = prompter
        self._journal = journal
        self._running: WriteOperation | None = None
        self.may_have_changed = False
        """Whether records may have been changed since this was last set to false."""

    async def run(
        self, statement: WriteStatement, engine: Engine, calls: CallPolicy
    ) -> "DoneChanges | None":
        """Run a statement; return what was done, None where the person declined.

        Raises IncompleteChanges in a script where something was left out or not done.
        """
        reading = StatementOperation(self._account, engine, self._prompter, calls)
        made = await reading.plan(statement, only_looks=False)
        if made is None or reading.change is None:
            self._streams.write_note("Nothing was sent.")
            return None
        with self._open_journal() as journal:
            outcome = await self._send(journal, lambda operation: operation.apply(made.change_set))
            if outcome.is_declined:
                return None
            summary = outcome.summary
            count = 0 if summary is None else summary.counts.get(EntryState.DONE, 0)
            columns = returned_columns(statement.returning, reading.change.known)
            entries = () if outcome.run is None else outcome.run.entries
        if not columns:
            return DoneChanges(count)
        for sentence in describe_unread(columns, entries):
            self._streams.write_note(sentence)
        return DoneChanges(count, (columns, returned_rows(columns, entries, made.read)))

    async def apply_file(self, path: Path) -> None:
        """Send the changes that a file keeps."""
        check_writable(self._account)
        change_set = _explain(lambda: load_change_set(path))
        with self._open_journal() as journal:
            await self._send(journal, lambda operation: operation.apply(change_set))

    async def undo(self, run_id: int | None) -> None:
        """Take a run back; without a number, the last of this account that was not taken back."""
        check_writable(self._account)
        with self._open_journal() as journal:
            run = _explain(lambda: journal.load(run_id or self._find_last(journal)))
            self._streams.write_note(f"Run {run.id}: {one_line(run.summary.title, 200)}")

            if not await self._may_read_undo(run):
                self._streams.write_note("Nothing was sent.")
                return

            async def apply_undo(operation: WriteOperation) -> WriteOutcome:
                return await operation.apply(await operation.plan_undo(run), undo_of=run.id)

            await self._send(journal, apply_undo)

    async def resume(self, run_id: int | None) -> None:
        """Show what is left of a run, and send it; without a number, of the newest one stopped."""
        check_writable(self._account)
        with self._open_journal() as journal:
            run = _explain(lambda: journal.load(run_id or self._find_stopped(journal)))
            self._streams.write_note(f"Run {run.id}: {one_line(run.summary.title, 200)}")
            outcome = await self._send(journal, lambda operation: operation.resume(run))
        if outcome.summary is None and not outcome.is_declined:
            self._streams.write_note(f"Nothing is left to do of run {run.id}.")

    def find_stopped(self) -> RunSummary | None:
        """Return the newest run of this account that was stopped; makes no call."""
        with self._open_journal() as journal:
            return _explain(lambda: find_stopped_run(journal, self._account))

    async def _may_read_undo(self, run: JournalRun) -> bool:
        """Return whether the records may be read that an undo changes; ask where they are many.

        Raises ReplError where no one can be asked.
        """
        calls, unasked = len(collect_effects(run.entries)), self._settings.calls_without_asking
        if not self._settings.confirms or calls <= unasked:
            return True
        reading = f"To take run {run.id} back, about {calls:,} calls read what it changed"
        if not self._prompter.can_ask:
            raise ReplError(f"{reading}, and no one can be asked here. {HOW_TO_CONFIRM}.")
        return await self._prompter.confirm(f"{reading}. Read it?")

    def list_runs(self) -> Sequence[tuple[int, str, int, str, str]]:
        """Return the number, begin, changes, state and title of each run of this account."""
        with self._open_journal() as journal:
            runs = _explain(lambda: list_account_runs(journal, self._account))
            rows = [list_run(run, is_in_use=journal.is_in_use(run.id)) for run in runs]
        # A terminal is narrow, and every run here is of one account.
        return [
            (number, f"{began:%Y-%m-%d %H:%M}", changes, state, title)
            for number, _, began, _, changes, state, title in rows
        ]

    def list_entries(self, run_id: int) -> Sequence[Sequence[int | str | None]]:
        """Return a row for each change of a run, as `ENTRY_COLUMNS` and its values, and note it."""
        redact = self._account.client.redact
        with self._open_journal() as journal:
            run = _explain(lambda: journal.load(run_id))
            self._streams.write_note(f"Run {run_id}: {one_line(run.summary.title, 200)}")
            return [
                (*list_entry(entry), values and redact(values))
                for entry in run.entries
                for values in [describe_values(entry)]
            ]

    def stop(self) -> bool:
        """End what runs now after the calls under way; return whether it ends by itself then."""
        if self._running is None or not self._running.stop():
            return False
        self._streams.write_note("Stopping after the calls under way.")
        return True

    def _open_journal(self) -> Journal:
        return _explain(lambda: Journal.open(self._journal or Paths.of_user().journal))

    def _find_last(self, journal: Journal) -> int:
        run_id = find_last_run(journal, self._account)
        if run_id is None:
            raise ReplError(r"There is no run of this account to take back. \journal lists them.")
        return run_id

    def _find_stopped(self, journal: Journal) -> int:
        run = find_stopped_run(journal, self._account)
        if run is None:
            raise ReplError(r"There is no run of this account to go on with. \journal lists them.")
        return run.id

    async def _send(
        self, journal: Journal, work: Callable[[WriteOperation], Awaitable[WriteOutcome]]
    ) -> WriteOutcome:
        """Do what an operation is asked to, and say how it ended."""
        policy = make_write_policy(self._account.profile, self._settings)
        operation = WriteOperation(
            self._account,
            journal,
            self._prompter,
            policy,
            show=self._show_changes,
            words=WORDS,
        )
        self._running = operation
        try:
            outcome = await work(operation)
        except (PartialChanges, IncompleteChanges):
            raise
        except ChangeError as error:
            raise ReplError(str(error)) from None
        finally:
            self._running = None
            self._note_effect(operation.run)
        if outcome.is_declined:
            self._streams.write_note("Nothing was sent.")
        if outcome.run is not None and outcome.summary is not None:
            for sentence in describe_outcome(outcome.run, outcome.summary, WORDS, outcome.doubts):
                self._streams.write_note(self._account.client.redact(sentence))
            self._name_undo(outcome.run)
        self._require_all(outcome)
        return outcome

    def _note_effect(self, run: JournalRun | None) -> None:
        states = () if run is None else (entry.state for entry in run.entries)
        if any(state is EntryState.DONE or state.is_in_doubt for state in states):
            self.may_have_changed = True

    def _name_undo(self, run: JournalRun) -> None:
        is_done = bool(run.summary.counts.get(EntryState.DONE))
        if is_done and run.undo_of is None and self._prompter.is_at_prompt:
            self._streams.write_note(f"\\undo {run.id} takes it back.")

    def _show_changes(self, change_set: ChangeSet, preview: ChangePreview) -> None:
        for sentence in describe_preview(preview, self._account.known_quota.quota):
            self._streams.write_note(self._account.client.redact(sentence))
        if not (preview.change_count and self._streams.output_is_terminal):
            return
        style = OutputStyle(is_terminal=True, width=self._streams.width, has_colours=False)
        writer = create_writer("table", self._streams, style)
        writer.begin(preview_columns())
        writer.write_rows(list(preview_rows(change_set, limit=_SAMPLE)))
        writer.end()
        self._streams.flush()
        if preview.change_count > _SAMPLE:
            shown = f"These are the first {_SAMPLE} of {preview.change_count:,} changes."
            self._streams.write_note(shown)

    def _require_all(self, outcome: WriteOutcome) -> None:
        """Raise where a script would go on as if all had been done."""
        if self._prompter.is_at_prompt:
            return
        summary = outcome.summary
        is_in_doubt = summary is not None and summary.is_in_doubt
        if summary is not None and summary.error is not None and not is_in_doubt:
            raise summary.error
        is_done = summary is None or (summary.is_complete and not summary.has_failures)
        if outcome.change_set.rejects or not is_done:
            raise IncompleteChanges(
                "Not all of the changes were made. The lines above say which, and why",
                is_in_doubt=is_in_doubt,
            )


def _explain(work: Callable[[], _Given]) -> _Given:
    """Return what `work` gives; a ChangeError becomes a ReplError."""
    try:
        return work()
    except NoSuchRun as error:
        raise ReplError(rf"{error.message}. \journal shows those of this account.") from None
    except ChangeError as error:
        raise ReplError(str(error)) from None
