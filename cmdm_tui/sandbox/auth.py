"""Signing in: the tokens, and the check before every call that its caller has a good one."""

import hashlib
import secrets
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.api_constants import PathSegments, is_sign_in, split_api_path
from cmdm_tui.sandbox.clock import Clock, format_http_date
from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.http.requests import get_single_header
from cmdm_tui.sandbox.http.responses import refusal_response
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.storage.store import AccessStore


@dataclass(slots=True)
class TokenIssuer:
    """Issues tokens that last `lifetime` seconds. Only their SHA-256 digests are stored.

    The control plane may change the lifetime, and end tokens early; those are ended for this
    process alone, and only while it runs.
    """

    store: AccessStore
    clock: Clock
    lifetime: int
    _revoked: set[str] = field(default_factory=set[str], repr=False)

    async def issue(self) -> tuple[str, int]:
        """Return a new token and the Unix time at which it ends."""
        token = secrets.token_urlsafe(32)
        now = self.clock.now()
        ends = int(now) + self.lifetime
        await self.store.add_token(_digest(token.encode()), ends, now)
        return token, ends

    async def get_end(self, authorization: bytes | None) -> int | None:
        """Return when the token of an `Authorization` header ends, None unless it is good now.

        The time that looking up a digest takes says nothing about the token.
        """
        digest = _digest_bearer(authorization)
        if digest is None or digest in self._revoked:
            return None
        ends = await self.store.get_token_end(digest)
        return ends if ends is not None and self.clock.now() < ends else None

    def revoke(self, authorization: bytes | None) -> None:
        """End the token of an `Authorization` header now, if it holds one."""
        digest = _digest_bearer(authorization)
        if digest is not None:
            self._revoked.add(digest)


class AuthMiddleware:
    """Lets signed-in users through to `app`, counts their calls, and says how many are left.

    Every path under `/api/v1` but the sign-in needs a good token; other paths are answered by
    `app`. The routes read the segments that were checked here, so that no path can look like
    one thing here and like another there. Each answer carries the `Date` of the sandbox's clock.
    """

    def __init__(
        self, app: ASGIApp, tokens: TokenIssuer, limits: CallLimiter, clock: Clock
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._limits = limits
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        extra = {"date": format_http_date(int(self._clock.now()))}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                lines = [(name.encode(), value.encode()) for name, value in extra.items()]
                message["headers"] = [*message.get("headers", ()), *lines]
            await send(message)

        segments = split_api_path(scope["raw_path"])
        scope["segments"] = segments
        try:
            if not is_sign_in(segments):
                extra |= await self._authenticate(scope, segments)
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    async def _authenticate(self, scope: Scope, segments: PathSegments | None) -> dict[str, str]:
        authorization = get_single_header(scope["headers"], b"authorization")
        token_end = await self._tokens.get_end(authorization)
        if token_end is not None:
            allowance = await self._limits.count_call(token_end)
            return allowance.headers(token_end)
        if segments is None:
            return {}
        raise Refusal(
            401,
            "The token is missing, unknown or ended; sign in for a new one.",
            {"WWW-Authenticate": "Bearer"},
        )


def _digest_bearer(authorization: bytes | None) -> str | None:
    scheme, _, token = (authorization or b"").partition(b" ")
    return _digest(token.strip()) if scheme.lower() == b"bearer" else None


def _digest(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
