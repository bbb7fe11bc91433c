"""Bodies that are not a JSON object, or that say what an object may not say."""

import base64
from collections.abc import Iterator
from typing import Any

from cmdm_tui.harness.cases.format import Case, CaseStep, Filling
from cmdm_tui.harness.corpus.case_steps import ValidCall, json_text, make_valid_call, read_step
from cmdm_tui.harness.corpus.sample_entities import ENTITIES, SampleWords
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs import classes_of
from cmdm_tui.harness.inputs.bodies import CONTENT_TYPES, MEBIBYTE, ODD_FIELD_NAMES
from cmdm_tui.harness.inputs.input_class import Example

_CALLS: tuple[tuple[Call, str], ...] = (
    ("create", "lead"), ("create-task", "account"), ("create-opportunity", "contact"),
    ("update", "lead"), ("convert", "lead"), ("close", "task"),
)  # fmt: skip
_BODY_ENTITIES = {
    "create": "lead",
    "create-task": "task",
    "create-opportunity": "opportunity",
    "update": "lead",
    "convert": "account",
}
_REFUSED = 400
_SOURCE = "body not a JSON object, or not JSON, or not UTF-8, or a duplicate key, or `NaN`"


def body_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call, entity in _CALLS:
        words = SampleWords(seed, f"body {call}")
        one = make_valid_call(call, words, entity)
        for odd in classes_of(call, "body"):
            if odd.example is not None:
                (status,) = odd.statuses
                source = _SOURCE if status == _REFUSED else "body over 1 MiB"
                step = one.refused_step(status, **_body(odd.example))
                yield _case(one, odd.name, status, source, step)
        if call not in {"convert", "close"}:
            yield _case(one, "empty", 400, _SOURCE, one.refused_step(400, body=None, headers=()))
        for kind, content_type in CONTENT_TYPES.items():
            declared = (("Content-Type", content_type),)
            step = (
                one.with_changes(headers=declared)
                if content_type
                else one.with_changes(headers=(), without_content_type=True)
            )
            yield _case(one, f"content-type-{kind}", 0, "Content-Type", step)
        if call in _BODY_ENTITIES:
            yield from _property_cases(one, _BODY_ENTITIES[call])
        if call != "close":
            yield _unchanged_case(one, entity)


def _body(example: Example) -> dict[str, Any]:
    """Return the parts of a step that hold the example's body."""
    if isinstance(example.text, bytes):
        return {"body": None, "body_base64": base64.b64encode(example.text).decode()}
    return {"body": example.text, "filling": example.filling}


def _property_cases(one: ValidCall, of: str) -> Iterator[Case]:
    kind = ENTITIES[of]
    source = "create, update"
    required = json_text(dict(kind.required))
    wrong, value = next(iter(kind.mistyped.items()))
    system = "2026-01-01T00:00:00Z"

    def refused(name: str, given: dict[str, object], *, alone: bool = False) -> Case:
        properties = given if alone else {**kind.required, **given}
        step = one.refused_step(400, body=json_text(properties))
        return _case(one, name, 400, source, step)

    yield refused("unknown-field", {"NoSuchField": "x"})
    yield refused("read-only", {"CreatedDate": system})
    yield refused("wrong-type", {wrong: value})
    yield refused("number-for-text", {kind.name_field: 7})
    yield refused("boolean-value", {kind.name_field: True})
    yield refused("object-value", {kind.name_field: {"First": "x"}})
    yield refused("array-value", {kind.name_field: ["x"]})
    yield refused("required-null", {kind.name_field: None})
    yield refused("required-empty", {kind.name_field: ""})
    yield refused("other-case", {wrong.lower(): "1"})
    names = (f"{kind.name_field} ", *ODD_FIELD_NAMES)
    odd = [one.refused_step(400, body=json_text({**kind.required, name: "x"})) for name in names]
    yield _case(one, "odd-field-name", 400, source, *odd)
    if one.call in {"create", "create-task", "create-opportunity"}:
        yield refused("missing-required", {wrong: kind.optional[wrong]}, alone=True)
        yield refused("empty-object", {}, alone=True)
    if one.call == "update":
        yield refused("empty-object", {}, alone=True)
    long_text = json_text({**kind.required, kind.name_field: "${filling}"})
    too_long = one.refused_step(400, body=long_text, filling=Filling(text="x", times=256))
    yield _case(one, "too-long", 400, source, too_long)
    if one.call != "convert":
        yield from _limit_cases(one, of)
    if one.call == "create":
        text = "Ωmega \U0001f600 \u202e\u00e9 e\u0301 ${mark}"
        step = one.with_changes(body=json_text({**kind.required, kind.name_field: text}))
        read = read_step(f"/{of}/${{{of}}}", values={f"/Properties/{kind.name_field}": text})
        yield _case(one, "unicode", 0, "create", step, read)
        step = one.with_changes(body=required.replace(" ", "\\u0020"))
        yield _case(one, "escapes", 0, "create", step, read_step(f"/{of}/${{{of}}}", body="data"))


def _limit_cases(one: ValidCall, of: str) -> Iterator[Case]:
    """Yield the longest body that is read, and a text with the character that ends one in C."""
    kind = ENTITIES[of]
    # The mark of a run may be of any length, so that it is not in here.
    start, end = json_text({kind.name_field: "A mebibyte", "Notes": ""})[:-2], '"}'
    filling = Filling(text="x", times=MEBIBYTE - len(start) - len(end))
    whole = one.refused_step(400, body=start + "${filling}" + end, filling=filling)
    yield _case(one, "exactly-1-mib", 400, "body over 1 MiB", whole)
    # A service may refuse it; the sandbox accepts it.
    notes = {"Notes": "before\0after"}
    step = one.with_changes(body=json_text({**kind.required, **notes}))
    read = read_step(f"/{of}/${{{of}}}", values={"/Properties/Notes": notes["Notes"]})
    yield _case(one, "nul", 0, "create, update", step, read)


def _unchanged_case(one: ValidCall, entity: str) -> Case:
    """Return the case that a refused body stores nothing: the record, or the count, stays."""
    refused = one.refused_step(400, body='{"NoSuchField":"x","Notes":"changed"}')
    if one.call in {"update", "convert"}:
        same = read_step(f"/{entity}/${{{entity}}}", body="data")
        steps = (same, refused, same)
    else:
        count = read_step(f"/{_BODY_ENTITIES[one.call]}?per_page=1&page=1", body="data")
        steps = (count, refused, count)
    return _case(one, "refused-stores-nothing", 400, "create, update", *steps)


def _case(one: ValidCall, kind: str, status: int, source: str, *steps: CaseStep) -> Case:
    told = "is accepted" if not status else f"is refused with {status}"
    return Case(
        name=f"{one.call}-body-{kind}",
        summary=f"{one.call} with the body {kind} {told}.",
        endpoint=one.call,
        input_class=f"body:{kind}",
        certainty="ours",
        source=source,
        steps=(*one.before, *steps),
    )
