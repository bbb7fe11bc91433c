"""How uvicorn is set up for a sandbox, and for what is served as one: HTTP alone, no logs."""

import ssl
from typing import TYPE_CHECKING

import uvicorn

from cmdm_tui.sandbox.http.connections import ClientConnection

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_SECONDS_TO_FINISH = 2
"""Seconds that calls under way have once a server is to end."""


def configure_server(app: "ASGIApp", tls: ssl.SSLContext | None = None) -> uvicorn.Config:
    """Return the settings of a server for `app`. The answers' own headers say the date."""
    return uvicorn.Config(
        app,
        http=ClientConnection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
