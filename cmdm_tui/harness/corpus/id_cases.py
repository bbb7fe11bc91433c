"""External ids that are no record's: what paths can carry, and must not be led astray by."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep, Filling
from cmdm_tui.harness.corpus.case_steps import ValidCall, create_step, get_step, make_valid_call
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import Call

_CALLS: tuple[tuple[Call, str], ...] = (
    ("get", "lead"), ("update", "lead"), ("delete", "event"), ("convert", "lead"),
    ("close", "task"), ("create-task", "account"), ("create-opportunity", "account"),
)  # fmt: skip
_IDS = {
    "unknown": "NOSUCHID",
    "traversal": "..",
    "traversal-encoded": "%2e%2e",
    "traversal-slash": "..%2f..%2faccount",
    "nul": "%00",
    "nul-inside": "NOSU%00ID",
    "slash": "A%2FB",
    "backslash": "A%5CB",
    "quotes": "%27%22%3B--",
    "percent-alone": "%25",
    "percent-cut": "%E0%A4",
    "unicode": "%C3%9Cnknown",
    "full-width": "%EF%BC%AEOSUCHID",
    "space": "%20",
    "star": "*",
    "newline": "%0D%0AX-Injected:%20yes",
    "8-kilobytes": "${filling}",
}


def id_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call, entity in _CALLS:
        chance = SampleWords(seed, f"id {call}")
        one = make_valid_call(call, chance, entity)
        for kind, text in _IDS.items():
            filling = Filling(text="A", times=8_192) if kind == "8-kilobytes" else None
            step = one.refused_step(404, path=_path(one, text), filling=filling)
            yield _case(call, kind, "unknown entity, record, path", step)
        own = f"${{{one.entity}}}"
        other = one.refused_step(404, path=one.step.path.replace(own, f"{own}-X"))
        yield _case(call, "longer", "ExternalID", *one.before, other)
        if call != "get":
            elsewhere = one.refused_step(404, path=_path(one, "${product}"))
            yield _case(
                call, "of-another-entity", "ExternalID", create_step("product", chance), elsewhere
            )
    yield from _special_cases()


def _special_cases() -> Iterator[Case]:
    chance = SampleWords(0, "id special")
    lower = get_step("/lead/8rr4cb5q", status=404)
    yield _case("get", "other-case", "external ids match exactly", lower)
    named = get_step("/lead/fields?per_page=1&page=1")
    yield _case("get", "fields", "retrieve fields", named)
    yield _case("get", "fields-of-task", "`GET /task/fields`", get_step("/task/fields", status=404))
    deleted = make_valid_call("delete", chance, "lead")
    after = (
        get_step("/lead/${lead}", status=404),
        make_valid_call("update", chance).refused_step(404),
        make_valid_call("convert", chance).refused_step(404),
    )
    dead = (*deleted.before, deleted.step, *after, deleted.refused_step(404))
    yield _case("other", "dead", "delete", *dead)


def _path(one: ValidCall, text: str) -> str:
    return one.step.path.replace(f"${{{one.entity}}}", text)


def _case(call: Call, kind: str, source: str, *steps: CaseStep) -> Case:
    return Case(
        name=f"{call}-id-{kind}",
        summary=f"{call} with the id {kind}.",
        endpoint=call,
        input_class=f"id:{kind}",
        certainty="ours",
        source=source,
        steps=steps,
    )
