"""A program in a terminal of a fixed size: its screen, its processor time, its memory, its bytes.

It needs Linux: what a process has used is read in /proc, all of its threads included.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

COLUMNS, LINES = 140, 40
QUIET_SECONDS = 0.25
_PROCESS_CLOCK = 2
"""Of this and a process's id, Linux makes the number of its clock: `clock_getcpuclockid(3)`."""


class MeasuredTerminal:
    """Runs a program in a terminal while the block runs, and kills it then.

    `environment` is added to that of this process.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(command)
        self._environment = os.environ | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            **(environment or {}),
        }
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.received = 0
        """The bytes that the program has written so far."""

    def __enter__(self) -> Self:
        self._process, self._handle = pty.fork()
        if self._process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execvpe(self._command[0], self._command, self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._handle)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self._screen.display)

    @property
    def processor_seconds(self) -> float:
        """The processor time that the program has used."""
        return time.clock_gettime((~self._process) << 3 | _PROCESS_CLOCK)

    @property
    def peak_megabytes(self) -> float:
        """The most memory that the program has had."""
        lines = Path(f"/proc/{self._process}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

    def type(self, keys: str) -> None:
        """Type keys, as a terminal sends them."""
        os.write(self._handle, keys.encode())

    def wait_for(self, is_there: Callable[[str], bool], seconds: float = 60.0) -> bool:
        """Read until the screen is as wanted; return whether that came in time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self._read(0.05) and is_there(self.text):
                return True
        return is_there(self.text)

    def wait_until_quiet(self, seconds: float = QUIET_SECONDS, most: float = 20.0) -> None:
        """Read until nothing has come for so many seconds, or for the most of them at all."""
        ends = time.monotonic() + most
        while self._read(seconds) and time.monotonic() < ends:
            pass

    def wait_until_idle(self, seconds: float = 0.4, most: float = 20.0) -> None:
        """Read until the program uses next to no processor time for so many seconds."""
        ends = time.monotonic() + most
        used = self.processor_seconds
        while time.monotonic() < ends:
            self.wait_until_quiet(0.05, most=0.05)
            time.sleep(seconds)
            before, used = used, self.processor_seconds
            if used - before < seconds / 50:
                return

    def measure_first(self, words: str) -> float:
        """Return the processor time used when the words are first written."""
        seen, wanted = b"", words.encode()
        while wanted not in seen:
            seen = (seen + os.read(self._handle, 65_536))[-200_000:]
        os.kill(self._process, signal.SIGSTOP)  # what it does after its first paint does not count
        return self.processor_seconds

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if ready:
            data = os.read(self._handle, 65_536)
            self.received += len(data)
            self._stream.feed(data)
        return bool(ready)
