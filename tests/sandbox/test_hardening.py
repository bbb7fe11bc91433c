"""What keeps strangers out at the socket: each check with a twin that proves it can fail."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import h11
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.h11_impl import H11Protocol

from cmdm_tui.sandbox import (
    AccountCredentials,
    Sandbox,
    SandboxConfig,
    SettingError,
    credentials,
    server,
)
from cmdm_tui.sandbox import config as config_module
from cmdm_tui.sandbox.http import connections, exposure, hosts, strict_http
from tests.sandbox.conftest import running as served

if TYPE_CHECKING:
    from tests.sandbox.conftest import Running, Start

Patch = pytest.MonkeyPatch
STRONG = AccountCredentials("id", "Tq8-vR2_kz5Lw0Xc", "me@example.org", "h4H.n7:Pd1$Ye9-B")


def fails(check: Callable[[], object]) -> None:
    """Assert that a check notices what has been broken."""
    with pytest.raises(AssertionError):
        check()


def nothing(*_values: object) -> None:
    """What a check becomes when it is broken."""


def always(*_values: object) -> bool:
    """What a check becomes when it is broken the other way."""
    return True


def refusal(doing: Callable[[], object]) -> str:
    """Return the one sentence that refuses something."""
    try:
        doing()
    except SettingError as error:
        message = str(error)
    else:
        raise AssertionError("nothing was refused")
    assert "\n" not in message
    return message


def exchange(address: tuple[str, int], message: bytes, *, timeout: float = 5.0) -> bytes:
    """Send bytes and return all that comes back until the connection ends or nothing comes."""
    received = b""
    with socket.create_connection(address, timeout=timeout) as connection:
        try:
            connection.sendall(message)
            while piece := connection.recv(65_536):
                received += piece
        except OSError:
            pass
    return received


# Host and Origin


def foreign_hosts_are_refused(running: "Running") -> None:
    port = running.address[1]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", ""):
        for url in (running.info.url, running.info.control):
            answer = httpx.get(f"{url}/api/v1/lead", headers={"Host": host}, verify=False)
            assert answer.status_code == 421, host
            assert not [name for name in answer.headers if name.startswith("access-control")]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        answer = httpx.get(running.info.url, headers={"Host": host}, verify=False)
        assert answer.status_code == 404, host


def test_foreign_hosts_are_refused(controlled: "Running", monkeypatch: Patch) -> None:
    foreign_hosts_are_refused(controlled)
    monkeypatch.setattr(hosts.HostMiddleware, "_check", nothing)
    fails(lambda: foreign_hosts_are_refused(controlled))


def a_request_without_a_host_or_with_two_is_refused(running: "Running") -> None:
    host = f"Host: {running.host}\r\n"
    for version, lines, status in (("1.1", "", 400), ("1.0", "", 421), ("1.1", host * 2, 400)):
        message = f"GET / HTTP/{version}\r\n{lines}Connection: close\r\n\r\n"
        answer = exchange(running.address, message.encode())
        assert answer.startswith(f"HTTP/1.1 {status}".encode()), message


def test_a_request_without_a_host_or_with_two_is_refused(
    controlled: "Running", monkeypatch: Patch
) -> None:
    a_request_without_a_host_or_with_two_is_refused(controlled)
    monkeypatch.setattr(hosts.HostMiddleware, "_check", nothing)
    fails(lambda: a_request_without_a_host_or_with_two_is_refused(controlled))


def pages_of_other_origins_are_refused(running: "Running") -> None:
    bearer = {"Authorization": running.http.headers["authorization"]}
    port = running.address[1]
    for origin in ("http://evil.example", "null", "", f"https://127.0.0.1:{port}", "http://[::1]"):
        for method in ("GET", "OPTIONS", "POST"):
            answer = running.http.request(method, "/lead", headers={**bearer, "Origin": origin})
            assert answer.status_code == 403, origin
            assert not [name for name in answer.headers if name.startswith("access-control")]
    own = {**bearer, "Origin": running.info.url}
    assert running.http.get("/lead/fields", headers=own).status_code == 200


def test_pages_of_other_origins_are_refused(shared: "Running", monkeypatch: Patch) -> None:
    pages_of_other_origins_are_refused(shared)
    monkeypatch.setattr(hosts.HostMiddleware, "_check", nothing)
    fails(lambda: pages_of_other_origins_are_refused(shared))


# Framing

AMBIGUOUS: dict[str, bytes] = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "two equal lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths in one": b"Content-Length: 2, 2\r\n\r\n{}",
    "length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "length with a sign": b"Content-Length: +2\r\n\r\n{}",
    "negative length": b"Content-Length: -2\r\n\r\n{}",
    "empty length": b"Content-Length: \r\n\r\n{}",
    "length in hexadecimal": b"Content-Length: 0x2\r\n\r\n{}",
    "unknown coding": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "two codings": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding identity": b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "coding with a tab": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "folded header": b"X: a\r\n b: c\r\nContent-Length: 2\r\n\r\n{}",
    "folded length": b"Content-Length:\r\n 2\r\n\r\n{}",
    "header ended by LF": b"X: a\nContent-Length: 2\r\n\r\n{}",
    "head ended by LF": b"Content-Length: 2\n\n{}",
    "CR in a header": b"X: a\rContent-Length: 5\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a header": b"X: a\x00\r\nContent-Length: 2\r\n\r\n{}",
    "chunk ended by LF": b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "chunk's data ended by LF": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n",
    "chunk's data ended by others": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
    "chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk of a negative size": b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunk of a huge size": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n{}",
    "chunk of no digits": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n\r\n0\r\n\r\n",
    "space behind a size": b"Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
    "LF in an extension": b"Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n",
    "CR in an extension": b"Transfer-Encoding: chunked\r\n\r\n2;a\rb\r\n{}\r\n0\r\n\r\n",
    "last chunk ended by LF": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\n\r\n",
    "body ended by LF": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\n",
    "trailer ended by LF": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: a\n\r\n",
    "trailer and body ended by LF": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n\n",
    "CR in a trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\rb\r\n\r\n",
    "folded trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n b\r\n\r\n",
    "endless trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * 4_000,
}
# In HTTP/1.0 there are no chunks, and a connection ends without being told to.
OLD = b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"LastName": "x"}\r\n0\r\n\r\n'


def is_refused_and_closed(
    running: "Running", rest: bytes, version: bytes = b"1.1", *, timeout: float = 5.0
) -> None:
    """Assert that what follows an ambiguous request is never taken for another one."""
    host, bearer = running.host.encode(), running.http.headers["authorization"].encode()
    head = b"Host: %b\r\nAuthorization: %b\r\n" % (host, bearer)
    smuggled = b"GET /api/v1/lead/fields HTTP/1.1\r\n%bConnection: close\r\n\r\n" % head
    message = b"POST /api/v1/lead HTTP/%b\r\n%b%b%b" % (version, head, rest, smuggled)
    answer = exchange(running.address, message, timeout=timeout)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_framing_is_refused_and_the_connection_closed(
    shared: "Running", rest: bytes
) -> None:
    is_refused_and_closed(shared, rest)


def test_chunks_in_http_1_0_are_refused(shared: "Running") -> None:
    is_refused_and_closed(shared, OLD, b"1.0")


def test_framing_that_h11_lets_pass_would_be_noticed(shared: "Running", monkeypatch: Patch) -> None:
    """The broken twin: h11 alone."""
    monkeypatch.setattr(strict_http, "find_head_error", nothing)
    monkeypatch.setattr(strict_http.StrictHttpConnection, "_is_chunk_due", always)
    noticed: set[str] = set()
    for name, rest in AMBIGUOUS.items():
        try:
            is_refused_and_closed(shared, rest, timeout=1.0)
        except AssertionError:
            noticed.add(name)
    assert noticed >= {"length and chunks", "folded header", "header ended by LF"}
    assert noticed >= {"body ended by LF", "trailer ended by LF", "CR in an extension"}
    fails(lambda: is_refused_and_closed(shared, OLD, b"1.0"))


def read_in_pieces(http: h11.Connection, pieces: list[bytes]) -> bytes:
    """Return the body of the one request that arrives in pieces."""
    body, is_whole = b"", False
    for piece in pieces:
        http.receive_data(piece)
        while (event := http.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
            body += event.data if isinstance(event, h11.Data) else b""
            is_whole = is_whole or isinstance(event, h11.EndOfMessage)
    assert is_whole
    return body


@given(
    chunks=st.lists(
        st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from([b"", b";a", b';a="\xff"'])),
        max_size=5,
    ),
    trailer=st.sampled_from([b"", b"X: a\r\n", b"X: a\r\nY:\r\n"]),
    cuts=st.lists(st.integers(0, 400)),
)
def test_a_good_body_in_chunks_is_read_however_it_is_cut(
    chunks: list[tuple[bytes, bytes]], trailer: bytes, cuts: list[int]
) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(data), more, data) for data, more in chunks)
    message = head + body + b"00\r\n" + trailer + b"\r\n"
    places = sorted({0, *(cut for cut in cuts if cut < len(message)), len(message)})
    pieces = [message[start:end] for start, end in pairwise(places)]
    expected = b"".join(data for data, _ in chunks)
    assert read_in_pieces(strict_http.StrictHttpConnection(h11.SERVER), pieces) == expected
    assert read_in_pieces(h11.Connection(h11.SERVER), pieces) == expected


def a_request_behind_another_is_judged_alike(running: "Running") -> None:
    host, bearer = running.host.encode(), running.http.headers["authorization"].encode()
    head = b"Host: %b\r\nAuthorization: %b\r\n" % (host, bearer)
    first = b"GET /api/v1/lead/fields HTTP/1.1\r\n%b\r\n" % head
    body = b"POST /api/v1/nothing HTTP/1.1\r\n%bContent-Length: 2\r\n\r\n{}" % head
    chunks = b"POST /api/v1/nothing HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % head
    chunks += b"2;a=b\r\n{}\r\n0\r\n\r\n"
    last = b"GET /api/v1/event/fields HTTP/1.1\r\n%bConnection: close\r\nX: a\n\r\n" % head
    for before in (first, body, chunks, first + body + chunks):
        answer = exchange(running.address, before + last)
        statuses = re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)
        assert len(statuses) == 1 + before.count(b"Host: ")
        assert statuses[-1] == b"400"
        assert b"400" not in statuses[:-1]


def test_a_request_behind_another_is_judged_alike(shared: "Running", monkeypatch: Patch) -> None:
    a_request_behind_another_is_judged_alike(shared)
    monkeypatch.setattr(strict_http, "find_head_error", nothing)
    fails(lambda: a_request_behind_another_is_judged_alike(shared))


def test_bytes_that_come_one_by_one_are_a_request_all_the_same(shared: "Running") -> None:
    message = (
        f"GET /api/v1/lead/fields HTTP/1.1\r\nHost: {shared.host}\r\nConnection: close\r\n"
        f"Authorization: {shared.http.headers['authorization']}\r\n\r\n"
    )
    with socket.create_connection(shared.address, timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for character in message:
            connection.sendall(character.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_the_head_of_an_answer_goes_out_with_its_body() -> None:
    """Handing a short answer to the system in two pieces costs more than making it."""
    for body in (b"{}", b""):
        http = strict_http.StrictHttpConnection(h11.SERVER)
        http.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert isinstance(http.next_event(), h11.Request)
        length = [("content-length", str(len(body)))]
        pieces = [
            http.send(h11.Response(status_code=200, headers=length)),
            http.send(h11.Data(data=body)),
            http.send(h11.EndOfMessage()),
        ]
        assert pieces == [
            b"",
            b"HTTP/1.1 200 \r\ncontent-length: %d\r\n\r\n" % len(body) + body,
            b"",
        ]


# Deadlines and numbers


def a_slow_request_ends(running: "Running", sent: bytes, answered: bytes) -> None:
    answer = b""
    with socket.create_connection(running.address, timeout=2) as connection:
        connection.sendall(sent % running.host.encode())
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except TimeoutError:
            answer = b"nothing more, and it stays open"
    assert answer.startswith(answered)


SLOW: dict[str, tuple[bytes, bytes]] = {
    "head": (b"GET / HTTP/1.1\r\nHost: %b\r\nX: ", b"HTTP/1.1 408"),
    "body": (
        b"POST /api/v1/authenticate HTTP/1.1\r\nHost: %b\r\nContent-Length: 5\r\n\r\n1",
        b"HTTP/1.1 400",
    ),
}


@pytest.mark.parametrize("sent", SLOW)
def test_a_request_that_does_not_arrive_is_given_up(
    start: "Start", monkeypatch: Patch, sent: str
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 0.4)
    monkeypatch.setattr(connections, "BODY_TIMEOUT", 0.4)
    with start() as running:
        a_slow_request_ends(running, *SLOW[sent])
        monkeypatch.setattr(connections, "HEAD_TIMEOUT", 60)
        monkeypatch.setattr(connections, "BODY_TIMEOUT", 60)
        fails(lambda: a_slow_request_ends(running, *SLOW[sent]))


def a_body_that_the_call_waits_for_is_given_up(running: "Running", *, timeout: float) -> None:
    message = (
        f"POST /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\nContent-Length: 50\r\n"
        f"Authorization: {running.http.headers['authorization']}\r\n\r\n{{"
    )
    answer = exchange(running.address, message.encode(), timeout=timeout)
    assert answer.startswith(b"HTTP/1.1 408")
    assert running.http.get("/lead").json()["Total Records"] == "40"


def test_a_body_that_the_call_waits_for_is_given_up(start: "Start", monkeypatch: Patch) -> None:
    monkeypatch.setattr(connections, "BODY_TIMEOUT", 0.4)
    with start() as running:
        a_body_that_the_call_waits_for_is_given_up(running, timeout=5)
        monkeypatch.setattr(connections.ClientConnection, "_check_deadline", nothing)
        fails(lambda: a_body_that_the_call_waits_for_is_given_up(running, timeout=1))


def a_deadline_holds_on_a_connection_that_was_used(running: "Running") -> None:
    """The last of several requests, after a quick one and one with a body, does not arrive."""
    host, bearer = running.host.encode(), running.http.headers["authorization"].encode()
    head = b"Host: %b\r\nAuthorization: %b\r\n" % (host, bearer)
    quick = b"GET /api/v1/lead/fields HTTP/1.1\r\n%b\r\n" % head
    body = b"POST /api/v1/nothing HTTP/1.1\r\n%bContent-Length: 2\r\n\r\n" % head
    with socket.create_connection(running.address, timeout=3) as connection:
        for piece, status in ((quick, b"200"), (body, b""), (b"{}", b"404"), (quick, b"200")):
            connection.sendall(piece)
            assert not status or b"HTTP/1.1 %b " % status in connection.recv(65_536)
        connection.sendall(quick[:-2])
        try:
            answer = connection.recv(65_536)
        except TimeoutError:
            answer = b""
    assert answer.startswith(b"HTTP/1.1 408"), answer[:100]


def test_a_deadline_holds_on_a_connection_that_was_used(start: "Start", monkeypatch: Patch) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 0.4)
    with start() as running:
        a_deadline_holds_on_a_connection_that_was_used(running)
        # An alarm that is not brought forward goes off for the body, much later.
        monkeypatch.setattr(connections.ClientConnection, "_schedule_check", set_once)
        fails(lambda: a_deadline_holds_on_a_connection_that_was_used(running))


def set_once(connection: Any) -> None:
    """Set the alarm of the first deadline, and no other."""
    if connection._deadline_timer is None:
        connection._deadline_timer = connection.loop.call_at(
            connection._deadline + 60, connection._check_deadline
        )


def a_silent_connection_is_closed_without_a_word(running: "Running") -> None:
    with socket.create_connection(running.address, timeout=3) as connection:
        try:
            said = connection.recv(10)
        except TimeoutError:
            said = b"nothing, and it stays open"
    assert said == b""


def test_a_silent_connection_is_closed_without_a_word(start: "Start", monkeypatch: Patch) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 0.4)
    with start() as running:
        a_silent_connection_is_closed_without_a_word(running)
        monkeypatch.setattr(connections.ClientConnection, "_update_deadline", nothing)
        fails(lambda: a_silent_connection_is_closed_without_a_word(running))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Running"]:
    """A sandbox whose list of leads is more than a connection holds."""
    config = SandboxConfig(tmp_path_factory.mktemp("big") / "data", port=0, records=9_000)
    with served(config) as running:
        yield running


def an_answer_that_nobody_takes_is_given_up(running: "Running") -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(running.address)
        request = (
            f"GET /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\n"
            f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
        )
        connection.sendall(request.encode())
        time.sleep(1.5)
        taken = 0
        try:
            while piece := connection.recv(65_536):
                taken += len(piece)
                assert not piece.endswith(b"\r\n0\r\n\r\n")
        except OSError:
            pass
        assert taken > 0


def test_an_answer_that_nobody_takes_is_given_up(big: "Running", monkeypatch: Patch) -> None:
    monkeypatch.setattr(connections, "SEND_TIMEOUT", 0.4)
    an_answer_that_nobody_takes_is_given_up(big)
    monkeypatch.setattr(connections.ClientConnection, "pause_writing", H11Protocol.pause_writing)
    fails(lambda: an_answer_that_nobody_takes_is_given_up(big))


def half_open_connections_starve_nobody(running: "Running") -> None:
    with ExitStack() as open_ones:
        for _ in range(500):
            connection = socket.create_connection(running.address, timeout=10)
            open_ones.enter_context(closing(connection))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x")
        began = time.monotonic()
        for _ in range(20):
            answer = running.anonymous("GET", "/lead")
            assert answer.status_code == 401
            assert running.http.get("/lead/fields").status_code == 200
        assert time.monotonic() - began < 10
        held = len(connections_of(running))
        assert held <= connections.MAX_CONNECTIONS


def connections_of(running: "Running") -> list[str]:
    """Return the server's side of the established connections to a sandbox."""
    table = Path("/proc/self/net/tcp")
    if not table.exists():
        pytest.skip("this machine does not tell its connections")
    own = f":{running.address[1]:04X}"
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[1].endswith(own) and row[3] == "01"]


def test_500_half_open_connections_starve_nobody(start: "Start", monkeypatch: Patch) -> None:
    with start() as running:
        half_open_connections_starve_nobody(running)
        monkeypatch.setattr(connections.ClientConnection, "_make_room", nothing)
        fails(lambda: half_open_connections_starve_nobody(running))


def half_sent_bodies_starve_nobody(running: "Running") -> None:
    message = (
        f"POST /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\nContent-Length: 50\r\n"
        "Expect: 100-continue\r\n"
        f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
    )
    with ExitStack() as open_ones:
        for _ in range(30):
            connection = socket.create_connection(running.address, timeout=10)
            open_ones.enter_context(closing(connection))
            connection.sendall(message.encode())
            # The call waits for the body now.
            assert connection.recv(64).startswith(b"HTTP/1.1 100")
            connection.sendall(b"{")
        assert running.anonymous("GET", "/lead").status_code == 401
        assert len(connections_of(running)) <= connections.MAX_CONNECTIONS


def test_half_sent_bodies_starve_nobody(start: "Start", monkeypatch: Patch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    with start() as running:
        half_sent_bodies_starve_nobody(running)
        monkeypatch.setattr(connections.ClientConnection, "_make_room", nothing)
        fails(lambda: half_sent_bodies_starve_nobody(running))


def answers_that_nobody_takes_starve_nobody(running: "Running", paused: Semaphore) -> None:
    message = (
        f"GET /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\n"
        f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
    )
    with ExitStack() as open_ones:
        for _ in range(6):
            connection = open_ones.enter_context(closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect(running.address)
            connection.sendall(message.encode())
            assert paused.acquire(timeout=10)
        assert running.anonymous("GET", "/lead").status_code == 401
        assert len(connections_of(running)) <= connections.MAX_CONNECTIONS


def test_answers_that_nobody_takes_starve_nobody(big: "Running", monkeypatch: Patch) -> None:
    paused = Semaphore(0)
    pause_writing = connections.ClientConnection.pause_writing

    def pause(connection: connections.ClientConnection) -> None:
        pause_writing(connection)
        paused.release()

    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(connections.ClientConnection, "pause_writing", pause)
    answers_that_nobody_takes_starve_nobody(big, paused)
    monkeypatch.setattr(connections.ClientConnection, "_make_room", nothing)
    fails(lambda: answers_that_nobody_takes_starve_nobody(big, paused))


# Who may be served where


def config(tmp_path: Path, **settings: Any) -> SandboxConfig:
    return SandboxConfig(tmp_path / "data", port=0, records=1, **settings)


def nothing_is_served_outside_without_tls_and_own_credentials(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate"
    for settings, named in (
        ({}, "TLS"),
        ({"credentials": STRONG}, "TLS"),
        ({"certfile": certificate}, "credentials"),
        ({"certfile": certificate, "credentials": STRONG, "control": True}, "control"),
    ):
        for host in ("0.0.0.0", "192.0.2.1", "::", "2001:db8::1"):
            assert named in refusal(partial(config, tmp_path, host=host, **settings))


def unchecked(*_values: object, control: bool) -> None:
    """The check of a setting that is broken."""


def test_nothing_is_served_outside_without_tls_and_own_credentials(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    nothing_is_served_outside_without_tls_and_own_credentials(tmp_path)
    config(tmp_path, host="0.0.0.0", certfile=tmp_path, credentials=STRONG)
    for loopback in ("127.0.0.1", "127.1.2.3", "::1"):
        config(tmp_path, host=loopback, control=True)
    with monkeypatch.context() as patch:
        patch.setattr(exposure, "is_loopback", always)
        fails(lambda: nothing_is_served_outside_without_tls_and_own_credentials(tmp_path))
    monkeypatch.setattr(config_module, "check_exposure", unchecked)
    fails(lambda: nothing_is_served_outside_without_tls_and_own_credentials(tmp_path))


@pytest.mark.parametrize("host", ["", "localhost", "example.org", "127.0.0.1:80", "1.2.3"])
def test_a_host_is_an_address(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingError, match="address"):
        config(tmp_path, host=host)


@pytest.mark.parametrize(
    "weak",
    [
        {"password": "short"},
        {"client_secret": "x" * 40},
        {"password": "0123456789abcde"},
        {"password": STRONG.client_secret},
    ],
)
def test_credentials_for_others_are_not_easily_guessed(
    tmp_path: Path, weak: dict[str, str], monkeypatch: Patch
) -> None:
    values = {name: getattr(STRONG, name) for name in STRONG.__struct_fields__}
    credentials = AccountCredentials(**{**values, **weak})

    def refused() -> None:
        outside = partial(config, tmp_path, host="0.0.0.0", certfile=tmp_path)
        message = refusal(partial(outside, credentials=credentials))
        assert next(iter(weak.values())) not in message

    refused()
    config(tmp_path, credentials=credentials)
    monkeypatch.setattr(exposure, "_check_strength", nothing)
    fails(refused)


def credentials_that_cannot_stand_in_a_header_are_refused(tmp_path: Path, wrong: str) -> None:
    everywhere: tuple[dict[str, Any], ...] = ({}, {"host": "0.0.0.0", "certfile": tmp_path})
    for name in STRONG.__struct_fields__:
        credentials = msgspec.structs.replace(STRONG, **{name: wrong})
        for settings in everywhere:
            message = refusal(partial(config, tmp_path, credentials=credentials, **settings))
            assert name in message
            assert not wrong or wrong not in message


@pytest.mark.parametrize("wrong", ["", "with space and more", "li\x7fne", "a\r\nb", "xy" * 501])
def test_credentials_that_cannot_stand_in_a_header_are_refused(
    tmp_path: Path, wrong: str, monkeypatch: Patch
) -> None:
    credentials_that_cannot_stand_in_a_header_are_refused(tmp_path, wrong)
    monkeypatch.setattr(exposure, "_check_form", nothing)
    fails(lambda: credentials_that_cannot_stand_in_a_header_are_refused(tmp_path, wrong))


def test_credentials_of_ones_own_are_the_ones_that_sign_in(tmp_path: Path) -> None:
    with Sandbox.embedded(config(tmp_path, credentials=STRONG)) as info:
        assert info.credentials == STRONG
        headers = {name: getattr(STRONG, name) for name in STRONG.__struct_fields__}
        answer = httpx.post(f"{info.url}/api/v1/authenticate", headers=headers, verify=False)
        assert answer.status_code == 200
        assert not (tmp_path / "data" / "credentials.json").exists()


def a_credentials_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(json.dumps({name: getattr(STRONG, name) for name in STRONG.__struct_fields__}))
    file.chmod(0o600)
    assert credentials.read_credentials(file) == STRONG
    for mode in (0o640, 0o604, 0o660):
        file.chmod(mode)
        assert "chmod 600" in refusal(partial(credentials.read_credentials, file))


def test_a_credentials_file_is_private(tmp_path: Path, monkeypatch: Patch) -> None:
    a_credentials_file_is_private(tmp_path)
    monkeypatch.setattr(credentials, "_PERMISSIONS_OF_OTHERS", 0)
    fails(lambda: a_credentials_file_is_private(tmp_path))


def an_unusable_credentials_file_is_named_and_not_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "credentials"
    file.write_bytes(content)
    file.chmod(0o600)
    message = refusal(partial(credentials.read_credentials, file))
    assert str(file) in message
    assert "s3cret" not in message


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1]", b'{"password": "s3cret"}'])
def test_an_unusable_credentials_file_is_named_and_not_told(tmp_path: Path, content: bytes) -> None:
    an_unusable_credentials_file_is_named_and_not_told(tmp_path, content)
    with pytest.raises(SettingError, match="none"):
        credentials.read_credentials(tmp_path / "none")


def test_a_credentials_file_that_is_told_would_be_noticed(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    """The broken twin: a message that shows what the file holds."""

    def careless(path: Path) -> AccountCredentials:
        raise SettingError(f"The credentials file {path} holds {path.read_text()}.")

    monkeypatch.setattr(credentials, "read_credentials", careless)
    content = b'{"password": "s3cret"}'
    fails(lambda: an_unusable_credentials_file_is_named_and_not_told(tmp_path, content))


# TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine and its key, made for this run."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, and makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    certfile, keyfile = folder / "certificate.pem", folder / "key.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-keyout", str(keyfile), "-out", str(certfile)]
    subprocess.run([openssl, *request.split(), *names, *files], check=True, capture_output=True)
    return certfile, keyfile


def test_it_is_served_over_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    certfile, keyfile = certificate
    with Sandbox.embedded(config(tmp_path, certfile=certfile, keyfile=keyfile)) as info:
        assert info.url.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(certfile))
        with httpx.Client(verify=trust) as http:
            assert http.get(f"{info.url}/api/v1/lead").status_code == 401
            refused = http.get(info.url, headers={"Origin": info.url.replace("https", "http")})
            assert refused.status_code == 403
        plain = info.url.replace("https", "http")
        with pytest.raises(httpx.HTTPError):
            httpx.get(plain, verify=False)


def a_handshake_that_does_not_end_is_given_up(
    tmp_path: Path, certfile: Path, keyfile: Path
) -> None:
    with Sandbox.embedded(config(tmp_path, certfile=certfile, keyfile=keyfile)) as info:
        url = httpx.URL(info.url)
        with socket.create_connection((url.host, url.port or 0), timeout=1.5) as connection:
            try:
                said = connection.recv(10)
            except ConnectionError:
                said = b""
            except TimeoutError:
                said = b"nothing, and it stays open"
    assert said == b""


def test_a_handshake_that_does_not_end_is_given_up(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: Patch
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 0.4)
    a_handshake_that_does_not_end_is_given_up(tmp_path, *certificate)
    monkeypatch.delattr(server._HandshakeLimitLoop, "create_server")
    fails(lambda: a_handshake_that_does_not_end_is_given_up(tmp_path, *certificate))


def old_versions_are_refused(tmp_path: Path, certfile: Path, keyfile: Path) -> None:
    with Sandbox.embedded(config(tmp_path, certfile=certfile, keyfile=keyfile)) as info:
        url = httpx.URL(info.url)
        for version, is_good in (
            (ssl.TLSVersion.TLSv1_1, False),
            (ssl.TLSVersion.TLSv1_2, True),
            (ssl.TLSVersion.TLSv1_3, True),
        ):
            assert speaks(url, version) == is_good, version


def speaks(url: httpx.URL, version: ssl.TLSVersion) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
        try:
            with context.wrap_socket(connection):
                return True
        except (ssl.SSLError, ConnectionError):
            return False


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_versions_before_tls_1_2_are_refused(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: Patch
) -> None:
    old_versions_are_refused(tmp_path, *certificate)

    def lenient(certfile: Path, keyfile: Path | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(certfile, keyfile)
        return context

    monkeypatch.setattr(server, "make_tls_context", lenient)
    fails(lambda: old_versions_are_refused(tmp_path, *certificate))


def test_a_certificate_that_cannot_be_used(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    certfile, keyfile = certificate
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for one, other in ((broken, keyfile), (tmp_path / "none", None), (certfile, certfile)):
        with (
            pytest.raises(SettingError) as caught,
            Sandbox.embedded(config(tmp_path, certfile=one, keyfile=other)),
        ):
            pass
        assert str(one) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(SettingError, match="certfile"):
        config(tmp_path, keyfile=keyfile)
