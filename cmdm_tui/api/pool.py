"""Opens the pool of connections to one server: what every request of a client goes through.

Also: whether a request was sent, which its extensions say. `begin_sending`, then `hand_over`, and
on a real connection the first byte written.
"""

import os
import ssl
from collections.abc import Mapping
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import Request

import httpx

from cmdm_tui import __version__
from cmdm_tui.api.body_limit import BodyLimit
from cmdm_tui.api.errors import InvalidCall
from cmdm_tui.api.trust import CERTIFICATE_VARIABLES, create_tls_context
from cmdm_tui.api.urls import is_loopback
from cmdm_tui.text import one_line

MAX_CONNECTIONS = 16
"""Calls under way at once, each on its own connection."""

_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 20.0
"""Seconds without a byte after which an attempt is given up and perhaps made again.

A third of the time for a call where that is more.
"""

_KEEPALIVE_EXPIRY = 4.0
"""Seconds that an idle connection is kept: less than the 5 after which common servers close it."""


class NoCookies(CookieJar):
    """A jar that keeps no cookie: nothing that a service sets is read, or sent back to it."""

    def extract_cookies(self, response: HTTPResponse, request: Request) -> None:
        """Keep nothing of the answer."""


def open_pool(
    base: httpx.URL,
    *,
    transport: httpx.AsyncBaseTransport | None,
    deadline: float,
    largest_body: int,
) -> httpx.AsyncClient:
    """Return the pool, not yet connected; `deadline` is in seconds, `largest_body` in bytes.

    The environment's proxies hold for other machines, not for this one; whom TLS trusts is the same
    for all (`trust`). Raises InvalidCall where they cannot be used; what a proxy variable says is
    not shown, as it may hold a password.
    """
    try:
        return httpx.AsyncClient(
            transport=transport,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"cmdm/{__version__}",
            },
            event_hooks={"response": [BodyLimit(largest_body)]},
            timeout=httpx.Timeout(
                min(max(_READ_TIMEOUT, deadline / 3), deadline),
                connect=min(_CONNECT_TIMEOUT, deadline),
                pool=None,
            ),
            limits=httpx.Limits(
                max_connections=MAX_CONNECTIONS, keepalive_expiry=_KEEPALIVE_EXPIRY
            ),
            follow_redirects=False,
            verify=_create_context(base, transport),
            cookies=NoCookies(),
            trust_env=not is_loopback(base.host),
        )
    except OSError as error:
        named = " and ".join(name for name in CERTIFICATE_VARIABLES if os.environ.get(name))
        words = "no certificate is in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise InvalidCall(
            f"{named or 'A file of certificates'} cannot be used: {one_line(str(words), 100)}",
            hint="Check what it names, or unset it",
        ) from None
    except ImportError:
        raise InvalidCall(
            "A proxy variable names a SOCKS proxy, which needs the package socksio",
            hint="Install it, or name an HTTP proxy",
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise InvalidCall(
            "A proxy variable holds no address that can be used",
            hint="Write HTTPS_PROXY as http://host:port and NO_PROXY as names, or unset them",
        ) from None


def _create_context(base: httpx.URL, transport: httpx.AsyncBaseTransport | None) -> ssl.SSLContext:
    if transport is None and base.scheme == "https":
        return create_tls_context()
    # It trusts no one, and is not used: reading certificates takes longer than many calls.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def trace_sending(request: httpx.Request) -> None:
    """Watch the request on its connection: it counts as sent when its first byte is written.

    Without this, as on a transport that uses no network, it counts as sent when it is handed over.
    """

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        _note_handshake(request, event)
        is_other = "sign_in" in request.extensions  # the sign-in before it is what is traced
        is_tunnel = getattr(info.get("request"), "method", b"") == b"CONNECT"
        if event.endswith("send_request_headers.started") and not is_tunnel and not is_other:
            request.extensions["was_sent"] = True

    request.extensions["trace"] = trace


def trace_handshake(request: httpx.Request) -> None:
    """Watch the request's TLS handshake alone."""

    async def trace(event: str, _: Mapping[str, Any]) -> None:
        _note_handshake(request, event)

    request.extensions["trace"] = trace


def is_in_handshake(request: httpx.Request) -> bool:
    """Return whether the connection was made, and its TLS handshake begun and not ended."""
    return bool(request.extensions.get("is_in_handshake"))


def _note_handshake(request: httpx.Request, event: str) -> None:
    _, _, step = event.rpartition("start_tls.")
    if step in {"started", "complete"}:
        request.extensions["is_in_handshake"] = step == "started"


def begin_sending(request: httpx.Request) -> None:
    """Note that the request is not sent yet, or not again."""
    request.extensions["was_sent"] = False


def hand_over(request: httpx.Request) -> None:
    """Note that the request goes to the transport now."""
    request.extensions["was_sent"] = "trace" not in request.extensions


def is_sent(request: httpx.Request) -> bool:
    """Return whether the service may have received the request, or a part of it."""
    return bool(request.extensions.get("was_sent"))
