"""Cassettes for every client of a process: threads, hosts, service, and what is written."""

import asyncio
import gzip
import http.client
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
import vcr.patch  # pyright: ignore[reportMissingTypeStubs]

from cmdm_tui.harness.cassettes.client_patches import SharedReset
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.network_block import NetworkBlocked, block_network
from cmdm_tui.harness.cassettes.reader import CassetteUnreadable, read_cassette
from cmdm_tui.harness.cassettes.vcr_playback import CallNotRecorded, Playback, is_under, play
from cmdm_tui.redaction.leak_scanner import SecretLeak

LEAD = built_in_folder() / "contract" / "get-lead.yaml"
LIST = f"{ADDRESS}/api/v1/lead?per_page=1&page=1"
SECRET = "sesame-3f9a1c77"
PATCH: Any = vcr.patch


class Echo(BaseHTTPRequestHandler):
    """A service that gives back the path and the body it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._answer(body or self.path.encode())

    def do_GET(self) -> None:
        if "moved" in self.path:
            self.send_response(302)
            self.send_header("location", f"http://{self.headers['host']}/api/v1/here")
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            self._answer(self.path.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — its name
        pass

    def _answer(self, body: bytes) -> None:
        packed = "gzip" in self.path
        body = gzip.compress(body) if packed else body
        self.send_response(200)
        if packed:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def service() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url: str) -> bytes:
    with requests.Session() as http:
        http.trust_env = False
        return http.get(url).content


def test_threads_are_recorded_and_played_back_whole(service: str, tmp_path: Path) -> None:
    target = tmp_path / "made" / "mine.yaml"
    paths = [f"/api/v1/lead/{number}" for number in range(24)]
    with play(Playback([], target, service), record_mode="once") as playback:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, [service + path for path in paths]))
        assert playback.recorded_count == 24
    assert answers == [path.encode() for path in paths]
    assert sorted(one.key[1] for one in read_cassette(target)) == sorted(ADDRESS + p for p in paths)
    with play(Playback([target])) as playback:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, [ADDRESS + path for path in paths])) == answers
        assert (playback.left, playback.list_unplayed()) == (0, [])


@pytest.mark.parametrize(("reset", "stays"), [(SharedReset(), True), (PATCH.force_reset, False)])
def test_a_reset_in_one_thread_leaves_the_pools_of_others(
    reset: Callable[[], Any], stays: bool
) -> None:
    with play(Playback([LEAD])), reset():
        connection: Any = urllib3.HTTPConnectionPool.ConnectionCls
        assert hasattr(connection, "cassette") is stays


def test_a_thread_that_is_still_in_a_reset_leaves_nothing_behind() -> None:
    before = http.client.HTTPConnection
    with ExitStack() as later, play(Playback([LEAD])):
        later.enter_context(PATCH.force_reset())
    assert http.client.HTTPConnection is before


def test_a_server_of_this_machine_is_let_through_but_not_the_cassettes_own(service: str) -> None:
    with play(Playback([LEAD])) as playback:
        assert ask(f"{service}/x") == b"/x"
        assert httpx.post(f"{service}/y", content=b"body", trust_env=False).content == b"body"
        assert ask(LIST).startswith(b"{")
        with pytest.raises(CallNotRecorded, match=r"was not recorded more often\. Allow that"):
            ask(LIST)
        with pytest.raises(OSError, match="network is blocked"):
            socket.create_connection(("127.0.0.1", 8765))
        with pytest.raises(CallNotRecorded, match="it is a call of http://127"):
            ask("http://192.0.2.1/api/v1/lead")
    assert len(playback.not_recorded) == 2


def test_hosts_are_let_through_by_name_and_address() -> None:
    with block_network(allowed=["localhost"]), socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
        socket.create_connection(server.getsockname()).close()
        with pytest.raises(NetworkBlocked):
            socket.create_connection(("192.0.2.1", 9))
        with pytest.raises(NetworkBlocked):
            socket.getaddrinfo("crm.example.com", 443)
        with block_network(), pytest.raises(NetworkBlocked):
            socket.create_connection(server.getsockname())


def test_the_service_s_address_is_not_in_the_file_and_a_secret_is_not_written(
    service: str, tmp_path: Path
) -> None:
    target = tmp_path / "mine.yaml"
    with play(Playback([], target, service), record_mode="once"):
        httpx.post(f"{service}/api/v1/lead", json={"LastName": "Ng"}, trust_env=False)
    assert service not in target.read_text("utf-8")
    assert [one.key[2] for one in read_cassette(target)] == [b'{"LastName":"Ng"}']
    before = target.read_bytes()
    leaking = Playback([], target, service)
    with pytest.raises(SecretLeak), play(leaking, record_mode="rewrite"):
        httpx.get(
            f"{service}/api/v1/lead/{SECRET}",
            headers={"Authorization": f"Bearer {SECRET}"},
            trust_env=False,
        )
    assert target.read_bytes() == before


def test_new_episodes_keep_the_old_ones(service: str, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    for path in ("/a", "/b"):
        paths = [target] if target.exists() else []
        with play(Playback(paths, target, service), record_mode="new_episodes"):
            assert ask(service + path) == path.encode()
    assert [one.key[1] for one in read_cassette(target)] == [f"{ADDRESS}/a", f"{ADDRESS}/b"]
    with play(Playback([target], target, service), record_mode="new_episodes") as playback:
        playback.is_kept = False
        ask(f"{service}/c")
    assert len(read_cassette(target)) == 2


def test_a_damaged_cassette_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    cut = tmp_path / "cut.yaml"
    cut.write_text(LEAD.read_text("utf-8")[:500], "utf-8")
    with pytest.raises(CassetteUnreadable, match="line"), play(Playback([cut])):
        pass
    with pytest.raises(FileNotFoundError), play(Playback([tmp_path / "lost.yaml"])):
        pass


@pytest.mark.parametrize(
    ("address", "yes"),
    [
        ("https://crm.example/api", True),
        ("https://crm.example", True),
        ("https://crm.example?x", True),
        ("https://crm.example.evil/api", False),
        ("https://crm.example:8443/api", False),
        ("http://crm.example/api", False),
    ],
)
def test_an_address_is_one_of_the_service_by_its_whole_origin(address: str, yes: bool) -> None:
    assert is_under(address, "https://crm.example") is yes


async def post_all(base: str) -> list[bytes]:
    bodies: list[Any] = [{"data": {"a": "1"}}, {"data": b"raw"}, {"json": {"a": "é"}}]
    async with aiohttp.ClientSession(base_url=base) as http_:
        return [await (await http_.post("/api/v1/lead", **one)).read() for one in bodies]


def test_what_aiohttp_sends_is_recorded_as_it_is_sent(service: str, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    with play(Playback([], target, service), record_mode="once"):
        sent = asyncio.run(post_all(service))
    assert sent == [b"a=1", b"raw", b'{"a": "\\u00e9"}']
    assert [one.key[2] for one in read_cassette(target)] == sent
    with play(Playback([target])):
        assert asyncio.run(post_all(ADDRESS)) == sent


async def follow(base: str) -> bytes:
    async with aiohttp.ClientSession() as http_, http_.get(f"{base}/api/v1/moved") as answer:
        return await answer.read()


@pytest.mark.parametrize("path", ["moved", "gzip"])
@pytest.mark.parametrize("library", ["requests", "httpx", "aiohttp"])
def test_redirects_and_compression_are_played_back(
    service: str, tmp_path: Path, library: str, path: str
) -> None:
    def read(base: str) -> bytes:
        url = f"{base}/api/v1/{path}"
        if library == "requests":
            return requests.get(url).content
        if library == "httpx":
            return httpx.get(url, follow_redirects=True, trust_env=False).content
        return asyncio.run(follow(base))

    target = tmp_path / "mine.yaml"
    with play(Playback([], target, service), record_mode="once"):
        first = read(service)
    assert service not in target.read_text("utf-8")
    with play(Playback([target])):
        assert read(ADDRESS) == first
