"""Reports on stderr and in a log file what the client does: long waits, and each call if asked."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cmdm_tui.api import (
    CallFailed,
    CallFinished,
    CallSent,
    Event,
    PageRead,
    QuotaWait,
    RecordsMissing,
    RecordsUnreadable,
    RetryScheduled,
    SignInEnded,
    SignInStarted,
    TotalChanged,
)
from cmdm_tui.cli.exit_codes import CommandFailure
from cmdm_tui.cli.messages import write_line
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.redactor import Redactor
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.config import Credentials

_NOTABLE_SECONDS = 1.0
"""Seconds of waiting that are reported even to a user who has not asked."""

_APPEND_FLAGS = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK"))
)
"""A pipe that nothing reads is an error, and one whose reader is slow does not hold us up."""

WriteLine = Callable[[str], None]


class EventLogger:
    """Takes the client's events and writes lines without secrets.

    Waits of a second or more are written to `show`. With `verbose`, and in any case to `log`, every
    call and every event is.
    """

    def __init__(
        self, credentials: "Credentials", *, show: WriteLine, log: WriteLine | None, verbose: bool
    ) -> None:
        secrets = [
            credentials.client_id.reveal(),
            credentials.client_secret.reveal(),
            credentials.password.reveal(),
        ]
        self._redact = Redactor(secrets)
        self._guard = LeakScanner(secrets)
        self._show = show
        self._log = log
        self._verbose = verbose

    def __call__(self, event: Event) -> None:
        """Write a line for `event`, if it is one that lines are written for."""
        if isinstance(event, CallSent | SignInEnded):
            return  # the line of the answer says it
        line = one_line(self._redact(describe_event(event)))
        if self._verbose or is_notable(event):
            self._show(line)
        if self._log is not None:
            self._log(self._guard.filter_line(line))


def describe_event(event: Event) -> str:
    """Return an event in words."""
    match event:
        case SignInStarted(call):
            return f"#{call.number} signing in"
        case SignInEnded(call, answer):
            return f"#{call.number} sign-in answered {answer.status if answer else 'by nothing'}"
        case CallSent(call, attempt):
            return f"#{call.number} attempt {attempt} sent  {call.method} {call.redact(call.path)}"
        case CallFinished(call, status, seconds, size):
            timing = f"{status}  {seconds * 1000:.1f} ms  {size:,} B"
            return f"#{call.number} {timing}  {call.method} {call.redact(call.path)}"
        case CallFailed(call, failure):
            words = failure.message if failure else "the answer is not needed any more"
            return f"#{call.number} gave up: {words}  {call.method} {call.redact(call.path)}"
        case QuotaWait(call, seconds):
            return f"#{call.number} waits {seconds:.0f} s: no call is left before the reset"
        case RetryScheduled(call, attempt, seconds, failure):
            words = failure.message
            return f"#{call.number} attempt {attempt} failed: {words}; again in {seconds:.1f} s"
        case _:
            return _describe_record_event(event)


def _describe_record_event(
    event: PageRead | TotalChanged | RecordsMissing | RecordsUnreadable,
) -> str:
    match event:
        case PageRead(entity, number, pages):
            return f"{entity}: page {number} of {pages or 'an unknown number'}"
        case TotalChanged(entity, before, after):
            return f"{entity} changed while it was read: {before:,} records before, {after:,} now"
        case RecordsMissing(entity, counted, came):
            return f"{entity}: {came:,} of the {counted:,} records counted have come, and no more"
        case RecordsUnreadable():
            return event.description


def is_notable(event: Event) -> bool:
    """Return whether a user would wonder without it."""
    if isinstance(event, QuotaWait | RetryScheduled):
        return event.seconds >= _NOTABLE_SECONDS
    return isinstance(event, TotalChanged | RecordsUnreadable)


def ignore_line(_: str) -> None:
    """Write nothing."""


def write_to_stderr(line: str) -> None:
    """Write a line to stderr."""
    write_line(f"cmdm: {line}")


def open_log_file(path: Path) -> WriteLine:
    """Return what appends lines, each with its time, to a file that only its owner can read.

    Raises CommandFailure where the file cannot be opened. One that later takes no more (a full
    disk) fails no call: that is reported once, and the rest is not written.
    """
    is_writable = True

    def write(line: str) -> None:
        nonlocal is_writable
        if not is_writable:
            return
        try:
            with _open_for_append(path) as file:
                file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')}  {line}\n")
        except (CommandFailure, OSError) as error:
            is_writable = False
            words = (
                str(error)
                if isinstance(error, CommandFailure)
                else _describe_write_error(path, error)
            )
            write_to_stderr(f"{words} Nothing more is logged.")

    _open_for_append(path).close()
    return write


def _open_for_append(path: Path) -> TextIO:
    try:
        handle = os.open(path, _APPEND_FLAGS, 0o600)
    except OSError as error:
        raise CommandFailure(_describe_write_error(path, error)) from None
    return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


def _describe_write_error(path: Path, error: OSError) -> str:
    return f"{one_line(str(path), 200)} cannot be written: {error.strerror}. Check its path."
