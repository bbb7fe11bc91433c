"""Sends requests exactly as given (raw targets, headers and bodies) to one service only.

`HttpxSender` goes through httpx, where vcrpy records it and cassettes answer. `DirectSender` is for
everything else, and takes less than half of the time.
"""

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self

import h11
import httpx

from cmdm_tui.api.pool import NoCookies
from cmdm_tui.api.trust import create_tls_context, describe_tls_failure
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.harness.exchange import Answer, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer, RawConnection
from cmdm_tui.text import one_line

_TIMEOUT_SECONDS = 30.0
_UNSENDABLE = "The call cannot be sent: HTTP takes no such path or headers."
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


RequestListener = Callable[[OutgoingRequest], None]


class Sender(Protocol):
    """Sends to one service. Raises NoAnswer where no answer came, or a request cannot be sent."""

    def __call__(self, request: OutgoingRequest) -> Answer:
        """Return the answer."""
        ...


class HttpxSender:
    """Sends to one service over connections that are kept open; follows no redirect.

    `listener` is called with each request before it is sent. Use it as a context, from one thread.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        listener: RequestListener | None = None,
        seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._base = parse_base_url(url)
        self._listener = listener
        self._http = httpx.Client(
            transport=transport,
            timeout=seconds,
            # Loading certificates takes longer than many calls; plain http needs none.
            verify=create_tls_context() if self._base.scheme == "https" else False,
            follow_redirects=False,
            cookies=NoCookies(),
        )

    @property
    def url(self) -> str:
        """The address before every target: `{url}/api/v1`."""
        return str(self._base)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __call__(self, request: OutgoingRequest) -> Answer:
        """Return the answer. Raises NoAnswer where none came, or the call cannot be sent."""
        if self._listener is not None:
            self._listener(request)
        built = self._build_request(request)
        try:
            response = self._http.send(built, stream=True)
            try:
                body = _read_body(response)
            finally:
                response.close()
        except httpx.TimeoutException:
            raise NoAnswer("No answer came in time.") from None
        except httpx.DecodingError:
            raise NoAnswer("The answer's body is not in the coding that it names.") from None
        except (httpx.LocalProtocolError, h11.LocalProtocolError):
            # The error quotes the value, which may be a secret.
            raise NoAnswer(_UNSENDABLE) from None
        except (httpx.TransportError, h11.RemoteProtocolError) as error:
            failed = describe_tls_failure(error)
            reason = one_line(str(error), 120) or type(error).__name__
            reason = reason if failed is None else failed.cause
            if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
                message = "The service closed the connection without a whole answer."
                raise NoAnswer(message) from None
            raise NoAnswer(f"The connection gave no answer: {reason}.") from None
        headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        return Answer(response.status_code, headers, body)

    def _build_request(self, request: OutgoingRequest) -> httpx.Request:
        prefix = b"" if request.is_from_root else self._base.raw_path.rstrip(b"/")
        raw = prefix + request.target.encode("utf-8")
        given = {name.lower() for name, _ in request.headers}
        headers = [("Host", self._base.netloc.decode("ascii"))] if "host" not in given else []
        headers += [("Accept-Encoding", "identity")] if "accept-encoding" not in given else []
        # What httpx would write otherwise (dot segments, quotes) goes out as it is given.
        extensions: dict[str, Any] = {"target": raw}
        if request.timeout is not None:
            extensions["timeout"] = httpx.Timeout(request.timeout).as_dict()
        try:
            return httpx.Request(
                request.method,
                _closest_url(self._base, raw),
                headers=[
                    (name.encode("ascii"), value.encode("latin-1"))
                    for name, value in (*headers, *request.headers)
                ],
                content=request.body,
                extensions=extensions,
            )
        except (httpx.InvalidURL, UnicodeError):
            raise NoAnswer(_UNSENDABLE) from None


class DirectSender:
    """Sends to one service over one connection that is kept open; follows no redirect."""

    def __init__(self, url: str) -> None:
        self._base = parse_base_url(url)
        self._path_prefix = self._base.raw_path.decode("ascii").rstrip("/")
        self._connection = RawConnection(
            f"{self._base.scheme}://{self._base.netloc.decode('ascii')}"
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __call__(self, request: OutgoingRequest) -> Answer:
        """Return the answer. Raises NoAnswer where none came, or the call cannot be sent."""
        lines = [(name, value.encode("latin-1")) for name, value in request.headers]
        if not any(name.lower() == "accept-encoding" for name, _ in lines):
            lines.append(("Accept-Encoding", b"identity"))
        target = request.target if request.is_from_root else self._path_prefix + request.target
        try:
            given = self._connection.send(
                request.method, target, lines, request.body or b"", timeout=request.timeout
            )
        except ValueError as error:
            raise NoAnswer(one_line(str(error), 200)) from None
        if given.header("content-encoding") is None:
            return given
        return replace(given, body=_decode_content(given))


def _decode_content(answer: Answer) -> bytes:
    """Return the body out of the coding that its headers name, although none was accepted."""
    stream = httpx.ByteStream(answer.body)
    headers = list(answer.headers)
    try:
        return httpx.Response(answer.status, headers=headers, stream=stream).read()
    except httpx.DecodingError:
        raise NoAnswer("The answer's body is not in the coding that it names.") from None


def _closest_url(base: httpx.URL, raw: bytes) -> httpx.URL:
    try:
        return base.copy_with(raw_path=raw)
    except httpx.InvalidURL:
        # Too long or too odd for httpx; only the origin counts, as the target is sent as given.
        return base


def _read_body(response: httpx.Response) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > _MAX_ANSWER_BYTES:
            raise NoAnswer(f"The answer is over {_MAX_ANSWER_BYTES:,} bytes.")
        pieces.append(piece)
    return b"".join(pieces)
