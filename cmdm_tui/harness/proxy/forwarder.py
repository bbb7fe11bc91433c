"""Passes requests on to one service, byte for byte, over connections that are kept open."""

from collections.abc import Iterable
from dataclasses import dataclass

import h11
import httpx

from cmdm_tui.api.pool import NoCookies
from cmdm_tui.api.trust import create_tls_context, describe_tls_failure
from cmdm_tui.api.urls import is_loopback, parse_base_url
from cmdm_tui.harness.recording.observed_call import READABLE_CODINGS
from cmdm_tui.text import one_line

RawHeaders = list[tuple[bytes, bytes]]

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 120.0
_KEEPALIVE_SECONDS = 4.0
_MOST_IDLE = 100

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that are between two programs next to each other (RFC 9110, 7.6.1)."""

_OURS = frozenset({b"host", b"expect", b"content-length"})
"""Headers of a request that the proxy writes itself, as the service is another host."""


class NotForwarded(Exception):
    """The service gave no answer, or not a whole one; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request to the proxy: its raw target and headers, and its whole body."""

    method: str
    target: bytes
    headers: RawHeaders
    body: bytes


class Forwarder:
    """Sends requests to the service at `url`. Each is sent once, and no redirect is followed."""

    def __init__(self, url: str) -> None:
        self._base = parse_base_url(url)
        self.base_path = self._base.raw_path.decode("ascii").rstrip("/")
        """The path of the API at the service, such as `/api/v1`."""
        self.host = self._base.netloc.decode("ascii")
        self.origin = f"{self._base.scheme}://{self.host}"
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=_MOST_IDLE,
                keepalive_expiry=_KEEPALIVE_SECONDS,
            ),
            verify=create_tls_context() if self._base.scheme == "https" else False,
            follow_redirects=False,
            cookies=NoCookies(),
            trust_env=not is_loopback(self._base.host),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, received: ReceivedRequest) -> httpx.Response:
        """Return the service's answer, its body not read yet. Raises NotForwarded."""
        headers = select_end_to_end(received.headers, without=_OURS)
        headers = [_limit_codings(line) for line in headers]
        request = httpx.Request(
            received.method,
            self._base,
            headers=[(b"host", self._base.netloc), *headers],
            content=received.body or None,
            # The target goes out as it came, whatever httpx would make of it.
            extensions={"target": received.target, "timeout": self._http.timeout.as_dict()},
        )
        # httpx writes the method in upper case, and a method's case has a meaning.
        request.method = received.method
        try:
            return await self._http.send(request, stream=True)
        except (httpx.TransportError, h11.ProtocolError) as error:
            raise NotForwarded(self.describe(error)) from None

    def describe(self, error: Exception) -> str:
        """Return why there is no whole answer, as a sentence."""
        failed = describe_tls_failure(error)
        if failed is not None:
            return f"There is no secure connection to {self.host}: {failed.cause}."
        if isinstance(error, httpx.ConnectTimeout):
            return f"{self.host} cannot be reached: it did not answer in time."
        if isinstance(error, httpx.TimeoutException):
            return f"{self.host} has sent nothing for {_SILENCE_SECONDS:.0f} seconds."
        reason = one_line(str(error), 120) or type(error).__name__
        if isinstance(error, httpx.ConnectError):
            return f"{self.host} cannot be reached: {reason}."
        return f"{self.host} gave no whole answer: {reason}."


def select_end_to_end(
    headers: Iterable[tuple[bytes, bytes]], *, without: frozenset[bytes] = frozenset()
) -> RawHeaders:
    """Return the headers that a proxy passes on, names in lower case."""
    lines = [(name.lower(), value) for name, value in headers]
    named = b",".join(value for name, value in lines if name == b"connection")
    dropped = {word.strip().lower() for word in named.split(b",")} | _HOP_BY_HOP | without
    return [line for line in lines if line[0] not in dropped]


def _limit_codings(line: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return an Accept-Encoding without the codings that cannot be recorded."""
    name, value = line
    if name != b"accept-encoding":
        return line
    wanted = [part.strip() for part in value.decode("latin-1").split(",")]
    kept = [one for one in wanted if one.partition(";")[0].strip().lower() in READABLE_CODINGS]
    return name, (", ".join(kept) or "identity").encode("latin-1")
