"""The gate before every call: who calls, whether they still may, and the headers they are told."""

from collections.abc import Sequence
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.clock import Clock, format_http_date
from cmdm_tui.sandbox.http.responses import Refusal
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.tokens import TokenIssuer

API_PATH = "/api/v1"
AUTHENTICATE = "authenticate"

_BASE = API_PATH.split("/")

PathSegments = tuple[str, ...]
"""What stands behind `/api/v1`, split at its slashes, each part decoded."""


def split_api_path(scope: Scope) -> PathSegments | None:
    """Return the segments of a request's path, None when it lies outside the API.

    An escaped slash (`%2F`) belongs to its segment, so the path is split before it is decoded.
    """
    parts: list[str] = [
        unquote(part, errors="replace") for part in scope["raw_path"].decode("ascii").split("/")
    ]
    return tuple(parts[len(_BASE) :]) if parts[: len(_BASE)] == _BASE else None


def is_sign_in(segments: PathSegments | None) -> bool:
    """Say whether this is the path of the one call that takes no token."""
    return segments is not None and len(segments) == 1 and segments[0].lower() == AUTHENTICATE


def get_single_header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the value of a header that stands once; None when it is missing or repeated."""
    values = [value for key, value in headers if key == name]
    return values[0] if len(values) == 1 else None


class AuthMiddleware:
    """Lets identified users through to `app`, counts their calls, and tells them what is left.

    Every path behind `/api/v1` but the sign-in takes a good token; what lies elsewhere is answered
    by `app`. The routes read the segments that the gate has judged, so that no path can look like
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

        segments = split_api_path(scope)
        scope["segments"] = segments
        try:
            if not is_sign_in(segments):
                extra |= await self._authenticate(scope, segments)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send_with_headers)
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
