"""Bodies that are not what the call takes: as JSON, as text, as values."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cmdm_tui.harness.calls import CallRequest, encode_properties
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.generate.field_values import (
    indexes,
    mistyped_values,
    pick,
    writable_fields,
)
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext, MakeOdd, with_body
from cmdm_tui.harness.oracle.contract import FieldRule

_CREATES: frozenset[Call] = frozenset({"create", "create-task", "create-opportunity"})
_CREATES_AND_UPDATE: frozenset[Call] = _CREATES | frozenset[Call]({"update"})
_WITH_BODY: frozenset[Call] = _CREATES_AND_UPDATE | frozenset[Call]({"convert", "close"})
_WITH_FIELDS: frozenset[Call] = _CREATES_AND_UPDATE | frozenset[Call]({"convert"})
_REFUSED = frozenset({400})
_MEBIBYTE = 1_048_576


def _text_field(setting: InputContext, request: CallRequest) -> str:
    """Return a field that takes any text."""
    usable = [rule for rule in writable_fields(setting.fields) if rule.type == "Text"]
    given = request.intent.given or {}
    kept = [rule for rule in usable if rule.name not in given] or usable
    return pick(setting.draw, kept).name if kept else "Name"


def _fixed_body(*bodies: bytes) -> MakeOdd:
    return lambda request, setting: with_body(request, setting.pick(bodies))


def _surround(before: bytes, *after: bytes) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        body = before + (request.body or b"{}") + setting.pick(after or (b"",))
        return with_body(request, body)

    return alter


def _cut_short(request: CallRequest, setting: InputContext) -> CallRequest:
    body = request.body or b'{"a":"b"}'
    length = setting.draw(indexes(len(body) - 1)) + 1 if len(body) > 1 else 0
    return with_body(request, body[:length])


def _raw_value(*values: bytes) -> MakeOdd:
    """Put a value that need not be JSON in a text field, beside what is right."""

    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        name = _text_field(setting, request)
        value = setting.pick(values)
        kept = {key: one for key, one in (request.intent.given or {}).items() if key != name}
        start = encode_properties(kept)[:-1] + (b"," if kept else b"")
        return with_body(request, start + b'"%b":%b}' % (name.encode(), value))

    return alter


def _repeat_key(request: CallRequest, setting: InputContext) -> CallRequest:
    given = dict(request.intent.given or {})
    if not given:
        given = {_text_field(setting, request): "x"}
    name = next(iter(given))
    body = encode_properties(given)[:-1] + b',"%b":"again"}' % name.encode()
    return with_body(request, body, name)


def _with_field(
    choose: Callable[[FieldRule], bool], value: Callable[[InputContext, FieldRule], Any]
) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest | None:
        usable = [rule for rule in setting.fields.values() if choose(rule)]
        if not usable:
            return None
        rule = setting.pick(tuple(usable))
        given = dict(request.intent.given or {}) | {rule.name: value(setting, rule)}
        return with_body(request, encode_properties(given), rule.name)

    return alter


def _unknown_field(*names: str) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        name = setting.pick(names)
        given = dict(request.intent.given or {}) | {name: "x"}
        is_plain = name.isalpha() and name.isascii()
        return with_body(request, encode_properties(given), name if is_plain else "")

    return alter


def _drop_required(request: CallRequest, setting: InputContext) -> CallRequest | None:
    required = [rule.name for rule in setting.fields.values() if rule.is_required]
    if not required:
        return None
    name = setting.pick(tuple(required))
    given = {key: value for key, value in (request.intent.given or {}).items() if key != name}
    return with_body(request, encode_properties(given), name)


def _body_of_size(size: int) -> MakeOdd:
    def alter(request: CallRequest, setting: InputContext) -> CallRequest:
        name = _text_field(setting, request).encode()
        start = encode_properties(request.intent.given or {})[:-1]
        start += (b"," if len(start) > 1 else b"") + b'"%b":"' % name
        return with_body(request, start + b"x" * (size - len(start) - 2) + b'"}')

    return alter


def _other_content_type(request: CallRequest, _: InputContext) -> CallRequest:
    lines = (*request.headers, ("content-type", "text/plain"))
    return replace(request, headers=lines)


def _mistyped(setting: InputContext, rule: FieldRule) -> str:
    return setting.pick(mistyped_values(rule))


def _long(_: InputContext, rule: FieldRule) -> str:
    return "x" * ((rule.max_length or 0) + 1)


def _body_class(
    name: str, calls: frozenset[Call], alter: MakeOdd, expected: frozenset[int] = _REFUSED
) -> InputClass:
    return InputClass("body", name, calls, expected, alter)


def _is_writable(rule: FieldRule) -> bool:
    return not rule.is_read_only


_NO_TEXT: Mapping[str, Any] = {"number": 12, "true": True, "list": ["x"], "object": {"a": "b"}}

CLASSES = (
    _body_class("empty", _CREATES_AND_UPDATE, _fixed_body(b"", b" \n")),
    _body_class("cut", _WITH_BODY, _cut_short),
    _body_class("no-object", _WITH_BODY, _fixed_body(b"[]", b"null", b'"x"', b"12", b"true", b'[{"a":"b"}]')),
    _body_class("no-json", _WITH_BODY, _fixed_body(b"LastName=x", b"{'a':'b'}", b"<a/>", b'{"a":"b",}', b"{a:1}")),
    _body_class("trailing", _WITH_BODY, _surround(b"", b"x", b"{}", b"\x00", b",", b"]")),
    _body_class("bom", _WITH_BODY, _surround(b"\xef\xbb\xbf")),
    _body_class("duplicate-key", _WITH_FIELDS, _repeat_key),
    _body_class("nan", _WITH_FIELDS, _raw_value(b"NaN")),
    _body_class("infinity", _WITH_FIELDS, _raw_value(b"Infinity", b"-Infinity")),
    _body_class("huge-number", _WITH_FIELDS, _raw_value(b"1e999", b"9" * 5_000, b"-1e-9999")),
    _body_class("deep", _WITH_FIELDS, _raw_value(b"[" * 3_000 + b"]" * 3_000, b'{"a":' * 2_000 + b"1")),
    _body_class("lone-surrogate", _WITH_FIELDS,
           _raw_value(b'"\\ud800"', b'"a\\udc00b"', b'"\\udfff\\ud800"')),
    _body_class("no-utf-8", _WITH_FIELDS, _raw_value(b'"\xff\xfe"', b'"\xc3"', b'"\xed\xa0\x80"')),
    _body_class("nul", _CREATES_AND_UPDATE, _raw_value(b'"a\\u0000b"'), frozenset({200, 201, 400})),
    _body_class("raw-control", _WITH_FIELDS, _raw_value(b'"a\nb"', b'"\x00"', b'"\x1b[2J"')),
    _body_class("over-a-mebibyte", _WITH_BODY, _body_of_size(_MEBIBYTE + 1), frozenset({413})),
    _body_class("a-mebibyte", _CREATES_AND_UPDATE, _body_of_size(_MEBIBYTE)),
    *(
        _body_class(f"wrong-json-{name}", _WITH_FIELDS, _with_field(
            _is_writable, lambda _setting, _rule, value=value: value))
        for name, value in _NO_TEXT.items()
    ),
    _body_class("mistyped", _WITH_FIELDS, _with_field(
        lambda rule: _is_writable(rule) and bool(mistyped_values(rule)), _mistyped)),
    _body_class("too-long", _WITH_FIELDS, _with_field(
        lambda rule: _is_writable(rule) and bool(rule.max_length) and rule.type == "Text", _long)),
    _body_class("required-missing", _CREATES, _drop_required),
    _body_class("required-null", _WITH_FIELDS, _with_field(
        lambda rule: rule.is_required, lambda _setting, _rule: None)),
    _body_class("required-empty", _WITH_FIELDS, _with_field(
        lambda rule: rule.is_required, lambda _setting, _rule: "")),
    _body_class("read-only", _WITH_FIELDS, _with_field(
        lambda rule: rule.is_read_only, lambda _setting, _rule: "2026-01-01T00:00:00Z")),
    _body_class("unknown-field", _WITH_FIELDS, _unknown_field("NoSuchField")),
    _body_class("odd-field-name", _WITH_FIELDS, _unknown_field(
        "lastname", "LastName ", "ExternalID", "__proto__", "Ünbekannt", "id")),
    _body_class("empty-object", _CREATES_AND_UPDATE, _fixed_body(b"{}")),
    InputClass("body", "other-content-type", _CREATES_AND_UPDATE, frozenset(), _other_content_type),
)  # fmt: skip
