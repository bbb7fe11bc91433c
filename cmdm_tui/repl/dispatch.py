"""Runs a statement in a session: a backslash command, a query or a raw call."""

from cmdm_tui.repl.commands import find_command
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import CommandStatement, QueryStatement, Statement


async def execute(session: ReplSession, statement: Statement) -> None:
    """Run a statement and write its result.

    Raises ReplError, QueryError, ApiError or ConfigurationError where it cannot be done.
    """
    if isinstance(statement, CommandStatement):
        await find_command(statement).run(session, statement.arguments)
    elif isinstance(statement, QueryStatement):
        await session.queries.run(statement.sql)
    else:
        await session.call(statement)
