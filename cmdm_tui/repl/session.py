"""One session: an account, its switches, and where results go; it runs one statement at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cmdm_tui.catalog import Account
from cmdm_tui.repl.raw_call import PlannedCall, plan_call
from cmdm_tui.repl.render import render
from cmdm_tui.repl.result_types import (
    AnswerDocument,
    AnswerResult,
    RecordList,
    StatementResult,
    read_answer,
)
from cmdm_tui.repl.session_catalog import SessionCatalog
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.statements import CommandStatement, QueryStatement, RawCall, Statement
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.summary import describe_cancelled_call, summarize_answer, summarize_costs

if TYPE_CHECKING:
    from pathlib import Path

    from cmdm_tui.repl.queries import SessionQueries

Confirm = Callable[[str], Awaitable[bool]]
"""Asks a person a question; true for a yes."""


class ReplSession:
    """Runs statements on an account; holds everything that lasts from one to the next.

    `confirm` asks before a record is deleted, and before a query of many calls. Without one, the
    first is not asked, and the second is refused.
    """

    def __init__(
        self, account: Account, streams: ReplStreams, *, confirm: Confirm | None = None
    ) -> None:
        self.account = account
        self.streams = streams
        self.confirm = confirm
        self.settings = SessionSettings()
        self.catalog = SessionCatalog(account.catalog)
        self.is_over = False
        self.last_result: AnswerResult | None = None
        self.last_list: tuple[PlannedCall, RecordList] | None = None
        """The last call for many records or fields, and what it gave."""
        self.shows_query = False
        """True where the last result is a query's, not a call's."""
        self._queries: SessionQueries | None = None
        self.files: list[Path] = []
        """The files whose statements are being run, the outermost first."""

    async def execute(self, statement: Statement) -> None:
        """Run a statement and write its result.

        Raises ReplError, QueryError, ApiError or ConfigurationError where it cannot be done.
        """
        if isinstance(statement, CommandStatement):
            from cmdm_tui.repl.commands import find_command

            await find_command(statement).run(self, statement.arguments)
        elif isinstance(statement, QueryStatement):
            await self.queries.run(statement.sql)
        else:
            await self.call(statement)

    @property
    def queries(self) -> "SessionQueries":
        """The queries of this session; what they take is imported with the first."""
        if self._queries is None:
            from cmdm_tui.repl.queries import SessionQueries

            self._queries = SessionQueries(self)
        return self._queries

    def stop(self) -> bool:
        """End a query that runs with what has come; tell whether there is one."""
        return self._queries is not None and self._queries.stop()

    def close(self) -> None:
        """Let go of what is in hand."""
        if self._queries is not None:
            self._queries.close()

    async def call(self, raw: RawCall) -> None:
        """Plan a call, ask where it must be asked, make it, and write what came."""
        planned = plan_call(raw)
        for note in planned.notes:
            self.streams.write_note(note)
        if not await self._is_confirmed(planned):
            self.streams.write_note("Not deleted; no call was made.")
            return
        result = await self._send(planned)
        self.last_result = result
        self.shows_query = False
        if isinstance(result, RecordList):
            self.last_list = planned, result
        self.catalog.learn_from(result)
        self.show(result)
        quota = self.account.client.quota
        self.streams.write_note(summarize_answer(result, planned.path, quota, self.settings))

    def show(self, result: StatementResult) -> None:
        """Write a result in the format that is set."""
        if isinstance(result, AnswerDocument) and not result.response.body:
            return
        shown = render(
            result,
            self.settings,
            width=self.streams.width,
            is_terminal=self.streams.output_is_terminal,
            has_colours=self.streams.has_colours,
        )
        if isinstance(shown.content, bytes):
            self.streams.write_bytes(shown.content)
        else:
            self.streams.write_result(shown.content)
        for note in shown.notes:
            self.streams.write_note(note)

    def report_costs(self, seconds: float) -> None:
        """Tell what a command's calls took, and the calls left."""
        self.streams.write_note(summarize_costs(seconds, self.account.client.quota, self.settings))

    async def _is_confirmed(self, planned: PlannedCall) -> bool:
        if planned.question is None or self.confirm is None or not self.settings.confirms:
            return True
        return await self.confirm(planned.question)

    async def _send(self, planned: PlannedCall) -> AnswerResult:
        try:
            answer = await self.account.client.request(
                planned.method, planned.path, content=planned.content
            )
        except asyncio.CancelledError:
            self.streams.write_note(describe_cancelled_call(planned))
            raise
        return read_answer(answer)
