"""The unexpected errors of the explorer: counted, and written to a file without a value in them."""

import os
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cmdm_tui import __version__
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import make_folder
from cmdm_tui.redaction.tracebacks import format_traceback, is_traceback_wanted
from cmdm_tui.text import describe_unexpected, list_places

_LONGEST_LOG = 512 * 1024
"""Bytes after which the log begins again; the log before it is kept as `.1`."""

_SILENCE = 60.0
"""Seconds for which the same error is neither shown nor written again."""

_MOST_ERRORS, _SECONDS = 10, 10.0
"""This many errors in this many seconds are too many to go on."""

_MOST_FAILED_PAINTS, _PAINT_SECONDS = 3, 60.0
"""The same for errors while painting: each leaves the screen as it was before."""


_PAINTER = "textual/_compositor.py:"
"""Where the traceback of an error while painting comes through."""


@dataclass(frozen=True, slots=True)
class NotedError:
    """What became of an unexpected error."""

    sentence: str
    """What happened, where, and where to read more; safe, one line."""
    is_new: bool
    """Whether it was not noted within the last minute."""
    is_too_many: bool
    """Whether so many came that the explorer cannot go on."""


class ErrorLog:
    """Notes unexpected errors. `path` is the log's file, None to write none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._noted: dict[str, float] = {}
        self._times: deque[float] = deque(maxlen=_MOST_ERRORS)
        self._paint_times: deque[float] = deque(maxlen=_MOST_FAILED_PAINTS)

    def note_error(self, error: BaseException, time: float) -> NotedError:
        """Count an error at `time`, in seconds of a steady clock, and write it where it is new."""
        what = describe_unexpected(error)
        is_new = time - self._noted.get(what, float("-inf")) >= _SILENCE
        where = ""
        if is_new:
            self._noted[what] = time
            where = self._write(error)
        self._times.append(time)
        if any(place.startswith(_PAINTER) for place in list_places(error.__traceback__)):
            self._paint_times.append(time)
        sentence = f"{what[0].upper()}{what[1:]}: a fault of cmdm. What you see may be incomplete."
        return NotedError(f"{sentence} {where}".rstrip(), is_new, self._is_too_many(time))

    def _is_too_many(self, time: float) -> bool:
        return any(
            len(times) == times.maxlen and time - times[0] <= seconds
            for times, seconds in ((self._times, _SECONDS), (self._paint_times, _PAINT_SECONDS))
        )

    def _write(self, error: BaseException) -> str:
        """Add the error to the log; return where it can be read."""
        if self._path is None:
            return ""
        try:
            make_folder(self._path.parent)
            if self._path.exists() and self._path.stat().st_size > _LONGEST_LOG:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(format_entry(error, datetime.now().astimezone()))
        except (OSError, ConfigurationError):
            return f"{self._path} cannot be written."
        return f"{self._path} says more."


def format_entry(error: BaseException, moment: datetime) -> str:
    """Return an error's lines in the log: when, what, and the places in the code.

    Where tracebacks are asked for, that of the error follows, without the secrets in it.
    """
    lines = [
        f"{moment.isoformat(timespec='seconds')} cmdm {__version__}: {describe_unexpected(error)}",
        *(f"  {place}" for place in list_places(error.__traceback__)),
    ]
    if is_traceback_wanted():
        lines.append(format_traceback(error))
    return "\n".join(lines) + "\n"
