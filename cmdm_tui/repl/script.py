"""Runs the statements of a stream in order, to the first error."""

from pathlib import Path
from typing import TextIO

from cmdm_tui.operations.interrupts import raise_on_interrupt
from cmdm_tui.repl.dispatch import execute
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statement_splitter import StatementSplitter, StatementText
from cmdm_tui.text import one_line


async def run_script(session: ReplSession, lines: TextIO) -> None:
    """Run every statement as soon as it is read; the first error is raised, the rest not read."""
    splitter = StatementSplitter()
    while not session.is_over:
        line = _next_line(lines)
        unit = splitter.feed(line.rstrip("\r\n")) if line else splitter.end()
        if unit is not None:
            await _run_naming_line(session, unit)
        if not line:
            return


async def run_statement(session: ReplSession, unit: StatementText) -> None:
    """Run one statement; raises ReplError for one that was abandoned."""
    if unit.missing:
        raise ReplError(
            f"Abandoned, and nothing was sent: the body is not closed, {unit.missing} is missing. "
            "A blank line ends it early."
        )
    session.account.client.start_command()
    await execute(session, parse(unit.text))
    if session.file_to_run is not None:
        await _run_file(session, *session.file_to_run)


async def _run_file(session: ReplSession, file: Path, lines: TextIO) -> None:
    """Run the statements of a file that a command asked for."""
    session.file_to_run = None
    session.files.append(file)
    try:
        with lines:
            await run_script(session, lines)
    finally:
        session.files.pop()


async def _run_naming_line(session: ReplSession, unit: StatementText) -> None:
    try:
        await run_statement(session, unit)
    except Exception:
        words = session.account.client.redact(unit.text)
        statement = one_line(" ".join(words.split()), 80)
        session.streams.write_note(f"Stopped at line {unit.line}: {statement}")
        raise


def _next_line(lines: TextIO) -> str:
    try:
        with raise_on_interrupt():
            return lines.readline()
    except UnicodeDecodeError as error:
        message = f"The input is not UTF-8 (byte {error.start}). Save it as UTF-8."
        raise ReplError(message) from None
