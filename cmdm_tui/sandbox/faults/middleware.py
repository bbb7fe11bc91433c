"""Injecting faults: on the socket, in the status, in the body."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.api_constants import API_PATH
from cmdm_tui.sandbox.auth import TokenIssuer
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.faults.plan import BEFORE_RESPONSE, Fault, FaultKind, FaultSchedule
from cmdm_tui.sandbox.http.connections import ClientConnection
from cmdm_tui.sandbox.http.requests import get_single_header
from cmdm_tui.sandbox.http.responses import json_response
from cmdm_tui.sandbox.rate_limit import CallLimiter

_HTML = """<!DOCTYPE html>
<html><head><title>{status}</title></head>
<body><center><h1>{status}</h1></center><hr><center>proxy</center></body></html>
"""
_MAX_DROPS = 200
_LATENCY, _STORM, _DRIP = 0.2, 1.0, 0.01
_SECONDS_BEFORE_RESET = 0.05
"""What was sent before a reset must arrive before it."""


class FaultMiddleware:
    """Lets `app` answer, unless a fault strikes the request."""

    def __init__(
        self,
        app: ASGIApp,
        faults: FaultSchedule,
        tokens: TokenIssuer,
        limits: CallLimiter,
        clock: Clock,
    ) -> None:
        self._app = app
        self._faults = faults
        self._tokens = tokens
        self._limits = limits
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["raw_path"].decode("ascii")
        if not path.startswith(API_PATH + "/"):
            await self._app(scope, receive, send)
            return
        struck = self._faults.count_request(scope["method"], path[len(API_PATH) :])
        for fault in struck:
            if fault.kind is FaultKind.LATENCY:
                await asyncio.sleep(_default_seconds(fault.seconds, _LATENCY))
            elif fault.kind is FaultKind.REVOKED_TOKEN:
                self._tokens.revoke(get_single_header(scope["headers"], b"authorization"))
        others = [one for one in struck if one.kind not in BEFORE_RESPONSE]
        if others:
            await self._inject(others[0], scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _inject(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.RESET_BEFORE:
                await ClientConnection.of(scope).reset(receive)
            case FaultKind.ERROR_500:
                answer = json_response({"Message": "The server failed."}, 500)
                await answer(scope, receive, send)
            case FaultKind.HTML_502:
                await _make_gateway_response(HTTPStatus.BAD_GATEWAY)(scope, receive, send)
            case FaultKind.STORM_429:
                await self._make_storm_response(_default_seconds(fault.seconds, _STORM))(
                    scope, receive, send
                )
            case _:
                answer = _HeldResponse()
                await self._app(scope, receive, answer.hold)
                if fault.kind is FaultKind.GATEWAY_504:
                    await _make_gateway_response(HTTPStatus.GATEWAY_TIMEOUT)(scope, receive, send)
                elif answer.has_started:
                    await answer.send_damaged(fault, scope, receive, send)

    def _make_storm_response(self, seconds: float) -> Response:
        now = self._clock.now()
        headers = {
            "x-rate-limit-limit": str(self._limits.per_hour),
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(now + seconds) + 1),
        }
        message = {"Message": "There are too many calls at once."}
        return json_response(message, HTTPStatus.TOO_MANY_REQUESTS, headers)


def _make_gateway_response(status: HTTPStatus) -> Response:
    page = _HTML.format(status=f"{status} {status.phrase}")
    return Response(page, status, media_type="text/html")


class _HeldResponse:
    """An answer that is held until it is complete, to be sent damaged."""

    def __init__(self) -> None:
        self._start: Message = {}
        self._body = b""

    @property
    def has_started(self) -> bool:
        """Whether there is an answer: a behaviour may close the connection instead."""
        return bool(self._start)

    async def hold(self, message: Message) -> None:
        """Hold a part of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    async def send_damaged(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part of the answer that the fault leaves."""
        connection, body = ClientConnection.of(scope), self._body
        half = body[: len(body) // 2]
        match fault.kind:
            case FaultKind.LOST_ANSWER:
                await connection.reset(receive)
            case FaultKind.RESET_MIDWAY:
                await self._send(send, [half], len(body), more=True)
                await asyncio.sleep(_SECONDS_BEFORE_RESET)
                await connection.reset(receive)
            case FaultKind.SHORT_BODY:
                await self._send(send, [half], len(body), more=True)
                await connection.close_early(receive)
            case FaultKind.TRUNCATED_JSON:
                await self._send(send, [half], len(half))
            case FaultKind.DRIP:
                size = max(fault.drop, len(body) // _MAX_DROPS + 1)
                drops = [body[start : start + size] for start in range(0, len(body), size)]
                await self._send(
                    send, drops, len(body), pause=_default_seconds(fault.seconds, _DRIP)
                )
            case _:
                self._change_content_type()
                await self._send(send, [body], len(body))

    def _change_content_type(self) -> None:
        self._start["headers"] = [
            (name, b"text/html; charset=utf-8" if name == b"content-type" else value)
            for name, value in self._start["headers"]
        ]

    async def _send(
        self,
        send: Send,
        pieces: Iterable[bytes],
        length: int,
        *,
        more: bool = False,
        pause: float = 0.0,
    ) -> None:
        headers = [one for one in self._start["headers"] if one[0] != b"content-length"]
        headers.append((b"content-length", str(length).encode()))
        await send({**self._start, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if pause:
                await asyncio.sleep(pause)
        if not more:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _default_seconds(seconds: float | None, usual: float) -> float:
    return usual if seconds is None else seconds
