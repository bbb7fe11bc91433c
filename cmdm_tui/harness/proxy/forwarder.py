"""Passes requests on to one service, byte for byte, over connections that are kept open."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import h11
import httpx

from cmdm_tui.api.pool import NoCookies
from cmdm_tui.api.trust import create_tls_context, describe_tls_failure
from cmdm_tui.api.urls import is_loopback, parse_base_url
from cmdm_tui.harness.http.end_to_end import RawHeaders, select_end_to_end
from cmdm_tui.harness.proxy.upstream import UpstreamPool
from cmdm_tui.harness.recording.observed_call import READABLE_CODINGS
from cmdm_tui.text import one_line

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 120.0
_KEEPALIVE_SECONDS = 4.0
_MOST_IDLE = 100

_OURS = frozenset({b"host", b"expect", b"content-length"})
"""Headers of a request that the proxy writes itself, as the service is another host."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say how long their body is, even where there is none (RFC 9110, 8.6)."""


class NotForwarded(Exception):
    """The service gave no answer, or not a whole one; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request to the proxy: its raw target and headers, and its whole body."""

    method: str
    target: bytes
    headers: RawHeaders
    body: bytes


class ServiceAnswer(Protocol):
    """The head of an answer, and its body as it arrives, not decoded. Close it in any case."""

    status: int
    reason: str
    headers: RawHeaders

    def read_at_hand(self) -> tuple[bytes, bool]:
        """Return what of the body has come so far, and whether it is whole."""
        ...

    def iterate(self) -> AsyncIterator[bytes]:
        """Yield the rest of the body. Raises httpx.TransportError where it does not come whole."""
        ...

    async def close(self) -> None:
        """End the answer, whatever of it was read."""
        ...


class Forwarder:
    """Sends requests to the service at `url`, and follows no redirect.

    Where the environment names a proxy for the service, httpx sends them through it; else they go
    over its own connections, which costs a fraction of that.
    """

    def __init__(self, url: str) -> None:
        self._base = parse_base_url(url)
        self.base_path = self._base.raw_path.decode("ascii").rstrip("/")
        """The path of the API at the service, such as `/api/v1`."""
        self.host = self._base.netloc.decode("ascii")
        self.origin = f"{self._base.scheme}://{self.host}"
        trust = create_tls_context() if self._base.scheme == "https" else None
        self._pool = UpstreamPool(
            self._base,
            trust,
            seconds_to_connect=_CONNECT_SECONDS,
            seconds_of_silence=_SILENCE_SECONDS,
            seconds_kept=_KEEPALIVE_SECONDS,
            most_kept=_MOST_IDLE,
        )
        self._client = _open_client(trust) if _is_proxied(self._base) else None

    async def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        if self._client is not None:
            await self._client.aclose()

    async def send(self, received: ReceivedRequest) -> ServiceAnswer:
        """Return the service's answer, its body not read yet. Raises NotForwarded."""
        headers = select_end_to_end(received.headers, without=_OURS)
        headers = [
            (b"host", self._base.netloc),
            *(_limit_codings(line) if line[0] == b"accept-encoding" else line for line in headers),
        ]
        if received.body or received.method in _WITH_BODY:
            headers.append((b"content-length", b"%d" % len(received.body)))
        try:
            if self._client is not None:
                return await _send_with_client(self._client, self._base, received, headers)
            request = h11.Request(method=received.method, target=received.target, headers=headers)
            return await self._pool.send(request, received.body)
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


def _limit_codings(line: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return an Accept-Encoding without the codings that cannot be recorded."""
    name, value = line
    wanted = [part.strip() for part in value.decode("latin-1").split(",")]
    kept = [one for one in wanted if one.partition(";")[0].strip().lower() in READABLE_CODINGS]
    return name, (", ".join(kept) or "identity").encode("latin-1")


# Through a proxy of the environment


@dataclass(slots=True)
class _ClientAnswer:
    """An answer that came through httpx."""

    status: int
    reason: str
    headers: RawHeaders
    answer: httpx.Response

    def read_at_hand(self) -> tuple[bytes, bool]:
        """Return that nothing is known to have come."""
        return b"", False

    def iterate(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        return self.answer.aiter_raw()

    async def close(self) -> None:
        """Give the connection back."""
        await self.answer.aclose()


def _is_proxied(base: httpx.URL) -> bool:
    """Return whether the environment names a proxy for the service, as httpx understands it."""
    if is_loopback(base.host):
        return False
    named = getproxies()
    return bool(named.get(base.scheme) or named.get("all")) and not proxy_bypass(base.host)


def _open_client(trust: ssl.SSLContext | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS, pool=None),
        limits=httpx.Limits(
            max_connections=None,
            max_keepalive_connections=_MOST_IDLE,
            keepalive_expiry=_KEEPALIVE_SECONDS,
        ),
        verify=trust or False,
        follow_redirects=False,
        cookies=NoCookies(),
    )


class _ExactUrl(httpx.URL):
    """An address with a path and query that go out as they came, whatever httpx would make of them.

    The extension `target` says so too, but is taken for what CONNECT asks of a proxy as well.
    """

    def __init__(self, base: httpx.URL, target: bytes) -> None:
        super().__init__(base)
        self._target = target

    @property
    def raw_path(self) -> bytes:
        """The path and the query."""
        return self._target


async def _send_with_client(
    client: httpx.AsyncClient, base: httpx.URL, received: ReceivedRequest, headers: RawHeaders
) -> _ClientAnswer:
    request = httpx.Request(
        received.method,
        base,
        headers=headers,
        content=received.body or None,
        extensions={"timeout": client.timeout.as_dict()},
    )
    request.url = _ExactUrl(base, received.target)
    # httpx writes the method in upper case, and a method's case has a meaning.
    request.method = received.method
    answer = await client.send(request, stream=True)
    return _ClientAnswer(answer.status_code, answer.reason_phrase, answer.headers.raw, answer)
