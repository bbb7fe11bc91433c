"""Calls without a good token, and sign-ins that must fail."""

from collections.abc import Callable
from dataclasses import replace

from cmdm_tui.harness.calls import BEARER_HEADERS, CREDENTIAL_NAMES, TOKEN, CallRequest
from cmdm_tui.harness.cases.format import AUTHORIZATIONS
from cmdm_tui.harness.exchange import CALLS, Call, Headers
from cmdm_tui.harness.inputs.input_class import Example, InputClass, InputContext, MakeOdd

_CALLS: frozenset[Call] = frozenset[Call](call for call in CALLS if call != "authenticate")
_SIGN_IN: frozenset[Call] = frozenset[Call]({"authenticate"})
_UNAUTHORISED, _REFUSED = frozenset({401}), frozenset({400})
_VARIABLES = {
    "${token:cut}": f"{TOKEN}_CUT",
    "${token:flipped}": f"{TOKEN}_FLIPPED",
    "${token:doubled}": TOKEN + TOKEN,
    "${token}": TOKEN,
}


def _header_class(name: str, headers: Headers, example: Example | None = None) -> InputClass:
    def make_odd(request: CallRequest, _: InputContext) -> CallRequest:
        intent = replace(request.intent, authorization=name)
        return replace(request, headers=_authorize(request.headers, headers), intent=intent)

    return InputClass(
        group="authorization",
        name=name,
        calls=_CALLS,
        statuses=_UNAUTHORISED,
        make_odd=make_odd,
        example=example,
    )


def _case_class(name: str) -> InputClass:
    """Return the class of an authorization that cases have a name for."""
    text = AUTHORIZATIONS[name]
    if text is None:
        return _header_class(name, (), Example(""))
    value = text
    for placeholder, variable in _VARIABLES.items():
        value = value.replace(placeholder, variable)
    return _header_class(name, _bearer(value), Example(text))


def _authorize(headers: Headers, lines: Headers) -> Headers:
    """Return headers with `lines` instead of their authorization."""
    return (*lines, *(line for line in headers if line[0] != "authorization"))


def _bearer(value: str) -> Headers:
    return (("authorization", value),)


def _use_ended_token(request: CallRequest, context: InputContext) -> CallRequest | None:
    if not context.has_ended_token:
        return None
    intent = replace(request.intent, authorization="ended")
    ended = _authorize(request.headers, _bearer(f"Bearer {TOKEN}_ENDED"))
    return replace(request, headers=ended, intent=intent)


def _change_sign_in(change: Callable[[Headers, str], Headers], name: str) -> MakeOdd:
    def make_odd(request: CallRequest, _: InputContext) -> CallRequest:
        intent = replace(request.intent, authorization="sign-in")
        return replace(request, headers=change(request.headers, name), intent=intent)

    return make_odd


def _without_header(headers: Headers, name: str) -> Headers:
    return tuple(line for line in headers if line[0] != name)


def _with_value(spell: Callable[[str, str], str]) -> Callable[[Headers, str], Headers]:
    """Return a change of one header's value; `spell` is given its name and its value."""

    def change(headers: Headers, name: str) -> Headers:
        return tuple((key, spell(key, value) if key == name else value) for key, value in headers)

    return change


def _sign_in_classes(
    kind: str, statuses: frozenset[int], change: Callable[[Headers, str], Headers]
) -> tuple[InputClass, ...]:
    """Return a class for each of the four headers."""
    return tuple(
        InputClass(
            group="authorization",
            name=f"{kind}-{name.replace('_', '-')}",
            calls=_SIGN_IN,
            statuses=statuses,
            make_odd=_change_sign_in(change, name),
            family=kind,
        )
        for name in CREDENTIAL_NAMES
    )


CLASSES = (
    *(_case_class(name) for name in AUTHORIZATIONS if name != "good"),
    _header_class("scheme-only", _bearer("Bearer"), Example("Bearer")),
    _header_class("no-scheme", _bearer(TOKEN), Example("${token}")),
    _header_class("two-headers", BEARER_HEADERS + BEARER_HEADERS),
    _header_class("two-tokens", _bearer(f"Bearer {TOKEN} {TOKEN}"),
                  Example("Bearer ${token} ${token}")),
    InputClass(group="authorization", name="ended", calls=_CALLS, statuses=_UNAUTHORISED,
               make_odd=_use_ended_token),
    *_sign_in_classes("missing", _REFUSED, _without_header),
    *_sign_in_classes("empty", _UNAUTHORISED | _REFUSED, _with_value(lambda _name, _value: "")),
    *_sign_in_classes("wrong", _UNAUTHORISED,
                      _with_value(lambda name, _: f"not-the-{name.replace('_', '-')}")),
    *_sign_in_classes("other-case", _UNAUTHORISED,
                      _with_value(lambda _, value: f"{value}_SWAPPED")),
    *_sign_in_classes("cut", _UNAUTHORISED, _with_value(lambda _, value: f"{value}_CUT")),
    *_sign_in_classes("extended", _UNAUTHORISED, _with_value(lambda _, value: f"{value}-x")),
)  # fmt: skip
