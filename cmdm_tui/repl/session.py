"""One session: an account, its switches and last results, and where results go."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.catalog import Account
from cmdm_tui.config import Paths
from cmdm_tui.operations.confirmation import (
    ChangesNotConfirmed,
    is_call_confirmed,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementStatus, StatementYield
from cmdm_tui.repl.pager import PagedOutput, choose_pager
from cmdm_tui.repl.progress import StatementProgress
from cmdm_tui.repl.raw_call import PlannedCall, plan_call
from cmdm_tui.repl.render import RenderedResult, render
from cmdm_tui.repl.result_types import (
    AnswerDocument,
    AnswerResult,
    InfoTable,
    OneRecord,
    RecordList,
    StatementResult,
    read_answer,
)
from cmdm_tui.repl.session_catalog import SessionCatalog
from cmdm_tui.repl.session_policy import make_write_policy
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.statements import RawCall, StatementText
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.summary import describe_cancelled_call, summarize_answer, summarize_costs
from cmdm_tui.repl.terminal_prompter import ReplPrompter
from cmdm_tui.repl.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmdm_tui.operations.call_log import CallLog
    from cmdm_tui.query.result import QueryResult
    from cmdm_tui.repl.changes import SessionChanges
    from cmdm_tui.repl.queries import SessionQueries


class OpenedAccount(Struct, frozen=True):
    """An account, and the log of its client's calls, None where they are not kept."""

    account: Account
    call_log: "CallLog | None" = None


OpenAccount = Callable[[str, Mapping[str, str]], Awaitable[OpenedAccount]]
"""Opens the account of a profile, by its name, with the secrets that were asked for.

Without any, those that are kept, or a token that is, are used; else it raises MissingSecrets.
"""


def ignore_text(_: str) -> None:
    """Do nothing with a text."""


class ReplSession:
    """What lasts from one statement to the next: the account, the switches, the last results.

    `prompter` asks before a change, as the profile has it, and before a query of many calls. Where
    it cannot ask, both are refused. `journal` is the file that keeps what SQL changes; None for the
    user's.
    """

    def __init__(
        self,
        account: Account,
        streams: ReplStreams,
        *,
        journal: "Path | None" = None,
        call_log: "CallLog | None" = None,
        paths: Paths | None = None,
    ) -> None:
        self.account = account
        self.streams = streams
        progress = StatementProgress(streams, lambda: account.client.sent_count)
        self.prompter = ReplPrompter(streams, progress_line=progress)
        self.settings = SessionSettings()
        self.catalog = SessionCatalog(account.catalog)
        self.call_log = call_log
        """What the account's client has sent and got; None where it is not kept."""
        self.paths = paths or Paths.of_user()
        self._journal = journal
        self.is_over = False
        self.open_account: OpenAccount | None = None
        """Opens the account of a profile, by its name; None where that is not to be."""
        self.next_account: OpenedAccount | None = None
        """The account that the next session is on, once this one is over."""
        self.last_result: AnswerResult | None = None
        self.last_list: tuple[PlannedCall, RecordList] | None = None
        """The last call for many records or fields, and what it gave."""
        self.shows_query = False
        """True where the last result is a query's, not a call's."""
        self._sent_before = account.client.sent_count
        """Calls that were sent before this statement."""
        self._has_called = False
        """Whether a call that changes records was answered since the last `begin_statement`."""
        self._queries: SessionQueries | None = None
        self._changes: SessionChanges | None = None
        self.variables = Variables()
        self.last_unit: StatementText | None = None
        """The last statement that was no command, as typed."""
        self.script_folder: Path | None = None
        """The folder of the file whose statements are run; None where they come from no file."""
        self.remember: Callable[[str], None] = ignore_text
        """Takes a statement that did not come from the prompt into the history."""
        self.list_history: Callable[[], Sequence[str]] = tuple
        """Returns what was typed, the newest first."""

    @property
    def queries(self) -> "SessionQueries":
        """The queries of this session."""
        if self._queries is None:
            # The engine is heavy, and a session may never run a query.
            from cmdm_tui.repl.queries import SessionQueries

            self._queries = SessionQueries(
                self.account,
                self.streams,
                self.settings,
                self.prompter,
                changes=lambda: self.changes,
                on_result=self._note_query_result,
            )
        return self._queries

    @property
    def journal_path(self) -> "Path":
        """The file that keeps what was changed; it need not be there."""
        return self._journal or Paths.of_user().journal

    @property
    def changes(self) -> "SessionChanges":
        """What changes records in this session, and the runs of its account."""
        if self._changes is None:
            from cmdm_tui.repl.changes import SessionChanges

            self._changes = SessionChanges(
                self.account, self.streams, self.settings, self.prompter, self._journal
            )
        return self._changes

    @property
    def query_result(self) -> "QueryResult | None":
        """The last result of a query; None where there is none."""
        return None if self._queries is None else self._queries.last_or_none

    @property
    def has_partial(self) -> bool:
        """Whether the result of a query was partial, and stayed so."""
        return self._queries is not None and self._queries.has_partial

    @property
    def may_have_changed(self) -> bool:
        """Whether records may have been changed since the last `begin_statement`."""
        return self._has_called or (self._changes is not None and self._changes.may_have_changed)

    def has_value(self, name: str) -> bool:
        """Return whether there is a variable of this name."""
        return self.variables.get(name) is not None

    @property
    def _calls_made(self) -> int:
        """Calls that this statement has sent, each attempt counted."""
        return self.account.client.sent_count - self._sent_before

    def begin_statement(self) -> None:
        """Give the whole time to the next statement, and forget what the last has changed."""
        self.account.client.start_command()
        self._sent_before = self.account.client.sent_count
        self._has_called = False
        if self._changes is not None:
            self._changes.may_have_changed = False

    def stop(self) -> bool:
        """End what runs in good order; return whether it ends by itself then."""
        if self._changes is not None and self._changes.stop():
            return True
        return self._queries is not None and self._queries.stop()

    def close(self) -> None:
        """Release what the queries hold."""
        if self._queries is not None:
            self._queries.close()

    async def call(self, raw: RawCall) -> StatementYield:
        """Plan a call, ask where it must be asked, make it, and write what came."""
        planned = plan_call(raw, self.account.client.redact)
        for note in planned.notes:
            self.streams.write_note(note)
        if not await self._is_confirmed(planned):
            done = "deleted" if planned.method == "DELETE" else "sent"
            self.streams.write_note(f"Not {done}; no call was made.")
            return StatementYield(StatementStatus.DECLINED)
        result = await self._send(planned)
        self._has_called = bool(planned.what)
        if planned.what and self.prompter.is_at_prompt:
            self.streams.write_note(r"It is not in the journal: \undo does not take it back.")
        self.last_result = result
        self.shows_query = False
        if isinstance(result, RecordList):
            self.last_list = planned, result
        self.catalog.learn_from(result)
        await self.show(result)
        line = summarize_answer(
            result, planned.path, self._calls_made, self.account.known_quota, self.settings
        )
        self.streams.write_note(line)
        return StatementYield(rows=_count_rows(result))

    async def show(self, result: StatementResult) -> None:
        """Write a result in the format that is set; what does not fit the terminal gets a pager."""
        if isinstance(result, AnswerDocument) and not result.response.body:
            return
        pager = choose_pager(self.streams, self.settings, self.prompter)
        shown = self._render(result, is_paged=pager is not None)
        if isinstance(shown.content, bytes):
            self.streams.write_bytes(shown.content)
        elif pager is None:
            self.streams.write_result(shown.content)
        else:
            text = shown.content if shown.content.endswith("\n") else f"{shown.content}\n"
            is_table = _is_table(result, self.settings)
            async with PagedOutput(self.streams, self.settings, pager, is_table=is_table) as output:
                output.write(text.encode("utf-8", "replace"))
            if output.has_failed:
                shown = self._render(result, is_paged=False)
                self.streams.write_result(str(shown.content))
        for note in shown.notes:
            self.streams.write_note(note)

    def _render(self, result: StatementResult, *, is_paged: bool) -> RenderedResult:
        # A pager moves to the right: a table that is not to be turned has all of its columns there.
        is_whole = is_paged and self.settings.expanded == "off"
        return render(
            result,
            self.settings,
            width=None if is_whole else self.streams.width,
            is_terminal=self.streams.output_is_terminal,
            has_colours=self.streams.has_colours,
        )

    def report_costs(self, seconds: float) -> None:
        """Write what a command's calls took, and the calls left."""
        line = summarize_costs(self._calls_made, seconds, self.account.known_quota, self.settings)
        self.streams.write_note(line)

    def _note_query_result(self) -> None:
        self.shows_query = True

    async def _is_confirmed(self, planned: PlannedCall) -> bool:
        if not planned.what:
            return True
        from cmdm_tui.operations.write import check_writable  # heavy, and a change alone needs it

        check_writable(self.account)
        policy = make_write_policy(self.account.profile, self.settings)
        try:
            return await is_call_confirmed(
                planned.what,
                is_destructive=planned.is_destructive,
                policy=policy,
                prompter=self.prompter,
                remark=r", which cannot be taken back by \undo",
            )
        except ChangesNotConfirmed as error:
            raise ReplError(str(error)) from None

    async def _send(self, planned: PlannedCall) -> AnswerResult:
        try:
            with self.prompter.show_running(str(planned)):
                answer = await self.account.client.request(
                    planned.method, planned.path, content=planned.content
                )
        except asyncio.CancelledError:
            was_sent = self.account.client.was_cancelled_call_sent
            self.streams.write_note(describe_cancelled_call(planned, was_sent=was_sent))
            raise
        if planned.method != "GET":
            # The service's words about a change, no records: those it was sent are not shown.
            answer = replace(answer, body=self.account.client.redact_body(answer.body))
        return read_answer(answer)


def _is_table(result: StatementResult, settings: SessionSettings) -> bool:
    """Return whether a result is written in columns on a terminal, and not as text or JSON."""
    is_tabular = isinstance(result, RecordList | OneRecord | InfoTable)
    return is_tabular and settings.format in {"auto", "table", "vertical", "markdown"}


def _count_rows(result: AnswerResult) -> int | None:
    if isinstance(result, RecordList):
        return len(result.page.records)
    return 1 if isinstance(result, OneRecord) else None
