"""A body is declared as JSON on its way to a service, unless its step says otherwise."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness import calls
from cmdm_tui.harness.cases import Case, CaseStep, parse_case, read_case
from cmdm_tui.harness.cases.placeholders import build_request
from cmdm_tui.harness.cases.player import play_case
from cmdm_tui.harness.cassettes.case_recorder import record_case
from cmdm_tui.harness.cassettes.library import LibraryEntry, select_entries
from cmdm_tui.harness.cassettes.offline_replay import RECORDED_VALUES, replay_case
from cmdm_tui.harness.fuzz.save.case_writer import make_case
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.inputs.input_class import with_content_type
from cmdm_tui.harness.oracle import Finding
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.session import SessionFiles
from cmdm_tui.harness.service import Service
from tests.claims.odd_service import serve
from tests.harness.conftest import ControlledSandbox
from tests.harness.inputs.test_expectations import answered
from tests.harness.recorded_cases import ALL

JSON = "application/json"
KNOWN = Credentials(
    SecretStr("client-12345"), SecretStr("secret-12345"), "odd@example.com", SecretStr("pass-12345")
)
BY_HAND = b"""
version = 1
name = "by-hand"
summary = "A case as a person writes it."
endpoint = "create"

[[steps]]
method = "POST"
path = "/lead"
body = '{"LastName": "Jones ${mark}"}'
expect = { status = 201 }
"""


def case_by_hand(**changes: Any) -> Case:
    """Return the case, with its step changed."""
    case = parse_case(BY_HAND, "by-hand")
    (step,) = case.steps
    kept = {
        name: getattr(step, name) for name in ("method", "path", "expect", "body", "body_base64")
    }
    return Case(
        name=case.name, summary=case.summary, endpoint=case.endpoint,
        steps=(CaseStep(**{**kept, **changes}),),
    )  # fmt: skip


DECLARED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [JSON]),
    ({"body": None, "body_base64": "/w=="}, [JSON]),
    ({"headers": (("CONTENT-type", "text/plain"),)}, ["text/plain"]),
    ({"without_content_type": True}, []),
    ({"body": None}, []),
    ({"body": ""}, []),
]


@pytest.mark.parametrize(("changes", "wanted"), DECLARED)
def test_a_service_is_told_what_a_body_is(changes: dict[str, Any], wanted: list[str]) -> None:
    with serve() as odd, Service(odd.url, KNOWN) as service:
        play_case(case_by_hand(**changes), service)
        with service.send_through_httpx():
            play_case(case_by_hand(**changes), service)
    received = [call.headers for call in odd.calls if call.method == "POST"]
    told = [[value for name, value in one.items() if name.lower() == "content-type"]
            for one in received]  # fmt: skip
    assert told == [wanted, wanted]


def test_a_service_that_takes_only_json_takes_a_case_written_by_hand(
    controlled: ControlledSandbox,
) -> None:
    controlled.control.set_behaviours(content_type="415")
    with controlled.service() as service:
        problems = [one.problems for one in play_case(case_by_hand(), service)]
        # The twin: the same call, with nothing declared.
        refused = play_case(case_by_hand(without_content_type=True), service)
    assert problems == [()]
    assert [one.exchange.status for one in refused] == [415]


def test_a_call_beside_the_cases_is_declared_too(controlled: ControlledSandbox) -> None:
    controlled.control.set_behaviours(content_type="415")
    with controlled.service() as service:
        assert service.send_call("POST", "/lead", b'{"LastName":"Jones"}').status == 201


def test_every_recorded_body_was_declared_unless_its_case_says_otherwise() -> None:
    undeclared = [
        entry.case.name
        for entry in ALL
        for request in re.findall(r"- request:\n.*?\n  response:", read(entry), re.DOTALL)
        if "\n    body: ''\n" not in request and "\n      content-type:\n" not in request
    ]
    named = select_entries(ALL, ["*-body-content-type-none"])
    assert undeclared == [entry.case.name for entry in named]
    assert len(undeclared) == 6


def read(entry: LibraryEntry) -> str:
    return f"\n{entry.cassette.read_text(encoding='utf-8')}"


def test_a_recording_keeps_what_was_declared(controlled: ControlledSandbox, tmp_path: Path) -> None:
    cassette = tmp_path / "by-hand.yaml"
    with controlled.service() as service:
        assert record_case(case_by_hand(), cassette, service) == ()
    assert f"content-type:\n      - {JSON}" in cassette.read_text().partition("response:")[0]
    # What was declared is not compared: a cassette answers either way.
    for case in (case_by_hand(), case_by_hand(without_content_type=True)):
        assert replay_case(case, cassette) == []


def declared(case: Case) -> list[str]:
    """Return what the last body of a case is declared as when it is sent."""
    sent = build_request(case.steps[-1], RECORDED_VALUES)
    return [value for name, value in sent.headers if name.lower() == "content-type"]


@pytest.mark.parametrize("content_type", [JSON, "text/plain", ""])
def test_the_case_of_a_program_declares_what_the_program_did(
    content_type: str, tmp_path: Path
) -> None:
    lines = (("content-type", content_type),) if content_type else ()
    call = ObservedCall(
        "POST", "/api/v1/lead", (("authorization", "Bearer t0ken-t0ken"), *lines),
        b'{"LastName":"Jones"}', 201, "Created", (("content-type", JSON),),
        b'{"ExternalID":"ABCD1234"}',
    )  # fmt: skip
    files = SessionFiles(tmp_path, "session", "")
    assert files.add(call) == ""
    files.finish()
    case = read_case(tmp_path / "session.toml")
    assert declared(case) == [content_type] * bool(content_type)


@pytest.mark.parametrize("content_type", [JSON, "text/plain", ""])
def test_the_case_of_a_failure_declares_what_the_fuzzer_did(content_type: str) -> None:
    plain = calls.create_record("lead", {"LastName": "Jones"})
    request = replace(plain, headers=with_content_type(plain.headers, content_type))
    failed = Reproduction((RecordedStep(request),), (answered(request, 500),), Finding("a", "b", 1))
    assert declared(make_case("failed", failed, seed=1)) == [content_type] * bool(content_type)
