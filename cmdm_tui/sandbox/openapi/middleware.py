"""Where the description is: `/openapi.json`, for everybody, as it holds nothing of the data."""

from collections.abc import Callable

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.http.responses import refusal_response
from cmdm_tui.sandbox.openapi.otherwise import describe_variant
from cmdm_tui.sandbox.openapi.schemas import Schema
from cmdm_tui.sandbox.variants.choices import BehaviourChoices

DESCRIPTION_PATH = b"/openapi.json"


class DescriptionMiddleware:
    """Answers for the description; everything else is `app`'s.

    `describe` makes the sandbox's own description, which is turned to what `behaviours` choose.
    """

    def __init__(
        self, app: ASGIApp, describe: Callable[[], Schema], behaviours: BehaviourChoices
    ) -> None:
        self._app = app
        self._describe = describe
        self._behaviours = behaviours
        self._default = msgspec.json.encode(describe())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["raw_path"] != DESCRIPTION_PATH:
            await self._app(scope, receive, send)
        elif scope["method"] != "GET":
            refusal = Refusal(405, "The description can be retrieved alone.", {"Allow": "GET"})
            await refusal_response(refusal)(scope, receive, send)
        else:
            answer = Response(self._current(), media_type="application/json")
            await answer(scope, receive, send)

    def _current(self) -> bytes:
        if not self._behaviours.chosen:
            return self._default
        return msgspec.json.encode(describe_variant(self._describe(), self._behaviours))
