"""The proxy's connections to a service are kept open, and no change is sent twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import h11
import httpx
import pytest

from cmdm_tui.harness.proxy.upstream import UpstreamPool

SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Service:
    """Counts its connections, and what each of them was asked."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.ended: list[asyncio.Event] = []
        self.url = ""


@asynccontextmanager
async def run_service(
    answers: dict[str, bytes], *, is_closing: bool = False, second: bytes | None = None
) -> AsyncGenerator[Service]:
    service = Service()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer_all(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen: list[str] = []
        ended = asyncio.Event()
        service.requests.append(seen)
        service.ended.append(ended)
        while line := await reader.readline():
            length = 0
            while (header := await reader.readline()).strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            body = await reader.readexactly(length)
            name = line.split()[1].decode().strip("/")
            seen.append(name)
            if second is not None and len(seen) == 2:
                writer.write(second)
                break
            writer.write(answers.get(name, SHORT) if name != "echo" else _respond(body))
            await writer.drain()
            if is_closing:
                break
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 30)


def _respond(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def open_pool(service: Service, *, silence: float = 30.0, kept: float = 30.0) -> UpstreamPool:
    return UpstreamPool(
        httpx.URL(service.url),
        None,
        seconds_to_connect=30.0,
        seconds_of_silence=silence,
        seconds_kept=kept,
        most_kept=10,
    )


async def ask(pool: UpstreamPool, name: str, body: bytes = b"", *, method: str = "POST") -> bytes:
    headers = [(b"host", b"x"), (b"content-length", str(len(body)).encode())]
    request = h11.Request(method=method, target=f"/{name}", headers=headers)
    answer = await pool.send(request, body)
    try:
        return b"".join([piece async for piece in answer.iterate()])
    finally:
        await answer.close()


async def test_calls_one_after_the_other_share_a_connection() -> None:
    async with run_service({}) as service:
        pool = open_pool(service)
        assert [await ask(pool, name) for name in ("one", "two", "three")] == [b"{}"] * 3
        pool.close()
    assert service.requests == [["one", "two", "three"]]


async def test_calls_at_once_have_connections_of_their_own() -> None:
    async with run_service({}) as service:
        pool = open_pool(service)
        await asyncio.gather(*(ask(pool, name) for name in ("one", "two", "three")))
        pool.close()
    assert sorted(service.requests) == [["one"], ["three"], ["two"]]


async def test_what_comes_unasked_is_the_answer_to_nothing() -> None:
    planted = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    async with run_service({"one": SHORT + planted}) as service:
        pool = open_pool(service)
        assert [await ask(pool, name) for name in ("one", "two")] == [b"{}", b"{}"]
        pool.close()
    assert service.requests == [["one"], ["two"]]


async def test_a_connection_that_the_service_has_closed_is_not_used_again() -> None:
    async with run_service({}, is_closing=True) as service:
        pool = open_pool(service)
        assert await ask(pool, "one") == b"{}"
        await service.ended[0].wait()
        await asyncio.sleep(0)
        assert await ask(pool, "two") == b"{}"
        pool.close()
    assert service.requests == [["one"], ["two"]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_read_that_meets_the_end_of_a_kept_connection_goes_out_on_another(
    method: str,
) -> None:
    async with run_service({}, second=b"") as service:
        pool = open_pool(service)
        await ask(pool, "one", method="GET")
        await ask(pool, "two", method=method)
        pool.close()
    assert service.requests == [["one", "two"], ["two"]]


@pytest.mark.parametrize(
    ("method", "second"),
    [("POST", b""), ("PUT", b""), ("DELETE", b""), ("get", b""), ("GET", b"HTTP/1.1 2")],
)
async def test_a_change_and_a_read_that_was_half_answered_are_not_sent_again(
    method: str, second: bytes
) -> None:
    async with run_service({}, second=second) as service:
        pool = open_pool(service)
        await ask(pool, "one")
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(pool, "two", method=method)
        pool.close()
    assert service.requests == [["one", "two"]]


async def test_a_read_that_a_new_connection_does_not_answer_is_not_sent_again() -> None:
    async with run_service({"one": b""}, is_closing=True) as service:
        pool = open_pool(service)
        with pytest.raises(httpx.RemoteProtocolError, match="closed the connection without"):
            await ask(pool, "one", method="GET")
        pool.close()
    assert service.requests == [["one"]]


async def test_a_connection_that_was_idle_for_too_long_is_not_used_again() -> None:
    async with run_service({}) as service:
        pool = open_pool(service, kept=0.0)
        assert [await ask(pool, name) for name in ("one", "two")] == [b"{}", b"{}"]
        pool.close()
    assert service.requests == [["one"], ["two"]]


async def test_long_bodies_pass_in_both_directions() -> None:
    body = bytes(range(256)) * 20_000
    async with run_service({}) as service:
        pool = open_pool(service)
        assert await ask(pool, "echo", body) == body
        assert await ask(pool, "two") == b"{}"
        pool.close()
    assert service.requests == [["echo", "two"]]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
         httpx.RemoteProtocolError),
        (b"what?\r\n\r\n", httpx.RemoteProtocolError),
        (b"", httpx.RemoteProtocolError),
    ],
)  # fmt: skip
async def test_half_an_answer_is_an_error(answer: bytes, failure: type[Exception]) -> None:
    async with run_service({"one": answer}, is_closing=True) as service:
        pool = open_pool(service)
        with pytest.raises(failure):
            await ask(pool, "one")
        assert await ask(pool, "two") == b"{}"
        pool.close()


async def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    async with run_service({"one": b"HTTP/1.1 200 OK\r\n\r\nall"}, is_closing=True) as service:
        pool = open_pool(service)
        assert await ask(pool, "one") == b"all"
        pool.close()


async def test_a_silent_service_is_given_up() -> None:
    async with run_service({"one": b"HTTP/1.1 200 OK\r\nContent-"}) as service:
        pool = open_pool(service, silence=0.05)
        with pytest.raises(httpx.ReadTimeout):
            await ask(pool, "one")
        pool.close()
