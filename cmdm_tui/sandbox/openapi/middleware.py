"""Serving the description at `/openapi.json`, to all, as it holds nothing of the data."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.http.responses import refusal_response

DESCRIPTION_PATH = b"/openapi.json"


class DescriptionMiddleware:
    """Answers for the description with the JSON of `encode`; everything else is `app`'s."""

    def __init__(self, app: ASGIApp, encode: Callable[[], bytes]) -> None:
        self._app = app
        self._encode = encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["raw_path"] != DESCRIPTION_PATH:
            await self._app(scope, receive, send)
        elif scope["method"] != "GET":
            refusal = Refusal(405, "The description can be retrieved alone.", {"Allow": "GET"})
            await refusal_response(refusal)(scope, receive, send)
        else:
            response = Response(self._encode(), media_type="application/json")
            await response(scope, receive, send)
