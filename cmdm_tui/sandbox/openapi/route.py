"""Where the description is: `/openapi.json`, for everybody, as it holds nothing of the data."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.answers import Refusal

DESCRIPTION_PATH = b"/openapi.json"


class Described:
    """Answers for the description; everything else is `app`'s."""

    def __init__(self, app: ASGIApp, description: Mapping[str, Any]) -> None:
        self._app = app
        self._body = msgspec.json.encode(description)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["raw_path"] != DESCRIPTION_PATH:
            await self._app(scope, receive, send)
        elif scope["method"] != "GET":
            refusal = Refusal(405, "The description can be retrieved alone.", {"Allow": "GET"})
            await refusal.answer()(scope, receive, send)
        else:
            answer = Response(self._body, media_type="application/json")
            await answer(scope, receive, send)
