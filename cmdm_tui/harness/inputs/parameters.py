"""Query parameters that are absent, out of range, repeated or unknown."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from cmdm_tui.harness.calls import CallRequest, format_query
from cmdm_tui.harness.cases.format import Filling
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.input_class import Example, InputClass, InputContext, MakeOdd

_BOTH: frozenset[Call] = frozenset({"list", "fields"})
_LIST: frozenset[Call] = frozenset({"list"})
_REFUSED, _OK, _EITHER = frozenset({400}), frozenset({200}), frozenset({200, 400})
_ONE_RECORD = "&per_page=1&page=1"


def _parameter_class(
    name: str,
    calls: frozenset[Call],
    make_odd: MakeOdd,
    example: str | Example | None = None,
    *,
    statuses: frozenset[int] = _REFUSED,
    family: str = "",
) -> InputClass:
    return InputClass(
        group="parameter",
        name=name,
        calls=calls,
        statuses=statuses,
        make_odd=make_odd,
        family=family,
        example=Example(example) if isinstance(example, str) else example,
    )


def _pages(
    name: str,
    *queries: str,
    names: str = "",
    statuses: frozenset[int] = _REFUSED,
    family: str = "",
) -> InputClass:
    """Return a class of wrong page numbers; the first query is the corpus's example."""
    make_odd = _one_of_queries(*queries, names=names)
    return _parameter_class(name, _BOTH, make_odd, queries[0], statuses=statuses, family=family)


def _choice(
    name: str,
    *queries: str,
    names: str = "",
    example: str = "",
    statuses: frozenset[int] = _REFUSED,
    family: str = "",
) -> InputClass:
    """Return a class of wrong `fields`, `sort_by` or `sort_order`; its example is one page."""
    shown = (example or queries[0]) + _ONE_RECORD
    make_odd = _one_of_queries(*queries, names=names)
    return _parameter_class(name, _LIST, make_odd, shown, statuses=statuses, family=family)


def _one_of_queries(*queries: str, names: str = "") -> MakeOdd:
    """Send one of these queries, none of which means what a query should."""

    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        bare, _, _ = request.path.partition("?")
        intent = replace(request.intent, query=None, names=names)
        return replace(request, path=f"{bare}?{context.alternate(queries)}", intent=intent)

    return make_odd


def _with_fields(template: str) -> MakeOdd:
    """Send a query about two fields of the entity: `{0}` and `{1}`, or `{2}` in other letters."""

    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        names = [name for name in context.fields if name.swapcase() not in context.fields]
        names = names if len(names) > 1 else ["City", "Company"]
        place = context.choose(len(names))
        first, second = names[place], names[(place + 1) % len(names)]
        spelt = [quote(one, safe="") for one in (first, second, first.swapcase())]
        bare, _, _ = request.path.partition("?")
        query = template.format(*spelt)
        return replace(request, path=f"{bare}?{query}", intent=replace(request.intent, query=None))

    return make_odd


def _of_fields(name: str, template: str, example: str) -> InputClass:
    """Return a class about fields that there are, so that only what is odd can be refused."""
    shown = example + _ONE_RECORD
    return _parameter_class(name, _LIST, _with_fields(template), shown, family="hostile")


def _add_unknown(request: CallRequest, context: InputContext) -> CallRequest:
    extra = context.alternate(("x=1", "filter=City", "Page=1", "q=", "=1", "&", "_=%00"))
    mark = "&" if "?" in request.path else "?"
    return replace(request, path=f"{request.path}{mark}{extra}")


def _page_number(*pages: str) -> MakeOdd:
    return lambda request, context: _with_query(
        request, {"per_page": "10", "page": context.alternate(pages)}
    )


def _largest_page(request: CallRequest, _: InputContext) -> CallRequest:
    return _with_query(request, {"per_page": "1000", "page": "1"})


def _leading_zeros(request: CallRequest, _: InputContext) -> CallRequest:
    bare = request.path.partition("?")[0]
    intent = replace(request.intent, query={"per_page": "2", "page": "1"})
    return replace(request, path=f"{bare}?per_page=0002&page=0001", intent=intent)


def _with_query(request: CallRequest, query: Mapping[str, str]) -> CallRequest:
    bare, _, _ = request.path.partition("?")
    path = bare + format_query(query)
    return replace(request, path=path, intent=replace(request.intent, query=query))


_PAGES = (
    _pages("per-page-alone", "per_page=5", names="page"),
    _pages("page-alone", "page=1", names="per_page"),
    _pages("zero", "per_page=0&page=1", "per_page=00&page=1", names="per_page"),
    _pages("page-zero", "per_page=5&page=0", names="page"),
    _pages("negative", "per_page=-1&page=1", "per_page=5&page=-1", names="page"),
    _pages("over-the-cap", "per_page=1001&page=1", names="per_page", family="over-the-cap"),
    _pages("huge", "per_page=99999999999999999999&page=1", f"per_page={'9' * 400}&page=1",
           names="per_page", family="over-the-cap"),
    _pages("fraction", "per_page=1.5&page=1", "per_page=5&page=1.0", names="page"),
    _pages("word", "per_page=ten&page=1", "per_page=5&page=one", "per_page=5&page=0x1",
           names="page", family="no-number"),
    _pages("exponent", "per_page=1e1&page=1", "per_page=5&page=1e0", names="page",
           family="no-number"),
    _pages("other-digits", "per_page=%D9%A5&page=1", names="page", family="no-number"),
    _pages("plus-sign", "per_page=%2B5&page=1", "per_page=5&page=+1", names="page",
           family="no-number"),
    _pages("space", "per_page=%205&page=1", names="page", family="no-number"),
    _pages("nul", "per_page=5%00&page=1", names="page", family="no-number"),
    _pages("empty", "per_page=&page=", "per_page=&page=1", "per_page=5&page=", names="page"),
    _pages("repeated", "per_page=5&per_page=6&page=1", "per_page=5&page=1&page=2",
           statuses=_EITHER),
    _parameter_class("unknown", _BOTH, _add_unknown, "per_page=1&page=1&colour=red&PAGE=7",
                     statuses=frozenset()),
    _parameter_class("past-the-end", _BOTH, _page_number("1000000"), "per_page=5&page=1000",
                     statuses=_OK),
    _parameter_class("huge-page", _BOTH, _page_number("9" * 20, "9" * 300),
                     Example("per_page=5&page=${filling}", Filling(text="9", times=40)),
                     statuses=_OK),
    _parameter_class("the-cap", _BOTH, _largest_page, "per_page=1000&page=1&fields=City",
                     statuses=_OK, family="the-cap"),
    _parameter_class("leading-zeros", _BOTH, _leading_zeros, "per_page=0002&page=0001",
                     statuses=_OK, family="the-cap"),
)  # fmt: skip

_FIELDS = (
    _choice("fields-unknown", "fields=NoSuchField", "fields=ExternalID,NoSuchField",
            names="NoSuchField"),
    _choice("sort-by-unknown", "sort_by=NoSuchField", "sort_by=NoSuchField&sort_order=asc",
            names="NoSuchField"),
    _choice("sort-order-unknown", "sort_order=sideways", "sort_order=1", names="sort_order",
            example="sort_by=City&sort_order=sideways", family="sort-order"),
    _choice("sort-order-other-case", "sort_order=DESC", "sort_order=ASC;--", names="sort_order",
            example="sort_by=City&sort_order=DESC", family="sort-order"),
    _choice("fields-hostile", "fields=%00", "fields='%22--", "fields=*", f"fields={'x' * 4_000}",
            family="hostile"),
    _choice("sort-by-hostile", "sort_by=1;DROP%20TABLE", "sort_by=%ff", "sort_by=(SELECT%201)",
            "sort_by=%ED%A0%80", family="hostile"),
    _of_fields("fields-space", "fields={0},%20{1}", "fields=City,%20Company"),
    _of_fields("fields-other-case", "fields={2}", "fields=city"),
    _of_fields("fields-repeated", "fields={0}&fields={0}", "fields=City&fields=City"),
    _of_fields("sort-by-repeated", "sort_by={0}&sort_by={0}", "sort_by=City&sort_by=City"),
    _of_fields("sort-by-two", "sort_by={0},{1}", "sort_by=City,Company"),
    _choice("fields-empty", "fields=", "fields=,", statuses=_EITHER, family="empty-name"),
    _choice("sort-by-empty", "sort_by=", statuses=_EITHER, family="empty-name"),
)  # fmt: skip

CLASSES = (*_PAGES, *_FIELDS)
