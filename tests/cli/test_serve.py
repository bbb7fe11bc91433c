"""`cmdm serve`: the explorer in a browser, for whoever has its address and nobody else."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pyte
import pytest

from cmdm_tui.cli.web.server import ExplorerServer
from tests.cli.conftest import Command
from tests.terminals import restore_signals

SECONDS = 30.0


@dataclass
class Served:
    """A `cmdm serve` that runs: its process, its address, and what it has said on stderr."""

    process: asyncio.subprocess.Process
    address: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def list_explorers(self) -> list[int]:
        """Return the ids of the explorers that run for it now."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in children.split()]

    async def wait_until_alone(self) -> None:
        """Wait until no explorer runs."""
        async with asyncio.timeout(SECONDS):
            while self.list_explorers():  # noqa: ASYNC110 — nothing tells of another's children
                await asyncio.sleep(0.05)


def is_running(process: int) -> bool:
    """Return whether a process, which is not ours, has not ended: one not waited for has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def read_command(process: int) -> list[str]:
    """Return the words that a process was started with."""
    words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return [word.decode() for word in words if word]


@asynccontextmanager
async def served(home: Path, *words: str) -> AsyncGenerator[Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cmdm_tui", "serve", "--demo", "--port", "0", *words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"HOME": str(home)},
        preexec_fn=restore_signals,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            line = (await process.stdout.readline()).decode()
        yield Served(process, next(word for word in line.split() if word.startswith("http")))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(
    socket: aiohttp.ClientWebSocketResponse, screen: pyte.Screen, *words: str
) -> None:
    """Paint what arrives on the screen until all of the words are on it."""
    stream = pyte.ByteStream(screen)
    async with asyncio.timeout(SECONDS):
        while not all(word in "\n".join(screen.display) for word in words):
            message = await socket.receive()
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
            if message.type is aiohttp.WSMsgType.BINARY:
                stream.feed(message.data)


async def test_a_page_has_an_explorer_of_its_own_which_ends_with_it(home: Path) -> None:
    async with served(home) as serve, aiohttp.ClientSession() as http:
        async with http.get(serve.address) as page:
            assert page.status == 200
            text = await page.text()
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert page.headers["Referrer-Policy"] == "no-referrer"
        assert f"ws{serve.address[4:]}ws" in text
        for file in ("page.js", "static/js/textual.js", "static/css/xterm.css"):
            assert f'"{file}"' in text
            async with http.get(serve.address + file) as answer:
                assert answer.status == 200
        assert "https://" not in text.replace("http://www.w3.org", "")
        url = serve.address + "ws?width=120&height=40"
        async with http.ws_connect(url, origin=serve.origin) as socket:
            screen = pyte.Screen(120, 40)
            await read_until(socket, screen, "of 400 · 100 read", "token until")
            (explorer,) = serve.list_explorers()
            assert read_command(explorer)[1:] == ["-P", "-m", "cmdm_tui", "demo"]
            for odd in ("{", '"text"', '["resize", 3]', '["stdin", null]', "[]"):
                await socket.send_str(odd)
            await socket.send_json(["resize", {"width": 100, "height": 30}])
            await socket.send_json(["ping", "17"])
            await socket.send_json(["stdin", "?"])
            screen.resize(30, 100)
            await read_until(socket, screen, "Sort by this column; again")
            await socket.send_json(["stdin", "\x1b"])
            async with http.ws_connect(url) as second:
                await read_until(second, pyte.Screen(120, 40), "of 400 · 100 read")
                assert len(serve.list_explorers()) == 2
                await second.send_json(["stdin", "q"])
                async with asyncio.timeout(SECONDS):
                    while not second.closed:
                        await second.receive()
        await serve.wait_until_alone()
        serve.process.send_signal(signal.SIGINT)
        _, errors = await serve.process.communicate()
        assert serve.process.returncode == 0
        assert errors == b""


async def test_sigterm_ends_the_server_and_its_explorers(home: Path) -> None:
    async with served(home) as serve, aiohttp.ClientSession() as http:
        async with http.ws_connect(serve.address + "ws") as socket:
            await read_until(socket, pyte.Screen(80, 24), "account")
            (explorer,) = serve.list_explorers()
            serve.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(SECONDS):
                while not socket.closed:
                    await socket.receive()
        await serve.process.wait()
        assert serve.process.returncode == 128 + signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            os.kill(explorer, 0)


async def test_a_server_that_is_killed_leaves_no_explorer_behind(home: Path) -> None:
    async with served(home) as serve, aiohttp.ClientSession() as http:
        async with http.ws_connect(serve.address + "ws") as socket:
            await read_until(socket, pyte.Screen(80, 24), "account")
            (explorer,) = serve.list_explorers()
            serve.process.kill()
        async with asyncio.timeout(SECONDS):
            while is_running(explorer):  # noqa: ASYNC110 — nothing tells of another's children
                await asyncio.sleep(0.1)


@asynccontextmanager
async def listening() -> AsyncGenerator[str]:
    """Serve an explorer that ends at once, in this process."""
    server = ExplorerServer([sys.executable, "-c", ""], {}, lambda _: None)
    async with server.listen("127.0.0.1", 0) as address:
        yield address


async def test_only_the_token_lets_in() -> None:
    async with listening() as address, aiohttp.ClientSession() as http:
        token = urlsplit(address).path.strip("/")
        base = address.removesuffix(f"{token}/")
        assert len(token) >= 43
        wrong = [
            "", "ws", "page.js", "static/js/textual.js", "download/x", "robots.txt",
            f"{token[:-1]}/", f"{token}x/", f"{token[:-1]}/ws", f"{token.swapcase()}/page.js",
            f"wrong/static/js/textual.js?instance={token}", f"?token={token}", "%ff/ws",
            f"download/x?instance={token[:-1]}", f"download?instance={token}",
        ]  # fmt: skip
        for path in wrong:
            async with http.get(base + path) as answer:
                assert (path, answer.status) == (path, 403)
                assert token not in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await http.ws_connect(f"{base}wrong/ws")
        for path, status in ((f"{token}", 200), (f"download/x?instance={token}", 404)):
            async with http.get(base + path) as answer:
                assert answer.status == status
        async with http.get(f"{address}static/..%2fserver.py") as answer:
            assert answer.status in (403, 404)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", ""])
async def test_another_host_is_refused(host: str) -> None:
    async with listening() as address, aiohttp.ClientSession() as http:
        headers = {"Host": host.format(port=urlsplit(address).port)}
        for path in ("", "page.js", "ws"):
            async with http.get(address + path, headers=headers) as answer:
                assert answer.status in (400, 421)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://{host}", "null", "http://localhost"]
)
async def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    async with listening() as address, aiohttp.ClientSession() as http:
        foreign = origin.format(host=urlsplit(address).netloc)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await http.ws_connect(address + "ws", origin=foreign)
        own = f"http://{urlsplit(address).netloc}"
        socket = await http.ws_connect(address + "ws", origin=own)
        assert json.loads(await socket.receive_str())[0] == "instance_id"
        await socket.close()


async def test_an_explorer_that_cannot_start_closes_the_page_and_says_why() -> None:
    said: list[str] = []
    failing = "import sys; sys.exit('no\\x1b[2J way')"
    server = ExplorerServer([sys.executable, "-c", failing], {}, said.append)
    async with (
        server.listen("127.0.0.1", 0) as address,
        aiohttp.ClientSession() as http,
        http.ws_connect(address + "ws") as socket,
        asyncio.timeout(SECONDS),
    ):
        while not socket.closed:
            await socket.receive()
    assert len(said) == 1
    assert "\x1b" not in said[0]
    assert "way" in said[0]


async def test_an_explorer_that_does_not_quit_is_ended() -> None:
    stubborn = "import time; print('__GANGLION__', flush=True); time.sleep(600)"
    server = ExplorerServer([sys.executable, "-c", stubborn], {}, lambda _: None)
    async with server.listen("127.0.0.1", 0) as address, aiohttp.ClientSession() as http:
        async with asyncio.timeout(SECONDS):
            async with http.ws_connect(address + "ws") as socket:
                await socket.receive()
                (explorer,) = server._explorers
                await explorer.stop()
    assert explorer._explorer is not None
    assert explorer._explorer.returncode == -signal.SIGTERM


def test_what_cannot_be_served_is_said_in_a_sentence(cmdm: Command) -> None:
    ended = cmdm("serve", "--host", "example.com")
    assert (ended.code, ended.out) == (2, b"")
    assert "The host is not an IP address" in ended.err
    ended = cmdm("-p", "nobody", "serve", "--port", "0")
    assert ended.code != 0
    assert "nobody" in ended.err


def test_a_port_that_is_taken_is_named(cmdm: Command) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = cmdm("serve", "--port", str(port))
    assert ended.code == 1
    assert f"Port {port} of 127.0.0.1 cannot be listened on" in ended.err
    assert "--port" in ended.err


def test_other_machines_are_let_in_only_with_a_warning(cmdm: Command) -> None:
    ended = cmdm("serve", "--host", "203.0.113.9", "--port", "0")  # an address this machine has not
    assert ended.code == 1
    assert "Warning: other machines can reach 203.0.113.9" in ended.err


def test_without_its_extra_it_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None; from cmdm_tui.cli.main import run;"
        "sys.exit(run(['serve', '--port', '0']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pipx install 'cmdm-tui[serve]'" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
