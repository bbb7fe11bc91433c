"""Paths in other capitals, with other slashes, and with methods they do not have."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.fuzz.generate.field_values import Draw, indexes, pick
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext, MakeOdd
from cmdm_tui.harness.oracle.contract import BASE

_CALLS: frozenset[Call] = frozenset[Call](
    call for call in CALLS if call not in {"other", "authenticate"}
)
_READS: frozenset[Call] = frozenset({"get", "list", "fields"})
_NOT_FOUND = frozenset({404})


def _change_case(request: CallRequest, setting: InputContext) -> CallRequest:
    """Change the case of letters in every segment but the id."""
    external_id = quote(request.intent.external_id, safe="")
    bare, mark, query = request.path.removeprefix(BASE).partition("?")
    segments = [
        one if one == external_id else _other_case(one, setting.draw) for one in bare.split("/")
    ]
    return replace(request, path=BASE + "/".join(segments) + mark + query)


def _other_case(text: str, draw: Draw) -> str:
    if not text:
        return text
    how: Callable[[str], str] = pick(draw, (str.upper, str.title, str.swapcase))
    return how(text)


def _change_path(change: Callable[[str, Draw], str]) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        bare, mark, query = request.path.removeprefix(BASE).partition("?")
        intent = replace(request.intent, call="other", given=None, query=None)
        path = change(bare, setting.draw) + mark + query
        return replace(request, path=path, intent=intent)

    return alter


def _double_slash(bare: str, draw: Draw) -> str:
    segments = bare.split("/")[1:]
    segments.insert(draw(indexes(len(segments))), "")
    return f"{BASE}/" + "/".join(segments)


def _unknown_entity(bare: str, draw: Draw) -> str:
    name = pick(draw, ("nosuchentity", "leads", "lead%20", "%6cead%00", "..", "*", "__class__"))
    _, _, *rest = bare.split("/")
    return "/".join((BASE, name, *rest))


def _change_method(request: CallRequest, setting: InputContext) -> CallRequest | None:
    methods = {"get": ("POST", "PATCH"), "list": ("PUT", "DELETE", "PATCH"),
               "fields": ("POST", "PUT", "DELETE"), "convert": ("POST", "GET", "DELETE"),
               "close": ("POST", "GET", "DELETE"), "create-task": ("PUT", "DELETE"),
               "create-opportunity": ("GET", "PUT")}.get(request.intent.call)  # fmt: skip
    if methods is None or (request.intent.call == "fields" and request.intent.entity == "task"):
        return None
    intent = replace(request.intent, call="other", given=None, query=None)
    return replace(request, method=pick(setting.draw, methods), intent=intent)


def _route_class(
    name: str, alter: MakeOdd, expected: frozenset[int], calls: frozenset[Call] = _CALLS
) -> InputClass:
    return InputClass("route", name, calls, expected, alter)


CLASSES = (
    _route_class("case", _change_case, frozenset()),
    _route_class("double-slash", _change_path(_double_slash), _NOT_FOUND),
    _route_class(
        "trailing-slash", _change_path(lambda bare, _: f"{BASE}{bare}/"), _NOT_FOUND | {405}
    ),
    _route_class("unknown-entity", _change_path(_unknown_entity), _NOT_FOUND),
    _route_class(
        "unknown-path", _change_path(lambda bare, _: f"{BASE}{bare}/nothing/here"), _NOT_FOUND
    ),
    _route_class(
        "other-version", _change_path(lambda bare, _: f"/api/v0{bare}"), _NOT_FOUND, _READS
    ),
    _route_class("method", _change_method, frozenset({405})),
)
