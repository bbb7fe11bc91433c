"""Where results go: the standard output, or a file that is there whole or not at all."""

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.formats import Format, OutputStyle

_USUAL_WIDTH = 80


def choose_format(name: str | None, file: Path | None) -> "Format":
    """Return the format asked for, else the file's; else a table on a terminal, JSON in a pipe.

    Raises Failure for Parquet on a terminal.
    """
    if name is None and file is not None:
        from cmdm_tui.formats.output_file import format_of_file

        name = format_of_file(file)
    if name is None:
        name = "table" if sys.stdout.isatty() else "json"
    if name == "parquet" and file is None and sys.stdout.isatty():
        message = "Parquet is not for a terminal. Give a file with --out, or a pipe."
        raise CommandFailure(message, ExitCode.USAGE)
    return cast("Format", name)


def look_of(file: Path | None) -> "OutputStyle":
    """Return who reads what goes there."""
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
    """Open the standard output, or beside `file` what takes its place when the block ends well.

    Raises Failure where the file cannot be written.
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
        reason = error.strerror or "it has no such name"
        message = f"{one_line(str(file), 200)} cannot be written: {reason}. Check its path."
        raise CommandFailure(message) from None
