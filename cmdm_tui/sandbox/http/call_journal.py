"""The journal of the calls that a sandbox received: for a test that asks whether one was made.

It holds bodies, and no headers: so no credential and no token.
"""

import threading
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SETUP_HEADER = b"x-cmdm-test-setup"
"""A call with this header prepares or checks a test; it is not one of the program under test."""


@dataclass(slots=True)
class JournalLine:
    """One call: path and query as they were sent, and the body as far as it was read.

    `status` 0 means that nothing was answered, or not yet.
    """

    method: str
    path: str
    query: str
    body: bytes = b""
    status: int = 0


class CallJournal:
    """The calls received since the last `clear`, in order; those that prepare a test are left out.

    A call is in it before its answer is sent. May be read from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[JournalLine] = []

    def add(self, line: JournalLine) -> None:
        """Add a call that has begun; its body and status are filled in later."""
        with self._lock:
            self._lines.append(line)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._lines.clear()

    def list_lines(self) -> list[JournalLine]:
        """Return the calls."""
        with self._lock:
            return list(self._lines)


class CallJournalMiddleware:
    """Notes every call that `app` is given in a journal."""

    def __init__(self, app: ASGIApp, journal: CallJournal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and note it."""
        if any(name == SETUP_HEADER for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        path, query = (scope[name].decode("latin-1") for name in ("raw_path", "query_string"))
        line = JournalLine(scope["method"], path, query)
        self._journal.add(line)

        async def noting_receive() -> Message:
            message = await receive()
            line.body += message.get("body", b"")
            return message

        async def noting_send(message: Message) -> None:
            line.status = message.get("status", line.status)
            await send(message)

        await self._app(scope, noting_receive, noting_send)
