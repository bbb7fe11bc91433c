"""Runs the statements that a user wants run at the start of each prompt."""

from collections.abc import Callable
from pathlib import Path

from cmdm_tui.operations.interrupts import run_interruptible
from cmdm_tui.repl.commands.scripts import open_script
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import ScriptSource, StatementRunner


async def run_start_file(session: ReplSession, path: Path, stop: Callable[[], bool]) -> None:
    """Run the statements of the file, which is there; an error is shown with its line.

    `stop` is what Ctrl-C does, which ends the file, not the prompt. Nothing is paged.
    """
    prompter = session.prompter

    async def work() -> None:
        script = open_script(str(path))
        with script.lines:
            source = ScriptSource(str(path), script.path)
            await StatementRunner(session, goes_on=True).run_lines(script.lines, source)

    prompter.runs_script = True
    try:
        await run_interruptible(work(), stop)
    except ReplError as error:
        session.streams.write_error(str(error))
    finally:
        prompter.runs_script = False
