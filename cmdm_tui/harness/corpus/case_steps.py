"""The documented calls as steps that succeed: what each needs beforehand, and what it sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from cmdm_tui.harness.cases.format import PLACEHOLDER, BodyComparison, CaseStep, Expectation
from cmdm_tui.harness.corpus.sample_entities import ENTITIES, SampleWords
from cmdm_tui.harness.exchange import Call

JSON_HEADERS = (("Content-Type", "application/json"),)
SIGN_IN_HEADERS = tuple(
    (name, f"${{{name}}}") for name in ("client_id", "client_secret", "username", "password")
)


@dataclass(frozen=True, slots=True)
class ValidCall:
    """A call with which nothing is wrong. `before` makes what it needs, `step` is the call."""

    call: Call
    entity: str
    before: tuple[CaseStep, ...]
    step: CaseStep

    @property
    def takes_body(self) -> bool:
        """Whether the call has a body that counts."""
        return self.step.body is not None

    def with_changes(self, **changed: Any) -> CaseStep:
        """Return the call with some of its parts otherwise."""
        return msgspec.structs.replace(self.step, **changed)

    def refused_step(self, status: int, **changed: Any) -> CaseStep:
        """Return the call with some of its parts otherwise, which is answered with `status`."""
        expect = Expectation(status=status, body="data")
        return self.with_changes(expect=expect, capture={}, **changed)


def json_text(properties: Mapping[str, object]) -> str:
    """Return an object as the JSON text of a body."""
    return json.dumps(properties, ensure_ascii=False, separators=(",", ":"))


def get_step(path: str, *, capture: dict[str, str] | None = None, **expected: Any) -> CaseStep:
    """Return a step that reads."""
    return CaseStep(
        method="GET", path=path, capture=capture or {}, expect=_read_expectation(200, expected)
    )


def post_step(
    path: str, sent: str, *, capture: dict[str, str] | None = None, **expected: Any
) -> CaseStep:
    """Return a step that creates."""
    return CaseStep(
        method="POST", path=path, headers=JSON_HEADERS, body=sent, capture=capture or {},
        expect=_read_expectation(201, expected),
    )  # fmt: skip


def put_step(
    path: str, sent: str, *, capture: dict[str, str] | None = None, **expected: Any
) -> CaseStep:
    """Return a step that changes."""
    return CaseStep(
        method="PUT", path=path, headers=JSON_HEADERS, body=sent, capture=capture or {},
        expect=_change_expectation(expected),
    )  # fmt: skip


def delete_step(path: str, **expected: Any) -> CaseStep:
    """Return a step that deletes."""
    return CaseStep(method="DELETE", path=path, expect=_change_expectation(expected))


def sign_in_step(status: int = 200, **changed: Any) -> CaseStep:
    """Return a step that signs in."""
    closeness: BodyComparison = "shape" if status == 200 else "data"
    step = CaseStep(
        method="POST",
        path="/authenticate",
        headers=SIGN_IN_HEADERS,
        anonymous=True,
        capture={"token": "/token"} if status == 200 else {},
        expect=Expectation(status=status, body=closeness),
    )
    return msgspec.structs.replace(step, **changed)


def create_step(entity: str, chance: SampleWords, **given: str) -> CaseStep:
    """Return the step that makes a record and captures its id under the entity's name."""
    properties = {**chance.fill(ENTITIES[entity].required), **given}
    return post_step(f"/{entity}", json_text(properties), capture={entity: "/ExternalID"})


def find_step(entity: str) -> CaseStep:
    """Return the step that finds a record and captures its id."""
    return get_step(
        f"/{entity}?per_page=1&page=1", capture={entity: "/Entity/0/ExternalID"}, body="data"
    )


def make_valid_call(call: Call, chance: SampleWords, entity: str = "lead") -> ValidCall:
    """Return a call that succeeds; the entity counts where the call takes any."""
    path = f"/{entity}/${{{entity}}}"
    match call:
        case "authenticate":
            return ValidCall(call, "", (), sign_in_step())
        case "get":
            return ValidCall(call, entity, (find_step(entity),), get_step(path))
        case "list":
            return ValidCall(call, entity, (), get_step(f"/{entity}?per_page=2&page=1"))
        case "fields":
            return ValidCall(call, entity, (), get_step(f"/{entity}/fields?per_page=2&page=1"))
        case "other":
            return ValidCall(call, entity, (), get_step("/nosuchentity", status=404))
        case "create":
            return ValidCall(call, entity, (), create_step(entity, chance))
        case _:
            return _call_on_record(call, chance, entity)


def _call_on_record(call: Call, chance: SampleWords, entity: str) -> ValidCall:
    path = f"/{entity}/${{{entity}}}"
    made = (create_step(entity, chance),)
    match call:
        case "update":
            body = json_text(chance.fill(ENTITIES[entity].required))
            return ValidCall(call, entity, made, put_step(path, body))
        case "delete":
            return ValidCall(call, entity, made, delete_step(path))
        case "convert":
            before = (create_step("lead", chance, **chance.fill({"Company": "{firm}"})),)
            converted = put_step(
                "/lead/convert/${lead}",
                "{}",
                capture={"account": "/Account ExternalID"},
                body="data",
            )
            return ValidCall(call, "lead", before, converted)
        case "close":
            return ValidCall(
                call, "task", (create_step("task", chance),), put_step("/task/close/${task}", "{}")
            )
        case _:
            child = call.removeprefix("create-")
            properties = chance.fill(ENTITIES[child].required)
            capture = {child: "/ExternalID"}
            return ValidCall(
                call,
                entity,
                made,
                post_step(f"{path}/{child}", json_text(properties), capture=capture),
            )


def aim_at_missing_record(one: ValidCall) -> ValidCall:
    """Return the call on a record that is not there, which needs nothing beforehand."""
    step = msgspec.structs.replace(one.step, path=_with_missing_ids(one.step.path))
    return replace(one, before=(), step=step)


def _with_missing_ids(path: str) -> str:
    return PLACEHOLDER.sub("NOSUCHID", path)


def _read_expectation(status: int, expected: dict[str, Any]) -> Expectation:
    whole: dict[str, Any] = {"status": status, "body": "data", **expected}
    return Expectation(**whole)


def _change_expectation(expected: dict[str, Any]) -> Expectation:
    # What is answered to a change is documented to the letter; how it is refused is not.
    closeness: BodyComparison = "exact" if expected.get("status", 200) == 200 else "data"
    return _read_expectation(200, {"body": closeness, **expected})
