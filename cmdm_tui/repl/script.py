"""Runs a script: a stream, a file or the texts of the command line; from a checkpoint, if asked."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.repl.script_checkpoint import BegunRule, ScriptCheckpoint
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import ScriptSource, StatementRunner, describe_bytes
from cmdm_tui.text import count_noun


class ScriptPart(Struct, frozen=True):
    """A part of a script: its name for places, and its statements, a text or a stream."""

    source: ScriptSource
    lines: TextIO


class ScriptOptions(Struct, frozen=True):
    """How a script is run: its parts in order, whether it goes on after an error, its checkpoint.

    With `resumes`, the file at `checkpoint` is there; `begun` says what becomes of a statement
    that may have changed records and was not seen to end.
    """

    parts: tuple[ScriptPart, ...]
    goes_on: bool = False
    checkpoint: Path | None = None
    resumes: bool = False
    begun: BegunRule | None = None


def script_of_stream(lines: TextIO) -> ScriptOptions:
    """Return the script that comes from a stream, run as it is read."""
    return ScriptOptions((ScriptPart(ScriptSource(), lines),))


class ScriptSummary(Struct, frozen=True):
    """How a script ended; `first_error` is None where every statement was done."""

    run_count: int = 0
    failed_count: int = 0
    first_error: Exception | None = None


async def run_parts(session: ReplSession, options: ScriptOptions) -> ScriptSummary:
    """Run the parts of a script in order.

    Unless it goes on after errors, the first is raised, and the rest not run.
    """
    parts, kept = options.parts, None
    if options.checkpoint is not None:
        parts = tuple(replace(part, lines=io.StringIO(_read_all(part))) for part in parts)
        kept = _open_checkpoint(session, options.checkpoint, options, parts)
    runner = StatementRunner(session, goes_on=options.goes_on, checkpoint=kept)
    for number, part in enumerate(parts, 1):
        place = str(number) if len(parts) > 1 else ""
        outcome = await runner.run_lines(part.lines, part.source, place)
        if session.is_over or (outcome.error is not None and not options.goes_on):
            break
    summary = ScriptSummary(runner.run_count, runner.failed_count, runner.first_error)
    if summary.first_error is None:
        if kept is not None:
            kept.finish()
        return summary
    if kept is not None:
        session.streams.write_note(f"{kept.name} keeps what was done; --resume goes on with it.")
    if not options.goes_on:
        raise summary.first_error
    session.streams.write_note(
        f"{summary.failed_count:,} of {summary.run_count:,} statements failed."
    )
    return summary


def _open_checkpoint(
    session: ReplSession, path: Path, options: ScriptOptions, parts: Sequence[ScriptPart]
) -> ScriptCheckpoint:
    script = "\0".join(text for part in parts for text in (part.source.name, part.lines.read()))
    for part in parts:
        part.lines.seek(0)
    if not options.resumes:
        return ScriptCheckpoint.begin(path, session.account, script)
    kept = ScriptCheckpoint.resume(path, session.account, script, options.begun)
    done = count_noun(kept.done_count, "statement")
    session.streams.write_note(f"Resuming: {done} done already, and not run again.")
    return kept


def _read_all(part: ScriptPart) -> str:
    try:
        return part.lines.read()
    except UnicodeDecodeError as error:
        raise describe_bytes(error, part.source) from None
