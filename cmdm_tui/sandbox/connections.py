"""Connections: strict about framing, short of patience, limited in number, and able to break off.

uvicorn and h11 speak HTTP/1.1; what they leave to others stands here.
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

from cmdm_tui.sandbox.strict_http import StrictHttp

MOST_CONNECTIONS = 400
"""At once; beyond it, the connection that has kept the server waiting for the longest is closed."""

SECONDS_FOR_A_HEAD = 10.0
SECONDS_FOR_A_BODY = 60.0

SECONDS_FOR_AN_ANSWER = 60.0

_STATE_KEY = "connection"
_BAD_REQUEST, _TIMEOUT = 400, 408
_TOO_SLOW: dict[object, str] = {
    h11.IDLE: "The request did not arrive in time.",
    h11.SEND_BODY: "The body did not arrive in time.",
}


class Connection(H11Protocol):
    """One client's connection.

    A request's head has `SECONDS_FOR_A_HEAD` to arrive, its body `SECONDS_FOR_A_BODY`, and an
    answer has `SECONDS_FOR_AN_ANSWER` to be taken wherever its sender must wait.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _STATE_KEY: self}, _loop)
        self.conn = StrictHttp(h11.SERVER)
        self._due = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._delivery: asyncio.TimerHandle | None = None
        self._delivery_since = 0.0
        self._awaited: Any = None
        self._waiting_since = self.loop.time()

    @staticmethod
    def of(scope: Scope) -> "Connection":
        """Return the connection that a request came on."""
        connection = scope["state"][_STATE_KEY]
        if not isinstance(connection, Connection):
            raise TypeError("this request came on another server's connection")
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room for the connection, and begin to wait for its first request."""
        self._make_room()
        # What a stream socket brings is always this; asyncio's own signature leaves it open.
        super().connection_made(cast("asyncio.Transport", transport))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_watch()
        self._stop_delivery_watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait for the client to take what it was sent, but not for ever."""
        super().pause_writing()
        self._delivery_since = self.loop.time()
        self._delivery = self.loop.call_later(SECONDS_FOR_AN_ANSWER, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on sending."""
        self._stop_delivery_watch()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and close the connection."""
        self._refuse(_BAD_REQUEST, msg)

    async def reset(self, receive: Receive) -> None:
        """Break the connection off with a TCP reset, and wait until it is gone."""
        endpoint: socket.socket = self.transport.get_extra_info("socket")
        # Lingering for no time turns the closing of a socket into a reset.
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await _gone(receive)

    async def cut(self, receive: Receive) -> None:
        """Close the connection after what was sent so far, and wait until it is gone."""
        self.transport.close()
        await _gone(receive)

    @property
    def is_waiting(self) -> bool:
        """Whether no request is under way: none has arrived, or not all of a head."""
        return self.conn.their_state is h11.IDLE

    @property
    def idle_since(self) -> float | None:
        """Since when the client owes something, by the loop's time; None while it owes nothing.

        That is the rest of a request, or to take an answer.
        """
        if self._delivery is not None:
            return self._delivery_since
        return self._waiting_since if self.conn.their_state in _TOO_SLOW else None

    def _make_room(self) -> None:
        if len(self.connections) < MOST_CONNECTIONS:
            return
        idle = [
            (since, other)
            for other in cast("set[asyncio.Protocol]", self.connections)
            if isinstance(other, Connection) and (since := other.idle_since) is not None
        ]
        if idle:
            min(idle, key=itemgetter(0))[1].give_up()

    def give_up(self) -> None:
        """Break the connection off for another's sake."""
        self.connections.discard(self)
        self.transport.abort()

    def _watch(self) -> None:
        """See to it that there is a deadline for what the client owes, and only for that."""
        awaited = self.conn.their_state
        if self.transport.is_closing():
            self._stop_watch()
        elif awaited not in _TOO_SLOW:
            self._awaited = None
        elif awaited is not self._awaited:
            self._awaited = awaited
            self._waiting_since = self.loop.time()
            seconds = SECONDS_FOR_A_HEAD if awaited is h11.IDLE else SECONDS_FOR_A_BODY
            self._due = self._waiting_since + seconds
            self._set_alarm()

    def _set_alarm(self) -> None:
        """Have the deadline looked at when it is due.

        An alarm that was set for an earlier one stays, and is set anew when it goes off: one for
        each of a thousand quick requests would cost more than it is worth.
        """
        if self._alarm is not None and self._alarm.when() <= self._due:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self.loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._alarm = None
        if self._awaited is None:
            return
        if self.loop.time() < self._due:
            self._set_alarm()
        else:
            self._awaited = None
            self._too_slow()

    def _stop_watch(self) -> None:
        self._awaited = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _stop_delivery_watch(self) -> None:
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None

    def _too_slow(self) -> None:
        if self.is_waiting and not self.conn.trailing_data[0]:
            # Nothing was asked, so there is nothing to answer.
            self.transport.close()
        else:
            self._refuse(_TIMEOUT, _TOO_SLOW[self.conn.their_state])

    def _refuse(self, status: int, message: str) -> None:
        if self.cycle is not None:  # pyright: ignore[reportUnnecessaryComparison] (until a request)
            # Whoever waits for the rest of this request waits in vain.
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


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
