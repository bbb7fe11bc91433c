"""Query parameters of the two list calls: those that are refused, ignored, or answered oddly."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep, Expectation, Filling
from cmdm_tui.harness.corpus.case_steps import get_step
from cmdm_tui.harness.exchange import Call

_LISTS: tuple[tuple[Call, str], ...] = (("list", "/lead"), ("fields", "/lead/fields"))
_PAGES = {
    "page-alone": "page=1",
    "per-page-alone": "per_page=5",
    "zero": "per_page=0&page=1",
    "page-zero": "per_page=5&page=0",
    "negative": "per_page=-1&page=1",
    "plus-sign": "per_page=%2B5&page=1",
    "fraction": "per_page=1.5&page=1",
    "exponent": "per_page=1e1&page=1",
    "word": "per_page=ten&page=1",
    "empty": "per_page=&page=",
    "repeated": "per_page=5&per_page=6&page=1",
    "over-the-cap": "per_page=1001&page=1",
    "huge": "per_page=99999999999999999999&page=1",
    "other-digits": "per_page=%D9%A5&page=1",
    "space": "per_page=%205&page=1",
    "nul": "per_page=5%00&page=1",
}
_PAGES_SOURCE = "`per_page`, `page`"
_FIELDS = {
    "fields-unknown": "fields=NoSuchField",
    "fields-empty": "fields=",
    "fields-repeated": "fields=City&fields=City",
    "fields-space": "fields=City,%20Company",
    "fields-other-case": "fields=city",
    "sort-by-unknown": "sort_by=NoSuchField",
    "sort-by-empty": "sort_by=",
    "sort-by-repeated": "sort_by=City&sort_by=City",
    "sort-by-two": "sort_by=City,Company",
    "sort-order-unknown": "sort_by=City&sort_order=sideways",
    "sort-order-other-case": "sort_by=City&sort_order=DESC",
}
_FIELDS_SOURCE = "unknown name in `fields` or `sort_by`"


def parameter_cases(seed: int) -> Iterator[Case]:
    """Yield the cases; nothing in them is left to chance."""
    del seed
    for call, path in _LISTS:
        for kind, query in _PAGES.items():
            yield _case(call, kind, _PAGES_SOURCE, get_step(f"{path}?{query}", status=400))
        past = get_step(f"{path}?per_page=5&page=1000")
        yield _case(call, "past-the-end", "page past the last", past)
        filling = Filling(text="9", times=40)
        far = CaseStep(method="GET", path=f"{path}?per_page=5&page=${{filling}}", filling=filling,
                   expect=Expectation(status=200, body="data"))  # fmt: skip
        yield _case(call, "huge-page", "page past the last", far)
        unknown = get_step(f"{path}?per_page=1&page=1&colour=red&PAGE=7")
        yield _case(call, "unknown", "unknown query parameter", unknown)
        zeros = get_step(f"{path}?per_page=0002&page=0001")
        yield _case(call, "leading-zeros", _PAGES_SOURCE, zeros)
        whole = get_step(f"{path}?per_page=1000&page=1&fields=City")
        yield _case(call, "the-cap", _PAGES_SOURCE, whole)
    for kind, query in _FIELDS.items():
        yield _case(
            "list", kind, _FIELDS_SOURCE, get_step(f"/lead?{query}&per_page=1&page=1", status=400)
        )
    yield from _projection_cases()


def _projection_cases() -> Iterator[Case]:
    one = "/lead?per_page=2&page=1"
    yield _case("list", "fields-one", "retrieve many", get_step(f"{one}&fields=City"))
    yield _case("list", "fields-named-twice", "retrieve many", get_step(f"{one}&fields=City,City"))
    yield _case("list", "fields-external-id", "`ExternalID`", get_step(f"{one}&fields=ExternalID"))
    encoded = get_step(f"{one}&fields=City%2CCompany")
    yield _case("list", "fields-encoded-comma", "retrieve many", encoded)
    yield _case("list", "none", "neither given", get_step("/lead?fields=City"))
    yield _case(
        "list", "none-sorted", "neither given", get_step("/event?fields=Title&sort_by=Title")
    )
    yield _case("fields", "none", "neither given", get_step("/event/fields"))


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
