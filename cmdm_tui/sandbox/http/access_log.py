"""The access log: one readable line a call, that holds no secret.

Headers and bodies are left out. A path or a query can still hold what does not belong there, such
as a token. So only words that look like this API's own are shown of them, and no known secret.
"""

import logging
import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.api_constants import LIST_PARAMETERS
from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.http.log_writer import LogWriter
from cmdm_tui.text import one_line

logger = logging.getLogger("cmdm_tui.sandbox")

_LONGEST_TARGET = 160
_LONGEST_WORD = 20
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One answered call. `target` is its path and query, safe to show; `size` is the body's bytes.

    `status` 0 means that nothing was answered.
    """

    method: str
    target: str
    status: int
    seconds: float
    size: int

    def __str__(self) -> str:
        timing = f"{self.seconds * 1000:8.1f} ms"
        return f"{self.status}  {timing}  {self.size:>10,} B  {self.method:<6} {self.target}"


class AccessLogMiddleware:
    """Reports every call that `app` answers. `secrets` are never shown."""

    def __init__(
        self, app: ASGIApp, report: Callable[[LoggedCall], None], secrets: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._report = report
        self._is_failing = False
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and report it."""
        status, size, began = 0, 0, time.perf_counter()

        async def counting_send(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counting_send)
        finally:
            target = redact_target(scope["raw_path"], scope["query_string"], self._secrets)
            method = one_line(scope["method"], 10)
            self._report_call(LoggedCall(method, target, status, time.perf_counter() - began, size))

    def _report_call(self, line: LoggedCall) -> None:
        """Report a call; it must not fail because a disk is full or a reader has left."""
        try:
            self._report(line)
        except OSError as error:
            if not self._is_failing:
                logger.error("Calls cannot be logged (%s).", error.strerror)  # noqa: TRY400 (enough)
            self._is_failing = True
        else:
            self._is_failing = False


def redact_target(path: bytes, query: bytes, secrets: Iterable[str]) -> str:
    """Return a request's path and query without what must not be logged."""
    target = "/".join(_redact_word(word, secrets) for word in path.decode("latin-1").split("/"))
    if query:
        parts = query.decode("latin-1").split("&")
        target += "?" + "&".join(_redact_parameter(part, secrets) for part in parts)
    return one_line(target, _LONGEST_TARGET)


def _redact_parameter(part: str, secrets: Iterable[str]) -> str:
    name, equals, value = part.partition("=")
    words = value.split(",") if name in LIST_PARAMETERS else []
    shown = ",".join(_redact_word(word, secrets) for word in words) if words else "…"
    return _redact_word(name, secrets) + equals + (shown if value else "")


def _redact_word(word: str, secrets: Iterable[str]) -> str:
    plain = unquote_plus(word)
    if len(plain) > _LONGEST_WORD or any(secret in plain for secret in secrets):
        return f"<{len(plain)} characters>"
    return word


@contextmanager
def open_log(path: Path) -> Generator[Callable[[LoggedCall], None]]:
    """Open a log that only its owner can read, and yield a function that adds a line with the time.

    The function never waits for the file, and never raises (see `LogWriter`).

    Raises `SettingError` when it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingError(
            f"The log file {path} cannot be written ({error.strerror}); choose another with --log."
        ) from error

    writer = LogWriter(descriptor)

    def write(line: LoggedCall) -> None:
        writer.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}  {line}")

    try:
        yield write
    finally:
        writer.close()
        os.close(descriptor)
