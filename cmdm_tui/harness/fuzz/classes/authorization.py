"""Requests of whoever has no good token, and sign-ins that are not to succeed."""

from collections.abc import Callable
from dataclasses import replace

from cmdm_tui.harness.exchange import CALLS, Call, Headers
from cmdm_tui.harness.fuzz.asking import BEARER, CREDENTIALS, TOKEN, Request
from cmdm_tui.harness.fuzz.classes.shape import Alter, InputClass, Setting
from cmdm_tui.harness.fuzz.values import pick

_CALLS: frozenset[Call] = frozenset[Call](call for call in CALLS if call != "authenticate")
_SIGN_IN: frozenset[Call] = frozenset[Call]({"authenticate"})
_UNAUTHORISED, _REFUSED = frozenset({401}), frozenset({400})


def _header(name: str, lines: Headers) -> InputClass:
    def alter(request: Request, _: Setting) -> Request:
        intent = replace(request.intent, authorization=name)
        return replace(request, headers=lines, intent=intent)

    return InputClass("authorization", name, _CALLS, _UNAUTHORISED, alter)


def _bearer(value: str) -> Headers:
    return (("authorization", value),)


def _ended(request: Request, setting: Setting) -> Request | None:
    if not setting.has_ended_token:
        return None
    intent = replace(request.intent, authorization="ended")
    return replace(request, headers=_bearer(f"Bearer {TOKEN}_ENDED"), intent=intent)


def _sign_in(change: Callable[[Headers, str], Headers]) -> Alter:
    def alter(request: Request, setting: Setting) -> Request:
        name = pick(setting.draw, CREDENTIALS)
        intent = replace(request.intent, authorization="sign-in")
        return replace(request, headers=change(request.headers, name), intent=intent)

    return alter


def _without(lines: Headers, name: str) -> Headers:
    return tuple(line for line in lines if line[0] != name)


def _wrong(lines: Headers, name: str) -> Headers:
    return tuple((key, value + "x" if key == name else value) for key, value in lines)


def _empty(lines: Headers, name: str) -> Headers:
    return tuple((key, "" if key == name else value) for key, value in lines)


CLASSES = (
    _header("none", ()),
    _header("empty", _bearer("")),
    _header("scheme-only", _bearer("Bearer")),
    _header("other-scheme", _bearer(f"Basic {TOKEN}")),
    _header("no-scheme", _bearer(TOKEN)),
    _header("garbage", _bearer("Bearer garbage")),
    _header("cut", _bearer(f"Bearer {TOKEN}_CUT")),
    _header("flipped", _bearer(f"Bearer {TOKEN}_FLIPPED")),
    _header("doubled", BEARER + BEARER),
    _header("token-doubled", _bearer(f"Bearer {TOKEN} {TOKEN}")),
    InputClass("authorization", "ended", _CALLS, _UNAUTHORISED, _ended),
    InputClass("authorization", "missing-header", _SIGN_IN, _REFUSED, _sign_in(_without)),
    InputClass("authorization", "wrong-header", _SIGN_IN, _UNAUTHORISED, _sign_in(_wrong)),
    InputClass("authorization", "empty-header", _SIGN_IN, _UNAUTHORISED | _REFUSED,
               _sign_in(_empty)),
)  # fmt: skip
