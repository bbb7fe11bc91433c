"""Plans a statement: its variables replaced, and what it may do told from its syntax tree."""

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.operations.confirmation import is_change
from cmdm_tui.operations.module_loading import load_modules
from cmdm_tui.repl.commands.command import BackslashCommand, Touches
from cmdm_tui.repl.commands.command_table import find_command
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementEffect
from cmdm_tui.repl.statements import CommandStatement, QueryStatement, RawCall, Statement
from cmdm_tui.repl.variables import Variables

if TYPE_CHECKING:
    from cmdm_tui.query.errors import SqlError
    from cmdm_tui.query.parsing.write_statement import SqlStatement


QUERY_MODULE = "cmdm_tui.repl.queries"
"""What runs queries: it imports the engine, which is heavy, and a session may never need it."""


class CommandPlan(Struct, frozen=True):
    """A backslash command with its arguments."""

    command: BackslashCommand
    arguments: tuple[str, ...]

    @property
    def effect(self) -> StatementEffect:
        """What it may do, as it is declared."""
        if Touches.WRITES in self.command.touches:
            return StatementEffect.WRITES
        has_calls = Touches.CALLS in self.command.touches
        return StatementEffect.CALLS if has_calls else StatementEffect.SESSION

    @property
    def is_switch(self) -> bool:
        """Whether it only sets what later statements depend on."""
        return self.command.is_switch

    @property
    def runs_statements(self) -> bool:
        """Whether what it changes is what other statements change that it has run."""
        return self.command.runs_statements


class CallPlan(Struct, frozen=True):
    """A raw call."""

    call: RawCall
    is_switch: ClassVar = False
    runs_statements: ClassVar = False

    @property
    def effect(self) -> StatementEffect:
        """What it may do, by its method."""
        writes = is_change(self.call.method)
        return StatementEffect.WRITES if writes else StatementEffect.CALLS


class SqlPlan(Struct, frozen=True, dict=True):
    """SQL with its variables replaced; `statements` are its trees, all of them read."""

    sql: str
    statements: tuple["SqlStatement", ...]
    is_switch: ClassVar = False
    runs_statements: ClassVar = False

    @cached_property
    def effect(self) -> StatementEffect:
        """What it may do: it reads only where each of its statements does."""
        from cmdm_tui.query.parsing.write_statement import ReadStatement

        reads = all(isinstance(one, ReadStatement) for one in self.statements)
        return StatementEffect.READS if reads else StatementEffect.WRITES


StatementPlan = CommandPlan | CallPlan | SqlPlan


def plan_statement(statement: Statement, variables: Variables) -> StatementPlan:
    """Return what is to be run; nothing is sent, and no name is looked up.

    Raises ReplError, and QueryError for SQL that cannot be read or is not run here.
    """
    if isinstance(statement, CommandStatement):
        return _plan_command(statement, variables)
    if isinstance(statement, QueryStatement):
        return _plan_sql(statement, variables)
    return CallPlan(replace(statement, path=variables.expand_path(statement.path)))


def _plan_command(statement: CommandStatement, variables: Variables) -> CommandPlan:
    words = tuple(
        variables.expand_word(word) if place in statement.expandable else word
        for place, word in enumerate(statement.arguments)
    )
    return CommandPlan(find_command(statement.name), words)


def _plan_sql(statement: QueryStatement, variables: Variables) -> SqlPlan:
    load_modules(QUERY_MODULE)
    from cmdm_tui.query.errors import SqlError
    from cmdm_tui.query.parsing.write_statement import read_statements

    _require_unicode(statement.sql)
    sql = variables.expand_sql(statement.sql)
    parameters = variables.select_for(sql)
    try:
        return SqlPlan(sql, tuple(read_statements(sql, parameters, allows_files=True)))
    except SqlError as error:
        mark = _mark_at(sql, error)
        if not mark:
            raise
        hint = f"To send the result on, close the statement first: …; {mark}"
        raise SqlError(error.message, hint=hint, line=error.line, column=error.column) from None


def _mark_at(sql: str, error: "SqlError") -> str:
    """Return `> FILE` or `| COMMAND` where SQL is wrong at such a mark or behind one; else nothing.

    Behind `|` alone: what follows `>` is wrong in a comparison too.
    """
    if error.line is None or error.column is None:
        return ""
    lines = sql.split("\n")
    line = lines[error.line - 1] if error.line <= len(lines) else ""
    rest, before = line[error.column - 1 :], line[: error.column - 1].rstrip()
    if before.endswith("|") and not before.endswith("||"):
        return "| COMMAND"
    return "> FILE" if rest.startswith(">") else "| COMMAND" if rest.startswith("|") else ""


def _require_unicode(sql: str) -> None:
    """Raise ReplError for SQL with a byte that the terminal sent and that is not UTF-8."""
    try:
        sql.encode("utf-8")
    except UnicodeEncodeError as error:
        byte = ord(sql[error.start]) & 0xFF
        message = f"The SQL is not UTF-8 (byte 0x{byte:02x}). Type it as UTF-8."
        raise ReplError(message) from None
