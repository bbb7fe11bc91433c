"""The explorer of one browser page: a process that paints through a pipe instead of a terminal.

Packets go both ways over its standard streams (`textual.drivers.web_driver`): a letter for the
kind, four bytes of length, and the payload.
"""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from cmdm_tui.cli.web import WEB_DRIVER
from cmdm_tui.operations.processes import send_signal
from cmdm_tui.text import one_line

_DRIVER_VARIABLES = {
    "TEXTUAL_DRIVER": WEB_DRIVER,
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM_PROGRAM": "textual",
}
_PRELUDE = b"__GANGLION__\n"
_SECONDS_TO_QUIT = 3.0
_SECONDS_TO_TERMINATE = 2.0
_LONGEST_LINE = 1_000_000


class ExplorerProcess(AppService):
    """Runs an explorer for one websocket, which it closes when the explorer has ended.

    `command` is run without a shell, with `environment` added to that of this process. `report` is
    called with each line that it writes to stderr, made safe.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        websocket: web.WebSocketResponse,
        downloads: DownloadManager,
        report: Callable[[str], None],
    ) -> None:
        super().__init__(
            command[0],
            write_bytes=self._send_bytes_out,
            write_str=self._send_text_out,
            close=self._close_websocket,
            download_manager=downloads,
        )
        self._words = tuple(command)
        self._variables = dict(environment)
        self._websocket = websocket
        self._downloads = downloads
        self._report = report
        self._explorer: Process | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """The explorer's standard input."""
        assert self._explorer is not None  # noqa: S101 — it is read after the start alone
        assert self._explorer.stdin is not None  # noqa: S101 — it was opened as a pipe
        return self._explorer.stdin

    async def start(self, width: int, height: int) -> None:
        """Start the explorer on a screen of `width` columns and `height` lines."""
        screen = {"COLUMNS": str(width), "ROWS": str(height)}
        self._explorer = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is meant for the server, which ends it
            env=os.environ | _DRIVER_VARIABLES | self._variables | screen,
        )
        self._running = asyncio.create_task(self.run())

    async def run(self) -> None:
        """Pass on what the explorer paints until it ends; then close the websocket."""
        assert self._explorer is not None  # noqa: S101 — start() has made it
        stdout, stderr = self._explorer.stdout, self._explorer.stderr
        assert stdout is not None and stderr is not None  # noqa: S101, PT018 — both are pipes
        errors = asyncio.create_task(self._report_lines(stderr))
        try:
            with suppress(asyncio.IncompleteReadError):
                await stdout.readuntil(_PRELUDE)
                while True:
                    await self._read_packet(stdout)
        finally:
            await errors
            await self._explorer.wait()
            await self._close_websocket()

    async def stop(self) -> None:
        """End the explorer: it is asked to quit, then told to, then killed."""
        if self._explorer is None or self._running is None:
            return
        await self._downloads.cancel_app_downloads(app_service_id=self.app_service_id)
        await self.send_meta({"type": "quit"})
        for seconds, number in (
            (_SECONDS_TO_QUIT, signal.SIGTERM),
            (_SECONDS_TO_TERMINATE, signal.SIGKILL),
        ):
            done, _ = await asyncio.wait([self._running], timeout=seconds)
            if done:
                break
            send_signal(self._explorer, number)
        await self._running

    async def on_meta(self, data: bytes) -> None:
        """Do what the explorer asks of the browser; it opens pages of the web, and nothing else."""
        asked: dict[str, object] = json.loads(data)
        is_page = str(asked.get("url")).startswith(("https://", "http://"))
        if asked["type"] == "exit" or (asked["type"] == "open_url" and not is_page):
            return  # the websocket is closed once all that was painted has arrived
        await super().on_meta(data)

    async def _read_packet(self, stdout: asyncio.StreamReader) -> None:
        kind = await stdout.readexactly(1)
        size = int.from_bytes(await stdout.readexactly(4), "big")
        payload = await stdout.readexactly(size)
        if kind == b"D":
            await self.on_data(payload)
        elif kind == b"M":
            await self.on_meta(payload)
        elif kind == b"P":
            await self.on_packed(payload)

    async def _report_lines(self, stderr: asyncio.StreamReader) -> None:
        with suppress(ValueError):  # a line longer than any of ours
            async for line in stderr:
                if shown := one_line(line.decode(errors="replace").rstrip()):
                    self._report(shown)
        while await stderr.read(_LONGEST_LINE):
            pass

    async def _send_bytes_out(self, data: bytes) -> None:
        # A browser that has gone must not keep the explorer from writing, and so from ending.
        with suppress(ConnectionError):
            await self._websocket.send_bytes(data)

    async def _send_text_out(self, text: str) -> None:
        with suppress(ConnectionError):
            await self._websocket.send_str(text)

    async def _close_websocket(self) -> None:
        await self._websocket.close()
