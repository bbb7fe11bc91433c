"""Query parameters that are absent, out of range, repeated or unknown."""

from collections.abc import Mapping
from dataclasses import replace

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.asking import Request, query_text
from cmdm_tui.harness.fuzz.classes.shape import Alter, InputClass, Setting

_BOTH: frozenset[Call] = frozenset({"list", "fields"})
_LIST: frozenset[Call] = frozenset({"list"})
_REFUSED, _OK, _EITHER = frozenset({400}), frozenset({200}), frozenset({200, 400})


def _query(*queries: str, names: str = "", effective: Mapping[str, str] | None = None) -> Alter:
    """Ask with one of these queries; `effective` is what they are to mean, None for nothing."""

    def alter(request: Request, setting: Setting) -> Request:
        bare, _, _ = request.path.partition("?")
        intent = replace(request.intent, query=effective, names=names)
        return replace(request, path=f"{bare}?{setting.pick(queries)}", intent=intent)

    return alter


def _unknown(request: Request, setting: Setting) -> Request:
    extra = setting.pick(("x=1", "filter=City", "Page=1", "q=", "=1", "&", "_=%00"))
    mark = "&" if "?" in request.path else "?"
    return replace(request, path=f"{request.path}{mark}{extra}")


def _far(page: str) -> Alter:
    return lambda request, _: _asked(request, {"per_page": "10", "page": page})


def _largest(request: Request, _: Setting) -> Request:
    return _asked(request, {"per_page": "1000", "page": "1"})


def _asked(request: Request, query: Mapping[str, str]) -> Request:
    bare, _, _ = request.path.partition("?")
    path = bare + query_text(query)
    return replace(request, path=path, intent=replace(request.intent, query=query))


def _class(
    name: str, calls: frozenset[Call], alter: Alter, expected: frozenset[int] = _REFUSED
) -> InputClass:
    return InputClass("parameter", name, calls, expected, alter)


CLASSES = (
    _class("no-page", _BOTH, _query("per_page=5", names="page")),
    _class("no-per-page", _BOTH, _query("page=1", names="per_page")),
    _class("zero-per-page", _BOTH, _query("per_page=0&page=1", "per_page=00&page=1",
                                          names="per_page")),
    _class("zero-page", _BOTH, _query("per_page=5&page=0", names="page")),
    _class("negative", _BOTH, _query("per_page=5&page=-1", "per_page=-5&page=1", names="page")),
    _class("over-the-cap", _BOTH, _query("per_page=1001&page=1", "per_page=99999999999999&page=1",
                                         f"per_page={'9' * 400}&page=1", names="per_page")),
    _class("fraction", _BOTH, _query("per_page=1.5&page=1", "per_page=5&page=1.0", names="page")),
    _class("no-number", _BOTH, _query("per_page=ten&page=1", "per_page=5&page=one",
                                      "per_page=5&page=0x1", "per_page=5&page=1e0",
                                      "per_page=%D9%A3&page=1", "per_page=5&page=+1",
                                      names="page")),
    _class("empty-number", _BOTH, _query("per_page=&page=1", "per_page=5&page=", names="page")),
    _class("repeated", _BOTH, _query("per_page=5&per_page=6&page=1", "per_page=5&page=1&page=2"),
           _EITHER),
    _class("unknown", _BOTH, _unknown, frozenset()),
    _class("far-page", _LIST, _far("1000000"), _OK),
    _class("farther-page", _LIST, _far("99999999999999999999"), _OK),
    _class("endless-page", _LIST, _far("9" * 300), _OK),
    _class("largest-page", _LIST, _largest, _OK),
    _class("unknown-field", _LIST, _query("fields=NoSuchField", "fields=ExternalID,NoSuchField",
                                          names="NoSuchField")),
    _class("unknown-sort", _LIST, _query("sort_by=NoSuchField",
                                         "sort_by=NoSuchField&sort_order=asc",
                                         names="NoSuchField")),
    _class("bad-order", _LIST, _query("sort_order=sideways", "sort_order=ASC;--", "sort_order=1",
                                      names="sort_order")),
    _class("hostile-field", _LIST, _query("fields=%00", "fields='%22--", "sort_by=1;DROP%20TABLE",
                                          "sort_by=%ff", "fields=*", "sort_by=(SELECT%201)",
                                          f"fields={'x' * 4_000}", "sort_by=%ED%A0%80")),
    _class("empty-field", _LIST, _query("fields=", "fields=,", "sort_by="), _EITHER),
)  # fmt: skip
