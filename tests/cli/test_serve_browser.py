"""`cmdm serve` in Chromium: skipped where it is not installed (`apt install chromium`)."""

import asyncio
import itertools
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.test_serve import SECONDS, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

SENT_TOO_LATE = "WebSocket is already in CLOSING or CLOSED state."
"""What Chromium says when the terminal, hidden at the end, would tell that it lost the keyboard."""


class Tab:
    """A tab of a browser, over the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[Any] = []
        """What the browser has logged as an error: what it did not load, exceptions of scripts.

        Not among them is what the terminal sends after the page has logged that its socket closed.
        """
        self._is_closed = False

    async def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                return message["result"]
            self._note(message["method"], message["params"])

    def _note(self, event: str, details: Any) -> None:
        if event == "Runtime.consoleAPICalled":
            words = [argument.get("value") for argument in details["args"]]
            self._is_closed = self._is_closed or words == ["CLOSED"]
        entry = details.get("entry", {})
        if self._is_closed and entry.get("text") == SENT_TOO_LATE:
            return
        if entry.get("level") == "error" or event == "Runtime.exceptionThrown":
            self.complaints.append(details)

    async def wait_for(self, expression: str) -> None:
        async with asyncio.timeout(SECONDS):
            while True:
                found = await self.call("Runtime.evaluate", expression=expression)
                if found["result"].get("value") is True:
                    return

    async def type_key(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncGenerator[Tab]:
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        f"--user-data-dir={folder}", "--window-size=1400,860", "about:blank",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(SECONDS):
            words: list[str] = []
            while "listening" not in words:
                words = (await process.stderr.readline()).decode().split()
        base = f"http://{words[-1].split('/')[2]}"
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{base}/json") as answer:
                pages = [
                    one for one in await answer.json(content_type=None) if one["type"] == "page"
                ]
            async with http.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Runtime", "Log", "Page"):
                    await tab.call(f"{domain}.enable")
                yield tab
    finally:
        process.kill()
        await process.communicate()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
async def test_a_browser_paints_the_explorer_and_gives_it_its_keys(
    home: Path, tmp_path: Path
) -> None:
    async with served(home) as serve, chromium(tmp_path / "browser") as tab:
        await tab.call("Page.navigate", url=serve.address)
        await tab.wait_for("document.body.classList.contains('-first-byte')")
        await tab.wait_for("document.activeElement.tagName === 'TEXTAREA'")
        await tab.wait_for("document.fonts.check('16px \"Roboto Mono\"')")
        assert len(serve.list_explorers()) == 1
        await tab.type_key("q")
        await tab.wait_for("document.body.innerText.includes('The explorer has ended')")
        assert serve.list_explorers() == []
        assert tab.complaints == []
