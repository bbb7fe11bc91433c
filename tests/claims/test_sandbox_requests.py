"""Requests that HTTP allows and few clients send: each has one clear answer."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import h11
import pytest

from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.sandbox.http import strict_http
from cmdm_tui.sandbox.http.strict_http import make_origin_form
from tests.claims.sandbox_process import connect, exchange, host_of, serve_sandbox


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    with serve_sandbox(tmp_path_factory.mktemp("sandbox"), "--quiet") as (_, running):
        yield running


def ask(
    info: RunningInfo, line: str, *headers: str, host: str | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    """Send one request; `HOST` in the line is this sandbox's."""
    here = host_of(info).decode()
    head = [line.replace("HOST", here), f"Host: {host or here}", "Connection: close", *headers]
    return exchange(info, "\r\n".join([*head, "", ""]).encode() + body)


def sign_in_lines(info: RunningInfo) -> list[str]:
    own = info.credentials
    values = (own.client_id, own.client_secret, own.username, own.password)
    names = ("client_id", "client_secret", "username", "password")
    return [f"{name}: {value}" for name, value in zip(names, values, strict=True)]


@pytest.fixture(scope="module")
def bearer(info: RunningInfo) -> str:
    status, answer = ask(
        info, "POST http://HOST/api/v1/authenticate HTTP/1.1", *sign_in_lines(info)
    )
    assert status == 200
    token = json.loads(answer.partition(b"\r\n\r\n")[2])["token"]
    return f"Authorization: Bearer {token}"


def is_served(info: RunningInfo, bearer: str) -> bool:
    line = "GET http://HOST/api/v1/lead?per_page=2&page=1 HTTP/1.1"
    status, answer = ask(info, line, bearer)
    return status == 200 and b'"Total Records":"5"' in answer


def test_an_absolute_target_is_served(info: RunningInfo, bearer: str) -> None:
    assert is_served(info, bearer)
    # Its host is the one that counts (RFC 9112, 3.2.2).
    assert ask(info, "GET http://HOST/api/v1/lead HTTP/1.1", bearer, host="other.example")[0] == 200
    assert ask(info, "GET HTTP://HOST/api/v1/lead HTTP/1.1", bearer)[0] == 200
    assert ask(info, "POST http://HOST/api/v1/lead HTTP/1.1", bearer)[0] == 400
    assert ask(info, "GET http://HOST HTTP/1.1")[0] == ask(info, "GET / HTTP/1.1")[0] == 404
    assert ask(info, "GET http://HOST?per_page=1 HTTP/1.1")[0] == 404


def test_a_server_that_takes_an_absolute_target_for_a_path_is_caught(tmp_path: Path) -> None:
    """The broken twin."""
    request = h11.Request(method="GET", target="http://a:1/x?y=//z", headers=[("Host", "b")])
    assert strict_http.make_origin_form(request, b"http").target == b"/x?y=//z"
    program = (
        "import sys\nfrom cmdm_tui.cli.main import main\n"
        "from cmdm_tui.sandbox.http import strict_http\n"
        "strict_http.make_origin_form = lambda request, scheme: request\n"
        "sys.argv[0] = 'cmdm'\nmain()"
    )
    command = (sys.executable, "-c", program, "sandbox", "serve")
    with serve_sandbox(tmp_path, "--quiet", command=command) as (_, broken):
        assert ask(broken, "GET http://HOST/api/v1/lead HTTP/1.1")[0] == 404


@pytest.mark.parametrize(
    ("line", "status"),
    [
        # A page of another origin must not reach the API by naming a host in the target.
        ("GET http://evil.example/api/v1/lead HTTP/1.1", 400),
        ("GET http://evil.example@HOST/api/v1/lead HTTP/1.1", 400),
        ("GET https://HOST/api/v1/lead HTTP/1.1", 400),
        ("GET ftp://HOST/api/v1/lead HTTP/1.1", 400),
        ("GET http:///api/v1/lead HTTP/1.1", 400),
        ("GET http://HOST#/api/v1/lead HTTP/1.1", 404),
        ("GET /http://HOST/api/v1/lead HTTP/1.1", 404),
        ("GET api/v1/lead HTTP/1.1", 404),
        ("OPTIONS * HTTP/1.1", 404),
        ("OPTIONS http://HOST HTTP/1.1", 404),
        ("CONNECT example.org:443 HTTP/1.1", 404),
        ("GET /api/v1/lead?back=http://HOST/x HTTP/1.1", 401),
        # Percent-encoded or not, it is the same path (RFC 3986, 6.2.2.2).
        ("GET /%61pi/%76%31/%6Cea%64 HTTP/1.1", 401),
        ("GET /api/v1/lead HTTP/1.0", 401),
        ("GET /api/v1/lead HTTP/1.1\r\nHost: other", 400),
    ],
)
def test_each_has_one_answer(info: RunningInfo, line: str, status: int) -> None:
    found, answer = ask(info, line)
    assert found == status
    assert b'{"Message":' in answer


@pytest.mark.parametrize(("length", "status"), [(60_000, 401)])
def test_a_very_long_target(info: RunningInfo, length: int, status: int) -> None:
    found, _ = ask(info, f"GET /api/v1/lead?x={'a' * length} HTTP/1.1")
    assert found == status


def test_a_request_that_expects_100_gets_it(info: RunningInfo, bearer: str) -> None:
    body = b'{"LastName": "Shaw"}'
    head = (
        b"POST /api/v1/lead HTTP/1.1\r\nHost: %b\r\n%b\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n" % (host_of(info), bearer.encode(), len(body))
    )
    with connect(info) as connection:
        connection.sendall(head)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 201 ")


def test_http_1_0_ends_with_the_connection(info: RunningInfo, bearer: str) -> None:
    request = f"GET /api/v1/lead HTTP/1.0\r\nHost: {host_of(info).decode()}\r\n{bearer}\r\n\r\n"
    status, answer = exchange(info, request.encode())
    assert status == 200
    assert answer.endswith(b"]}")
    assert b"chunked" not in answer.lower()


def test_a_request_without_a_host_is_refused(info: RunningInfo) -> None:
    status, _ = exchange(info, b"GET /api/v1/lead HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert status == 400


def test_an_absolute_target_becomes_a_path() -> None:
    def made(target: bytes, method: bytes = b"GET") -> tuple[bytes, list[tuple[bytes, bytes]]]:
        request = h11.Request(
            method=method, target=target, headers=[("Accept", "x"), ("Host", "other")]
        )
        origin = make_origin_form(request, b"https")
        return origin.target, list(origin.headers)

    lines = [(b"host", b"h:1"), (b"accept", b"x")]
    assert made(b"https://h:1/a/b?c=d") == (b"/a/b?c=d", lines)
    assert made(b"https://h:1") == (b"/", lines)
    assert made(b"https://h:1", b"OPTIONS") == (b"*", lines)
    assert made(b"https://h:1?c") == (b"/?c", lines)
    assert made(b"*", b"OPTIONS")[0] == b"*"
    for wrong in (b"http://h:1/a", b"https://u@h/a", b"https:///a"):
        with pytest.raises(h11.RemoteProtocolError):
            made(wrong)
