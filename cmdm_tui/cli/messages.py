"""Writes the messages of commands to stderr, a line each; a terminal has them wrapped at words."""

import os
import sys

from cmdm_tui.text import one_line, wrap_words

_USUAL_WIDTH = 80


def write_message(message: str) -> None:
    """Write one message of the program, made safe; nothing where it is empty.

    A pipe gets it on one line, whatever its length.
    """
    if message:
        write_line(f"cmdm: {one_line(message)}")


def write_line(line: str) -> None:
    """Write a line that is safe already; a terminal has it wrapped between words."""
    width = _find_width()
    _write(line if width is None else wrap_words(line, width))


def write_pointer(line: str) -> None:
    """Write a line whose blanks matter, such as one that points into the line above."""
    _write(f"  {line}")


def _write(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 — stderr is for this


def _find_width() -> int | None:
    """Return the columns of the terminal at stderr; None where it is none."""
    if not sys.stderr.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH
