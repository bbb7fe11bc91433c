"""What is sent directly arrives as it does over httpx, and so does what comes back."""

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from itertools import takewhile

import pytest

from cmdm_tui.harness.exchange import Answer, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.http.senders import DirectSender, HttpxSender

PACKED = gzip.compress(b'{"a":"b"}', mtime=0)
CALLS = [
    OutgoingRequest("GET", "/lead?x=%zz&&"),
    OutgoingRequest("GET", "/a/../%2e%2e/'\"/b%2F%00"),
    OutgoingRequest("POST", "/lead", (("Content-Type", "application/json"), ("X", "\xe9")), b"{}"),
    OutgoingRequest("POST", "/lead"),
    OutgoingRequest("DELETE", "/lead/X", (("Accept-Encoding", "gzip"),)),
    OutgoingRequest("GET", "/api/../odd//lead", is_from_root=True),
]
Send = Callable[[OutgoingRequest], Answer]


@contextmanager
def answering(answer: bytes) -> Generator[tuple[str, list[bytes]]]:
    """Answer one request after another alike, each on a connection of its own; yield what came."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                with connection.makefile("rb") as coming:
                    # A client may go away again without a word.
                    lines = iter(coming.readline, b"")
                    head = b"".join(takewhile(lambda line: line != b"\r\n", lines))
                    if not head:
                        continue
                    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                    heard.append(head + b"\r\n" + coming.read(int(length[1]) if length else 0))
                with suppress(ConnectionError):
                    connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)


def answer_of(body: bytes, *lines: str) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


@contextmanager
def both(url: str) -> Generator[tuple[Send, Send]]:
    with closing(DirectSender(url)) as direct, closing(HttpxSender(url)) as sender:
        yield direct, sender


def lines_of(heard: bytes) -> tuple[bytes, set[bytes], bytes]:
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, {line.lower() for line in lines}, body


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.target}")
def test_what_is_sent_is_the_same(call: OutgoingRequest) -> None:
    answer = answer_of(b"{}", "X-A: 1", "X-A: 2")
    with answering(answer) as (url, heard), both(url) as (direct, sender):
        assert direct(call) == sender(call)
    assert lines_of(heard[0]) == lines_of(heard[1])


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", PACKED), ("gzip", b"no gzip"), ("odd", b"as it is")]
)
def test_a_coding_that_nobody_asked_for_is_undone(coding: str, body: bytes) -> None:
    answer = answer_of(body, f"Content-Encoding: {coding}")
    with answering(answer) as (url, _), both(url) as senders:
        direct, sender = (outcome(send, CALLS[0]) for send in senders)
    assert direct == sender


def test_an_answer_is_waited_for_as_long_as_the_request_says() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        both(f"http://127.0.0.1:{silent.getsockname()[1]}") as senders,
    ):
        for send in senders:
            began = time.monotonic()
            with pytest.raises(NoAnswer):
                send(OutgoingRequest("GET", "/lead", timeout=0.05))
            assert time.monotonic() - began < 5


def test_what_cannot_be_sent_is_said_to_be_so() -> None:
    with both("http://127.0.0.1:1") as senders:
        for send in senders:
            with pytest.raises(NoAnswer):
                send(OutgoingRequest("GET", "/ü"))


def outcome(send: Send, call: OutgoingRequest) -> Answer | str:
    try:
        return send(call)
    except NoAnswer as error:
        return str(error)


@pytest.mark.parametrize("line", [("X", "hunter2\nrest"), ("X\x00", "hunter2"), ("X", "hunter2 ")])
def test_what_http_cannot_carry_is_not_quoted(line: tuple[str, str]) -> None:
    with answering(answer_of(b"{}")) as (url, heard), both(url) as senders:
        for send in senders:
            with pytest.raises(NoAnswer, match="cannot be sent") as error:
                send(OutgoingRequest("GET", "/lead", (line,)))
            assert "hunter2" not in str(error.value)
    assert heard == []


def test_a_length_that_is_not_the_body_s_is_no_traceback() -> None:
    with answering(answer_of(b"{}")) as (url, _), both(url) as senders:
        for send in senders:
            with pytest.raises(NoAnswer):
                send(OutgoingRequest("GET", "/lead", (("Content-Length", "4"),)))
