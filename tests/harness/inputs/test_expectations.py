"""Each class of odd input has an answer that its expectation refuses, and one that it accepts."""

from dataclasses import replace

import pytest

from cmdm_tui.harness import calls
from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import Call, Exchange
from cmdm_tui.harness.inputs import CLASSES, InputClass, InputContext
from cmdm_tui.harness.oracle import ServiceModel, judge_exchange
from cmdm_tui.harness.oracle.contract import FIELD_TABLE
from tests.harness.inputs.test_input_classes import ID, REQUESTS
from tests.harness.oracle.exchange_logs import MOMENT

FIELDS = {
    rule.name: replace(rule, max_length=255 if rule.type == "Text" else None)
    for rule in FIELD_TABLE["lead"]
}
KEPT = {one.full_name for one in CLASSES if one.family.startswith("kept-")}
SUCCESS = {"create": 201, "create-task": 201, "create-opportunity": 201}


def make_odd(one: InputClass, call: Call) -> CallRequest | None:
    """Return a request of a class, None where none of this call can be made so."""
    for place in range(40):
        context = InputContext(
            lambda size, place=place: place % size, FIELDS, ("ZZZZ9999",), has_ended_token=True
        )
        odd = one.apply(REQUESTS[call], context)
        if odd is not None:
            return odd
    return None


def answered(request: CallRequest, status: int, number: int = 2) -> Exchange:
    """Return what came to a request: nothing but a status."""
    call = request.intent.call
    body = b'{"Message":"x"}'
    if status in {200, 201}:
        bodies = {"convert": b'{"Account ExternalID":"NEWNEW01"}', "authenticate": b'{"token":"x"}'}
        body = bodies.get(call, b'{"ExternalID":"NEWNEW01","Message":"x"}')
    headers = (("content-type", "application/json"),)
    return Exchange(number, request.method, request.path, request.headers, request.body, status,
                    headers, body, 0.0, moment=MOMENT, intent=request.intent)  # fmt: skip


def known_service() -> ServiceModel:
    """Return what is known of a service after reading the record that requests are about."""
    model = ServiceModel()
    for entity in ("lead", "task"):
        request = calls.get_record(entity, ID)
        body = b'{"ExternalID":"%b","Properties":{"Owner":null}}' % ID.encode()
        judge_exchange(model, replace(answered(request, 200, 1), body=body))
    return model


def is_found(request: CallRequest, status: int) -> bool:
    """Return whether a status is held against a service by what the input class expects."""
    checks = {"status-for-class", "authentication-first", "credentials-looked-at",
              "credentials-match-exactly", "sign-in-status", "id-case", "own-entity"}  # fmt: skip
    found = judge_exchange(known_service(), answered(request, status))
    return any(finding.check in checks for finding in found.findings)


PAIRS = [
    pytest.param(one, call, id=f"{call}-{one.full_name}")
    for one in CLASSES
    for call in sorted(one.calls)
    if make_odd(one, call) is not None
]


@pytest.mark.parametrize(("one", "call"), PAIRS)
def test_an_expectation_can_fail(one: InputClass, call: Call) -> None:
    odd = make_odd(one, call)
    assert odd is not None
    is_identified = odd.intent.authorization in {"good", "sign-in"}
    right = odd.intent.expected if is_identified else frozenset({401})
    assert right, "The class expects nothing."
    likely = (SUCCESS.get(call, 200), 400, 404)
    wrong = next(status for status in likely if status not in right)
    assert is_found(odd, wrong)
    assert not any(is_found(odd, status) for status in right)


def test_every_class_can_be_made_of_some_call() -> None:
    unmade = {one.full_name for one in CLASSES if not any(make_odd(one, c) for c in one.calls)}
    assert unmade == set()


@pytest.mark.parametrize("name", sorted(KEPT))
@pytest.mark.parametrize("call", ["create", "update"])
def test_a_value_that_must_be_kept_is_missed_where_it_is_not(name: str, call: Call) -> None:
    one = next(one for one in CLASSES if one.full_name == name)
    odd = make_odd(one, call)
    assert odd is not None
    assert odd.intent.given is not None
    given = dict(odd.intent.given)
    field = [*given][-1]
    sent = str(given[field])
    made = ID if call == "update" else "NEWNEW01"

    def read(value: str) -> set[str]:
        model = known_service()
        judge_exchange(model, answered(odd, SUCCESS.get(call, 200)))
        request = calls.get_record("lead", made)
        properties = given | {field: value}
        body = calls.encode_properties({"ExternalID": made, "Properties": properties})
        found = judge_exchange(model, replace(answered(request, 200, 3), body=body))
        return {finding.check for finding in found.findings}

    lost = sent[:-1] + ("4" if sent[-1:] != "4" else "5") if "number" in name else sent[:-1] + "?"
    law = "numbers-kept-exactly" if "number" in name else "text-kept-exactly"
    assert law in read(lost)
    assert not read(sent) & {law, "create-then-get", "update-then-get"}
