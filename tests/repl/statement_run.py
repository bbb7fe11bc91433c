"""Runs what a person types in a session, and raises what is wrong with it."""

from typing import TextIO

from cmdm_tui.repl.errors import StatementDeclined
from cmdm_tui.repl.outcome import StatementOutcome
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner
from cmdm_tui.repl.statement_splitter import split_statements


async def execute(session: ReplSession, text: str) -> StatementOutcome:
    """Run the statements of a text; return how the last one ended."""
    runner = StatementRunner(session)
    outcomes: list[StatementOutcome] = []
    for unit in split_statements(text):
        outcomes.append(await runner.run(unit))
        error = outcomes[-1].error
        if error is not None:
            raise error
    return outcomes[-1]


async def run_script(session: ReplSession, lines: TextIO) -> StatementOutcome:
    """Run the statements of a stream to the first error, which is raised unless it is a no."""
    outcome = await StatementRunner(session).run_lines(lines)
    if outcome.error is not None and not isinstance(outcome.error, StatementDeclined):
        raise outcome.error
    return outcome
