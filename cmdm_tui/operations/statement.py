"""Make the changes of one SQL statement: plan and ask as for any query, then read and build."""

from cmdm_tui.catalog import Account
from cmdm_tui.changes.from_sql import MadeChanges, SqlChange, prepare_sql_change
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.operations.query import CallPolicy, QueryOperation
from cmdm_tui.operations.write import check_writable
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.error_places import move_error
from cmdm_tui.query.parsing.write_statement import WriteStatement


class StatementOperation:
    """One statement that changes records, read for one face. It changes nothing itself."""

    def __init__(
        self, account: Account, engine: Engine, prompter: Prompter, policy: CallPolicy
    ) -> None:
        self._account = account
        self._engine = engine
        self._prompter = prompter
        self._policy = policy
        self.change: SqlChange | None = None
        """The statement with its names, once they are known."""

    async def plan(self, statement: WriteStatement, *, only_looks: bool) -> MadeChanges | None:
        """Return the changes that the statement makes; None where the person declines to read.

        A read-only profile is refused before anything is read, unless it `only_looks`. Raises
        ReadOnly, QueryError, CallsNotAllowed or ApiError.
        """
        if not only_looks:
            check_writable(self._account)
        change = self.change = await prepare_sql_change(statement, self._account)
        if change.read_sql is None:
            return change.build(())
        operation = QueryOperation(self._engine, self._prompter, self._policy)
        try:
            prepared = await operation.prepare(change.read_sql)
            read = await operation.read_rows(prepared)
        except SqlError as error:
            # Its place is one in the query, and not in the statement.
            moved = move_error(error, change.read_sql, statement.script.padded)
            raise moved from error.__cause__
        if read is None:
            return None
        return change.build(
            read.rows, notes=read.notes, calls_made=read.calls_made, is_partial=read.is_partial
        )
