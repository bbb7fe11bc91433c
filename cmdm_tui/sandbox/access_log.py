"""The access log: one readable line a call, without headers or bodies, and so without secrets."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.text import one_line

_TARGET_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Line:
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


class AccessLog:
    """Reports every call that `app` answers."""

    def __init__(self, app: ASGIApp, report: Callable[[Line], None]) -> None:
        self._app = app
        self._report = report

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
            target: bytes = scope["raw_path"]
            if scope["query_string"]:
                target += b"?" + scope["query_string"]
            shown = one_line(target.decode("latin-1"), _TARGET_SHOWN)
            method = one_line(scope["method"], 10)
            self._report(Line(method, shown, status, time.perf_counter() - began, size))
