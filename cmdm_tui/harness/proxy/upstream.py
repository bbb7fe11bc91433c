"""Connections to one service, kept open: h11 over asyncio.

A proxy adds its own time to every call, and needs nothing of what a client does besides: redirects,
cookies, decoding. Nothing is changed here, and nothing is sent twice but a request to read that met
a kept connection's end: a service may close one at any time, and a client on its own would not have
noticed either (RFC 9112, 9.3.1).
"""

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import h11
import httpx

if TYPE_CHECKING:
    from cmdm_tui.harness.http.end_to_end import RawHeaders

_PIECE_BYTES = 64 * 1024
_LARGEST_HEAD = 100 * 1024
_TO_READ = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_MOST_WAITING = 256 * 1024
"""Bytes that wait to be read before the service has to wait."""

_NO_ANSWER = "it closed the connection without an answer"


class UpstreamConnection(asyncio.Protocol):
    """One connection, for one request at a time.

    A failure is one of httpx: `httpx.TransportError`.
    """

    def __init__(self, seconds_of_silence: float) -> None:
        self._silence = seconds_of_silence
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._received: list[bytes] = []
        self._waiting_bytes = 0
        self._is_ended = False
        self._is_blocked = False
        self._is_busy = True
        self._has_answered = False
        self._error: Exception | None = None
        self._failure: httpx.TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.idle_since = 0.0
        """When its last answer ended, by the loop's time."""

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent on it."""
        return not self._is_ended and self._http.our_state is h11.IDLE

    @property
    def was_closed_unanswered(self) -> bool:
        """Whether the service ended it, and no byte came for the request under way."""
        return self._is_ended and not self._has_answered

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 — of a stream it is one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came; what comes before anything was asked answers nothing."""
        if not self._is_busy:
            self.close()
            return
        self._has_answered = True
        self._received.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _MOST_WAITING and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that no more will come; the transport closes itself."""
        self._is_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._is_ended = True
        self._error = self._error or exc
        self._is_blocked = False
        self._wake()

    def pause_writing(self) -> None:
        """Wait for the service to read what it was sent."""
        self._is_blocked = True

    def resume_writing(self) -> None:
        """Continue to send."""
        self._is_blocked = False
        self._wake()

    # What the pool and its answers call

    def close(self) -> None:
        """Close the connection, whatever is under way on it."""
        self._is_ended = True
        if self._transport is not None:
            self._transport.abort()

    async def send(self, request: h11.Request, body: bytes) -> h11.Response:
        """Send a request and return the head of its answer. Raises httpx.TransportError."""
        self._is_busy, self._has_answered = True, False
        try:
            head = self._http.send(request) or b""
            first = body[:_PIECE_BYTES]
            if first:
                head += self._http.send(h11.Data(data=first)) or b""
            self._write(head)
            for start in range(_PIECE_BYTES, len(body), _PIECE_BYTES):
                while self._is_blocked:
                    await self._wait()
                piece = body[start : start + _PIECE_BYTES]
                self._write(self._http.send(h11.Data(data=piece)) or b"")
            self._write(self._http.send(h11.EndOfMessage()) or b"")
            while True:
                event = await self._read_event()
                if isinstance(event, h11.Response):
                    return event
        except h11.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    async def read_piece(self) -> bytes:
        """Return a piece of the answer's body, b"" at its end. Raises httpx.TransportError."""
        while (piece := self.find_piece()) is None:
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return piece

    def find_piece(self) -> bytes | None:
        """Return the next piece of the body, b"" at its end; None where it has not come so far."""
        try:
            while self._failure is None:
                event = self._find_event()
                if event is None:
                    return None
                if isinstance(event, h11.Data):
                    return bytes(event.data)
                if isinstance(event, h11.EndOfMessage):
                    return b""
        except h11.ProtocolError as error:
            self._failure = httpx.RemoteProtocolError(str(error))
            self._failure.__cause__ = error
        except httpx.TransportError as error:
            self._failure = error
        return None

    def finish(self) -> None:
        """End a request: the connection is usable again if all of both messages has passed."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._is_busy = False
            self.idle_since = self._loop.time()
            if self._received or self._http.trailing_data[0]:
                self.close()
        else:
            self.close()

    def _write(self, data: bytes) -> None:
        # A service may answer before it has read everything, and close: its answer is read still.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _find_event(self) -> h11.Event | None:
        """Return the next event of the answer, None where more must come first."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise httpx.RemoteProtocolError(_NO_ANSWER)
            if isinstance(event, h11.Event):
                return event
            if not self._received:
                if not self._is_ended:
                    return None
                if self._error is not None:
                    raise httpx.ReadError(str(self._error)) from self._error
                if self._http.their_state is h11.SEND_RESPONSE and self.was_closed_unanswered:
                    raise httpx.RemoteProtocolError(_NO_ANSWER)
            self._feed()

    async def _read_event(self) -> h11.Event:
        while (event := self._find_event()) is None:
            await self._wait()
        return event

    def _feed(self) -> None:
        self._http.receive_data(b"".join(self._received))
        self._received.clear()
        if self._waiting_bytes > _MOST_WAITING and self._transport is not None:
            self._transport.resume_reading()
        self._waiting_bytes = 0

    async def _wait(self) -> None:
        """Wait for something to happen on the connection."""
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(self._silence, self._give_up)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _give_up(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(httpx.ReadTimeout(""))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class UpstreamAnswer:
    """The head of an answer, and its body as it arrives. Close it, even where it was read whole."""

    def __init__(
        self, pool: "UpstreamPool", connection: UpstreamConnection, head: h11.Response
    ) -> None:
        self._pool = pool
        self._connection: UpstreamConnection | None = connection
        self.status = head.status_code
        self.reason = head.reason.decode("latin-1")
        self.headers: RawHeaders = list(head.headers)

    def read_at_hand(self) -> tuple[bytes, bool]:
        """Return what of the body has come so far, and whether it is whole."""
        pieces: list[bytes] = []
        piece = None
        while self._connection is not None and (piece := self._connection.find_piece()):
            pieces.append(piece)
        return b"".join(pieces), piece == b""

    async def iterate(self) -> AsyncIterator[bytes]:
        """Yield the rest of the body. Raises httpx.TransportError where it does not come whole."""
        while self._connection is not None and (piece := await self._connection.read_piece()):
            yield piece

    async def close(self) -> None:
        """Give the connection back to the pool."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.finish()
            self._pool.keep(connection)


class UpstreamPool:
    """Connections to the service at `base`; `trust` is for https."""

    def __init__(
        self,
        base: httpx.URL,
        trust: ssl.SSLContext | None,
        *,
        seconds_to_connect: float,
        seconds_of_silence: float,
        seconds_kept: float,
        most_kept: int,
    ) -> None:
        self._host = base.raw_host.decode("ascii")
        self._port = base.port or (443 if trust else 80)
        self._trust = trust
        self._connect, self._silence = seconds_to_connect, seconds_of_silence
        self._kept = seconds_kept
        self._idle: deque[UpstreamConnection] = deque(maxlen=most_kept)
        if trust is not None:
            trust.set_alpn_protocols(["http/1.1"])

    async def send(self, request: h11.Request, body: bytes) -> UpstreamAnswer:
        """Send a request and return its answer. Raises httpx.TransportError.

        A request to read that a kept connection's end left unanswered is sent on a new one.
        """
        kept = self._find_idle()
        if kept is not None:
            try:
                return await self._send_on(kept, request, body)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                if request.method not in _TO_READ or not kept.was_closed_unanswered:
                    raise
        return await self._send_on(await self._open(), request, body)

    async def _send_on(
        self, connection: UpstreamConnection, request: h11.Request, body: bytes
    ) -> UpstreamAnswer:
        try:
            head = await connection.send(request, body)
        except BaseException:
            connection.close()
            raise
        return UpstreamAnswer(self, connection, head)

    def keep(self, connection: UpstreamConnection) -> None:
        """Keep a connection for the next request, if it is usable."""
        if not connection.is_usable:
            return
        if len(self._idle) == self._idle.maxlen:
            self._idle.popleft().close()
        self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that nothing is under way on."""
        while self._idle:
            self._idle.pop().close()

    def _find_idle(self) -> UpstreamConnection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            # The one used last: the others may end unused.
            found = self._idle.pop()
            if found.is_usable and now - found.idle_since < self._kept:
                return found
            found.close()
        return None

    async def _open(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect):
                _, connection = await loop.create_connection(
                    lambda: UpstreamConnection(self._silence),
                    self._host,
                    self._port,
                    ssl=self._trust,
                    happy_eyeballs_delay=0.25,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("") from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(_describe_reason(error)) from error
        return connection


def _describe_reason(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        # What asyncio adds to it is the address, which is known.
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
