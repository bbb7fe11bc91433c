"""Reports an unexpected error, which is a fault of cmdm: one line, without a value of the program.

With `CMDM_DEBUG=1` its traceback follows, in which secrets are concealed.
"""

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.messages import write_message
from cmdm_tui.text import describe_unexpected, write_places

if TYPE_CHECKING:
    import asyncio

_HOW_TO_SEE_MORE = "Please report it; CMDM_DEBUG=1 shows its traceback, secrets concealed."


class CrashedWrite(Exception):
    """A write that a fault of cmdm ended after it was sent; its cause is the fault."""


def report_crash(error: BaseException) -> None:
    """Write on stderr what has ended the command, where, and how to see more."""
    from cmdm_tui import __version__

    cause = error.__cause__ if isinstance(error, CrashedWrite) and error.__cause__ else error
    sentence = describe_unexpected(cause)
    done = f" {error}" if isinstance(error, CrashedWrite) else ""
    _write_line(
        f"{sentence[0].upper()}{sentence[1:]} has ended the command: "
        f"a fault of cmdm {__version__}.{done} {_HOW_TO_SEE_MORE}"
    )
    show_traceback(cause)


def show_traceback(error: BaseException) -> None:
    """Write the traceback of an error on stderr where it is asked for."""
    from cmdm_tui.redaction.tracebacks import format_traceback, is_traceback_wanted

    if is_traceback_wanted():
        with suppress(OSError):
            click.echo(format_traceback(error), err=True)


def report_all_crashes() -> None:
    """Report from now on what no code of ours catches: in threads, in finalizers, in the end."""

    def report_uncaught(_kind: object, error: BaseException, _trace: object) -> None:
        report_crash(error)

    def report_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
            _report_aside("A thread", ended.exc_value)

    def report_unraisable(found: "sys.UnraisableHookArgs") -> None:
        if found.exc_value is not None:
            _report_aside("Cleaning up", found.exc_value)

    sys.excepthook = report_uncaught
    threading.excepthook = report_thread
    sys.unraisablehook = report_unraisable


def report_loop_error(_loop: "asyncio.AbstractEventLoop", context: dict[str, Any]) -> None:
    """Report what an event loop could not raise: an exception handler of asyncio."""
    error = context.get("exception")
    words = str(context.get("message", "The event loop failed"))
    if isinstance(error, BaseException):
        _report_aside(words, error)
    else:
        _write_line(f"{words}. {_HOW_TO_SEE_MORE}")


def conceal_last_resort() -> None:
    """Let what libraries log, where no handler of `logging` is set up, show no error's message."""
    import logging

    class PlaceFormatter(logging.Formatter):
        """Formats an exception as its type and the places in the code."""

        def formatException(self, ei: Any) -> str:  # noqa: N802 — the library's name
            return write_places(ei[1])

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PlaceFormatter())


def _report_aside(where: str, error: BaseException) -> None:
    """Report an error that ends nothing by itself."""
    with suppress(Exception):
        _write_line(f"{where}: {describe_unexpected(error)}, a fault of cmdm. {_HOW_TO_SEE_MORE}")
        show_traceback(error)


def _write_line(words: str) -> None:
    with suppress(OSError):
        write_message(words)
