"""Where a session writes: results to one stream, everything else to another."""

import io
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from cmdm_tui.text import visible, wrap_words

_USUAL_WIDTH = 80
_SECONDS_BETWEEN_LINES = 0.1
_USUAL_HEIGHT = 24
DIM, BOLD, RED, ALERT = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[1;33m"
_PLAIN = "\x1b[0m"


class ReplStreams:
    """Writes results to `output`, and notes and errors to `errors`, each safe for a terminal."""

    def __init__(self, output: TextIO, errors: TextIO) -> None:
        self._output = output
        self._errors = errors
        self.shares_input = False
        """Whether a program that is run may read the standard input: no statements come from it."""
        self._has_progress = False
        self._drawn_at = 0.0
        self._held: list[str] | None = None
        """Messages that wait, safe and styled, while a program has the terminal."""

    @property
    def output_is_terminal(self) -> bool:
        """True where a person reads the results."""
        return self._output.isatty()

    @property
    def has_colours(self) -> bool:
        """True where results may be styled; `NO_COLOR` and a dumb terminal say they may not."""
        return _has_colours(self._output)

    @property
    def width(self) -> int | None:
        """The terminal's columns now; None where results go elsewhere."""
        return _width(self._output)

    @property
    def size(self) -> tuple[int, int]:
        """The terminal's columns and rows now; the usual ones where results go elsewhere."""
        return _size(self._output)

    @property
    def is_utf_8(self) -> bool:
        """Whether results are written as UTF-8."""
        return _encoding(self._output).casefold().replace("-", "") == "utf8"

    def encode(self, data: bytes) -> bytes:
        """Return part of a result in the encoding of what it is written to."""
        if self.is_utf_8:
            return data
        return data.decode("utf-8", "replace").encode(_encoding(self._output), "replace")

    @property
    def output_handle(self) -> int | None:
        """The file descriptor that results go to; None where they go to no file."""
        try:
            return self._output.fileno()
        except (OSError, ValueError):
            return None

    @contextmanager
    def redirected(self, sink: BinaryIO) -> Generator[None]:
        """Write results to `sink` within the block, as for a program that reads them."""
        before = self._output
        self._output = io.TextIOWrapper(sink, encoding="utf-8", newline="", write_through=True)
        try:
            yield
        finally:
            self._output.flush()
            self._output.detach()
            self._output = before

    def write_result(self, text: str) -> None:
        """Write a result that is text, safe already, on its own lines."""
        self.write_progress("")
        self._output.write(_encodable(text if text.endswith("\n") else text + "\n", self._output))
        self._output.flush()

    def write_bytes(self, body: bytes) -> None:
        """Write a result unchanged, for whatever reads the stream."""
        self.write_progress("")
        body = body if body.endswith(b"\n") or not body else body + b"\n"
        binary = getattr(self._output, "buffer", None)
        if binary is None:
            self._output.write(body.decode("utf-8", "replace"))
        else:
            self._output.flush()
            binary.write(body)
        self._output.flush()

    def write(self, data: bytes, /) -> None:
        """Write part of a result, safe already; it may end amid a line."""
        self.write_progress("")
        binary = getattr(self._output, "buffer", None)
        if binary is None or self._output.isatty():
            self._output.write(_encodable(data.decode("utf-8", "replace"), self._output))
        else:
            self._output.flush()
            binary.write(data)

    def flush(self) -> None:
        """Put what was written where it can be read."""
        self._output.flush()

    def write_note(self, text: str) -> None:
        """Write a note next to the results, on one line; a terminal wraps it between words."""
        self._write_message(text, DIM)

    def write_footer(self, text: str, mark: str = "") -> None:
        """Write the line below a result; the `mark` at its end, a word, is in colour."""
        self._write_message(f"{text} · {mark}" if mark else text, DIM, mark)

    def write_error(self, text: str) -> None:
        """Write an error, on one line."""
        self._write_message(text, RED)

    def write_pointer(self, line: str) -> None:
        """Write a line whose blanks matter, such as one that points into the line above."""
        self._errors.write(_encodable(f"  {line}\n", self._errors))
        self._errors.flush()

    @property
    def can_show_progress(self) -> bool:
        """Whether a terminal shows what `write_progress` draws."""
        return self._errors.isatty()

    @contextmanager
    def held_messages(self) -> Generator[None]:
        """Write no message within the block, in which a program has the terminal, but after it."""
        self.write_progress("")
        self._held = held = list[str]()
        try:
            yield
        finally:
            self._held = None
            self._errors.write("".join(held))
            self._errors.flush()

    def write_progress(self, line: str) -> None:
        """Draw a line in place of the last one, on a terminal; empty text removes it."""
        if not (line or self._has_progress) or not self.can_show_progress or self._held is not None:
            return
        now = time.monotonic()
        if line and self._has_progress and now - self._drawn_at < _SECONDS_BETWEEN_LINES:
            return
        self._drawn_at, self._has_progress = now, bool(line)
        shown = _cut(visible(line), _width(self._errors))
        self._errors.write(_encodable(f"\r\x1b[K{shown}", self._errors))
        self._errors.flush()

    def clear_line(self) -> None:
        """Remove what the terminal has echoed of Ctrl-C, and a line of progress with it."""
        if self._errors.isatty() and self._held is None:
            self._output.flush()
            self._has_progress = False
            self._errors.write("\r\x1b[K")
            self._errors.flush()

    def end_line(self) -> None:
        """Go on below what a program has left on a line of the terminal, and Ctrl-C behind it."""
        if self._errors.isatty():
            self._errors.write("\n")
            self._errors.flush()

    def _write_message(self, text: str, style: str, mark: str = "") -> None:
        self.write_progress("")
        line = visible(text)
        width = _width(self._errors)
        if width is not None:
            line = wrap_words(line, width)
        has_colours = _has_colours(self._errors)
        words = styled(line.removesuffix(mark), style, has_colours=has_colours)
        words += styled(mark, ALERT, has_colours=has_colours)
        written = _encodable(words + "\n", self._errors)
        if self._held is not None:
            self._held.append(written)
            return
        self._output.flush()
        self._errors.write(written)
        self._errors.flush()


def _cut(line: str, width: int | None) -> str:
    """Return a line that is shorter than a terminal is wide, so that it can be drawn over."""
    if width is None or len(line) * 2 < width:
        return line
    from rich.cells import cell_len, set_cell_size

    return line if cell_len(line) < width else set_cell_size(line, width - 1)


def _width(stream: TextIO) -> int | None:
    return _size(stream)[0] if stream.isatty() else None


def _size(stream: TextIO) -> tuple[int, int]:
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns = rows = 0
    return columns or _USUAL_WIDTH, rows or _USUAL_HEIGHT


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    encoding = _encoding(stream)
    return text.encode(encoding, "replace").decode(encoding)


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def styled(text: str, style: str, *, has_colours: bool) -> str:
    """Return `text`, which must be safe already, in a style where styles may be used."""
    return f"{style}{text}{_PLAIN}" if has_colours and text and style else text
