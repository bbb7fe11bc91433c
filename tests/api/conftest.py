"""A scripted server on a real socket: it answers as a test tells it, down to the byte."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from cmdm_tui.api import Client, Credentials, SecretStr

CREDENTIALS = Credentials(
    SecretStr("the-client"), SecretStr("the-secret"), "siân", SecretStr("pässword")
)


@dataclass(frozen=True)
class Request:
    """A request as it came over the socket."""

    method: str
    target: str
    headers: dict[str, bytes]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.removeprefix("/api/v1")


Answer = bytes | None
"""The bytes to send; None breaks the connection off."""


class Cut(bytes):
    """Bytes after which the connection is broken off."""


Script = Callable[[Request], Answer | Awaitable[Answer]]


def http(
    status: int,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """Return an HTTP answer; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


@dataclass
class ScriptedServer:
    """What a test scripts: `script` answers each request but the sign-in, `sign_in` that."""

    port: int = 0
    requests: list[Request] = field(default_factory=list[Request])
    sign_ins: int = 0
    token_headers: dict[str, str] = field(default_factory=dict[str, str])
    connections: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    script: Script = lambda _: http(200, {})
    sign_in: Script | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def calls(self) -> list[Request]:
        """The requests but the sign-ins."""
        return [request for request in self.requests if request.path != "/authenticate"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until either side closes it."""
        self.connections.append(writer)
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                answer = await self._answer(request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if isinstance(answer, Cut):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        """Break off every connection that is still open."""
        for writer in self.connections:
            writer.transport.abort()
        for writer in self.connections:
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, request: Request) -> Answer:
        script = self.script
        if request.path == "/authenticate":
            self.sign_ins += 1
            script = self.sign_in or self._token
        answer = script(request)
        return answer if isinstance(answer, bytes | None) else await answer

    def _token(self, _: Request) -> bytes:
        return http(200, {"token": f"token-{self.sign_ins}"}, self.token_headers)

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.strip().split(b"\r\n")
        method, target, _ = first.decode().split(" ")
        headers = {
            name.decode().casefold(): value.strip()
            for name, _, value in (line.partition(b":") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", b"0")))
        return Request(method, target, headers, body)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    listening = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.port = listening.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        listening.close()
        await scripted.close()


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.url, CREDENTIALS, deadline=2.0) as opened:
        yield opened
