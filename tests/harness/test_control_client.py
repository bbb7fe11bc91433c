"""A control plane that is none, or not to be reached, is told in a sentence."""

import socket
import threading
from contextlib import closing

import pytest

from cmdm_tui.harness.control_client import ControlClient, ControlFailed
from tests.harness.conftest import ControlledSandbox

TOKEN = "control-token"


@pytest.mark.parametrize(
    "address",
    [
        "garbage", "", "http://127.0.0.1:99999/", "ftp://127.0.0.1/", "http://127.0.0.1/\x1b[2J",
        "http://user:word@127.0.0.1/_sandbox", "http://crm.example.com/_sandbox", "http://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ControlFailed, match="check CMDM_CONTROL") as error:
        ControlClient(address, TOKEN)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "token"), [("é", TOKEN), ("", "control\ntoken"), ("", "control-tokén\x00")]
)
def test_what_http_cannot_carry_is_told_without_the_token(path: str, token: str) -> None:
    with pytest.raises(ControlFailed, match="HTTP cannot carry") as error:
        ControlClient(f"http://127.0.0.1:1/{path}", token).read_clock()
    assert "control" not in str(error.value)


def test_faults_are_given_one_by_one_or_in_a_list_and_a_wrong_kind_is_told(
    controlled: ControlledSandbox,
) -> None:
    control = controlled.control
    fault = {"kind": "lost-answer", "path": "/lead", "nth": 1}
    for given in ((fault,), ([fault],)):
        control.set_faults()
        control.set_faults(*given)
    with pytest.raises(ControlFailed, match=r"did you mean lost-answer\? There are latency, error"):
        control.set_faults({**fault, "kind": "lost-answr"})
    control.set_faults()


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b"{}", b"[]", b"\xff"])
def test_what_answers_otherwise_is_no_control_plane(body: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)

    threading.Thread(target=answer, daemon=True).start()
    with (
        closing(listener),
        closing(ControlClient(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN)) as control,
        pytest.raises(ControlFailed, match="is not a control plane"),
    ):
        control.read_clock()


def test_a_refusal_says_its_reason(controlled: ControlledSandbox) -> None:
    control = controlled.control
    with pytest.raises(ControlFailed, match=r"answered 400: rate_limit must be a whole number"):
        control.set(rate_limit=0)
    with pytest.raises(ControlFailed, match=r"answered 400: There is no setting 'nonsense'\.$"):
        control.set(nonsense=1)


def test_a_refused_token_is_not_told(controlled: ControlledSandbox) -> None:
    with closing(ControlClient(controlled.info.control or "", "wrong-token")) as control:
        with pytest.raises(ControlFailed, match="Check CMDM_CONTROL and") as error:
            control.read_clock()
        assert "answered 401: This needs the control plane's own token" in str(error.value)
        assert "wrong-token" not in str(error.value)
