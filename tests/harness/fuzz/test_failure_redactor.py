"""A failure is told without people: wherever they stand in it, and however they are written."""

import ast
import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cassettes.people import PeopleSettings
from cmdm_tui.harness.exchange import Call, Exchange, Intent
from cmdm_tui.harness.fuzz.events import ExchangeMade, FailureFound, FailureShrunk, FuzzEvent
from cmdm_tui.harness.fuzz.save.failure_redactor import FailureRedactor
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.fuzz.workers import fuzz_in_process
from cmdm_tui.harness.oracle import CHECKS, Finding, ServiceModel, checks, judge_exchange
from cmdm_tui.harness.oracle.own_checks import load_own_checks
from cmdm_tui.harness.service import Service
from cmdm_tui.redaction.people.person_redactor import PersonLeft
from cmdm_tui.redaction.people.redaction_hook import RedactionHookFailed
from tests.harness.fuzz.live_looking import find_people, live_looking_service

PEOPLE = PeopleSettings(b"k" * 32)
JSON = (("content-type", "application/json"),)


def exchange(
    call: Call, path: str, content: Any, *, entity: str = "lead", body: bytes = b"", **more: Any
) -> Exchange:
    external_id = path.rpartition("/")[2] if call == "get" else ""
    intent = Intent(call, entity, external_id, expected=frozenset({200}))
    answered = content if isinstance(content, bytes) else json.dumps(content).encode()
    method = "PUT" if call == "update" else "POST" if call == "authenticate" else "GET"
    return Exchange(
        1, method, f"/api/v1{path}", (), body, 200, JSON, answered, 0.0, moment=1.0, intent=intent,
        **more,
    )  # fmt: skip


def read_lead(**properties: Any) -> Exchange:
    return exchange("get", "/lead/A1", {"ExternalID": "A1", "Properties": properties})


def judge(*log: Exchange) -> tuple[Reproduction, ServiceModel]:
    """Return the last finding in a log, with all of the log, and what is known then."""
    model = ServiceModel(is_alone=True)
    found: list[Finding] = []
    for one in log:
        found = list(judge_exchange(model, one, CHECKS).findings) or found
    (finding, *_) = [one for one in found if one.check in {"reads-stable", "fields-agree"}] or found
    return failing(finding, *log), model


def failing(finding: Finding, *log: Exchange) -> Reproduction:
    steps = [
        RecordedStep(CallRequest(one.method, one.path, one.intent, one.sent_body)) for one in log
    ]
    return Reproduction(tuple(steps), log, finding)


def redact(found: Reproduction, model: ServiceModel | None = None) -> Reproduction:
    redactor = FailureRedactor(PEOPLE)
    return redactor.redact_failure(found, model or ServiceModel()).reproduction


LONG = "x" * 70 + " Weatherwax"


@pytest.mark.parametrize(
    ("field", "before", "after", "names"),
    [
        ("LastName", "Weatherwax", "O'Nottle", ("Weatherwax", "Nottle")),
        ("LastName", "Ann\nWeatherwax", 'Ann\t"Nottle"', ("Weatherwax", "Nottle")),
        ("LastName", LONG, "Nottle", ("Weath", "Nottle")),
        ("Email", "esme@ramtops.example", None, ("esme", "ramtops")),
        ("Phone", 79460911, "07700 900461", ("79460911", "900461")),
        ("Owner", {"Email": "esme@ramtops.example"}, "", ("esme", "ramtops")),
        ("Birthday", "1948-04-28", "1949-04-28", ("1948-04-28", "1949-04-28")),
        ("Phone", "ask Weatherwax", "", ("Weatherwax",)),
    ],
)
def test_values_in_a_message_are_replaced_before_they_are_shown(
    field: str, before: object, after: object, names: tuple[str, ...]
) -> None:
    found, model = judge(read_lead(**{field: before}), read_lead(**{field: after}))
    told = redact(found, model).finding.message
    assert all(name in found.finding.message for name in names)
    assert not [name for name in names if name in told]
    # The law, the field and the record are told as they are.
    law, _, rest = found.finding.message.partition(" should be ")
    assert told.startswith(f"{law} should be ")
    assert f"{field} of lead A1" in told
    assert (", and is '' " in told) == (", and is '' " in rest)
    # Without its quotes, a message is words of ours only, in which no single name is looked for.
    broken = replace(found.finding, quotes=())
    if "@" not in str(before) and "Phone" not in field:
        shown = FailureRedactor(PEOPLE).redact_finding(broken, found.log, model).message
        assert any(name in shown for name in names)


def test_who_was_read_earlier_in_the_run_is_known(tmp_path: Path) -> None:
    model = ServiceModel(is_alone=False)
    judge_exchange(model, read_lead(LastName="Weatherwax", FirstName="Esme"), CHECKS)
    note = exchange(
        "get", "/task/T1", {"ExternalID": "T1", "Properties": {"Notes": "Esme Weatherwax rang"}},
        entity="task",
    )  # fmt: skip
    found = failing(Finding("own-law", "T1 is about Weatherwax.", 1, certainty="own"), note)
    told = redact(found, model)
    assert "Weatherwax" not in told.finding.message
    assert b"Weatherwax" not in told.log[0].body
    # Nobody had named her to one that has read nothing else.
    assert b"Weatherwax" in redact(found).log[0].body


def test_what_the_fuzzer_draws_stays_unless_a_record_had_it() -> None:
    sent = exchange("update", "/lead/A1", {"Message": "Record updated."}, body=b'{"LastName":"Zo"}')
    found = failing(Finding("answers", "It broke.", 1), sent)
    assert redact(found).log[0].sent_body == b'{"LastName":"Zo"}'
    model = ServiceModel(is_alone=False)
    judge_exchange(model, read_lead(LastName="Zo"), CHECKS)
    made = redact(found, model)
    assert b"Zo" not in made.log[0].sent_body
    # Step and exchange are one request still: what is printed is what the case sends.
    step = made.steps[0].step
    assert isinstance(step, CallRequest)
    assert (step.path, step.body) == (made.log[0].path, made.log[0].sent_body)


@pytest.mark.parametrize(
    "content", [{"token": "$CMDM_TOKEN", "name": "Esme Weatherwax"}, b"Welcome, esme@ramtops.org"]
)
def test_the_answer_to_a_sign_in_names_no_one(content: Any) -> None:
    signed = exchange("authenticate", "/authenticate", content, entity="")
    signed = replace(signed, sent_headers=(("username", "$CMDM_USERNAME"),))
    made = redact(failing(Finding("answers", "It broke.", 1), signed)).log[0]
    assert b"esme" not in made.body.lower()
    assert made.sent_headers == (("username", "$CMDM_USERNAME"),)


def test_a_person_left_in_some_encoding_is_not_told() -> None:
    hidden = base64.b64encode(b'"esme@ramtops.example and more"').decode()
    found, model = judge(
        read_lead(Email="esme@ramtops.example", Notes="x"),
        read_lead(Email="esme@ramtops.example", Notes=hidden),
    )
    with pytest.raises(PersonLeft, match="the reports"):
        redact(found, model)


def test_why_a_check_of_ones_own_failed_is_told_without_people() -> None:
    log = [read_lead(LastName="Weatherwax")]
    reason = r"laws.py, line 2: ValueError: 'Ann\nWeatherwax' is no number, nor is Weath…."
    told = FailureRedactor(PEOPLE).redact_reason(reason, log, ServiceModel())
    assert told.startswith("laws.py, line 2: ValueError: 'Ann\\n")
    assert "Weath" not in told


def test_no_check_shows_a_value_but_as_a_quoted_one() -> None:
    """A value that is shown in another way would be told as it came."""
    sources = sorted(Path(checks.__file__ or "").parent.glob("*.py"))
    assert len(sources) > 10
    shown = [
        f"{path.name}:{node.lineno}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.FormattedValue) and node.conversion != -1)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "repr"
        )
    ]
    assert shown == []
    # What contradicts what is known quotes values too.
    told = [
        node
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"ours", "documented"} and "{contradiction}" in ast.unparse(node)
    ]
    assert len(told) >= 10
    assert all("*contradiction.quotes" in ast.unparse(node) for node in told)
    (node,) = [
        one for one in ast.walk(ast.parse("f'{x!r}'")) if isinstance(one, ast.FormattedValue)
    ]
    assert node.conversion != -1


def run(folder: Path, people: PeopleSettings | None, heard: list[FuzzEvent]) -> None:
    """Fuzz the service that looks live, with a check that fails at once."""
    laws = folder / "laws.py"
    laws.write_text(
        "def nobody(context):\n"
        "    if context.intent.call == 'list' and context.intent.entity == 'lead' and (\n"
        "        len(context.answer.rows) > 2\n"
        "    ):\n"
        "        yield f'Not {[dict(one.properties) for one in context.answer.rows[:3]]}.'\n"
    )
    load_own_checks([laws])
    with live_looking_service(folder) as info:
        given = Credentials(
            SecretStr(info.client_id), SecretStr(info.client_secret), info.username,
            SecretStr(info.password),
        )  # fmt: skip
        service = Service(info.url, given, None, may_write=False)
        service.is_alone = False
        settings = FuzzSettings(
            seed=1, requests=40, only=frozenset({"nobody"}), check_files=(laws,), people=people,
            fails_fast=True,
        )  # fmt: skip
        fuzz_in_process(service, settings, heard.append, folder / "report")


@pytest.mark.parametrize("people", [PEOPLE, None])
def test_what_is_shown_of_a_run_names_no_one(tmp_path: Path, people: PeopleSettings | None) -> None:
    """The live screen, lines and reports are made of these events, and of counts of the others."""
    heard: list[FuzzEvent] = []
    run(tmp_path, people, heard)
    shown = [one for one in heard if isinstance(one, FailureFound | FailureShrunk)]
    assert len(shown) == 2
    names = [find_people(repr(one).encode()) for one in shown]
    assert all(names) if people is None else not any(names)


def test_a_hook_that_fails_ends_the_run_at_once(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("def redact(entity, field, value, stand_in):\n    raise KeyError(value)\n")
    hook.chmod(0o600)
    heard: list[FuzzEvent] = []
    with pytest.raises(RedactionHookFailed, match="failed with KeyError"):
        run(tmp_path, PeopleSettings(b"k" * 32, hook=str(hook)), heard)
    assert not [one for one in heard if isinstance(one, FailureFound | FailureShrunk)]
    # Nothing was sent any more to make the failure shorter.
    made = [one for one in heard if isinstance(one, ExchangeMade)]
    assert made[-1].failed_checks == ("nobody",)
