"""Routes: the case of their words, slashes, and methods that a path does not take."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.corpus.case_steps import (
    ValidCall,
    aim_at_missing_record,
    make_valid_call,
    read_step,
)
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.inputs.routes import (
    OTHER_VERSION,
    SHOWN_SPELLINGS,
    WRONG_METHODS,
    change_case,
)

_CALLS: tuple[Call, ...] = tuple(call for call in CALLS if call != "other")
_OF_OTHER_VERSIONS: tuple[Call, ...] = ("get", "list", "fields")
# With a slash it is another path, which takes a token; an empty id takes other methods.
_TRAILING: dict[Call, int] = {"authenticate": 401, "create": 405}
_UNKNOWN = {
    "unknown-entity": "/nosuchentity",
    "unknown-entity-record": "/nosuchentity/NOSUCHID",
    "nothing": "/",
    "deeper": "/lead/NOSUCHID/nothing/here",
    "other-child": "/account/NOSUCHID/contact",
    "convert-of-account": "/account/convert/NOSUCHID",
    "close-of-lead": "/lead/close/NOSUCHID",
    "double-slash": "//lead",
    "encoded-entity-slash": "/lead%2FNOSUCHID",
}


def route_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in _CALLS:
        one = make_valid_call(call, SampleWords(seed, f"route {call}"))
        yield from _spelling_cases(one)
        for method in WRONG_METHODS.get(call, ()):
            step = aim_at_missing_record(one).refused_step(405, method=method)
            yield _case(call, f"method-{method.lower()}", "known path, other method", step)
    for kind, path in _UNKNOWN.items():
        yield _case("other", kind, "unknown entity, record, path", read_step(path, status=404))
    for call in _OF_OTHER_VERSIONS:
        one = make_valid_call(call, SampleWords(seed, f"version {call}"))
        step = one.refused_step(404, path=OTHER_VERSION + one.step.path, from_root=True)
        yield _case(call, "other-version", "unknown entity, record, path", *one.before, step)


def _spelling_cases(one: ValidCall) -> Iterator[Case]:
    route, mark, query = one.step.path.partition("?")
    for kind, spelling in SHOWN_SPELLINGS.items():
        path = change_case(route, spelling) + mark + query
        yield _case(one.call, kind, "Entity and action segments match without regard to case",
                    *one.before, one.with_changes(path=path))  # fmt: skip
    there = aim_at_missing_record(one)
    status = _TRAILING.get(one.call, 404)
    trailing = there.refused_step(
        status, path=there.step.path.partition("?")[0] + "/" + mark + query
    )
    yield _case(one.call, "trailing-slash", "unknown entity, record, path", trailing)


def _case(call: Call, kind: str, source: str, *steps: CaseStep) -> Case:
    return Case(
        name=f"{call}-route-{kind}",
        summary=f"{call} with the route {kind}.",
        endpoint=call,
        input_class=f"route:{kind}",
        certainty="ours",
        source=source,
        steps=steps,
    )
