"""Where the result of a query goes, and what is written to stderr with it: notes, costs, errors."""

import contextlib
import importlib.util
import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.messages import write_line, write_message, write_pointer
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api import Quota
    from cmdm_tui.cli.progress import CallsProgress
    from cmdm_tui.formats import Format, OutputColumn, OutputRow, OutputStyle, ResultMark, RowWriter
    from cmdm_tui.query.errors import QueryError
    from cmdm_tui.query.result import QueryResult

_USUAL_WIDTH = 80


def choose_format(name: str | None, file: Path | None) -> "Format":
    """Return the format asked for, else the file's; else a table on a terminal, JSON in a pipe.

    Raises CommandFailure for an ending that names no format, for Parquet and xlsx on a terminal,
    and for xlsx without XlsxWriter.
    """
    if name is None and file is not None:
        from cmdm_tui.formats.output_file import UnknownEnding, format_of_file

        try:
            name = format_of_file(file)
        except UnknownEnding as error:
            message = f"{error} -o names another format for it; nothing was written."
            raise CommandFailure(message, ExitCode.USAGE) from None
    if name is None:
        name = "table" if sys.stdout.isatty() else "json"
    if name in {"parquet", "xlsx"} and file is None and sys.stdout.isatty():
        shown = name.capitalize() if name == "parquet" else name
        message = f"{shown} is not for a terminal. Give a file with --out, or a pipe."
        raise CommandFailure(message, ExitCode.USAGE)
    if name == "xlsx" and importlib.util.find_spec("xlsxwriter") is None:
        message = "xlsx needs XlsxWriter, which is not installed: pip install 'cmdm-tui[xlsx]'."
        raise CommandFailure(message, ExitCode.USAGE)
    return cast("Format", name)


def choose_style(file: Path | None) -> "OutputStyle":
    """Return how to write for whoever reads it there: a terminal or a program."""
    from cmdm_tui.formats import PROGRAM_STYLE, OutputStyle

    if file is not None or not sys.stdout.isatty():
        return PROGRAM_STYLE
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        width = _USUAL_WIDTH
    has_colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return OutputStyle(is_terminal=True, width=width, has_colours=has_colours)


@contextlib.contextmanager
def open_destination(file: Path | None) -> Generator[BinaryIO]:
    """Open the standard output, or what replaces `file` when the block ends well.

    Raises CommandFailure where the file cannot be written.
    """
    if file is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    from cmdm_tui.formats.output_file import open_replacement

    try:
        with open_replacement(file) as sink:
            yield sink
    except OSError as error:
        raise CommandFailure(_describe_unwritable(file, error)) from None


def check_destination(file: Path) -> None:
    """Try whether `open_destination` can write the file, which stays as it is.

    Raises CommandFailure where it cannot.
    """
    from cmdm_tui.formats.output_file import try_replacement

    try:
        try_replacement(file)
    except OSError as error:
        message = f"{_describe_unwritable(file, error)} Nothing was sent."
        raise CommandFailure(message, ExitCode.USAGE) from None


def _describe_unwritable(file: Path, error: OSError) -> str:
    reason = error.strerror or "it has no such name"
    return f"{one_line(str(file), 200)} cannot be written: {reason}. Check its path."


class RowOutput:
    """A writer that begins with the first rows, and puts each batch where it can be read."""

    def __init__(self, writer: "RowWriter", sink: BinaryIO, progress: "CallsProgress") -> None:
        self._writer = writer
        self._sink = sink
        self._progress = progress
        self._is_begun = False

    def write_rows(self, columns: "Sequence[OutputColumn]", rows: "Sequence[OutputRow]") -> None:
        """Write the rows that have just come."""
        self._progress.clear()
        self._begin(columns)
        self._writer.write_rows(rows)
        self._sink.flush()

    def end(self, columns: "Sequence[OutputColumn]", mark: "ResultMark" = "") -> None:
        """Write the end of the document, also where no row has come."""
        self._progress.clear()
        self._begin(columns)
        self._writer.end(mark)
        self._sink.flush()

    def break_off(self) -> None:
        """Write no more than the end of what has begun; a file's writer keeps nothing."""
        discard = getattr(self._writer, "discard", None)
        if discard is None:
            self.end_early()
        else:
            discard()

    def end_early(self) -> None:
        """Write the end of a document that has begun, so that what came is a whole one."""
        if self._is_begun:
            self._writer.end("partial")
            self._sink.flush()

    def _begin(self, columns: "Sequence[OutputColumn]") -> None:
        if not self._is_begun:
            self._writer.begin(columns)
            self._is_begun = True


def report_error(error: "QueryError", sql: str) -> None:
    """Write an error on one line, and below it where in the SQL it is, with a caret.

    The words of the parser or of the engine are in the traceback that `CMDM_DEBUG` asks for.
    """
    from cmdm_tui.cli.crashes import show_traceback
    from cmdm_tui.query.sql_excerpt import excerpt

    write_message(" ".join(str(error).split()))
    for line in excerpt(sql, getattr(error, "line", None), getattr(error, "column", None)):
        write_pointer(line)
    if error.__cause__ is not None:
        show_traceback(error)


def report_notes(result: "QueryResult", more: tuple[str, ...] = ()) -> None:
    """Write what a reader must know of a result."""
    for sentence in (*result.notes.sentences, *more):
        note(sentence)


def report_summary(result: "QueryResult", quota: "Quota") -> None:
    """Write for a person what came and what it cost; a program asks for it with --stats."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    stats = result.stats
    parts = [
        f"{stats.rows:,} {'row' if stats.rows == 1 else 'rows'}",
        f"{stats.calls_used:,} {'call' if stats.calls_used == 1 else 'calls'} ({stats.plan})",
        f"{stats.ms:,.0f} ms",
    ]
    if quota.remaining is not None:
        parts.append(f"{quota.remaining:,} {'call' if quota.remaining == 1 else 'calls'} left")
    write_line(" · ".join(parts))
