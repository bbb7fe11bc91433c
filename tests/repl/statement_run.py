"""Runs what a person types in a session, and raises what is wrong with it."""

from cmdm_tui.repl.outcome import StatementOutcome
from cmdm_tui.repl.script import StatementRunner
from cmdm_tui.repl.session import ReplSession
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
