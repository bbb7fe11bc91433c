"""Paths in other letter case, with other slashes, and with methods they do not have."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import API_PATH, CALLS, Call
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext, MakeOdd

_CALLS: frozenset[Call] = frozenset[Call](
    call for call in CALLS if call not in {"other", "authenticate"}
)
_READS: frozenset[Call] = frozenset({"get", "list", "fields"})
_CASE = "case"
_NOT_FOUND, _NO_METHOD = frozenset({404}), frozenset({405})


def _alternate_case(word: str) -> str:
    return "".join(one.upper() if place % 2 else one.lower() for place, one in enumerate(word))


SPELLINGS: Mapping[str, Callable[[str], str]] = {"upper": str.upper, "title": str.capitalize}
"""How the words of a route may be written, by the name of the class."""

SHOWN_SPELLINGS = {**SPELLINGS, "mixed-case": _alternate_case}
"""Those of the corpus: of the mixed spellings it shows one."""

OTHER_VERSION = "/api/v0"
"""The path of a version of the API that no service has."""

WRONG_METHODS: Mapping[Call, tuple[str, ...]] = {
    "authenticate": ("GET", "PUT", "DELETE"),
    "get": ("POST", "PATCH", "HEAD"),
    "list": ("PUT", "DELETE", "PATCH", "OPTIONS"),
    "fields": ("POST", "PATCH"),
    "create-task": ("GET", "PUT", "DELETE"),
    "create-opportunity": ("GET", "PUT"),
    "convert": ("GET", "POST"),
    "close": ("GET", "POST"),
}
"""Methods that the path of a call does not have; the corpus sends each of them."""

_MORE_WRONG_METHODS: Mapping[str, frozenset[Call]] = {
    "PUT": frozenset({"fields"}),
    "DELETE": frozenset({"fields", "convert", "close"}),
}
_DRAWN_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Not HEAD: its answer has no body that a check could read."""


def _route_class(
    name: str,
    make_odd: MakeOdd,
    statuses: frozenset[int],
    calls: frozenset[Call] = _CALLS,
    family: str = "",
) -> InputClass:
    """Return a class; only other letters in a path leave it the call that it was."""
    return InputClass(
        group="route",
        name=name,
        calls=calls,
        statuses=statuses,
        make_odd=make_odd,
        family=family,
        is_other_call=family != _CASE,
    )


def change_case(route: str, spelling: Callable[[str], str], unchanged: str = "") -> str:
    """Return a route with its words spelled in another way; ids in it stay as they are.

    `unchanged` is an id; the placeholder of a case is one too.
    """
    return "/".join(
        part if part.startswith("${") or part == unchanged else spelling(part)
        for part in route.split("/")
    )


def _respell(choose: Callable[[InputContext], Callable[[str], str]]) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        external_id = quote(request.intent.external_id, safe="")
        bare, mark, query = request.path.removeprefix(API_PATH).partition("?")
        path = API_PATH + change_case(bare, choose(context), external_id) + mark + query
        return replace(request, path=path)

    return make_odd


def _mixed(context: InputContext) -> Callable[[str], str]:
    """Return what spells each word in its own way."""

    def spell(word: str) -> str:
        if not word:
            return word
        how: Callable[[str], str] = (str.upper, str.title, str.swapcase)[context.choose(3)]
        return how(word)

    return spell


def _change_path(change: Callable[[str, InputContext], str]) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        bare, mark, query = request.path.removeprefix(API_PATH).partition("?")
        intent = replace(request.intent, call="other", given=None, query=None)
        return replace(request, path=change(bare, context) + mark + query, intent=intent)

    return make_odd


def _double_slash(bare: str, context: InputContext) -> str:
    segments = bare.split("/")[1:]
    segments.insert(context.choose(len(segments)), "")
    return f"{API_PATH}/" + "/".join(segments)


def _unknown_entity(bare: str, context: InputContext) -> str:
    names = ("nosuchentity", "leads", "lead%20", "%6cead%00", "..", "*", "__class__")
    _, _, *rest = bare.split("/")
    return "/".join((API_PATH, names[context.choose(len(names))], *rest))


def _method_class(method: str) -> InputClass:
    def make_odd(request: CallRequest, _: InputContext) -> CallRequest | None:
        if request.intent.call == "fields" and request.intent.entity == "task":
            return None
        intent = replace(request.intent, call="other", given=None, query=None)
        return replace(request, method=method, intent=intent)

    calls: set[Call] = {call for call, methods in WRONG_METHODS.items() if method in methods}
    calls |= _MORE_WRONG_METHODS.get(method, frozenset())
    return _route_class(
        f"method-{method.lower()}", make_odd, _NO_METHOD, frozenset[Call](calls & _CALLS), "method"
    )


CLASSES = (
    *(
        _route_class(name, _respell(lambda _, how=how: how), frozenset(), family=_CASE)
        for name, how in SPELLINGS.items()
    ),
    _route_class("mixed-case", _respell(_mixed), frozenset(), family=_CASE),
    _route_class("double-slash", _change_path(_double_slash), _NOT_FOUND),
    _route_class(
        "trailing-slash",
        _change_path(lambda bare, _: f"{API_PATH}{bare}/"),
        _NOT_FOUND | _NO_METHOD,
    ),
    _route_class("unknown-entity", _change_path(_unknown_entity), _NOT_FOUND),
    _route_class(
        "deeper", _change_path(lambda bare, _: f"{API_PATH}{bare}/nothing/here"), _NOT_FOUND
    ),
    _route_class(
        "other-version",
        _change_path(lambda bare, _: f"{OTHER_VERSION}{bare}"),
        _NOT_FOUND,
        _READS,
    ),
    *(_method_class(method) for method in _DRAWN_METHODS),
)
