"""The corpus and the fuzzer name the same odd input alike."""

import base64
from collections import defaultdict
from collections.abc import Iterator

import pytest

from cmdm_tui.harness import calls
from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cases import Case
from cmdm_tui.harness.cases.format import CaseStep
from cmdm_tui.harness.corpus import build_corpus
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.inputs import CLASSES, GROUPS, InputContext, classes_of, families_of
from cmdm_tui.harness.oracle.contract import FIELD_TABLE

ID = "ABCD1234"
FIELDS = {rule.name: rule for rule in FIELD_TABLE["lead"]}
REQUESTS: dict[Call, CallRequest] = {
    "authenticate": calls.sign_in(),
    "get": calls.get_record("lead", ID),
    "list": calls.list_records("lead"),
    "fields": calls.list_fields("lead"),
    "create": calls.create_record("lead", {"LastName": "x"}),
    "create-task": calls.create_child("task", "lead", ID, {"Subject": "x"}),
    "create-opportunity": calls.create_child("opportunity", "lead", ID, {"Name": "x"}),
    "update": calls.update_record("lead", ID, {"LastName": "x"}),
    "convert": calls.convert_lead(ID, {"Description": "x"}),
    "close": calls.close_task(ID, b"{}"),
    "delete": calls.delete_record("lead", ID),
    "other": calls.get_unknown("nosuchentity"),
}
# What the corpus shows of a group without being a class of odd input: what a valid call may say,
# what happens to records, and odd calls that something else stops first (`-crossed-` in the name).
SCENARIOS = {
    "body:refused-stores-nothing", "body:unicode", "body:escapes",
    "id:dead", "id:fields-of-task",
    "parameter:fields-one", "parameter:fields-named-twice", "parameter:fields-external-id",
    "parameter:fields-encoded-comma", "parameter:none", "parameter:none-sorted",
    "route:method-head", "route:unknown-entity-record", "route:nothing", "route:other-child",
    "route:convert-of-account", "route:close-of-lead", "route:encoded-entity-slash",
}  # fmt: skip


def odd_requests(call: Call, group: str) -> Iterator[tuple[str, CallRequest]]:
    """Yield every request that the fuzzer can draw for a call in a group, with its class."""
    for one in classes_of(call, group):
        for place in range(12):
            context = InputContext(lambda size, place=place: place % size, FIELDS, ("ZZZZ9999",))
            odd = one.apply(REQUESTS[call], context)
            if odd is not None:
                yield one.full_name, odd


def odd_part(group: str, path: str, body: bytes) -> str | bytes:
    """Return the part of a request that a group changes."""
    route, _, query = path.partition("?")
    return {"body": body, "parameter": query}.get(group, route.rpartition("/")[2])


def body_of(step: CaseStep) -> bytes:
    if step.body_base64 is not None:
        return base64.b64decode(step.body_base64)
    return (step.body or "").encode()


def odd_step(case: Case) -> CaseStep:
    """Return the step that is odd: the last that is not a reading of what it has changed."""
    written = [step for step in case.steps if step.method != "GET"]
    return (written or case.steps)[-1]


def is_of_odd_input(case: Case) -> bool:
    group = case.input_class.partition(":")[0]
    return group in GROUPS and "-crossed-" not in case.name


@pytest.mark.parametrize("group", ["body", "id", "parameter"])
def test_the_corpus_and_the_fuzzer_name_the_same_input_alike(group: str) -> None:
    names: dict[str | bytes, set[str]] = defaultdict(set)
    for call in ("list", "fields") if group == "parameter" else ("update", "close", "convert"):
        for name, odd in odd_requests(call, group):
            names[odd_part(group, odd.path, odd.body)].add(name)
    for case in build_corpus():
        step = odd_step(case)
        is_shown = is_of_odd_input(case) and case.input_class not in SCENARIOS
        if is_shown and case.input_class.startswith(f"{group}:"):
            part = odd_part(group, step.path, body_of(step))
            if part in names:
                names[part].add(case.input_class)
    # A content type is declared in a header: the body is a valid one.
    alike = {
        part: {name for name in found if not name.startswith("body:content-type-")}
        for part, found in names.items()
    }
    assert {part: found for part, found in alike.items() if len(found) > 1} == {}


def test_every_class_of_the_corpus_is_one_of_the_fuzzer_s() -> None:
    drawn = {one.full_name for one in CLASSES}
    shown = {case.input_class for case in build_corpus() if is_of_odd_input(case)}
    assert shown - drawn == SCENARIOS
    assert SCENARIOS & drawn == set()


def test_every_class_is_in_a_case_of_the_corpus() -> None:
    drawn = {one.full_name for one in CLASSES}
    shown = {case.input_class for case in build_corpus() if is_of_odd_input(case)}
    assert drawn - shown == set()


def test_every_example_is_a_case_of_the_corpus() -> None:
    shown = {(case.endpoint, case.input_class) for case in build_corpus()}
    examples = {
        (call, one.full_name)
        for group in GROUPS
        for call in CALLS
        for one in classes_of(call, group)
        if one.example is not None
    }
    assert examples <= shown


def test_a_name_is_that_of_one_class() -> None:
    names = [one.full_name for one in CLASSES]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("call", CALLS)
def test_the_families_hold_every_class_once(call: Call, group: str) -> None:
    families = [one for family in families_of(call, group) for one in family]
    assert sorted(one.name for one in families) == sorted(
        one.name for one in classes_of(call, group)
    )


def test_an_odd_request_says_which_class_it_is_of() -> None:
    for call in CALLS:
        for group in GROUPS:
            for name, odd in odd_requests(call, group):
                assert odd.intent.input_class == name


def test_every_body_is_declared_as_json_but_where_its_class_is_about_that() -> None:
    for call in CALLS:
        for group in GROUPS:
            for name, odd in odd_requests(call, group):
                declared = [value for key, value in odd.headers if key == "content-type"]
                if name.startswith("body:content-type-"):
                    assert declared != ["application/json"], name
                elif odd.body:
                    assert declared == ["application/json"], (call, name)
