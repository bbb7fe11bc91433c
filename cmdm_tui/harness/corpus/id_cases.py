"""External ids that no record has: whatever a path can carry."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.corpus.case_steps import ValidCall, create_step, make_valid_call, read_step
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs import classes_of

_CALLS: tuple[tuple[Call, str], ...] = (
    ("get", "lead"), ("update", "lead"), ("delete", "event"), ("convert", "lead"),
    ("close", "task"), ("create-task", "account"), ("create-opportunity", "account"),
)  # fmt: skip


def id_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call, entity in _CALLS:
        words = SampleWords(seed, f"id {call}")
        one = make_valid_call(call, words, entity)
        for odd in classes_of(call, "id"):
            if odd.example is not None:
                path = _path(one, str(odd.example.text))
                step = one.refused_step(404, path=path, filling=odd.example.filling)
                yield _case(call, odd.name, "unknown entity, record, path", step)
        own = f"${{{one.entity}}}"
        for kind, changed in (("longer", f"{own}-X"), ("plus", f"+{own}")):
            other = one.refused_step(404, path=one.step.path.replace(own, changed))
            yield _case(call, kind, "ExternalID", *one.before, other)
        if call != "get":
            elsewhere = one.refused_step(404, path=_path(one, "${product}"))
            yield _case(
                call, "of-another-entity", "ExternalID", create_step("product", words), elsewhere
            )
    yield from _special_cases()


def _special_cases() -> Iterator[Case]:
    words = SampleWords(0, "id special")
    lower = read_step("/lead/8rr4cb5q", status=404)
    yield _case("get", "other-case", "external ids match exactly", lower)
    named = read_step("/lead/fields?per_page=1&page=1")
    yield _case("get", "fields", "retrieve fields", named)
    yield _case(
        "get", "fields-of-task", "`GET /task/fields`", read_step("/task/fields", status=404)
    )
    deleted = make_valid_call("delete", words, "lead")
    after = (
        read_step("/lead/${lead}", status=404),
        make_valid_call("update", words).refused_step(404),
        make_valid_call("convert", words).refused_step(404),
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
