"""What the program itself gets wrong: answered with 500, told in the log alone."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.http.access_log import redact_target
from cmdm_tui.sandbox.http.responses import json_response
from cmdm_tui.text import one_line

logger = logging.getLogger("cmdm_tui.sandbox")


class ServerErrorMiddleware:
    """Answers an unexpected error with 500, so that the connection is good for the next call.

    Left to itself the server would answer, and then cut the connection under the next request. An
    answer that has begun cannot become another one: there the connection is cut, which tells the
    client that it is not whole.
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
            # The access log may stand beside this; a path says no more here than there.
            target = redact_target(scope["raw_path"], b"", ())
            logger.exception("%s %s failed", one_line(scope["method"], 10), target)
            answer = json_response({"Message": "The server failed; its log says how."}, 500)
            await answer(scope, receive, send)
