"""External ids that are no record's: what paths can carry, and must not be led astray by."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep, Filling
from cmdm_tui.harness.corpus.calls import Valid, get, making, valid
from cmdm_tui.harness.corpus.entities import Chance
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


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call, entity in _CALLS:
        chance = Chance(seed, f"id {call}")
        one = valid(call, chance, entity)
        for kind, text in _IDS.items():
            filling = Filling(text="A", times=8_192) if kind == "8-kilobytes" else None
            step = one.refused(404, path=_path(one, text), filling=filling)
            yield _case(call, kind, "unknown entity, record, path", step)
        own = f"${{{one.entity}}}"
        other = one.refused(404, path=one.step.path.replace(own, f"{own}-X"))
        yield _case(call, "longer", "ExternalID", *one.before, other)
        if call != "get":
            elsewhere = one.refused(404, path=_path(one, "${product}"))
            yield _case(
                call, "of-another-entity", "ExternalID", making("product", chance), elsewhere
            )
    yield from _special()


def _special() -> Iterator[Case]:
    chance = Chance(0, "id special")
    lower = get("/lead/8rr4cb5q", status=404)
    yield _case("get", "other-case", "external ids match exactly", lower)
    named = get("/lead/fields?per_page=1&page=1")
    yield _case("get", "fields", "retrieve fields", named)
    yield _case("get", "fields-of-task", "`GET /task/fields`", get("/task/fields", status=404))
    deleted = valid("delete", chance, "lead")
    after = (
        get("/lead/${lead}", status=404),
        valid("update", chance).refused(404),
        valid("convert", chance).refused(404),
    )
    dead = (*deleted.before, deleted.step, *after, deleted.refused(404))
    yield _case("other", "dead", "delete", *dead)


def _path(one: Valid, text: str) -> str:
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
