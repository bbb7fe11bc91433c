"""Ends a command in good order on SIGTERM and SIGHUP: the terminal, temporary files, exit code.

A signal that asks the program to end is remembered, and the command ends with 128 and its number.
Asynchronous work is cancelled, so that it leaves its screen and removes its files; all else is left
by an exception. A further signal changes nothing: what is being cleaned up is not broken off. What
does not end within a few seconds is ended all the same, with the terminal as it was.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

from cmdm_tui.cli.exit_codes import ExitCode

_END_SIGNALS = tuple(
    signal.Signals[name]
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK")
    if name in signal.Signals.__members__
)
"""The last two are not on every system: a terminal that closes sends one of them."""

_SECONDS_TO_END = 8.0
_CODE_OF_SIGNAL_0 = 128
_LEAVE_SCREEN = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u"
    b"\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Off: bracketed paste, mouse, keyboard protocol, alternate screen, hidden cursor, focus."""


class EndedBySignal(KeyboardInterrupt):
    """A signal asks the program to end; `str()` is its name."""


class _TerminalState:
    """The terminal's attributes when the program began, to be put back where nothing else can."""

    def __init__(self) -> None:
        self._attributes: list[Any] | None = None
        with suppress(ImportError, OSError, ValueError, AttributeError):
            import termios

            with suppress(termios.error):
                self._attributes = termios.tcgetattr(sys.stdin.fileno())

    def restore(self) -> None:
        """Put the attributes back, and leave whatever screen is shown."""
        if self._attributes is None:
            return
        import termios

        with suppress(OSError, ValueError, termios.error):
            handle = sys.stdin.fileno()
            if os.tcgetpgrp(handle) == os.getpgrp():
                termios.tcsetattr(handle, termios.TCSANOW, self._attributes)
                os.write(handle, _LEAVE_SCREEN)


class EndSignals:
    """The first signal that has asked this process to end, and what it has ended."""

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self.time_limit: float | None = None
        """The seconds that the command was allowed, where that is what has ended it."""
        self.notes: list[str] = []
        """Safe sentences on what the command has kept as it was ended."""
        self._cancel: Callable[[], object] | None = None
        self._limit: threading.Timer | None = None
        self._terminal = _TerminalState()

    def handle(self, number: int, _frame: object = None) -> None:
        """End what runs: cancel asynchronous work, raise EndedBySignal in any other."""
        if self.number is not None:
            return
        self.note(number)
        if self._cancel is None:
            raise EndedBySignal(signal.Signals(number).name)
        self._cancel()

    def note(self, number: int) -> None:
        """Remember a signal that ends what runs in its own way, and see that it does end."""
        if self.number is None:
            self.number = signal.Signals(number)
            self._limit = threading.Timer(_SECONDS_TO_END, self._end_at_once)
            self._limit.daemon = True
            self._limit.start()

    def close(self) -> None:
        """End the watch over how long the end takes."""
        if self._limit is not None:
            self._limit.cancel()

    def exit_code(self, code: int) -> int:
        """Return the exit code of a command that ended with `code` by itself.

        That a write may have been done is more important to know.
        """
        if self.number is None or code == ExitCode.OUTCOME_UNKNOWN:
            return code
        if self.time_limit is not None:
            return ExitCode.NETWORK
        return _CODE_OF_SIGNAL_0 + self.number

    def describe(self) -> str:
        """Return what has ended the command, as a sentence, and what it has kept."""
        return " ".join((self._describe_end(), *self.notes))

    def _describe_end(self) -> str:
        if self.time_limit is not None:
            return f"The {self.time_limit:g} s that the command may take are over."
        return "Interrupted." if self.number is None else f"Ended by {self.number.name}."

    @contextmanager
    def end_after(self, seconds: float, *, grace: float = 1.0) -> Generator[None]:
        """End the block as a signal does, `grace` after the `seconds` that it may take.

        Whoever waits for a service ends by itself before that.
        """
        timer = threading.Timer(seconds + grace, self._end_late, (seconds,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_late(self, seconds: float) -> None:
        if self.number is not None:
            return
        self.time_limit = seconds
        main_thread = threading.main_thread().ident
        if hasattr(signal, "pthread_kill") and main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGTERM)
        else:
            signal.raise_signal(signal.SIGTERM)

    @contextmanager
    def cancelling(self, cancel: Callable[[], object]) -> Generator[None]:
        """Call `cancel` on a signal while the block runs; it must be callable from a handler."""
        before, self._cancel = self._cancel, cancel
        try:
            yield
        finally:
            self._cancel = before

    def _end_at_once(self) -> None:
        """End the process and those it has started, whatever they do."""
        self._terminal.restore()
        multiprocessing = sys.modules.get("multiprocessing")
        if multiprocessing is not None:
            for child in multiprocessing.active_children():
                child.kill()
        os._exit(self.exit_code(ExitCode.INTERRUPTED))


_active = [EndSignals()]
"""Signals are the process's own; the last is the one that hears them."""


@contextmanager
def end_on_signals() -> Generator[EndSignals]:
    """End the block on SIGTERM and SIGHUP, and yield what remembers the signal.

    A signal that whoever started the program has it ignore, as nohup does, stays ignored. Signals
    are the main thread's; in another one nothing changes.
    """
    signals = EndSignals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {number: signal.getsignal(number) for number in _END_SIGNALS}
    taken = [number for number in _END_SIGNALS if before[number] is not signal.SIG_IGN]
    _active.append(signals)
    for number in taken:
        signal.signal(number, signals.handle)
    try:
        yield signals
    finally:
        for number in taken:
            signal.signal(number, before[number])
        _active.pop()
        signals.close()


def active_signals() -> EndSignals:
    """Return what hears the signals of this process now."""
    return _active[-1]


def ignore_signals() -> None:
    """Ignore what would end this process, which is about to end."""
    for number in (*_END_SIGNALS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def note_end_signal(number: int) -> None:
    """Remember a signal that has ended a screen which handles it itself."""
    active_signals().note(number)
