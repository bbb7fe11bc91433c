"""The installed program in a real terminal: what it wrote, and what it left of the terminal."""

import os
import re
import signal
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
from ptyprocess import PtyProcess

from cmdm_tui.sandbox import SandboxConfig
from tests.claims.program import environment_of, fork_child, is_read_at_start
from tests.services import copy_records
from tests.terminals import end_program, restore_signals

DEADLINE = 15.0

_SCREEN_MODES = (1049, 1000, 1003, 1006, 1015, 1004, 2004)
"""Private modes of a terminal: alternate screen, mouse and focus reports, bracketed paste."""


class ForkedTerminal(pexpect.spawn[Any] if TYPE_CHECKING else pexpect.spawn):
    """A terminal whose program is forked; `options` are pexpect's."""

    def __init__(
        self, fork: Callable[[tuple[int, int, int]], int], size: tuple[int, int], **options: Any
    ) -> None:
        self._fork, self._size = fork, size
        self.attributes_before: list[Any] = []
        super().__init__(sys.executable, dimensions=size, **options)

    def _spawnpty(self, *_: Any, **__: Any) -> PtyProcess:
        own_end, other_end = os.openpty()
        termios.tcsetwinsize(own_end, self._size)
        self.attributes_before = termios.tcgetattr(other_end)
        """The terminal's attributes before the program began: it may change them at once."""
        number = self._fork((other_end, other_end, other_end))
        os.close(other_end)
        return PtyProcess(number, own_end)


class ProgramTerminal:
    """A terminal in which the program runs. It stays open when the program has ended.

    It is forked, unless it is not to be or Python reads something given; then its demo has records.
    `code` is run in place of the program's own start, to break something in it, and `first` before
    its modules are loaded. `size` is in rows and columns.
    """

    def __init__(
        self,
        words: Sequence[str],
        home: Path,
        extra: Mapping[str, str] | None = None,
        *,
        code: str | None = None,
        first: str = "",
        forks: bool = True,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        temporary = home / "tmp"
        temporary.mkdir(exist_ok=True)
        if forks and {"demo", "--demo"} & set(words):
            copy_records(SandboxConfig(home / "data" / "cmdm-tui" / "demo"))
        environment = {
            **environment_of(home, {"TERM": "xterm-256color", "TMPDIR": str(temporary)}),
            **(extra or {}),
        }
        self.raw = b""
        self.home = home
        self._is_hung_up = False
        if not forks or is_read_at_start(extra or {}):
            self.process: pexpect.spawn[bytes] = pexpect.spawn(
                sys.executable,
                [*(["-m", "cmdm_tui"] if code is None else ["-c", code]), *words],
                env=environment,  # pyright: ignore[reportArgumentType]
                dimensions=size,
                timeout=DEADLINE,
                cwd=str(home),
                preexec_fn=restore_signals,
            )
        else:
            self.process = ForkedTerminal(
                lambda streams: fork_child(
                    streams, words, home, environment, code=code, first=first, has_terminal=True
                ),
                size,
                timeout=DEADLINE,
            )
        # The other end is held open here, so that its attributes outlive the program.
        name = Path(f"/proc/{self.process.pid}/fd/0").readlink()
        self._other_end = os.open(name, os.O_RDWR | os.O_NOCTTY)
        before = (
            self.process.attributes_before if isinstance(self.process, ForkedTerminal) else None
        )
        self.attributes_before = before or self.attributes

    @property
    def attributes(self) -> list[Any]:
        """The terminal's attributes as they are now."""
        return termios.tcgetattr(self._other_end)

    @property
    def modes_left_on(self) -> list[int]:
        """The modes that the program has set and not reset, the hidden cursor (25) among them."""
        left: list[int] = []
        for mode in (*_SCREEN_MODES, 25):
            switches: list[bytes] = re.findall(rb"\x1b\[\?%d([hl])" % mode, self.raw)
            usual = b"h" if mode == 25 else b"l"
            if switches and switches[-1] != usual:
                left.append(mode)
        return left

    @property
    def files_left(self) -> list[str]:
        """The files and folders that the program has left among the temporary ones."""
        return sorted(one.name for one in (self.home / "tmp").iterdir())

    def press(self, keys: str) -> None:
        """Type the keys."""
        self.process.send(keys)

    def wait_for(self, *patterns: str) -> None:
        """Read until each pattern was written, in any order."""
        self.wait_until(
            lambda: all(re.search(one.encode(), self.raw) for one in patterns), str(patterns)
        )

    def wait_until(self, is_so: Callable[[], object], what: str) -> None:
        """Read until something is so."""
        end = time.monotonic() + DEADLINE
        while not is_so():
            assert time.monotonic() < end, f"{what} did not come: {self.raw[-2_000:]!r}"
            assert self.process.isalive(), f"it ended before {what}: {self.raw[-2_000:]!r}"
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Read what comes within so many seconds."""
        try:
            self.raw += self.process.read_nonblocking(65_536, seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.kill(number)

    def wait_for_exit(self, seconds: float = DEADLINE) -> int:
        """Return the exit code, below 0 for a signal that killed the program."""
        end = time.monotonic() + seconds
        while self.process.isalive():
            assert time.monotonic() < end, f"it did not end: {self.raw[-2_000:]!r}"
            self.read(0.02)
        self.read(0.05)
        status = self.process.exitstatus
        return status if status is not None else -(self.process.signalstatus or 0)

    def hang_up(self) -> int:
        """Close the terminal, as a window is closed, and return the program's exit code."""
        self.read(0.1)
        os.close(self._other_end)
        os.close(self.process.child_fd)
        self._is_hung_up = True
        assert self.process.pid is not None
        _, status = os.waitpid(self.process.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """End the program if it still runs, and close the terminal."""
        if self._is_hung_up:
            return  # the numbers of its files are another terminal's by now
        end_program(self.process)
        with suppress(OSError):
            os.close(self._other_end)
