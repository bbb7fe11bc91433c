"""The sender: as it is given, to one host, once."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager

import pytest

from cmdm_tui.harness.http.connection import NoAnswer, NotConnected, RawConnection

REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"


@contextmanager
def answering(*answers: bytes) -> Generator[tuple[str, list[bytes]]]:
    """Answer requests in turn, one connection after another; yield the address and the heads."""
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        left = list(answers)
        while left:
            connection, _ = listener.accept()
            with connection:
                while left:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        piece = connection.recv(65_536)
                        if not piece:
                            break
                        head += piece
                    if not head:
                        break
                    heads.append(head)
                    answer = left.pop(0)
                    connection.sendall(answer)
                    if answer in (CLOSING, CUT, b""):
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with closing(listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
        thread.join(10)


def test_a_path_is_sent_as_it_is_given() -> None:
    with answering(PLAIN) as (url, heads), RawConnection(url) as wire:
        wire.send("GET", "//a/../b%2F%00?x=%zz&&", [("X-Odd", b"\xff")])
    assert heads[0].startswith(b"GET //a/../b%2F%00?x=%zz&& HTTP/1.1\r\n")
    assert b"X-Odd: \xff\r\n" in heads[0]


def test_a_redirect_is_an_answer() -> None:
    with answering(REDIRECT) as (url, heads), RawConnection(url) as wire:
        answer = wire.send("GET", "/", [("Authorization", "Bearer secret")])
    assert answer.status == 302
    assert len(heads) == 1


def test_a_connection_is_kept_and_opened_again_where_it_was_closed() -> None:
    with answering(PLAIN, CLOSING, PLAIN) as (url, heads), RawConnection(url) as wire:
        assert [wire.send("GET", f"/{n}").body for n in range(3)] == [b"ok"] * 3
    assert len(heads) == 3


def test_half_an_answer_is_none_and_nothing_is_sent_again() -> None:
    raised = pytest.raises(NoAnswer, match="closed the connection in the middle of its answer")
    with answering(CUT) as (url, heads), RawConnection(url) as wire, raised:
        wire.send("POST", "/lead", body=b"{}")
    assert len(heads) == 1


def test_a_service_that_crashes_is_described_in_its_own_terms() -> None:
    raised = pytest.raises(NoAnswer, match="closed the connection without an answer: it may have")
    with answering(b"") as (url, _), RawConnection(url) as wire, raised:
        wire.send("POST", "/lead", body=b"{}")


def test_an_answer_that_is_not_http_is_described_so() -> None:
    raised = pytest.raises(NoAnswer, match="The service's answer is not HTTP")
    with answering(b"nothing of the kind\r\n\r\n") as (url, _), RawConnection(url) as wire, raised:
        wire.send("GET", "/lead")


def test_what_would_break_the_framing_is_not_sent() -> None:
    with RawConnection("http://127.0.0.1:1") as wire:
        for path in ("/a b", "/a\r\nX: y", "/\x00", "/ü"):
            with pytest.raises(ValueError, match="cannot be sent"):
                wire.send("GET", path)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not an http or https address"):
        RawConnection("ftp://example.com")


def test_what_a_header_cannot_carry_is_told_by_its_name_and_not_by_its_value() -> None:
    with (
        RawConnection("http://127.0.0.1:1") as wire,
        pytest.raises(ValueError, match="header password") as e,
    ):
        wire.send("POST", "/", [("client_id", "x"), ("password", "hunter2\nrest")])
    assert "hunter2" not in str(e.value)
    assert e.value.__cause__ is None


def test_a_path_that_is_not_ascii_is_to_be_escaped() -> None:
    with (
        RawConnection("http://127.0.0.1:1") as wire,
        pytest.raises(ValueError, match="percent escapes"),
    ):
        wire.send("GET", "/lead/é")


def test_a_host_that_is_given_stands_alone() -> None:
    with answering(PLAIN) as (url, heads), RawConnection(url) as wire:
        wire.send("GET", "/", [("Host", "other.example")])
    assert heads[0].lower().count(b"host:") == 1
    assert b"other.example" in heads[0]


def test_where_there_is_no_connection_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        RawConnection(f"http://127.0.0.1:{port}") as wire,
        pytest.raises(NotConnected, match="refused"),
    ):
        wire.send("GET", "/")


def test_an_answer_that_drips_without_end_is_not_waited_for() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n")
            for _ in range(300):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return
                time.sleep(0.005)

    threading.Thread(target=drip, daemon=True).start()
    with (
        closing(listener),
        RawConnection(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.1) as wire,
        pytest.raises(NoAnswer, match=r"in 0\.1 seconds"),
    ):
        wire.send("GET", "/")
