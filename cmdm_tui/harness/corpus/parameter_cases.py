"""Query parameters of the two list calls: refused, ignored, or valid in an unusual way."""

from collections.abc import Iterator

import msgspec

from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.corpus.case_steps import read_step
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs import classes_of

_LISTS: tuple[tuple[Call, str], ...] = (("list", "/lead"), ("fields", "/lead/fields"))
_PAGES_SOURCE = "`per_page`, `page`"
_FIELDS_SOURCE = "unknown name in `fields` or `sort_by`"
_SOURCES = {
    "past-the-end": "page past the last",
    "huge-page": "page past the last",
    "unknown": "unknown query parameter",
}
_OK = 200


def parameter_cases(seed: int) -> Iterator[Case]:
    """Yield the cases; nothing in them is left to chance."""
    del seed
    for call, path in _LISTS:
        for odd in classes_of(call, "parameter"):
            if odd.example is None:
                continue
            # Where a service may accept or refuse, the sandbox refuses.
            status = max(odd.statuses, default=_OK)
            step = read_step(f"{path}?{odd.example.text}", status=status)
            step = msgspec.structs.replace(step, filling=odd.example.filling)
            is_of_fields = odd.name.startswith(("fields", "sort"))
            source = _SOURCES.get(odd.name, _FIELDS_SOURCE if is_of_fields else _PAGES_SOURCE)
            yield _case(call, odd.name, source, step)
    yield from _projection_cases()


def _projection_cases() -> Iterator[Case]:
    one = "/lead?per_page=2&page=1"
    yield _case("list", "fields-one", "retrieve many", read_step(f"{one}&fields=City"))
    yield _case("list", "fields-named-twice", "retrieve many", read_step(f"{one}&fields=City,City"))
    yield _case("list", "fields-external-id", "`ExternalID`", read_step(f"{one}&fields=ExternalID"))
    encoded = read_step(f"{one}&fields=City%2CCompany")
    yield _case("list", "fields-encoded-comma", "retrieve many", encoded)
    yield _case("list", "none", "neither given", read_step("/lead?fields=City"))
    yield _case(
        "list", "none-sorted", "neither given", read_step("/event?fields=Title&sort_by=Title")
    )
    yield _case("fields", "none", "neither given", read_step("/event/fields"))


def _case(call: Call, kind: str, source: str, step: CaseStep) -> Case:
    return Case(
        name=f"{call}-parameter-{kind}",
        summary=f"{call} with the parameters {kind}.",
        endpoint=call,
        input_class=f"parameter:{kind}",
        certainty="ours",
        source=source,
        steps=(step,),
    )
