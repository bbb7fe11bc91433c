"""Which requests are let in: those that name this server, from its own pages, with its token.

The token is the first part of every path: unlike a cookie, no page elsewhere can have it sent. A
page can have its own name resolved to this machine (DNS rebinding), but then it sends that name as
the `Host`; browsers name the page that a request comes from in `Origin`.
"""

import hmac
import ipaddress
from dataclasses import dataclass

from aiohttp import web

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer: nothing is loaded from elsewhere, and no other site gets the address."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine's programs can reach `host`, an IP address.

    Raises ValueError for what is not an IP address.
    """
    return ipaddress.ip_address(host).is_loopback


def bracketed(host: str) -> str:
    """Return an IP address as it is written in a URL."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a request must have. `port` is the one that is listened on.

    Outside loopback the server cannot know the names it is reached by, so any `Host` will do there;
    the token is what keeps others out.
    """

    host: str
    port: int
    token: str

    def check(self, request: web.Request) -> None:
        """Raise HTTPMisdirectedRequest or HTTPForbidden for a request that is not let in."""
        host = request.headers.get("Host", "").lower()
        if len(request.headers.getall("Host", [])) != 1 or not self._is_own_name(host):
            raise web.HTTPMisdirectedRequest(text="The Host is not this server's.\n")
        origins = [origin.lower() for origin in request.headers.getall("Origin", [])]
        if origins and origins != [f"http://{host}"]:
            raise web.HTTPForbidden(text="Pages of another origin have no access.\n")
        if not self._has_token(request):
            raise web.HTTPForbidden(
                text="This address has no access. Use the one that cmdm serve has printed.\n"
            )

    def _is_own_name(self, host: str) -> bool:
        if not is_loopback(self.host):
            return True
        names = {*_LOOPBACK_NAMES, bracketed(self.host)}
        allowed = {f"{name}:{self.port}" for name in names}
        return host in (allowed | names if self.port == 80 else allowed)

    def _has_token(self, request: web.Request) -> bool:
        first, _, rest = request.path.removeprefix("/").partition("/")
        # The terminal's script asks for a download here, with what `instance_id` has told it.
        given = request.query.get("instance", "") if first == "download" and rest else first
        return hmac.compare_digest(given.encode(errors="replace"), self.token.encode())
