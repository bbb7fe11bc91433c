"""Refusing requests that are not meant for this server, by their `Host` and `Origin`.

A web page can have its own name resolved to this machine (DNS rebinding) and then send what it
likes, but not under a `Host` that it does not have. Programs send no `Origin`; browsers do, and no
page of another origin has business here, so there is no CORS either.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.http.connections import ClientConnection
from cmdm_tui.sandbox.http.requests import RequestHeaders, get_single_header
from cmdm_tui.sandbox.http.responses import refusal_response

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class HostMiddleware:
    """Lets requests through to `app` that name this server, and no requests of foreign pages.

    Outside loopback the server cannot know its names, and TLS keeps pages from borrowing them; so
    there only the `Origin` is compared, with the `Host`.
    """

    def __init__(self, app: ASGIApp, url: str, *, is_loopback: bool) -> None:
        self._app = app
        address = urlsplit(url)
        self._scheme = address.scheme
        port = address.port or _DEFAULT_PORTS[address.scheme]
        self._allowed_hosts = _name_hosts(address.scheme, port) if is_loopback else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            self._check(scope)
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers: RequestHeaders = scope["headers"]
        host = (get_single_header(headers, b"host") or b"").lower()
        if self._allowed_hosts is not None and host not in self._allowed_hosts:
            if ClientConnection.of(scope).conn.is_target_absolute:
                raise Refusal(400, "The target is on another server, and this is not a proxy.")
            raise Refusal(421, "The Host is not this server's.")
        origins = [value.lower() for name, value in headers if name == b"origin"]
        if origins and origins != [self._scheme.encode() + b"://" + host]:
            raise Refusal(403, "Pages of another origin have no access.")


def _name_hosts(scheme: str, port: int) -> frozenset[bytes]:
    names = {f"{name}:{port}" for name in LOOPBACK_NAMES}
    if _DEFAULT_PORTS[scheme] == port:
        names |= set(LOOPBACK_NAMES)
    return frozenset(name.encode() for name in names)
