"""The documented calls as steps that succeed: what each needs beforehand, and what it sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from cmdm_tui.harness.cases.format import PLACEHOLDER, BodyComparison, CaseStep, Expectation
from cmdm_tui.harness.corpus.entities import ENTITIES, Chance
from cmdm_tui.harness.exchange import Call

JSON = (("Content-Type", "application/json"),)
SIGN_IN = tuple(
    (name, f"${{{name}}}") for name in ("client_id", "client_secret", "username", "password")
)


@dataclass(frozen=True, slots=True)
class Valid:
    """A call with which nothing is wrong. `before` makes what it needs, `step` is the call."""

    call: Call
    entity: str
    before: tuple[CaseStep, ...]
    step: CaseStep

    @property
    def takes_body(self) -> bool:
        """Whether the call has a body that counts."""
        return self.step.body is not None

    def but(self, **changed: Any) -> CaseStep:
        """Return the call with some of its parts otherwise."""
        return msgspec.structs.replace(self.step, **changed)

    def refused(self, status: int, **changed: Any) -> CaseStep:
        """Return the call with some of its parts otherwise, which is answered with `status`."""
        expect = Expectation(status=status, body="data")
        return self.but(expect=expect, capture={}, **changed)


def json_text(properties: Mapping[str, object]) -> str:
    """Return an object as the JSON text of a body."""
    return json.dumps(properties, ensure_ascii=False, separators=(",", ":"))


def get(path: str, *, capture: dict[str, str] | None = None, **expected: Any) -> CaseStep:
    """Return a step that reads."""
    return CaseStep(
        method="GET", path=path, capture=capture or {}, expect=_expecting(200, expected)
    )


def post(
    path: str, sent: str, *, capture: dict[str, str] | None = None, **expected: Any
) -> CaseStep:
    """Return a step that creates."""
    return CaseStep(
        method="POST", path=path, headers=JSON, body=sent, capture=capture or {},
        expect=_expecting(201, expected),
    )  # fmt: skip


def put(
    path: str, sent: str, *, capture: dict[str, str] | None = None, **expected: Any
) -> CaseStep:
    """Return a step that changes."""
    return CaseStep(
        method="PUT", path=path, headers=JSON, body=sent, capture=capture or {},
        expect=_changing(expected),
    )  # fmt: skip


def delete(path: str, **expected: Any) -> CaseStep:
    """Return a step that deletes."""
    return CaseStep(method="DELETE", path=path, expect=_changing(expected))


def sign_in(status: int = 200, **changed: Any) -> CaseStep:
    """Return a step that signs in."""
    closeness: BodyComparison = "shape" if status == 200 else "data"
    step = CaseStep(
        method="POST",
        path="/authenticate",
        headers=SIGN_IN,
        anonymous=True,
        capture={"token": "/token"} if status == 200 else {},
        expect=Expectation(status=status, body=closeness),
    )
    return msgspec.structs.replace(step, **changed)


def making(entity: str, chance: Chance, **given: str) -> CaseStep:
    """Return the step that makes a record and captures its id under the entity's name."""
    properties = {**chance.filled(ENTITIES[entity].required), **given}
    return post(f"/{entity}", json_text(properties), capture={entity: "/ExternalID"})


def finding(entity: str) -> CaseStep:
    """Return the step that finds a record and captures its id."""
    return get(
        f"/{entity}?per_page=1&page=1", capture={entity: "/Entity/0/ExternalID"}, body="data"
    )


def valid(call: Call, chance: Chance, entity: str = "lead") -> Valid:
    """Return a call that succeeds; the entity counts where the call takes any."""
    path = f"/{entity}/${{{entity}}}"
    match call:
        case "authenticate":
            return Valid(call, "", (), sign_in())
        case "get":
            return Valid(call, entity, (finding(entity),), get(path))
        case "list":
            return Valid(call, entity, (), get(f"/{entity}?per_page=2&page=1"))
        case "fields":
            return Valid(call, entity, (), get(f"/{entity}/fields?per_page=2&page=1"))
        case "other":
            return Valid(call, entity, (), get("/nosuchentity", status=404))
        case "create":
            return Valid(call, entity, (), making(entity, chance))
        case _:
            return _on_a_record(call, chance, entity)


def _on_a_record(call: Call, chance: Chance, entity: str) -> Valid:
    path = f"/{entity}/${{{entity}}}"
    made = (making(entity, chance),)
    match call:
        case "update":
            body = json_text(chance.filled(ENTITIES[entity].required))
            return Valid(call, entity, made, put(path, body))
        case "delete":
            return Valid(call, entity, made, delete(path))
        case "convert":
            before = (making("lead", chance, **chance.filled({"Company": "{firm}"})),)
            converted = put(
                "/lead/convert/${lead}",
                "{}",
                capture={"account": "/Account ExternalID"},
                body="data",
            )
            return Valid(call, "lead", before, converted)
        case "close":
            return Valid(call, "task", (making("task", chance),), put("/task/close/${task}", "{}"))
        case _:
            child = call.removeprefix("create-")
            properties = chance.filled(ENTITIES[child].required)
            capture = {child: "/ExternalID"}
            return Valid(
                call, entity, made, post(f"{path}/{child}", json_text(properties), capture=capture)
            )


def without_record(one: Valid) -> Valid:
    """Return the call on a record that is not there, which needs nothing beforehand."""
    step = msgspec.structs.replace(one.step, path=_nowhere(one.step.path))
    return replace(one, before=(), step=step)


def _nowhere(path: str) -> str:
    return PLACEHOLDER.sub("NOSUCHID", path)


def _expecting(status: int, expected: dict[str, Any]) -> Expectation:
    whole: dict[str, Any] = {"status": status, "body": "data", **expected}
    return Expectation(**whole)


def _changing(expected: dict[str, Any]) -> Expectation:
    # What is answered to a change is documented to the letter; how it is refused is not.
    closeness: BodyComparison = "exact" if expected.get("status", 200) == 200 else "data"
    return _expecting(200, {"body": closeness, **expected})
