"""Runs a statement in a session: a backslash command, a query or a raw call."""

from cmdm_tui.repl.commands.command_table import find_command
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import CommandStatement, QueryStatement, Statement


async def execute(session: ReplSession, statement: Statement) -> None:
    """Run a statement and write its result.

    Raises ReplError, QueryError, ApiError or ConfigurationError where it cannot be done.
    """
    if isinstance(statement, CommandStatement):
        await find_command(statement).run(session, statement.arguments)
    elif isinstance(statement, QueryStatement):
        _require_unicode(statement.sql)
        await session.queries.run(statement.sql)
    else:
        await session.call(statement)


def _require_unicode(sql: str) -> None:
    """Raise ReplError for SQL with a byte that the terminal sent and that is not UTF-8."""
    try:
        sql.encode("utf-8")
    except UnicodeEncodeError as error:
        byte = ord(sql[error.start]) & 0xFF
        message = f"The SQL is not UTF-8 (byte 0x{byte:02x}). Type it as UTF-8."
        raise ReplError(message) from None
