"""Where a session writes: results to one stream, everything else to another."""

import os
from typing import TextIO

from cmdm_tui.text import visible

_DIM, _RED, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[0m"


class Streams:
    """Writes results to `output`, and notes and errors to `errors`, each safe for a terminal."""

    def __init__(self, output: TextIO, errors: TextIO) -> None:
        self._output = output
        self._errors = errors

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
        """The terminal's columns as it stands now; None where results go elsewhere."""
        if not self._output.isatty():
            return None
        try:
            return os.get_terminal_size(self._output.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def result(self, text: str) -> None:
        """Write a result that is text, safe already, on lines of its own."""
        self._output.write(_encodable(text if text.endswith("\n") else text + "\n", self._output))
        self._output.flush()

    def bytes_result(self, body: bytes) -> None:
        """Write a result exactly as it came, for whatever reads the stream."""
        body = body if body.endswith(b"\n") or not body else body + b"\n"
        binary = getattr(self._output, "buffer", None)
        if binary is None:
            self._output.write(body.decode("utf-8", "replace"))
        else:
            self._output.flush()
            binary.write(body)
        self._output.flush()

    def note(self, text: str) -> None:
        """Tell something beside the results, on one line."""
        self._tell(text, _DIM)

    def error(self, text: str) -> None:
        """Tell an error, on one line."""
        self._tell(text, _RED)

    def _tell(self, text: str, style: str) -> None:
        safe = visible(text)
        line = f"{style}{safe}{_PLAIN}" if _has_colours(self._errors) else safe
        self._output.flush()
        self._errors.write(_encodable(line + "\n", self._errors))
        self._errors.flush()


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
