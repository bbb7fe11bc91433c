"""Query parameters that are absent, out of range, repeated or unknown."""

from collections.abc import Mapping
from dataclasses import replace

from cmdm_tui.harness.calls import CallRequest, query_text
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext, MakeOdd

_BOTH: frozenset[Call] = frozenset({"list", "fields"})
_LIST: frozenset[Call] = frozenset({"list"})
_REFUSED, _OK, _EITHER = frozenset({400}), frozenset({200}), frozenset({200, 400})


def _one_of_queries(
    *queries: str, names: str = "", effective: Mapping[str, str] | None = None
) -> MakeOdd:
    """Ask with one of these queries; `effective` is what they are to mean, None for nothing."""

    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        bare, _, _ = request.path.partition("?")
        intent = replace(request.intent, query=effective, names=names)
        return replace(request, path=f"{bare}?{setting.pick(queries)}", intent=intent)

    return alter


def _add_unknown(request: CallRequest, setting: InputContext) -> CallRequest:
    extra = setting.pick(("x=1", "filter=City", "Page=1", "q=", "=1", "&", "_=%00"))
    mark = "&" if "?" in request.path else "?"
    return replace(request, path=f"{request.path}{mark}{extra}")


def _page_number(page: str) -> MakeOdd:
    return lambda request, _: _with_query(request, {"per_page": "10", "page": page})


def _largest_page(request: CallRequest, _: InputContext) -> CallRequest:
    return _with_query(request, {"per_page": "1000", "page": "1"})


def _with_query(request: CallRequest, query: Mapping[str, str]) -> CallRequest:
    bare, _, _ = request.path.partition("?")
    path = bare + query_text(query)
    return replace(request, path=path, intent=replace(request.intent, query=query))


def _parameter_class(
    name: str, calls: frozenset[Call], alter: MakeOdd, expected: frozenset[int] = _REFUSED
) -> InputClass:
    return InputClass("parameter", name, calls, expected, alter)


CLASSES = (
    _parameter_class("no-page", _BOTH, _one_of_queries("per_page=5", names="page")),
    _parameter_class("no-per-page", _BOTH, _one_of_queries("page=1", names="per_page")),
    _parameter_class("zero-per-page", _BOTH, _one_of_queries("per_page=0&page=1", "per_page=00&page=1",
                                          names="per_page")),
    _parameter_class("zero-page", _BOTH, _one_of_queries("per_page=5&page=0", names="page")),
    _parameter_class("negative", _BOTH, _one_of_queries("per_page=5&page=-1", "per_page=-5&page=1", names="page")),
    _parameter_class("over-the-cap", _BOTH, _one_of_queries("per_page=1001&page=1", "per_page=99999999999999&page=1",
                                         f"per_page={'9' * 400}&page=1", names="per_page")),
    _parameter_class("fraction", _BOTH, _one_of_queries("per_page=1.5&page=1", "per_page=5&page=1.0", names="page")),
    _parameter_class("no-number", _BOTH, _one_of_queries("per_page=ten&page=1", "per_page=5&page=one",
                                      "per_page=5&page=0x1", "per_page=5&page=1e0",
                                      "per_page=%D9%A3&page=1", "per_page=5&page=+1",
                                      names="page")),
    _parameter_class("empty-number", _BOTH, _one_of_queries("per_page=&page=1", "per_page=5&page=", names="page")),
    _parameter_class("repeated", _BOTH, _one_of_queries("per_page=5&per_page=6&page=1", "per_page=5&page=1&page=2"),
           _EITHER),
    _parameter_class("unknown", _BOTH, _add_unknown, frozenset()),
    _parameter_class("far-page", _LIST, _page_number("1000000"), _OK),
    _parameter_class("farther-page", _LIST, _page_number("99999999999999999999"), _OK),
    _parameter_class("endless-page", _LIST, _page_number("9" * 300), _OK),
    _parameter_class("largest-page", _LIST, _largest_page, _OK),
    _parameter_class("unknown-field", _LIST, _one_of_queries("fields=NoSuchField", "fields=ExternalID,NoSuchField",
                                          names="NoSuchField")),
    _parameter_class("unknown-sort", _LIST, _one_of_queries("sort_by=NoSuchField",
                                         "sort_by=NoSuchField&sort_order=asc",
                                         names="NoSuchField")),
    _parameter_class("bad-order", _LIST, _one_of_queries("sort_order=sideways", "sort_order=ASC;--", "sort_order=1",
                                      names="sort_order")),
    _parameter_class("hostile-field", _LIST, _one_of_queries("fields=%00", "fields='%22--", "sort_by=1;DROP%20TABLE",
                                          "sort_by=%ff", "fields=*", "sort_by=(SELECT%201)",
                                          f"fields={'x' * 4_000}", "sort_by=%ED%A0%80")),
    _parameter_class("empty-field", _LIST, _one_of_queries("fields=", "fields=,", "sort_by="), _EITHER),
)  # fmt: skip
