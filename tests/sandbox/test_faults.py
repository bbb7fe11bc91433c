"""Each fault as a client meets it on the wire, and how often each strikes."""

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cmdm_tui.sandbox import Sandbox, SandboxConfig, SettingError
from cmdm_tui.sandbox.faults.plan import (
    FAULT_KINDS,
    Fault,
    FaultKind,
    FaultPlan,
    FaultSchedule,
)

if TYPE_CHECKING:
    from tests.sandbox.conftest import Running
    from tests.sandbox.control_client import ControlPlaneClient

ALWAYS = {"rate": 1.0}


def received(running: "Running", path: str = "/lead?per_page=20&page=1") -> tuple[bytes, str]:
    """Send a GET on a socket of its own; return what came back, and how the connection ended."""
    request = (
        f"GET /api/v1{path} HTTP/1.1\r\nHost: {running.address[0]}:{running.address[1]}\r\n"
        f"Authorization: {running.http.headers['authorization']}\r\nConnection: close\r\n\r\n"
    )
    answer = b""
    with socket.create_connection(running.address, timeout=10) as connection:
        connection.sendall(request.encode())
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionResetError:
            return answer, "reset"
    return answer, "closed"


def split(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }, body


# Each fault


def test_without_a_fault_nothing_goes_wrong(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    answer, end = received(controlled)
    headers, body = split(answer)
    assert end == "closed"
    assert len(body) == int(headers["content-length"])
    assert len(json.loads(body)["Entity"]) == 20


def test_latency(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "latency", "seconds": 0.3, **ALWAYS})
    began = time.monotonic()
    assert controlled.http.get("/lead/fields").status_code == 200
    assert time.monotonic() - began >= 0.3


def test_error_500(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "error-500", "method": "POST", **ALWAYS})
    assert controlled.http.post("/lead", json={"LastName": "x"}).status_code == 500
    assert controlled.http.get("/lead").json()["Total Records"] == "40"


def test_gateway_504_comes_after_the_work_is_done(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "gateway-504", "method": "POST", **ALWAYS})
    answer = controlled.http.post("/lead", json={"LastName": "x"})
    assert (answer.status_code, answer.headers["content-type"][:9]) == (504, "text/html")
    assert controlled.http.get("/lead").json()["Total Records"] == "41"


def test_html_502(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "html-502", **ALWAYS})
    answer = controlled.http.get("/lead/fields")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (502, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_reset_before_the_body(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "reset-before", **ALWAYS})
    assert received(controlled) == (b"", "reset")
    with pytest.raises(httpx.TransportError):
        controlled.http.post("/lead", json={"LastName": "x"})
    control.go_wrong()
    assert controlled.http.get("/lead").json()["Total Records"] == "40"


def test_reset_in_the_middle_of_the_body(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "reset-midway", **ALWAYS})
    answer, end = received(controlled)
    headers, body = split(answer)
    assert end == "reset"
    assert len(body) == int(headers["content-length"]) // 2


def test_a_body_shorter_than_its_length_promises(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "short-body", **ALWAYS})
    answer, end = received(controlled)
    headers, body = split(answer)
    assert end == "closed"
    assert 0 < len(body) < int(headers["content-length"])
    with pytest.raises(httpx.RemoteProtocolError):
        controlled.http.get("/lead/fields")


def test_truncated_json(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "truncated-json", **ALWAYS})
    answer = controlled.http.get("/lead/fields")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(answer.content))
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_wrong_content_type(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "wrong-content-type", **ALWAYS})
    answer = controlled.http.get("/lead/fields")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.json()["Total Page"] == "1"


def test_a_dripped_body(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "drip", "drop": 40, "seconds": 0.005, **ALWAYS})
    began = time.monotonic()
    answer = controlled.http.get("/lead?per_page=3&page=1")
    drops = -(-len(answer.content) // 40)
    assert drops > 30
    assert time.monotonic() - began > drops * 0.005
    assert len(answer.json()["Entity"]) == 3


def test_a_storm_of_429(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "storm-429", "nth": 2, "calls": 3, "path": "/lead*"})
    answers = [controlled.http.get("/lead/fields") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 429, 200, 200]
    assert answers[1].headers["x-rate-limit-remaining"] == "0"
    assert controlled.http.get("/event/fields").status_code == 200
    assert control.faults()[0]["struck"] == 3


def test_a_token_revoked_early(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.go_wrong({"kind": "revoked-token", "nth": 2})
    statuses = [controlled.http.get("/lead/fields").status_code for _ in range(3)]
    assert statuses == [200, 401, 401]
    bearer = {"Authorization": f"Bearer {controlled.sign_in().json()['token']}"}
    assert controlled.anonymous("GET", "/lead/fields", bearer).status_code == 200


def test_an_answer_lost_after_the_write_was_done(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "lost-answer", "method": "POST", "times": 1, **ALWAYS})
    with pytest.raises(httpx.TransportError):
        controlled.http.post("/lead", json={"LastName": "Written"})
    newest = controlled.http.get("/lead?per_page=1&page=1&sort_order=desc").json()
    assert newest["Total Records"] == "41"
    assert newest["Entity"][0]["Properties"]["LastName"] == "Written"
    assert controlled.http.post("/lead", json={"LastName": "x"}).status_code == 201


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_on_every_sort_of_answer(
    controlled: "Running", control: "ControlPlaneClient", kind: FaultKind
) -> None:
    control.go_wrong({"kind": kind.value, "seconds": 0.001, **ALWAYS})
    for method, path in (
        ("GET", "/lead"),
        ("HEAD", "/lead"),
        ("GET", "/nothing"),
        ("POST", "/event"),
        ("DELETE", "/lead/ZZZZZZZZ"),
        ("POST", "/authenticate"),
    ):
        body = b'{"Title":"x"}' if method == "POST" else None
        # A connection that is lost after a HEAD would be missed by the next request only.
        with contextlib.suppress(httpx.HTTPError):
            controlled.http.request(method, path, content=body, headers={"Connection": "close"})
    assert control.faults()[0]["struck"] == 6
    control.go_wrong()
    controlled.http.headers["Authorization"] = f"Bearer {controlled.sign_in().json()['token']}"
    assert controlled.http.get("/lead").status_code == 200


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_fault_where_a_behaviour_closes_the_connection(
    controlled: "Running",
    control: "ControlPlaneClient",
    caplog: pytest.LogCaptureFixture,
    kind: FaultKind,
) -> None:
    control.behave(large_body="closed")
    control.go_wrong({"kind": kind.value, "seconds": 0.001, **ALWAYS})
    with contextlib.suppress(httpx.HTTPError):
        controlled.http.post("/lead", content=b" " * (1024 * 1024 + 1))
    assert control.faults()[0]["struck"] == 1
    assert "failed" not in caplog.text


def test_what_lies_outside_the_api_is_never_struck(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "reset-before", **ALWAYS})
    assert controlled.http.get(controlled.info.url).status_code == 404
    assert control.faults()[0]["matched"] == 0


# Which requests


def struck(plan: FaultPlan, requests: list[tuple[str, str]]) -> list[bool]:
    faults = FaultSchedule(plan)
    return [bool(faults.count_request(method, path)) for method, path in requests]


def test_patterns_choose_by_method_and_path() -> None:
    fault = Fault(FaultKind.ERROR_500, method="P*", path="/lead/*", rate=1)
    requests = [
        ("PUT", "/Lead/A"),
        ("POST", "/lead/A/task"),
        ("GET", "/lead/A"),
        ("PUT", "/task/A"),
    ]
    assert struck(FaultPlan(faults=[fault]), requests) == [True, True, False, False]


def test_nth_counts_the_requests_that_match() -> None:
    fault = Fault(FaultKind.ERROR_500, path="/lead", nth=[2, 4])
    requests = [("GET", "/lead"), ("GET", "/task")] * 5
    found = struck(FaultPlan(faults=[fault]), requests)
    assert [number for number, one in enumerate(found) if one] == [2, 6]


def test_the_same_seed_strikes_the_same_requests() -> None:
    requests = [("GET", "/lead")] * 1_000
    fault = Fault(FaultKind.ERROR_500, rate=0.3)
    once = struck(FaultPlan(1, [fault]), requests)
    assert once == struck(FaultPlan(1, [fault]), requests)
    assert once != struck(FaultPlan(2, [fault]), requests)
    assert 230 < sum(once) < 370
    assert not any(struck(FaultPlan(1, [Fault(FaultKind.ERROR_500, rate=0)]), requests))


def test_times_is_the_most_it_strikes() -> None:
    fault = Fault(FaultKind.ERROR_500, rate=1, times=2)
    assert sum(struck(FaultPlan(faults=[fault]), [("GET", "/lead")] * 5)) == 2


def test_one_request_is_spoilt_by_one_fault() -> None:
    plan = FaultPlan(
        faults=[
            Fault(FaultKind.LATENCY, rate=1),
            Fault(FaultKind.ERROR_500, nth=1),
            Fault(FaultKind.HTML_502, rate=1),
        ]
    )
    faults = FaultSchedule(plan)
    kinds = [[one.kind for one in faults.count_request("GET", "/lead")] for _ in range(2)]
    assert kinds == [
        [FaultKind.LATENCY, FaultKind.ERROR_500],
        [FaultKind.LATENCY, FaultKind.HTML_502],
    ]
    counts = [(one["matched"], one["struck"]) for one in faults.list_counts()]
    assert counts == [(2, 2), (2, 1), (1, 1)]


# The file


def test_a_file_says_what_goes_wrong(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(
        'seed = 7\n[[faults]]\nkind = "html-502"\npath = "/authenticate"\nnth = [1, 2]\n'
        '[[faults]]\nkind = "latency"\nrate = 0.5\nseconds = 0.01\n'
    )
    plan = FaultPlan.read(file)
    assert [fault.kind for fault in plan.faults] == [FaultKind.HTML_502, FaultKind.LATENCY]
    config = SandboxConfig(tmp_path / "data", port=0, records=1, faults=plan)
    with Sandbox.embedded(config) as info:
        answer = httpx.post(f"{info.url}/api/v1/authenticate", verify=False)
        assert answer.status_code == 502


WRONG: dict[str, tuple[str, str]] = {
    "no TOML": ("[[faults]\n", "line 1"),
    "no kind": ("[[faults]]\nrate = 1\n", "faults[0]"),
    "unknown kind": ('[[faults]]\nkind = "fire"\nrate = 1\n', "faults[0].kind"),
    "misspelt kind": ('[[faults]]\nkind = "lost-answr"\nrate = 1\n', "did you mean lost-answer?"),
    "rate over 1": ('[[faults]]\nkind = "drip"\nrate = 1.5\n', "faults[0].rate"),
    "nth of 0": ('[[faults]]\nkind = "drip"\nnth = 0\n', "faults[0].nth"),
    "neither": ('[[faults]]\nkind = "drip"\n', "rate or nth"),
    "both": ('[[faults]]\nkind = "drip"\nnth = 1\nrate = 1\n', "rate or nth"),
    "unknown name": ('[[faults]]\nkind = "drip"\nrate = 1\ncolour = 5\n', "colour"),
    "unknown setting": ("sed = 7\n", "sed"),
    "no number": ('seed = "x"\n', "seed"),
}


@pytest.mark.parametrize(("text", "place"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        FaultPlan.read(file)
    message = str(caught.value)
    assert str(file) in message
    assert place in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for name in ("none", "latin"):
        with pytest.raises(SettingError, match=name):
            FaultPlan.read(tmp_path / name)


@pytest.mark.parametrize(
    "plan", [{"faults": [{"kind": "fire", "rate": 1}]}, {"faults": 5}, {"seed": "x"}, {"x": 1}]
)
def test_a_plan_that_cannot_be_used_leaves_the_one_there_is(
    control: "ControlPlaneClient", plan: dict[str, Any]
) -> None:
    control.go_wrong({"kind": "latency", "rate": 0.0})
    assert control.http.put("/faults", json=plan).status_code == 400
    assert [fault["kind"] for fault in control.faults()] == ["latency"]


def test_reset_ends_them_and_the_counts_begin_anew(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.go_wrong({"kind": "error-500", **ALWAYS})
    controlled.http.get("/lead")
    assert control.faults()[0] == {
        "kind": "error-500",
        "rate": 1.0,
        "matched": 1,
        "struck": 1,
    }
    control.go_wrong({"kind": "error-500", **ALWAYS})
    assert control.faults()[0]["struck"] == 0
    control.reset()
    assert control.faults() == []


def test_a_fault_that_no_call_has_matched_is_listed() -> None:
    faults = FaultSchedule(
        FaultPlan(
            faults=[
                Fault(FaultKind.LOST_ANSWER, method="PUT", path="/lead", nth=1),
                Fault(FaultKind.DRIP, path="/lead*", nth=9),
            ]
        )
    )
    assert list(faults.list_unmatched()) == [], "nothing was called"
    faults.count_request("PUT", "/lead/ABC1D2E3")
    (told,) = faults.list_unmatched()
    assert told.startswith("Fault 1 (lost-answer) matched none of 1 calls: its method is PUT, its ")
    assert told.endswith("path /lead, and /lead/* is what is below it.")
    faults.count_request("PUT", "/lead")
    assert list(faults.list_unmatched()) == []


def test_every_kind_of_fault_is_described() -> None:
    assert FAULT_KINDS.keys() == set(FaultKind)
