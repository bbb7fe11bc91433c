"""Where a session writes: results to one stream, everything else to another."""

import io
import os
import textwrap
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from cmdm_tui.text import visible

_USUAL_WIDTH = 80
_SECONDS_BETWEEN_LINES = 0.1
DIM, BOLD, RED = "\x1b[2m", "\x1b[1m", "\x1b[31m"
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

    def write_progress(self, line: str) -> None:
        """Draw a line in place of the last one, on a terminal; empty text removes it."""
        if not (line or self._has_progress) or not self.can_show_progress:
            return
        now = time.monotonic()
        if line and self._has_progress and now - self._drawn_at < _SECONDS_BETWEEN_LINES:
            return
        self._drawn_at, self._has_progress = now, bool(line)
        shown = _cut(visible(line), _width(self._errors))
        self._errors.write(_encodable(f"\r\x1b[K{shown}", self._errors))
        self._errors.flush()

    def _write_message(self, text: str, style: str) -> None:
        self.write_progress("")
        line = visible(text)
        width = _width(self._errors)
        if width is not None:
            line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        line = styled(line, style, has_colours=_has_colours(self._errors))
        self._output.flush()
        self._errors.write(_encodable(line + "\n", self._errors))
        self._errors.flush()


def _cut(line: str, width: int | None) -> str:
    """Return a line that is shorter than a terminal is wide, so that it can be drawn over."""
    if width is None or len(line) * 2 < width:
        return line
    from rich.cells import cell_len, set_cell_size

    return line if cell_len(line) < width else set_cell_size(line, width - 1)


def _width(stream: TextIO) -> int | None:
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def styled(text: str, style: str, *, has_colours: bool) -> str:
    """Return `text`, which must be safe already, in a style where styles may be used."""
    return f"{style}{text}{_PLAIN}" if has_colours and text and style else text
