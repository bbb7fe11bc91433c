"""Writing a log without waiting for it: a thread writes the lines, out of a bounded queue.

Whoever starts a sandbox from a program may leave its pipe unread, a disk may be full, a terminal
may be stopped: none of these must keep calls from being answered.
"""

import functools
import logging
import os
import select
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from cmdm_tui.text import write_places

logger = logging.getLogger("cmdm_tui.sandbox")

MAX_LINES = 10_000
"""How many lines wait to be written; further ones are left out, and counted."""

_SECONDS_TO_FINISH = 0.5
_SECONDS_BETWEEN_PIECES = 0.02
_SECONDS_BETWEEN_LOOKS = 0.1
# A pipe that is ready takes this much at once.
_PIECE_BYTES = 4_096

_writers: "weakref.WeakSet[LogWriter]" = weakref.WeakSet()


class LogWriter:
    """Writes lines to an open file, pipe or terminal. `write` never waits and never raises.

    Lines that find no room, or that cannot be written, are left out; a line in their place says how
    many they were, once it can be written.
    """

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        # The thread's own: what could not be written, and how it stands.
        self._failed = 0
        self._is_failing = self._is_mid_line = False
        self._start_over()
        _writers.add(self)

    def write(self, line: str) -> None:
        """Queue a line, given without its line end, or several with the ends between them."""
        with self._condition:
            if len(self._lines) >= MAX_LINES:
                self._left_out += 1
                return
            self._note_left_out()
            self._lines.append(self._encode(line))
            self._start_thread()
            if self._is_waiting:
                self._condition.notify_all()

    def flush(self, seconds: float = _SECONDS_TO_FINISH) -> None:
        """Wait until the queue is written, or for `seconds` nothing of it was."""
        with self._condition:
            while self._lines or self._is_writing:
                if not self._condition.wait(seconds):
                    return

    def close(self) -> None:
        """Write what can be written without a long wait, and end the thread.

        The descriptor stays open. Lines that come later are left out.
        """
        self.flush()
        self._end_thread()

    def _encode(self, line: str) -> bytes:
        return f"{line}\n".encode(self._encoding, "backslashreplace")

    def _note_left_out(self) -> None:
        if self._left_out:
            self._lines.append(self._encode(_describe_left_out(self._left_out)))
            self._left_out = 0

    # The thread

    def _start_thread(self) -> None:
        if self._thread is None and not self._is_ending:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def _end_thread(self) -> None:
        with self._condition:
            self._is_ending = True
            self._condition.notify_all()
            thread, self._thread = self._thread, None
        # A terminal that was stopped can hold it; then it ends with the process.
        if thread is not None:
            thread.join(_SECONDS_TO_FINISH)

    def _run(self) -> None:
        while (lines := self._take_piece()) is not None:
            self._write_piece(lines)
            if not self._lines:
                # What comes meanwhile is written together: a wake for each line would cost more.
                time.sleep(_SECONDS_BETWEEN_PIECES)

    def _take_piece(self) -> list[bytes] | None:
        """Return the lines to write next, None when there will be none."""
        with self._condition:
            self._is_writing = False
            if not self._lines:
                self._note_left_out()
            self._condition.notify_all()
            while not self._lines and not self._is_ending:
                self._is_waiting = True
                self._condition.wait()
                self._is_waiting = False
            if self._is_ending:
                return None
            self._is_writing = True
            taken = [self._lines.popleft()]
            size = len(taken[0])
            while self._lines and size + len(self._lines[0]) <= _PIECE_BYTES:
                taken.append(self._lines.popleft())
                size += len(taken[-1])
            return taken

    def _write_piece(self, lines: list[bytes]) -> None:
        start = b"\n" if self._is_mid_line else b""
        if self._failed:
            start += self._encode(_describe_left_out(self._failed))
        piece = start + b"".join(lines)
        written, error = self._write_bytes(piece)
        if error is not None:
            self._is_mid_line = written > 0 and piece[written - 1 : written] != b"\n"
            self._note_failure(error, lines, len(piece) - max(written, len(start)))
            return
        self._is_failing, self._is_mid_line, self._failed = False, False, 0
        if written < len(piece):
            with self._condition:
                self._lines.appendleft(piece[written:])

    def _write_bytes(self, piece: bytes) -> tuple[int, OSError | None]:
        """Return how much is written, and what kept the rest from it; the end of the thread may."""
        written = 0
        while written < len(piece):
            try:
                if wait_until_ready(self._descriptor, _SECONDS_BETWEEN_LOOKS):
                    written += os.write(self._descriptor, piece[written : written + _PIECE_BYTES])
                elif self._is_ending:
                    break
            except BlockingIOError:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            except OSError as error:
                return written, error
        return written, None

    def _note_failure(self, error: OSError, lines: list[bytes], unwritten: int) -> None:
        """Count the lines that the last `unwritten` bytes belong to."""
        for line in reversed(lines):
            if unwritten <= 0:
                break
            self._failed += 1
            unwritten -= len(line)
        is_first, self._is_failing = not self._is_failing, True
        if is_first:
            logger.error("Calls cannot be logged (%s).", error.strerror)

    # Forking: a thread is in one process alone

    def _start_over(self) -> None:
        self._condition = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._thread: threading.Thread | None = None
        self._left_out = 0
        self._is_ending = self._is_waiting = self._is_writing = False

    def before_fork(self) -> None:
        """End the thread: a process is forked without others."""
        self.flush(_SECONDS_BETWEEN_LOOKS)
        self._end_thread()

    def after_fork_in_parent(self) -> None:
        """Continue with what is left."""
        with self._condition:
            self._is_ending = False
            if self._lines:
                self._start_thread()

    def after_fork_in_child(self) -> None:
        """Begin with nothing: what was queued is the parent's."""
        self._start_over()


class _PlaceFormatter(logging.Formatter):
    """Formats an unexpected error as its type and places: its message could hold a secret."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 — the library's name
        return write_places(ei[1], ", a fault of the sandbox")


class LogWriterHandler(logging.Handler):
    """Passes what is logged to a `LogWriter`."""

    def __init__(self, writer: LogWriter) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(_PlaceFormatter())
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record."""
        try:
            self._writer.write(self.format(record))
        except Exception:  # noqa: BLE001 (as every handler does)
            self.handleError(record)


@functools.cache
def get_stderr_writer() -> LogWriter | None:
    """Return the one writer of this process's stderr, None where that is not an open file."""
    try:
        return LogWriter(sys.stderr.fileno(), sys.stderr.encoding)
    except (AttributeError, OSError, ValueError):
        return None


@contextmanager
def log_without_waiting() -> Generator[None]:
    """Let what this process logs go through the writer of stderr while the block runs.

    Where handlers are set up, they stay the only ones.
    """
    writer = None if logging.root.handlers else get_stderr_writer()
    if writer is None:
        yield
        return
    handler = LogWriterHandler(writer)
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
        writer.flush()


def wait_until_ready(descriptor: int, seconds: float) -> bool:
    """Return whether a write of some kilobytes does not block now, or within `seconds`.

    Where the system cannot say so of a file, it is taken for ready.
    """
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(seconds * 1_000))


def _describe_left_out(count: int) -> str:
    lines = "1 line was" if count == 1 else f"{count:,} lines were"
    return f"{lines} left out here: the log could not be written."


def _for_each_writer(method: str) -> None:
    for writer in list(_writers):
        getattr(writer, method)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _for_each_writer("before_fork"),
        after_in_parent=lambda: _for_each_writer("after_fork_in_parent"),
        after_in_child=lambda: _for_each_writer("after_fork_in_child"),
    )
