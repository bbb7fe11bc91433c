"""Sends requests exactly as they are given to one host, on one connection that is kept alive.

What a fuzzer sends is often wrong on purpose, so nothing is normalised here; only the framing is
made right (RFC 9112). There is no way to send anything to another host: redirects are answers.
"""

import contextlib
import select
import socket
import time
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

import h11

from cmdm_tui.api.trust import create_tls_context, describe_tls_failure
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import Answer, Headers
from cmdm_tui.text import one_line

_CHUNK_BYTES = 65_536
_MAX_ANSWER_BYTES = 64 * 1024 * 1024
_MIN_TIMEOUT = 0.001
_HOST_NAMES = ("Host", "host", b"Host", b"host")
_DEFAULT_PORTS = {"http": 80, "https": 443}

HeadersToSend = Sequence[tuple[str | bytes, str | bytes]]


class NoAnswer(HarnessError):
    """No whole answer came; the message says why in a sentence."""


class NotConnected(NoAnswer):
    """There was no connection, so that nothing was sent."""


class RawConnection:
    """A connection to the host of `url`, opened when first used and again when it was closed.

    A request is sent once: one whose answer has not come whole in `timeout` seconds raises
    NoAnswer.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or parts.hostname is None:
            message = f"{one_line(url, 100)} is not an http or https address."
            raise ValueError(message)
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._host = parts.netloc.rpartition("@")[2]
        self._address = (parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])
        self._tls = create_tls_context() if parts.scheme == "https" else None
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._has_begun = False
        self._is_ended = False
        self._connection = h11.Connection(h11.CLIENT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(
        self,
        method: str,
        path: str,
        headers: HeadersToSend = (),
        body: bytes = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Send one request and return its answer, waiting for `timeout` seconds if it is given.

        `path` is the raw target. Raises NoAnswer where no whole answer comes, NotReached where
        nothing was sent, ValueError for what HTTP cannot carry.
        """
        lines: list[Any] = [*headers]
        if not any(name in _HOST_NAMES for name, _ in headers):
            lines.insert(0, ("Host", self._host))
        if body or method in {"POST", "PUT", "PATCH"}:
            lines.append(("Content-Length", str(len(body))))
        started = time.perf_counter()
        try:
            request = h11.Request(method=method, target=path, headers=lines)
        except (h11.LocalProtocolError, UnicodeError):
            # What h11 says of it quotes the value, which may be a secret.
            raise ValueError(_describe_unsendable(method, path, headers)) from None
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        opened = self._open(seconds)
        try:
            status, received, content = self._exchange(opened, request, body, deadline)
        except TimeoutError:
            self.close()
            raise NoAnswer(f"No whole answer came in {seconds:.3g} seconds.") from None
        except (OSError, h11.ProtocolError) as error:
            self.close()
            raise NoAnswer(self._describe_failure(error)) from error
        return Answer(status, received, content, started, time.perf_counter() - started)

    def _describe_failure(self, error: Exception) -> str:
        """Describe what the service did instead of answering whole."""
        if self._is_ended or isinstance(error, ConnectionError):
            if self._has_begun:
                return "The service closed the connection in the middle of its answer."
            return "The service closed the connection without an answer: it may have crashed."
        if isinstance(error, h11.ProtocolError):
            return f"The service's answer is not HTTP: {one_line(str(error), 120)}."
        return f"No whole answer came: {_describe_error(error)}."

    def _exchange(
        self, opened: socket.socket, request: h11.Request, body: bytes, deadline: float
    ) -> tuple[int, Headers, bytes]:
        connection = self._connection
        self._has_begun = self._is_ended = False
        message = connection.send(request) or b""
        if body:
            message += connection.send(h11.Data(data=body)) or b""
        message += connection.send(h11.EndOfMessage()) or b""
        # A server may answer before it has read everything, and close.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            opened.sendall(message)
        status, headers, pieces, size = 0, (), list[bytes](), 0
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                # Piece after piece may come in time, and the whole never.
                opened.settimeout(max(deadline - time.monotonic(), _MIN_TIMEOUT))
                received = opened.recv(_CHUNK_BYTES)
                self._is_ended = not received
                self._has_begun = self._has_begun or bool(received)
                connection.receive_data(received)
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = tuple(
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in event.headers
                )
            elif isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
                size += len(event.data)
                if size > _MAX_ANSWER_BYTES:
                    raise OSError(f"it is over {_MAX_ANSWER_BYTES:,} bytes")
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("the connection was closed")
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
            connection.start_next_cycle()
        else:
            self.close()
        return status, headers, b"".join(pieces)

    def _open(self, seconds: float) -> socket.socket:
        if self._socket is not None:
            # What is readable before anything was asked is the end of the connection.
            readable, _, _ = select.select([self._socket], [], [], 0)
            if not readable:
                self._socket.settimeout(seconds)
                return self._socket
            self.close()
        try:
            opened = socket.create_connection(self._address, timeout=seconds)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                opened = self._tls.wrap_socket(opened, server_hostname=self._address[0])
        except (OSError, UnicodeError) as error:
            raise NotConnected(f"There is no connection: {_describe_error(error)}.") from error
        self._connection = h11.Connection(h11.CLIENT)
        self._socket = opened
        return opened


def _describe_unsendable(method: str, path: str, lines: HeadersToSend) -> str:
    """Describe what HTTP cannot carry of a request: the path, or a header by its name."""
    call = one_line(f"{method} {path}", 100)
    at_fault = next((name for name, value in lines if not _is_sendable_header(name, value)), None)
    if not path.isascii():
        return f"{call} cannot be sent: write what is not ASCII in a path as percent escapes."
    if at_fault is None:
        return f"{call} cannot be sent: HTTP takes no such path or headers."
    name = at_fault if isinstance(at_fault, str) else at_fault.decode("latin-1")
    return f"{call} cannot be sent: HTTP takes no header {one_line(name, 60)} of that value."


def _is_sendable_header(name: str | bytes, value: str | bytes) -> bool:
    try:
        lines: list[Any] = [("Host", "x"), (name, value)]
        h11.Request(method="GET", target="/", headers=lines)
    except (h11.LocalProtocolError, UnicodeError):
        return False
    return True


def _describe_error(error: Exception) -> str:
    failed = describe_tls_failure(error)
    if failed is not None:
        return failed.cause
    if isinstance(error, OSError) and error.strerror:
        return one_line(error.strerror, 120)
    return one_line(str(error), 120) or type(error).__name__
