"""Sends a statement's result to a file or to a command of the shell, whole or not at all."""

import io
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from cmdm_tui.formats import Format, MissingExtra
from cmdm_tui.formats.output_file import (
    UnknownEnding,
    format_of_file,
    open_replacement,
    try_replacement,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementYield
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.shell import run_shell
from cmdm_tui.repl.statements import (
    Destination,
    FileDestination,
    PipeDestination,
    StatementEnding,
)
from cmdm_tui.text import one_line

_FORMATS_WITH_HEADER = frozenset({"csv", "tsv"})
_FORMATS_TO_ADD_TO = frozenset({"csv", "tsv", "jsonl", "table"})


class OutputTarget:
    """Where one statement's result goes: to the session's output, a file, or a command.

    Before the statement is done, no file has changed and no command has begun.
    """

    def __init__(self, session: ReplSession, ending: StatementEnding) -> None:
        self._session = session
        self._destination = ending.destination
        self._is_expanded = ending.is_expanded
        self._format: Format | None = None

    def check(self) -> None:
        """Raise ReplError where the result could not be written; nothing is run for it then."""
        destination = self._destination
        if isinstance(destination, PipeDestination) and not destination.command:
            raise ReplError("| needs a command of the shell behind it, as in | sort.")
        if not isinstance(destination, FileDestination):
            return
        if not destination.name:
            mark = ">>" if destination.appends else ">"
            raise ReplError(f"{mark} needs a file behind it, as in {mark} leads.csv.")
        try:
            file = Path(destination.name).expanduser()
            self._format = format_of_file(file)
            try_replacement(file)
        except UnknownEnding as error:
            raise ReplError(str(error)) from None
        except (OSError, ValueError, RuntimeError) as error:
            raise _cannot_write(destination.name, error) from None
        if destination.appends and self._format not in _FORMATS_TO_ADD_TO:
            raise ReplError(
                f"{one_line(destination.name, 100)} cannot be added to: such a file is one whole. "
                "Add to .csv, .tsv, .jsonl or .txt, or write it new with >."
            )

    async def run(self, work: Callable[[], Awaitable[StatementYield]]) -> StatementYield:
        """Run a statement and send what it writes on. Raises ReplError where that fails."""
        with self._settings_for_target():
            if self._destination is None:
                return await work()
            with tempfile.TemporaryFile() as spool:
                written = cast("BinaryIO", spool)
                with self._session.streams.redirected(written):
                    try:
                        given = await work()
                    except MissingExtra as error:
                        raise ReplError(str(error)) from None
                written.seek(0)
                await self._deliver(self._destination, written, given)
                return given

    @contextmanager
    def _settings_for_target(self) -> Generator[None]:
        """Write in the format that is asked for within the block."""
        settings = self._session.settings
        if not self._is_expanded and self._format is None:
            yield  # and what the statement switches stays
            return
        before = settings.format, settings.expanded
        if self._is_expanded:
            settings.expanded = "on"
        if self._format is not None:
            is_text = self._is_expanded and self._format == "table"
            settings.format = "vertical" if is_text else self._format
        elif self._is_expanded and self._destination is not None and settings.format == "auto":
            settings.format = "vertical"
        try:
            yield
        finally:
            settings.format, settings.expanded = before

    async def _deliver(
        self, destination: Destination, written: BinaryIO, given: StatementYield
    ) -> None:
        streams = self._session.streams
        is_empty = not written.seek(0, io.SEEK_END)
        written.seek(0)
        if isinstance(destination, PipeDestination):
            if is_empty:
                streams.write_note("There was no result, so the command behind | was not run.")
            else:
                await run_shell(destination.command, streams, standard_input=written)
            return
        shown = one_line(destination.name, 200)
        if is_empty:
            streams.write_note(f"There was no result to write; {shown} is as it was.")
            return
        try:
            did = self._write_file(destination, written)
        except OSError as error:
            raise _cannot_write(destination.name, error) from None
        rows = "the result" if given.rows is None else _count(given.rows)
        streams.write_note(did.format(rows=rows, file=shown))

    def _write_file(self, destination: FileDestination, written: BinaryIO) -> str:
        """Write the file whole, or leave it as it was; return what was done, as a template."""
        file = Path(destination.name).expanduser()
        is_there = file.is_file() and file.stat().st_size > 0
        if not (destination.appends and is_there):
            with open_replacement(file) as sink:
                shutil.copyfileobj(written, sink)
            return "Wrote {rows} to {file}" + (", in place of what it held." if is_there else ".")
        with file.open("rb") as kept:
            if self._format in _FORMATS_WITH_HEADER:
                self._skip_header(destination.name, kept, written)
            with open_replacement(file) as sink:
                shutil.copyfileobj(kept, sink)
                if sink.tell() and not _ends_with_line_break(file):
                    sink.write(b"\n")
                shutil.copyfileobj(written, sink)
        return "Added {rows} to {file}."

    def _skip_header(self, name: str, kept: BinaryIO, written: BinaryIO) -> None:
        """Skip the names of the columns, which the file has. Raises ReplError for others."""
        header = written.readline()
        has_equal = kept.readline().rstrip(b"\r\n") == header.rstrip(b"\r\n")
        kept.seek(0)
        if not has_equal:
            raise ReplError(
                f"{one_line(name, 100)} has other columns, so nothing was added to it. "
                "Name the columns as the file does, or write another file."
            )


def _ends_with_line_break(file: Path) -> bool:
    with file.open("rb") as kept:
        kept.seek(-1, io.SEEK_END)
        return kept.read(1) == b"\n"


def _count(rows: int) -> str:
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


def _cannot_write(name: str, error: Exception) -> ReplError:
    reason = (error.strerror if isinstance(error, OSError) else None) or "it has no such name"
    return ReplError(f"{one_line(name, 200)} cannot be written: {reason}. Check its path.")
