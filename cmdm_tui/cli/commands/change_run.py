"""Runs a write operation for a command: shows the changes, applies them, says what became."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import DEFAULT_OPTIONS, ApplyOptions, ApplySummary
from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.preview import (
    ChangePreview,
    preview_changes,
    preview_columns,
    preview_rows,
)
from cmdm_tui.cli.commands.change_files import ChangeFiles
from cmdm_tui.cli.commands.query_output import choose_style, open_destination
from cmdm_tui.cli.context import CommandContext, note, report_cache_errors
from cmdm_tui.cli.event_loop import run_async
from cmdm_tui.cli.exit_codes import ExitCode, exit_code_of
from cmdm_tui.cli.output import write_json
from cmdm_tui.cli.progress import CallsProgress
from cmdm_tui.cli.prompts import TerminalPrompter
from cmdm_tui.formats import Format, OutputColumn, create_writer
from cmdm_tui.operations.change_texts import describe_outcome, describe_preview
from cmdm_tui.operations.confirmation import WritePolicy, confirm_rule
from cmdm_tui.operations.interrupts import handle_interrupt
from cmdm_tui.operations.write import WriteOperation, WriteOutcome, check_writable
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    # These load DuckDB, which few changes need.
    from cmdm_tui.operations.query import CallPolicy
    from cmdm_tui.operations.reference_search import ReferenceSearch
    from cmdm_tui.query.engine import Engine

HOW_TO_CONFIRM = "Say --yes to send without a question, or --dry-run to only look"
HOW_TO_ALLOW = "Allow them with --yes, or some of them with --max-calls"
SAMPLE = 10
"""Changes that are shown one by one, where not all are asked for."""


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What a command was asked for beyond its changes.

    With `is_dry_run` the changes are written to stdout in the `format`, and none is sent;
    `saved_as` keeps them in a file, and sends none either. `results` and `refused` are files for
    what became of each change, and for those that were not done. `max_calls` is the most that
    reading may make; it `checks_lookups` with what of them is left.
    """

    apply: ApplyOptions = DEFAULT_OPTIONS
    is_confirmed: bool = False
    max_writes: int | None = None
    is_dry_run: bool = False
    shows_all: bool = False
    format: Format = "table"
    saved_as: Path | None = None
    results: Path | None = None
    refused: Path | None = None
    checks_lookups: bool = False
    allows_partial: bool = False
    max_calls: int | None = None

    @property
    def calls(self) -> "CallPolicy":
        """How many calls reading may make."""
        from cmdm_tui.operations.query import CallPolicy

        is_allowed = self.is_confirmed or self.max_calls is not None
        return CallPolicy(HOW_TO_ALLOW, max_calls=self.max_calls, is_allowed=is_allowed)

    @property
    def only_looks(self) -> bool:
        """Whether nothing is sent, whatever the changes are."""
        return self.is_dry_run or self.saved_as is not None


class ChangeCommand:
    """One command that changes records: the account, the journal and the operation on them.

    A command of several statements gives the same `files` for each.
    """

    def __init__(
        self, context: CommandContext, options: ChangeOptions, files: ChangeFiles | None = None
    ) -> None:
        self._context = context
        self._options = options
        self._files = files or ChangeFiles(options.results, options.refused)
        self.progress = CallsProgress()

    def run(self, work: "Callable[[ChangeSession], Awaitable[int]]") -> int:
        """Open the account and run `work` on it; return its exit code.

        A read-only profile is refused before anything is read. Ctrl-C ends an apply in good order.
        """
        return run_async(self._run_on_account(work))

    async def _run_on_account(self, work: "Callable[[ChangeSession], Awaitable[int]]") -> int:
        async with self._context.open_account(self.progress.observe) as account:
            if not self._options.only_looks:
                check_writable(account)
            with Journal.open(self._context.paths.journal) as journal:
                session = ChangeSession(account, journal, self._options, self.progress, self._files)
                task = asyncio.current_task()

                def interrupt() -> None:
                    if not session.operation.stop() and task is not None:
                        task.cancel()

                with handle_interrupt(interrupt):
                    code = await work(session)
            report_cache_errors(account)
        return code


class ChangeSession:
    """What the work of a command is given: the account, the journal and the operation."""

    def __init__(
        self,
        account: Account,
        journal: Journal,
        options: ChangeOptions,
        progress: CallsProgress,
        files: ChangeFiles,
    ) -> None:
        self.account = account
        self.journal = journal
        self.prompter = TerminalPrompter(progress)
        self._options = options
        self._files = files
        self.operation = WriteOperation(
            account,
            journal,
            self.prompter,
            WritePolicy(
                confirm_rule(account.profile),
                HOW_TO_CONFIRM,
                is_confirmed=options.is_confirmed,
                max_writes=options.max_writes,
                sent_count=files.sent_count,
                allows_partial=options.allows_partial,
            ),
            show=self.show,
            options=options.apply,
        )

    def search_references(self, engine: "Engine", max_calls: int | None) -> "ReferenceSearch":
        """Return a search for references, in at most `max_calls` calls."""
        from cmdm_tui.operations.query import CallPolicy
        from cmdm_tui.operations.reference_search import ReferenceSearch

        is_allowed = self._options.is_confirmed or max_calls is not None
        policy = CallPolicy(HOW_TO_ALLOW, max_calls=max_calls, is_allowed=is_allowed)
        return ReferenceSearch(self.account, engine, self.prompter, policy)

    async def apply(
        self,
        change_set: ChangeSet,
        *,
        undo_of: int | None = None,
        returned: Callable[[JournalRun], None] | None = None,
    ) -> int:
        """Send the changes, or only show or keep them; return the exit code.

        `returned` writes the records that were changed, in place of the summary as JSON.
        """
        options = self._options
        if options.checks_lookups:
            checked = await self._check_lookups(change_set)
            if checked is None:
                note("Nothing was sent.")
                return ExitCode.TOO_MANY_CALLS
            change_set = checked
        if options.saved_as is not None:
            self._describe(change_set)
            save_change_set(options.saved_as, change_set)
            name = one_line(str(options.saved_as), 200)
            note(f"{name} keeps the changes; nothing was sent. cmdm apply {name} sends them.")
        elif options.is_dry_run:
            self._describe(change_set)
            rows = preview_rows(change_set, limit=None if options.shows_all else SAMPLE)
            write_rows(preview_columns(), rows, options.format)
            self._say_how_many(change_set)
            note("Nothing was sent.")
        else:
            outcome = await self.operation.apply(change_set, undo_of=undo_of)
            return self.report(outcome, returned)
        return ExitCode.PARTIAL if has_left_out(change_set) else ExitCode.DONE

    def show(self, change_set: ChangeSet, preview: ChangePreview) -> None:
        """Show on stderr what is about to be sent: in words, and the first changes as a table."""
        self.prompter.clear()
        for sentence in describe_preview(preview, self.account.known_quota.quota):
            note(sentence)
        if preview.change_count and sys.stderr.isatty():
            limit = None if self._options.shows_all else SAMPLE
            sys.stderr.flush()
            writer = create_writer("table", sys.stderr.buffer, choose_style(None))
            writer.begin(preview_columns())
            writer.write_rows(list(preview_rows(change_set, limit=limit)))
            writer.end()
            sys.stderr.buffer.flush()
            self._say_how_many(change_set)

    def report(
        self, outcome: WriteOutcome, returned: Callable[[JournalRun], None] | None = None
    ) -> int:
        """Say how it ended, write the files asked for, and return the exit code."""
        run, summary = outcome.run, outcome.summary
        if outcome.is_declined:
            note("Nothing was sent.")
            return ExitCode.FAILED
        if run is None or summary is None:
            if run is not None:
                note(f"Nothing is left to do of run {run.id}.")
            return ExitCode.PARTIAL if has_left_out(outcome.change_set) else ExitCode.DONE
        for sentence in describe_outcome(run, summary, doubts=outcome.doubts):
            note(sentence)
        is_written = self._files.write(run)
        if returned is not None:
            returned(run)
        elif self._options.format == "json":
            write_json(_encode_summary(outcome.change_set, run, summary))
        code = _exit_code_of_run(summary, is_whole=not has_left_out(outcome.change_set))
        return code if is_written or code is not ExitCode.DONE else ExitCode.FAILED

    async def _check_lookups(self, change_set: ChangeSet) -> ChangeSet | None:
        from cmdm_tui.operations.lookups import LookupOperation
        from cmdm_tui.query.engine import Engine

        policy = self._options.calls
        if policy.max_calls is not None:
            left = max(policy.max_calls - change_set.calls_made, 0)
            policy = structs.replace(policy, max_calls=left)
        with closing(Engine(self.account)) as engine:
            operation = LookupOperation(self.account, engine, self.prompter, policy)
            return await operation.check(change_set)

    def _describe(self, change_set: ChangeSet) -> None:
        preview = preview_changes(change_set, rechecks=self._options.apply.rechecks)
        for sentence in describe_preview(preview, self.account.known_quota.quota):
            note(sentence)

    def _say_how_many(self, change_set: ChangeSet) -> None:
        count = len(change_set.changes)
        if count > SAMPLE and not self._options.shows_all:
            note(f"These are the first {SAMPLE} of {count:,} changes; --all shows every one.")


def _exit_code_of_run(summary: ApplySummary, *, is_whole: bool) -> ExitCode:
    """Return the exit code of what was sent; the changes were all that was meant if `is_whole`."""
    if summary.is_in_doubt:
        return ExitCode.OUTCOME_UNKNOWN
    if summary.error is not None:
        return exit_code_of(summary.error) or ExitCode.FAILED
    if summary.stop_reason and not summary.is_complete and not summary.has_failures:
        return ExitCode.INTERRUPTED
    is_done = is_whole and summary.is_complete and not summary.has_failures
    return ExitCode.DONE if is_done else ExitCode.PARTIAL


def has_left_out(change_set: ChangeSet) -> bool:
    """Return whether the changes are not all that was asked for."""
    return bool(change_set.rejects) or change_set.is_partial


def write_rows(
    columns: Sequence[OutputColumn], rows: Iterable[Sequence[object]], form: Format
) -> None:
    """Write rows to stdout in a format."""
    with open_destination(None) as sink:
        writer = create_writer(form, sink, choose_style(None))
        writer.begin(columns)
        writer.write_rows(list(rows))
        writer.end()
        sink.flush()


def _encode_summary(change_set: ChangeSet, run: JournalRun, summary: ApplySummary) -> bytes:
    import msgspec

    from cmdm_tui.cli.json_documents import make_document

    return msgspec.json.encode(
        make_document(
            "cmdm-changes",
            {
                "run": run.id,
                "complete": summary.is_complete,
                "counts": {state.value: count for state, count in summary.counts.items() if count},
                "unchanged_before": change_set.unchanged,
                "left_out": len(change_set.rejects),
                "partial": change_set.is_partial,
                "calls": summary.calls_made,
                "created": {str(number): one for number, one in summary.created_ids.items()},
            },
        )
    )
