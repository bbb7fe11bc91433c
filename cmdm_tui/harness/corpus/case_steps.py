"""The documented calls as steps of a case: each as it succeeds, with the steps it needs before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from cmdm_tui.harness import calls
from cmdm_tui.harness.calls import CREDENTIAL_NAMES, CallRequest, PathPart
from cmdm_tui.harness.cases.format import PLACEHOLDER, BodyComparison, CaseStep, Expectation
from cmdm_tui.harness.corpus.sample_entities import ENTITIES, SampleWords
from cmdm_tui.harness.exchange import Call

JSON_HEADERS = (("Content-Type", "application/json"),)
SIGN_IN_HEADERS = tuple((name, f"${{{name}}}") for name in CREDENTIAL_NAMES)


@dataclass(frozen=True, slots=True)
class ValidCall:
    """A call with which nothing is wrong. `before` creates what it needs, `step` is the call."""

    call: Call
    entity: str
    before: tuple[CaseStep, ...]
    step: CaseStep

    @property
    def takes_body(self) -> bool:
        """Whether the call has a body that counts."""
        return self.step.body is not None

    def with_changes(self, **changes: Any) -> CaseStep:
        """Return the call with some of its parts changed."""
        return msgspec.structs.replace(self.step, **changes)

    def refused_step(self, status: int, **changes: Any) -> CaseStep:
        """Return the call with some of its parts changed, which is answered with `status`."""
        expect = Expectation(status=status, body="data")
        return self.with_changes(expect=expect, capture={}, **changes)


def json_text(properties: Mapping[str, object]) -> str:
    """Return properties as the JSON text of a body."""
    return calls.encode_properties(properties).decode()


def placeholder(entity: str) -> PathPart:
    """Return the placeholder of the id that was captured under the entity's name."""
    return PathPart(f"${{{entity}}}")


def read_step(path: str, *, capture: dict[str, str] | None = None, **expected: Any) -> CaseStep:
    """Return a step that reads whatever is at a path."""
    expect = _expectation(200, "data", expected)
    return CaseStep(method="GET", path=path, capture=capture or {}, expect=expect)


def make_step(
    request: CallRequest, *, capture: dict[str, str] | None = None, **expected: Any
) -> CaseStep:
    """Return a call as a step that succeeds, or that is answered as `expected` says."""
    (success,) = request.intent.expected
    # How a change is answered is documented to the letter; how it is refused is not.
    is_exact = request.method in {"PUT", "DELETE"} and expected.get("status", success) == success
    return CaseStep(
        method=request.method,
        path=request.target,
        headers=JSON_HEADERS if request.body else (),
        body=request.body.decode() or None,
        capture=capture or {},
        expect=_expectation(success, "exact" if is_exact else "data", expected),
    )


def sign_in_step(status: int = 200) -> CaseStep:
    """Return a step that signs in."""
    comparison: BodyComparison = "shape" if status == 200 else "data"
    request = calls.sign_in()
    return CaseStep(
        method=request.method,
        path=request.target,
        headers=SIGN_IN_HEADERS,
        anonymous=True,
        capture={"token": "/token"} if status == 200 else {},
        expect=Expectation(status=status, body=comparison),
    )


def create_step(entity: str, words: SampleWords, **given: str) -> CaseStep:
    """Return the step that creates a record and captures its id under the entity's name."""
    properties = {**words.fill(ENTITIES[entity].required), **given}
    request = calls.create_record(entity, properties)
    return make_step(request, capture={entity: "/ExternalID"})


def find_step(entity: str) -> CaseStep:
    """Return the step that finds a record and captures its id."""
    request = calls.list_records(entity, {"per_page": "1", "page": "1"})
    return make_step(request, capture={entity: "/Entity/0/ExternalID"})


def make_valid_call(call: Call, words: SampleWords, entity: str = "lead") -> ValidCall:
    """Return a call that succeeds; the entity counts where the call takes any."""
    page = {"per_page": "2", "page": "1"}
    match call:
        case "authenticate":
            return ValidCall(call, "", (), sign_in_step())
        case "get":
            step = make_step(calls.get_record(entity, placeholder(entity)))
            return ValidCall(call, entity, (find_step(entity),), step)
        case "list":
            return ValidCall(call, entity, (), make_step(calls.list_records(entity, page)))
        case "fields":
            return ValidCall(call, entity, (), make_step(calls.list_fields(entity, page)))
        case "other":
            return ValidCall(call, entity, (), make_step(calls.get_unknown("nosuchentity")))
        case "create":
            return ValidCall(call, entity, (), create_step(entity, words))
        case _:
            return _call_on_record(call, words, entity)


def _call_on_record(call: Call, words: SampleWords, entity: str) -> ValidCall:
    external_id = placeholder(entity)
    created = (create_step(entity, words),)
    match call:
        case "update":
            request = calls.update_record(
                entity, external_id, words.fill(ENTITIES[entity].required)
            )
            return ValidCall(call, entity, created, make_step(request))
        case "delete":
            return ValidCall(
                call, entity, created, make_step(calls.delete_record(entity, external_id))
            )
        case "convert":
            before = (create_step("lead", words, **words.fill({"Company": "{firm}"})),)
            step = make_step(
                calls.convert_lead(placeholder("lead"), {}),
                capture={"account": "/Account ExternalID"},
                body="data",
            )
            return ValidCall(call, "lead", before, step)
        case "close":
            before = (create_step("task", words),)
            return ValidCall(
                call, "task", before, make_step(calls.close_task(placeholder("task"), b"{}"))
            )
        case _:
            child = call.removeprefix("create-")
            properties = words.fill(ENTITIES[child].required)
            request = calls.create_child(child, entity, external_id, properties)
            step = make_step(request, capture={child: "/ExternalID"})
            return ValidCall(call, entity, created, step)


def aim_at_missing_record(one: ValidCall) -> ValidCall:
    """Return the call on a record that is not there, which needs nothing before it."""
    path = PLACEHOLDER.sub("NOSUCHID", one.step.path)
    return replace(one, before=(), step=msgspec.structs.replace(one.step, path=path))


def _expectation(
    status: int, comparison: BodyComparison, expected: Mapping[str, Any]
) -> Expectation:
    whole: dict[str, Any] = {"status": status, "body": comparison, **expected}
    return Expectation(**whole)
