"""One run of one statement: asks as every face does, and reports what comes by callbacks."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from textual.app import App

from cmdm_tui.catalog import Account
from cmdm_tui.changes.from_sql import MadeChanges, SqlChange
from cmdm_tui.operations.query import CallPolicy, CallsNotAllowed, QueryOperation, ReceiveRows
from cmdm_tui.operations.statement import StatementOperation
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.write_statement import ReadStatement, SqlStatement, WriteStatement
from cmdm_tui.query.result import QueryResult
from cmdm_tui.tui.screens.dialogs.prompter import DialogPrompter

_HOW_TO_ALLOW = "Run it again and answer yes, or ask for less"


class RunPrompter(DialogPrompter):
    """Asks by dialogs; says when the calls of a run begin, and how many they are at most."""

    def __init__(self, app: App[None], began: Callable[[int], None]) -> None:
        super().__init__(app)
        self._began = began

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        """Say how many calls the block makes at most."""
        return self._announce(most_calls)

    @contextmanager
    def _announce(self, most_calls: int) -> Generator[None]:
        self._began(most_calls)
        yield


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. `result` is None where the person declined, or nothing came.

    `changes` are what a statement that changes records makes: nothing of it was sent yet.
    """

    result: QueryResult | None = None
    is_declined: bool = False
    is_interrupted: bool = False
    changes: MadeChanges | None = None
    change: SqlChange | None = None


class StatementRun:
    """Runs a statement once; `stop` and `discard` end it early.

    With `is_raw`, every field is text as it is stored.
    """

    def __init__(
        self, account: Account, engine: Engine, prompter: RunPrompter, *, is_raw: bool = False
    ) -> None:
        self._is_raw = is_raw
        self._account = account
        self._engine = engine
        self._prompter = prompter
        self._operation = QueryOperation(engine, prompter, CallPolicy(_HOW_TO_ALLOW))

    @property
    def result(self) -> QueryResult | None:
        """What has come so far of a run that was cancelled."""
        return self._operation.result

    async def run(self, statement: SqlStatement, receive: ReceiveRows) -> RunEnd:
        """Run it. Raises QueryError, ChangeError, ReadOnly or another ApiError."""
        if not isinstance(statement, ReadStatement):
            return await self._plan_changes(statement)
        prepared = await self._operation.prepare(statement.script.padded, is_raw=self._is_raw)
        try:
            outcome = await self._operation.run(prepared, receive)
        except CallsNotAllowed as refusal:
            if refusal.result is not None:
                refusal.result.close()
            raise
        return RunEnd(outcome.result, outcome.is_declined, outcome.is_interrupted)

    async def resume(self, result: QueryResult) -> RunEnd:
        """Go on with a result that its number of calls ended. Raises QueryError or ApiError."""
        with self._prompter.progress(max(result.stats.calls_high - result.stats.calls_used, 1)):
            outcome = await self._operation.resume(result, max_calls=None)
        return RunEnd(outcome.result, is_interrupted=outcome.is_interrupted)

    def stop(self) -> bool:
        """Fetch no more; return whether the run ends by itself then, with what has come."""
        return self._operation.stop()

    def discard(self) -> None:
        """Keep nothing of the run, which is about to be cancelled."""
        self._operation.discard()

    async def _plan_changes(self, statement: WriteStatement) -> RunEnd:
        operation = StatementOperation(
            self._account, self._engine, self._prompter, CallPolicy(_HOW_TO_ALLOW)
        )
        made = await operation.plan(statement, only_looks=False)
        return RunEnd(is_declined=made is None, changes=made, change=operation.change)
