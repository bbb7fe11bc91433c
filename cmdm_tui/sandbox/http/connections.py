"""Connections: strict about framing, with deadlines, limited in number, and able to end early.

uvicorn and h11 speak HTTP/1.1; this adds what they leave to others.
"""

import asyncio
import socket
import struct
from email.utils import formatdate
from http import HTTPStatus
from operator import itemgetter
from typing import Any, cast

import h11
import msgspec
from starlette.types import Receive, Scope
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cmdm_tui.sandbox.http.strict_http import StrictHttpConnection

MAX_CONNECTIONS = 400
"""At once; one more, and the connection that has kept the server waiting longest is closed."""

HEAD_TIMEOUT = 10.0
BODY_TIMEOUT = 60.0

SEND_TIMEOUT = 60.0

_STATE_KEY = "connection"
_BAD_REQUEST, _TIMEOUT = 400, 408
_TIMEOUT_MESSAGES: dict[object, str] = {
    h11.IDLE: "The request did not arrive in time.",
    h11.SEND_BODY: "The body did not arrive in time.",
}


class ClientConnection(H11Protocol):
    """One client's connection.

    A request's head has `HEAD_TIMEOUT` seconds to arrive, its body `BODY_TIMEOUT`, and the client
    has `SEND_TIMEOUT` to read an answer where the server must wait for that.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _STATE_KEY: self}, _loop)
        self.conn: StrictHttpConnection = StrictHttpConnection(h11.SERVER)
        self._deadline = 0.0
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._send_blocked_since = 0.0
        self._awaited_state: Any = None
        self._waiting_since = self.loop.time()

    @staticmethod
    def of(scope: Scope) -> "ClientConnection":
        """Return the connection that a request came on."""
        connection = scope["state"][_STATE_KEY]
        if not isinstance(connection, ClientConnection):
            raise TypeError("this request came on another server's connection")
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room for the connection, and wait for its first request."""
        self._make_room()
        # What a stream socket brings is always this; asyncio's own signature leaves it open.
        super().connection_made(cast("asyncio.Transport", transport))
        self.conn.scheme = (self.scheme or "http").encode()
        self._update_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._cancel_deadline()
        self._cancel_send_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive what the client sends."""
        super().data_received(data)
        self._update_deadline()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._update_deadline()

    def pause_writing(self) -> None:
        """Wait for the client to read what it was sent, with a limit."""
        super().pause_writing()
        self._send_blocked_since = self.loop.time()
        self._send_timer = self.loop.call_later(SEND_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue to send."""
        self._cancel_send_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not a valid request, and close the connection."""
        self._refuse(_BAD_REQUEST, msg)

    async def reset(self, receive: Receive) -> None:
        """End the connection with a TCP reset, and wait until it has ended."""
        endpoint: socket.socket = self.transport.get_extra_info("socket")
        # Lingering for no time turns the closing of a socket into a reset.
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await _wait_for_disconnect(receive)

    async def close_early(self, receive: Receive) -> None:
        """Close the connection after what was sent so far, and wait until it has ended."""
        self.transport.close()
        await _wait_for_disconnect(receive)

    @property
    def is_idle(self) -> bool:
        """Whether there is no request: none has arrived, or not all of its head."""
        return self.conn.their_state is h11.IDLE

    @property
    def idle_since(self) -> float | None:
        """Since when the server waits for the client, by the loop's time; None while it does not.

        It waits for the rest of a request, or for the client to read an answer.
        """
        if self._send_timer is not None:
            return self._send_blocked_since
        return self._waiting_since if self.conn.their_state in _TIMEOUT_MESSAGES else None

    def _make_room(self) -> None:
        if len(self.connections) < MAX_CONNECTIONS:
            return
        idle = [
            (since, other)
            for other in cast("set[asyncio.Protocol]", self.connections)
            if isinstance(other, ClientConnection) and (since := other.idle_since) is not None
        ]
        if idle:
            min(idle, key=itemgetter(0))[1].evict()

    def evict(self) -> None:
        """End the connection, to make room for another one."""
        self.connections.discard(self)
        self.transport.abort()

    def _update_deadline(self) -> None:
        """Keep one deadline for what the client must send next, and none while it owes nothing."""
        awaited = self.conn.their_state
        if self.transport.is_closing():
            self._cancel_deadline()
        elif awaited not in _TIMEOUT_MESSAGES:
            self._awaited_state = None
        elif awaited is not self._awaited_state:
            self._awaited_state = awaited
            self._waiting_since = self.loop.time()
            seconds = HEAD_TIMEOUT if awaited is h11.IDLE else BODY_TIMEOUT
            self._deadline = self._waiting_since + seconds
            self._schedule_check()

    def _schedule_check(self) -> None:
        """Check the deadline when it is due.

        A timer that was set for an earlier deadline stays, and is set again when it ends: a new
        timer for each of a thousand quick requests would cost too much.
        """
        if self._deadline_timer is not None and self._deadline_timer.when() <= self._deadline:
            return
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
        self._deadline_timer = self.loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._deadline_timer = None
        if self._awaited_state is None:
            return
        if self.loop.time() < self._deadline:
            self._schedule_check()
        else:
            self._awaited_state = None
            self._end_slow_request()

    def _cancel_deadline(self) -> None:
        self._awaited_state = None
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
            self._deadline_timer = None

    def _cancel_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _end_slow_request(self) -> None:
        if self.is_idle and not self.conn.trailing_data[0]:
            # There was no request, so there is no answer.
            self.transport.close()
        else:
            self._refuse(_TIMEOUT, _TIMEOUT_MESSAGES[self.conn.their_state])

    def _refuse(self, status: int, message: str) -> None:
        if self.cycle is not None:  # pyright: ignore[reportUnnecessaryComparison] (until a request)
            # The rest of this request will not arrive.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = msgspec.json.encode({"Message": message})
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("date", formatdate(usegmt=True)),
                ("connection", "close"),
            ]
            reason = HTTPStatus(status).phrase
            for event in (
                h11.Response(status_code=status, headers=headers, reason=reason),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
