"""Bodies that are not what the call takes: as JSON, as text, as values."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.asking import Request, encoded
from cmdm_tui.harness.fuzz.classes.shape import Alter, InputClass, Setting, with_body
from cmdm_tui.harness.fuzz.values import index, mistyped, pick, writable
from cmdm_tui.harness.oracle.contract import FieldRule

_MAKING: frozenset[Call] = frozenset({"create", "create-task", "create-opportunity"})
_STORING: frozenset[Call] = _MAKING | frozenset[Call]({"update"})
_ANY: frozenset[Call] = _STORING | frozenset[Call]({"convert", "close"})
_FIELDS: frozenset[Call] = _STORING | frozenset[Call]({"convert"})
_REFUSED = frozenset({400})
_MEBIBYTE = 1_048_576


def _text_field(setting: Setting, request: Request) -> str:
    """Return a field that takes any text."""
    usable = [rule for rule in writable(setting.rules) if rule.type == "Text"]
    given = request.intent.given or {}
    kept = [rule for rule in usable if rule.name not in given] or usable
    return pick(setting.draw, kept).name if kept else "Name"


def _fixed(*bodies: bytes) -> Alter:
    return lambda request, setting: with_body(request, setting.pick(bodies))


def _around(before: bytes, *after: bytes) -> Alter:
    def alter(request: Request, setting: Setting) -> Request:
        body = before + (request.body or b"{}") + setting.pick(after or (b"",))
        return with_body(request, body)

    return alter


def _cut(request: Request, setting: Setting) -> Request:
    body = request.body or b'{"a":"b"}'
    length = setting.draw(index(len(body) - 1)) + 1 if len(body) > 1 else 0
    return with_body(request, body[:length])


def _raw_value(*values: bytes) -> Alter:
    """Put a value that need not be JSON in a text field, beside what is right."""

    def alter(request: Request, setting: Setting) -> Request:
        name = _text_field(setting, request)
        value = setting.pick(values)
        kept = {key: one for key, one in (request.intent.given or {}).items() if key != name}
        start = encoded(kept)[:-1] + (b"," if kept else b"")
        return with_body(request, start + b'"%b":%b}' % (name.encode(), value))

    return alter


def _twice(request: Request, setting: Setting) -> Request:
    given = dict(request.intent.given or {})
    if not given:
        given = {_text_field(setting, request): "x"}
    name = next(iter(given))
    body = encoded(given)[:-1] + b',"%b":"again"}' % name.encode()
    return with_body(request, body, name)


def _with_field(
    choose: Callable[[FieldRule], bool], value: Callable[[Setting, FieldRule], Any]
) -> Alter:
    def alter(request: Request, setting: Setting) -> Request | None:
        usable = [rule for rule in setting.rules.values() if choose(rule)]
        if not usable:
            return None
        rule = setting.pick(tuple(usable))
        given = dict(request.intent.given or {}) | {rule.name: value(setting, rule)}
        return with_body(request, encoded(given), rule.name)

    return alter


def _unknown(*names: str) -> Alter:
    def alter(request: Request, setting: Setting) -> Request:
        name = setting.pick(names)
        given = dict(request.intent.given or {}) | {name: "x"}
        is_plain = name.isalpha() and name.isascii()
        return with_body(request, encoded(given), name if is_plain else "")

    return alter


def _missing(request: Request, setting: Setting) -> Request | None:
    required = [rule.name for rule in setting.rules.values() if rule.is_required]
    if not required:
        return None
    name = setting.pick(tuple(required))
    given = {key: value for key, value in (request.intent.given or {}).items() if key != name}
    return with_body(request, encoded(given), name)


def _filled(size: int) -> Alter:
    def alter(request: Request, setting: Setting) -> Request:
        name = _text_field(setting, request).encode()
        start = encoded(request.intent.given or {})[:-1]
        start += (b"," if len(start) > 1 else b"") + b'"%b":"' % name
        return with_body(request, start + b"x" * (size - len(start) - 2) + b'"}')

    return alter


def _other_content_type(request: Request, _: Setting) -> Request:
    lines = (*request.headers, ("content-type", "text/plain"))
    return replace(request, headers=lines)


def _mistyped(setting: Setting, rule: FieldRule) -> str:
    return setting.pick(mistyped(rule))


def _long(_: Setting, rule: FieldRule) -> str:
    return "x" * ((rule.longest or 0) + 1)


def _class(
    name: str, calls: frozenset[Call], alter: Alter, expected: frozenset[int] = _REFUSED
) -> InputClass:
    return InputClass("body", name, calls, expected, alter)


def _is_writable(rule: FieldRule) -> bool:
    return not rule.is_read_only


_NO_TEXT: Mapping[str, Any] = {"number": 12, "true": True, "list": ["x"], "object": {"a": "b"}}

CLASSES = (
    _class("empty", _STORING, _fixed(b"", b" \n")),
    _class("cut", _ANY, _cut),
    _class("no-object", _ANY, _fixed(b"[]", b"null", b'"x"', b"12", b"true", b'[{"a":"b"}]')),
    _class("no-json", _ANY, _fixed(b"LastName=x", b"{'a':'b'}", b"<a/>", b'{"a":"b",}', b"{a:1}")),
    _class("trailing", _ANY, _around(b"", b"x", b"{}", b"\x00", b",", b"]")),
    _class("bom", _ANY, _around(b"\xef\xbb\xbf")),
    _class("duplicate-key", _FIELDS, _twice),
    _class("nan", _FIELDS, _raw_value(b"NaN")),
    _class("infinity", _FIELDS, _raw_value(b"Infinity", b"-Infinity")),
    _class("huge-number", _FIELDS, _raw_value(b"1e999", b"9" * 5_000, b"-1e-9999")),
    _class("deep", _FIELDS, _raw_value(b"[" * 3_000 + b"]" * 3_000, b'{"a":' * 2_000 + b"1")),
    _class("lone-surrogate", _FIELDS,
           _raw_value(b'"\\ud800"', b'"a\\udc00b"', b'"\\udfff\\ud800"')),
    _class("no-utf-8", _FIELDS, _raw_value(b'"\xff\xfe"', b'"\xc3"', b'"\xed\xa0\x80"')),
    _class("nul", _STORING, _raw_value(b'"a\\u0000b"'), frozenset({200, 201, 400})),
    _class("raw-control", _FIELDS, _raw_value(b'"a\nb"', b'"\x00"', b'"\x1b[2J"')),
    _class("over-a-mebibyte", _ANY, _filled(_MEBIBYTE + 1), frozenset({413})),
    _class("a-mebibyte", _STORING, _filled(_MEBIBYTE)),
    *(
        _class(f"wrong-json-{name}", _FIELDS, _with_field(
            _is_writable, lambda _setting, _rule, value=value: value))
        for name, value in _NO_TEXT.items()
    ),
    _class("mistyped", _FIELDS, _with_field(
        lambda rule: _is_writable(rule) and bool(mistyped(rule)), _mistyped)),
    _class("too-long", _FIELDS, _with_field(
        lambda rule: _is_writable(rule) and bool(rule.longest) and rule.type == "Text", _long)),
    _class("required-missing", _MAKING, _missing),
    _class("required-null", _FIELDS, _with_field(
        lambda rule: rule.is_required, lambda _setting, _rule: None)),
    _class("required-empty", _FIELDS, _with_field(
        lambda rule: rule.is_required, lambda _setting, _rule: "")),
    _class("read-only", _FIELDS, _with_field(
        lambda rule: rule.is_read_only, lambda _setting, _rule: "2026-01-01T00:00:00Z")),
    _class("unknown-field", _FIELDS, _unknown("NoSuchField")),
    _class("odd-field-name", _FIELDS, _unknown(
        "lastname", "LastName ", "ExternalID", "__proto__", "Ünbekannt", "id")),
    _class("empty-object", _STORING, _fixed(b"{}")),
    InputClass("body", "other-content-type", _STORING, frozenset(), _other_content_type),
)  # fmt: skip
