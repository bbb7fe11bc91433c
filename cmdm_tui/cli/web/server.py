"""Serves the explorer to browsers: a page, its files, and a websocket for each open page."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from string import Template

import textual_serve
from aiohttp import WSMsgType, web
from aiohttp.helpers import content_disposition_header
from aiohttp.typedefs import Handler
from textual_serve.download_manager import DownloadManager

from cmdm_tui.cli.exit_codes import CommandFailure
from cmdm_tui.cli.web.access import SECURITY_HEADERS, AccessRule, bracketed
from cmdm_tui.cli.web.process import ExplorerProcess

MOST_EXPLORERS = 16
"""How many explorers run at a time; each takes about as much memory as one in a terminal."""

_TOKEN_BYTES = 32
_MOST_CELLS = 1_000
_HEARTBEAT_SECONDS = 15.0
_SECONDS_TO_CLOSE = 1.0


class ExplorerServer:
    """Serves the explorer that `command` runs, with `environment` added to its own.

    `report` is called with each line that an explorer writes to stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        report: Callable[[str], None],
    ) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._report = report
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._explorers: set[ExplorerProcess] = set()
        self._downloads = DownloadManager()
        folder = files("cmdm_tui.cli.web")
        self._page = Template((folder / "page.html").read_text("utf-8"))
        self._script = (folder / "page.js").read_text("utf-8")

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncGenerator[str]:
        """Serve on `host`, an IP address, while the block runs; yield the address with the token.

        Port 0 takes a free one. Raises CommandFailure where it cannot be listened on. Every
        explorer is ended when the block is left.
        """
        rules: list[AccessRule] = []
        runner = web.AppRunner(
            self._make_application(rules), access_log=None, shutdown_timeout=_SECONDS_TO_CLOSE
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            try:
                await site.start()
            except OSError as error:
                raise CommandFailure(_describe_listen_error(host, port, error)) from error
            port = int(runner.addresses[0][1])
            rules.append(AccessRule(host, port, self._token))
            yield f"http://{bracketed(host)}:{port}/{self._token}/"
        finally:
            await runner.cleanup()

    def _make_application(self, rules: Sequence[AccessRule]) -> web.Application:
        @web.middleware
        async def check_access(request: web.Request, handler: Handler) -> web.StreamResponse:
            for rule in rules:
                rule.check(request)
            if not rules:
                raise web.HTTPServiceUnavailable
            return await handler(request)

        async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
            response.headers.update(SECURITY_HEADERS)

        async def end_explorers(_: web.Application) -> None:
            await asyncio.gather(*(explorer.stop() for explorer in list(self._explorers)))

        application = web.Application(middlewares=[check_access])
        application.on_response_prepare.append(add_headers)
        application.on_shutdown.append(end_explorers)
        base = f"/{self._token}"
        terminal_files = Path(textual_serve.__file__).parent / "static"
        application.add_routes(
            [
                web.get(base, self._add_slash),
                web.get(f"{base}/", self._show_page),
                web.get(f"{base}/page.js", self._send_script),
                web.get(f"{base}/ws", self._run_explorer),
                web.static(f"{base}/static", terminal_files),
                web.get("/download/{key}", self._send_download),
            ]
        )
        return application

    async def _add_slash(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPPermanentRedirect(f"/{self._token}/")

    async def _show_page(self, request: web.Request) -> web.StreamResponse:
        websocket = f"ws://{request.host}/{self._token}/ws"
        page = self._page.substitute(websocket=websocket)
        return web.Response(text=page, content_type="text/html")

    async def _send_script(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self._script, content_type="text/javascript")

    async def _run_explorer(self, request: web.Request) -> web.StreamResponse:
        if len(self._explorers) >= MOST_EXPLORERS:
            raise web.HTTPServiceUnavailable(
                text=f"{MOST_EXPLORERS} explorers are open. Close one, then try again.\n"
            )
        websocket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS)
        explorer = ExplorerProcess(
            self._command, self._environment, websocket, self._downloads, self._report
        )
        self._explorers.add(explorer)
        try:
            await websocket.prepare(request)
            # The terminal's script adds it to the address of a download.
            await websocket.send_json(["instance_id", self._token])
            size = (_read_cells(request.query.get(name), name) for name in ("width", "height"))
            await explorer.start(*size)
            async for message in websocket:
                if message.type is WSMsgType.TEXT:
                    await _forward(message.data, explorer, websocket)
        finally:
            await explorer.stop()
            self._explorers.discard(explorer)
        return websocket

    async def _send_download(self, request: web.Request) -> web.StreamResponse:
        """Send a file that an explorer delivers: to be saved, never shown as a page."""
        key = request.match_info["key"]
        try:
            download = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="There is no such download any more.\n") from None
        disposition = content_disposition_header("attachment", filename=download.file_name)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": disposition,
            }
        )
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response


def _describe_listen_error(host: str, port: int, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return (
        f"Port {port} of {host} cannot be listened on: {reason}. "
        "Choose another one with --port, or 0 for a free one."
    )


async def _forward(text: str, explorer: ExplorerProcess, websocket: web.WebSocketResponse) -> None:
    """Pass one message of the page on; any other text is left out."""
    try:
        message: object = json.loads(text)
    except ValueError:
        return
    match message:
        case ["stdin", str(typed)]:
            await explorer.send_bytes(typed.encode(errors="replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await explorer.set_terminal_size(_clamp(width), _clamp(height))
        case ["ping", str(sent)]:
            await websocket.send_json(["pong", sent])
        case ["blur"]:
            await explorer.blur()
        case ["focus"]:
            await explorer.focus()
        case _:
            pass


def _read_cells(word: str | None, name: str) -> int:
    default = 80 if name == "width" else 24
    return _clamp(int(word)) if word is not None and word.isdecimal() else default


def _clamp(cells: int) -> int:
    return max(1, min(cells, _MOST_CELLS))
