"""Unexpected errors of the sandbox itself: answered with 500, explained in the log only."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.http.access_log import redact_target
from cmdm_tui.sandbox.http.responses import json_response
from cmdm_tui.text import one_line

logger = logging.getLogger("cmdm_tui.sandbox")


class ServerErrorMiddleware:
    """Answers an unexpected error with 500, so that the connection can be used for the next call.

    Without this the server would answer, and then close the connection under the next request. An
    answer that has begun cannot be replaced: there the connection is closed, so that the
    client sees that it is not complete.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_started = False

        async def noting_send(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception:
            if is_started:
                raise
            # A path must show no more here than in the access log.
            target = redact_target(scope["raw_path"], b"", ())
            logger.exception("%s %s failed", one_line(scope["method"], 10), target)
            answer = json_response({"Message": "The server failed; its log says how."}, 500)
            await answer(scope, receive, send)
