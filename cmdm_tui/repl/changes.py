"""SQL that changes records at the prompt: shown, confirmed, sent, and what became of it."""

from collections.abc import Sequence
from pathlib import Path

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.preview import (
    ChangePreview,
    PreviewColumn,
    preview_columns,
    preview_rows,
)
from cmdm_tui.changes.sql_returning import returned_columns, returned_rows
from cmdm_tui.config import Paths
from cmdm_tui.formats import OutputColumn, OutputRow, OutputStyle, create_writer
from cmdm_tui.operations.change_texts import describe_outcome, describe_preview
from cmdm_tui.operations.confirmation import WritePolicy, confirm_rule
from cmdm_tui.operations.query import CallPolicy
from cmdm_tui.operations.statement import StatementOperation
from cmdm_tui.operations.write import WriteOperation, WriteOutcome
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.write_statement import WriteStatement
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_prompter import HOW_TO_CONFIRM, ReplPrompter

_SAMPLE = 5

ReturnedRows = tuple[Sequence[OutputColumn], Sequence[OutputRow]]


class SessionChanges:
    """The statements of a session that change records; `journal` is the file that keeps them."""

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

    async def run(
        self, statement: WriteStatement, engine: Engine, calls: CallPolicy
    ) -> ReturnedRows | None:
        """Run a statement; return what RETURNING gives, None without it or where nothing was sent.

        Raises ReplError in a script where something was left out or not done.
        """
        reading = StatementOperation(self._account, engine, self._prompter, calls)
        made = await reading.plan(statement, only_looks=False)
        if made is None or reading.change is None:
            self._streams.write_note("Nothing was sent.")
            return None
        with Journal.open(self._journal or Paths.of_user().journal) as journal:
            outcome = await self._send(made.change_set, journal)
            if outcome.is_declined:
                self._streams.write_note("Nothing was sent.")
                return None
            columns = returned_columns(statement.returning, reading.change.known)
            entries = () if outcome.run is None else outcome.run.entries
        self._require_all(outcome)
        if not columns:
            return None
        titles = [PreviewColumn(title) for title, _ in columns]
        return titles, returned_rows(columns, entries, made.read)

    def stop(self) -> bool:
        """End what runs now after the calls under way; return whether it ends by itself then."""
        if self._running is None or not self._running.stop():
            return False
        self._streams.write_note("Stopping after the calls under way.")
        return True

    async def _send(self, change_set: ChangeSet, journal: Journal) -> WriteOutcome:
        policy = WritePolicy(
            confirm_rule(self._account.profile),
            HOW_TO_CONFIRM,
            is_confirmed=not self._settings.confirms,
        )
        operation = WriteOperation(
            self._account, journal, self._prompter, policy, show=self._show_changes
        )
        self._running = operation
        try:
            outcome = await operation.apply(change_set)
        except ChangeError as error:
            raise ReplError(str(error)) from None
        finally:
            self._running = None
        if outcome.run is not None and outcome.summary is not None:
            for sentence in describe_outcome(outcome.run, outcome.summary):
                self._streams.write_note(self._account.client.redact(sentence))
            self._name_undo(outcome.run)
        return outcome

    def _name_undo(self, run: JournalRun) -> None:
        if self._prompter.can_ask:
            self._streams.write_note(f"cmdm journal undo {run.id} takes it back.")

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
        if self._prompter.can_ask:
            return
        summary = outcome.summary
        if summary is not None and summary.error is not None:
            raise summary.error
        is_done = summary is None or (summary.is_complete and not summary.has_failures)
        if outcome.change_set.rejects or not is_done:
            raise ReplError("Not all of the changes were made. The lines above say which, and why.")
