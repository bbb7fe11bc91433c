"""Odd requests over every route, and bytes that are no request: no 500, no hang, still in order."""

import json
import logging
import random
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.datastructures import QueryParams

from cmdm_tui.sandbox import RunningInfo
from tests.sandbox.conftest import sign_in_headers

if TYPE_CHECKING:
    from tests.sandbox.conftest import Running
    from tests.sandbox.control_client import ControlPlaneClient

logger = logging.getLogger(__name__)

ENTITIES = ["lead", "account", "contact", "task", "opportunity", "event", "product"]
REQUESTS, GARBAGE = 350, 50
ALL_REQUESTS, ALL_GARBAGE = 9_000, 1_000
EXPECTED = {200, 201, 400, 401, 404, 405, 413}
# Python's allocator and SQLite's page caches fill up; what grows with each request does not stop.
MOST_GROWN = 64 * 1024 * 1024

SEGMENTS = [
    "lead",
    "LEAD",
    "account",
    "task",
    "event",
    "fields",
    "convert",
    "close",
    "task",
    "opportunity",
    "ZZZZZZZZ",
    "%00",
    "%ff",
    "%2F",
    "..",
    ".",
    "",
    "%F0%9F%98%80",
    "x" * 900,
    "authenticate",
    "'%22--",
    "%ED%A0%80",
    "+",
    "%",
    "%zz",
    ";",
    "{entity}",
    "lead%20",
]
ROUTES = [
    "{entity}",
    "{entity}/fields",
    "{entity}/{id}",
    "{entity}/{id}/task",
    "{entity}/{id}/opportunity",
    "lead/convert/{id}",
    "Task/Close/{id}",
    "authenticate",
]
GOOD_METHODS = ["GET"] * 6 + ["POST"] * 4 + ["PUT"] * 4 + ["DELETE"] * 2
METHODS = [*GOOD_METHODS, "PATCH", "HEAD", "OPTIONS", "QUERY", "get"]
NAMES = ["fields", "per_page", "page", "sort_by", "sort_order", "per_page", "x", "", "%00"]
VALUES = [
    "1",
    "2",
    "0",
    "-1",
    "1000",
    "99999999999999999999",
    "City",
    "Score",
    "LastName,City",
    "asc",
    "desc",
    "",
    ",",
    "%ff",
    "%00",
    "ExternalID",
    "%ED%A0%80",
    "1;2",
    "%27",
    "a" * 300,
]
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"LastName":"x"}',
    b'{"City":"\\u0000"}',
    b'{"Score":"1e9"}',
    b'{"LastName":"\\ud800"}',
    b'{"a":NaN}',
    b"\xff\xfe",
    b"[" * 3_000,
    b'{"City":null}',
    b'{"Name":"x","SKU":"y"}',
    b'{"Subject":"x"}',
    b'{"LastName":1e999}',
    b"{" * 2_000,
    b'{"LastName":"x","LastName":"y"}',
    b'"' + b"x" * 70_000 + b'"',
    b"0" * 5_000,
]
HEADERS = [
    "Content-Type: x",
    "Expect: 100-continue",
    "Range: bytes=0-1",
    "Connection: close",
    "Transfer-Encoding: identity",
    "Accept: image/png",
    "X-HTTP-Method-Override: DELETE",
    "Upgrade: websocket",
    "Cookie: a=b",
    "If-None-Match: *",
    "Accept-Encoding: gzip",
]


def exchange(address: tuple[str, int], message: bytes, *, half_close: bool = False) -> bytes:
    """Send bytes on a connection of their own and return all that comes back until it closes."""
    received = b""
    with socket.create_connection(address, timeout=10) as connection:
        try:
            connection.sendall(message)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except TimeoutError:
            raise AssertionError(f"no end after {message[:300]}") from None
        except OSError:
            # A server may answer and close before it has read everything.
            pass
    return received


def odd_path(chance: random.Random, ids: list[str]) -> str:
    if chance.random() < 0.5:
        entity, external_id = chance.choice(ENTITIES), chance.choice(ids)
        return chance.choice(ROUTES).format(entity=entity, id=external_id)
    depth = chance.choice((0, 1, 1, 1, 2, 2, 3, 4))
    return "/".join(
        chance.choice(SEGMENTS if chance.random() < 0.4 else ENTITIES) for _ in range(depth)
    )


def odd_request(chance: random.Random, host: str, authorization: str, ids: list[str]) -> bytes:
    path = odd_path(chance, ids)
    base = chance.choice(
        ["/api/v1/"] * 60
        + ["/", "/api/v1", "/api/", "//api/v1/", "*", "http://x/", "/openapi.json", "/_sandbox/"]
    )
    query = "&".join(
        f"{chance.choice(NAMES)}={chance.choice(VALUES)}"
        for _ in range(chance.choice((0, 0, 0, 1, 2, 4)))
    )
    body = chance.choice(BODIES)
    if chance.random() < 0.5:
        body = chance.choice([b'{"LastName":"x"}', b'{"Subject":"x"}', b'{"Name":"x","SKU":"y"}'])
    lines = [
        f"{chance.choice(METHODS)} {base}{path}{'?' + query if query else ''} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        *chance.sample(HEADERS[:4] + HEADERS[5:], chance.randint(0, 2)),
    ]
    if chance.random() < 0.95:
        lines.append(f"Authorization: {authorization}")
    if body or chance.random() < 0.2:
        if chance.random() < 0.3:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    while answer.startswith(b"HTTP/1.1 100"):
        answer = answer.partition(b"\r\n\r\n")[2]
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12])


def no_server_error(
    address: tuple[str, int], host: str, authorization: str, requests: int, ids: list[str]
) -> dict[int, int]:
    chance = random.Random(20_260_331)
    seen: dict[int, int] = {}
    for _ in range(requests):
        message = odd_request(chance, host, authorization, ids)
        answer = exchange(address, message)
        status = status_of(answer)
        assert status in EXPECTED, (message[:300], answer[:300])
        seen[status] = seen.get(status, 0) + 1
    return seen


SERVE = """
import sys
from pathlib import Path
from cmdm_tui.sandbox import Sandbox, SandboxConfig, auth

def leaking(headers, name, kept=[], header_once=auth.get_single_header):
    kept.append(b"x" * 400_000)
    return header_once(headers, name)

if sys.argv[2] == "leak":
    auth.get_single_header = leaking
config = SandboxConfig(Path(sys.argv[1]), port=0, rate_limit=10**9, month_limit=10**9, control=True)
Sandbox.serve(config, lambda info: print(info.json_line(), flush=True))
"""


def growth(data: Path, how: str, requests: int, garbage: int) -> tuple[int, dict[int, int]]:
    """Send odd requests to a sandbox in a process of its own.

    Returns by how many bytes its memory has grown since the first of them, and what it answered.
    """
    command = [sys.executable, "-c", SERVE, str(data), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            info = RunningInfo(**json.loads(process.stdout.readline()))
            url = httpx.URL(info.url)
            address, host = (url.host, url.port or 0), url.netloc.decode()
            headers = sign_in_headers(info.credentials)
            with httpx.Client(base_url=f"{info.url}/api/v1", verify=False) as http:
                token = http.post("/authenticate", headers=headers).json()["token"]
                http.headers["Authorization"] = f"Bearer {token}"
                ids = ["ZZZZZZZZ"]
                for entity in ENTITIES:
                    listed = http.get(f"/{entity}").json()["Entity"]
                    ids += [record["ExternalID"] for record in listed]
                asked = (address, host, f"Bearer {token}")
                no_server_error(*asked, requests // 4, ids)
                before = resident(process.pid)
                seen = no_server_error(*asked, requests, ids)
                no_server_error_for_garbage(address, host, garbage)
                grown = resident(process.pid) - before
                still_in_order(http)
        finally:
            process.kill()
    return grown, seen


def resident(process: int) -> int:
    """Return how many bytes of memory a process holds."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("this machine does not tell a process's memory")
    (kilobytes,) = re.findall(r"VmRSS:\s+([0-9]+) kB", status.read_text())
    return int(kilobytes) * 1024


@pytest.mark.timeout(900)
def test_odd_requests_and_garbage_are_answered_without_a_server_error_or_a_leak(
    template: Path, tmp_path: Path, runs_whole: bool
) -> None:
    data = tmp_path / "data"
    shutil.copytree(template, data)
    numbers = (ALL_REQUESTS, ALL_GARBAGE) if runs_whole else (REQUESTS, GARBAGE)
    grown, seen = growth(data, "whole", *numbers)
    # The requests are odd in many ways, not in one.
    assert set(seen) >= {200, 201, 400, 401, 404, 405}
    logger.info("%d requests: %s; %.1f MiB more", sum(numbers), seen, grown / 2**20)
    assert grown < MOST_GROWN, grown


def test_a_leak_would_be_noticed(template: Path, tmp_path: Path) -> None:
    """The broken twin: something is kept of each request."""
    data = tmp_path / "data"
    shutil.copytree(template, data)
    grown, _ = growth(data, "leak", REQUESTS, 0)
    assert grown > MOST_GROWN


def test_a_server_error_would_be_noticed(
    shared: "Running", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: one handler that fails on some input."""
    from cmdm_tui.sandbox import routes

    read_paging = routes.read_paging

    def fragile(query: QueryParams) -> object:
        if query.get("page") == "0":
            raise ZeroDivisionError
        return read_paging(query)

    monkeypatch.setattr(routes, "read_paging", fragile)
    authorization = shared.http.headers["authorization"]
    with pytest.raises(AssertionError):
        no_server_error(shared.address, shared.host, authorization, ALL_REQUESTS, ["ZZZZZZZZ"])


AMBIGUOUS = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length of no digits": b"Content-Length: +2\r\n\r\n{}",
    "negative length": b"Content-Length: -2\r\n\r\n{}",
    "unknown coding": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "folded header": b"X: a\r\n b: c\r\n Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_framing_is_not_taken_for_two_requests(shared: "Running", rest: bytes) -> None:
    authorization = shared.http.headers["authorization"].encode()
    host = shared.host.encode()
    smuggled = b"DELETE /api/v1/lead/ZZZZZZZZ HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
    message = b"POST /api/v1/nothing HTTP/1.1\r\nHost: %b\r\nAuthorization: %b\r\n%b%b"
    message %= (host, authorization, rest, smuggled % host)
    answer = exchange(shared.address, message, half_close=True)
    assert answer.count(b"HTTP/1.1 ") <= 2
    assert b"HTTP/1.1 500" not in answer


def no_server_error_for_garbage(address: tuple[str, int], host: str, number: int) -> None:
    chance = random.Random(19_470_308)
    good = f"GET /api/v1/lead?per_page=1&page=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for _ in range(number):
        kind = chance.randint(0, 3)
        if kind == 0:
            message = chance.randbytes(chance.randint(1, 2_000))
        elif kind == 1:
            message = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                message[chance.randrange(len(message))] = chance.randrange(256)
        elif kind == 2:
            message = good[: chance.randrange(len(good))]
        else:
            message = (
                b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * chance.randint(1, 200_000) + b"\r\n\r\n"
            )
        answer = exchange(address, bytes(message), half_close=True)
        assert not answer.startswith(b"HTTP/1.1 5"), (bytes(message)[:200], answer[:200])


def test_odd_commands_to_the_control_plane(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    chance = random.Random(19_991_231)
    paths = ["", "/", "/clock", "/settings", "/behaviours", "/faults", "/snapshot", "/restore"]
    values: list[object] = [
        None,
        0,
        -1,
        1e308,
        10**30,
        "",
        "x",
        "beginning",
        "numbers",
        [],
        {},
        True,
        "\x00" * 99,
    ]
    names = [
        "now",
        "advance",
        "stands",
        "name",
        "calls",
        "totals",
        "rate_limit",
        "seed",
        "faults",
        "x",
    ]
    for _ in range(300):
        body = {name: chance.choice(values) for name in chance.sample(names, chance.randint(0, 3))}
        method = chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
        content = json.dumps(body).encode() if chance.random() < 0.9 else chance.choice(BODIES)
        answer = control.http.request(method, chance.choice(paths), content=content)
        assert answer.status_code in EXPECTED, (method, answer.url, body, answer.text)
    control.reset()
    still_in_order(controlled.http)


def still_in_order(http: httpx.Client) -> None:
    listed = http.get("/lead")
    assert listed.status_code == 200
    body = json.loads(listed.content)
    assert body["Total Records"] == str(len(body["Entity"]))
