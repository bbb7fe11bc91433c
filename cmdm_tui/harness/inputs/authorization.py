"""Requests of whoever has no good token, and sign-ins that are not to succeed."""

from collections.abc import Callable
from dataclasses import replace

from cmdm_tui.harness.calls import BEARER_HEADERS, CREDENTIAL_NAMES, TOKEN, CallRequest
from cmdm_tui.harness.exchange import CALLS, Call, Headers
from cmdm_tui.harness.fuzz.generate.field_values import pick
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext, MakeOdd

_CALLS: frozenset[Call] = frozenset[Call](call for call in CALLS if call != "authenticate")
_SIGN_IN: frozenset[Call] = frozenset[Call]({"authenticate"})
_UNAUTHORISED, _REFUSED = frozenset({401}), frozenset({400})


def _header_class(name: str, lines: Headers) -> InputClass:
    def alter(request: CallRequest, _: InputContext) -> CallRequest:
        intent = replace(request.intent, authorization=name)
        return replace(request, headers=lines, intent=intent)

    return InputClass("authorization", name, _CALLS, _UNAUTHORISED, alter)


def _bearer(value: str) -> Headers:
    return (("authorization", value),)


def _use_ended_token(request: CallRequest, setting: InputContext) -> CallRequest | None:
    if not setting.has_ended_token:
        return None
    intent = replace(request.intent, authorization="ended")
    return replace(request, headers=_bearer(f"Bearer {TOKEN}_ENDED"), intent=intent)


def _change_sign_in(change: Callable[[Headers, str], Headers]) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        name = pick(setting.draw, CREDENTIAL_NAMES)
        intent = replace(request.intent, authorization="sign-in")
        return replace(request, headers=change(request.headers, name), intent=intent)

    return alter


def _without_header(lines: Headers, name: str) -> Headers:
    return tuple(line for line in lines if line[0] != name)


def _with_wrong_header(lines: Headers, name: str) -> Headers:
    return tuple((key, value + "x" if key == name else value) for key, value in lines)


def _with_empty_header(lines: Headers, name: str) -> Headers:
    return tuple((key, "" if key == name else value) for key, value in lines)


CLASSES = (
    _header_class("none", ()),
    _header_class("empty", _bearer("")),
    _header_class("scheme-only", _bearer("Bearer")),
    _header_class("other-scheme", _bearer(f"Basic {TOKEN}")),
    _header_class("no-scheme", _bearer(TOKEN)),
    _header_class("garbage", _bearer("Bearer garbage")),
    _header_class("cut", _bearer(f"Bearer {TOKEN}_CUT")),
    _header_class("flipped", _bearer(f"Bearer {TOKEN}_FLIPPED")),
    _header_class("doubled", BEARER_HEADERS + BEARER_HEADERS),
    _header_class("token-doubled", _bearer(f"Bearer {TOKEN} {TOKEN}")),
    InputClass("authorization", "ended", _CALLS, _UNAUTHORISED, _use_ended_token),
    InputClass("authorization", "missing-header", _SIGN_IN, _REFUSED, _change_sign_in(_without_header)),
    InputClass("authorization", "wrong-header", _SIGN_IN, _UNAUTHORISED, _change_sign_in(_with_wrong_header)),
    InputClass("authorization", "empty-header", _SIGN_IN, _UNAUTHORISED | _REFUSED,
               _change_sign_in(_with_empty_header)),
)  # fmt: skip
