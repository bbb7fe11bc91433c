"""Bodies that are not what the call takes: as JSON, as text, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdm_tui.harness.calls import CallRequest, encode_properties
from cmdm_tui.harness.cases.format import Filling
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.input_class import (
    Example,
    InputClass,
    InputContext,
    MakeOdd,
    with_body,
    with_content_type,
)
from cmdm_tui.harness.oracle.contract import FieldRule

_CREATES: frozenset[Call] = frozenset({"create", "create-task", "create-opportunity"})
_CREATES_AND_UPDATE: frozenset[Call] = _CREATES | frozenset[Call]({"update"})
_WITH_FIELDS: frozenset[Call] = _CREATES_AND_UPDATE | frozenset[Call]({"convert"})
_WITH_BODY: frozenset[Call] = _WITH_FIELDS | frozenset[Call]({"close"})
_REFUSED, _TOO_LARGE, _AS_VALID = frozenset({400}), frozenset({413}), frozenset[int]()
_EITHER = frozenset({200, 201, 400})
MEBIBYTE = 1_048_576
_HUGE_NUMBERS = (b"1e999", b"9" * 5_000, b"-1e-9999")
CONTENT_TYPES = {
    "none": "",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "latin1": "application/json; charset=iso-8859-1",
}
"""What a body may be declared as; a service looks at none of it (`api.md`)."""

ODD_FIELD_NAMES = ("ExternalID", "__proto__", "Ünbekannt", "id")
"""Names that no entity has a field of, and that code may have a use for."""

_WRONG_VALUES: Mapping[str, tuple[str, ...]] = {
    "Number": ("many", "1e9", "0x10", "1,000", "٣", "+1", ".5", "1.", "--1", "Infinity", ""),
    "Currency": ("£5", "1 000", "NaN", "1.2.3", "12USD", ""),
    "Date": ("2026-02-30", "31/03/2026", "2026-3-1", "today", "20260331", "2026-03-31T00:00:00Z"),
    "DateTime": ("2026-03-31", "2026-03-31T25:00:00Z", "2026-03-31 09:30:00", "now"),
    "Boolean": ("True", "yes", "1", "0", ""),
    "Email": ("nobody", "@", "a@b@c", "a b@example.com"),
    "Phone": ("call me", "+", ""),
    "URL": ("example.com", "javascript:alert(1)", "ftp://example.com", "http://"),
    "Picklist": ("No such option", "", "new"),
    "Lookup": ("ABC", "abcd1234", "ABCD12345", ""),
}
"""Texts that are not a value of a field's type."""


def _body_class(
    name: str,
    calls: frozenset[Call],
    make_odd: MakeOdd,
    example: str | bytes | Example | None = None,
    *,
    statuses: frozenset[int] = _REFUSED,
    family: str = "",
) -> InputClass:
    return InputClass(
        group="body",
        name=name,
        calls=calls,
        statuses=statuses,
        make_odd=make_odd,
        family=family,
        example=Example(example) if isinstance(example, str | bytes) else example,
    )


def _text_field(context: InputContext, request: CallRequest) -> str:
    """Return a field that takes any text."""
    usable = [
        rule for rule in context.fields.values() if rule.type == "Text" and not rule.is_read_only
    ]
    given = request.intent.given or {}
    others = [rule for rule in usable if rule.name not in given] or usable
    return others[context.choose(len(others))].name if others else "Name"


def _fixed_body(*bodies: bytes) -> MakeOdd:
    return lambda request, context: with_body(request, context.alternate(bodies))


def _surround(before: bytes, *after: bytes) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        body = before + (request.body or b"{}") + context.alternate(after or (b"",))
        return with_body(request, body)

    return make_odd


def _cut_short(request: CallRequest, context: InputContext) -> CallRequest:
    body = request.body or b'{"a":"b"}'
    length = context.choose(len(body) - 1) + 1 if len(body) > 1 else 0
    return with_body(request, body[:length])


def _raw_value(*values: bytes) -> MakeOdd:
    """Put a value that need not be JSON in a text field, with what is valid."""

    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        name = _text_field(context, request)
        value = context.alternate(values)
        others = {key: one for key, one in (request.intent.given or {}).items() if key != name}
        start = encode_properties(others)[:-1] + (b"," if others else b"")
        return with_body(request, start + b'"%b":%b}' % (name.encode(), value))

    return make_odd


def _huge_number(request: CallRequest, context: InputContext) -> CallRequest | None:
    # Closing looks at no field: of what is valid JSON it takes any number.
    values = (b"9" * 5_000,) if request.intent.call == "close" else _HUGE_NUMBERS
    return _raw_value(*values)(request, context)


def _repeat_key(request: CallRequest, context: InputContext) -> CallRequest:
    given = dict(request.intent.given or {})
    if not given:
        given = {_text_field(context, request): "x"}
    name = next(iter(given))
    body = encode_properties(given)[:-1] + b',"%b":"again"}' % name.encode()
    return with_body(request, body, name)


def _with_field(
    is_usable: Callable[[FieldRule], bool], value: Callable[[InputContext, FieldRule], Any]
) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest | None:
        usable = [rule for rule in context.fields.values() if is_usable(rule)]
        if not usable:
            return None
        rule = context.pick(usable)
        given = dict(request.intent.given or {}) | {rule.name: value(context, rule)}
        return with_body(request, encode_properties(given), rule.name)

    return make_odd


def _unknown_field(*names: str) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        name = context.alternate(names)
        given = dict(request.intent.given or {}) | {name: "x"}
        is_plain = name.isalpha() and name.isascii()
        return with_body(request, encode_properties(given), name if is_plain else "")

    return make_odd


def _drop_required(request: CallRequest, context: InputContext) -> CallRequest | None:
    required = [rule.name for rule in context.fields.values() if rule.is_required]
    if not required:
        return None
    name = context.pick(required)
    given = {key: value for key, value in (request.intent.given or {}).items() if key != name}
    return with_body(request, encode_properties(given), name)


def _body_of_size(size: int) -> MakeOdd:
    def make_odd(request: CallRequest, context: InputContext) -> CallRequest:
        name = _text_field(context, request).encode()
        start = encode_properties(request.intent.given or {})[:-1]
        start += (b"," if len(start) > 1 else b"") + b'"%b":"' % name
        return with_body(request, start + b"x" * (size - len(start) - 2) + b'"}')

    return make_odd


def _in_utf16(request: CallRequest, _: InputContext) -> CallRequest:
    return with_body(request, (request.body or b"{}").decode("utf-8").encode("utf-16"))


def _declared_as(content_type: str) -> MakeOdd:
    def make_odd(request: CallRequest, _: InputContext) -> CallRequest:
        return replace(request, headers=with_content_type(request.headers, content_type))

    return make_odd


def _is_writable(rule: FieldRule) -> bool:
    return not rule.is_read_only


def _constant(value: object) -> Callable[[InputContext, FieldRule], Any]:
    return lambda _context, _rule: value


def _is_typed(rule: FieldRule) -> bool:
    return _is_writable(rule) and rule.type in _WRONG_VALUES


def _wrong_value(context: InputContext, rule: FieldRule) -> str:
    return context.pick(_WRONG_VALUES[rule.type])


def _is_limited_text(rule: FieldRule) -> bool:
    return _is_writable(rule) and bool(rule.max_length) and rule.type == "Text"


def _is_text(rule: FieldRule) -> bool:
    return _is_writable(rule) and rule.type == "Text"


def _is_number(rule: FieldRule) -> bool:
    return _is_writable(rule) and rule.type in {"Number", "Currency"}


def _with_kept_value(
    is_usable: Callable[[FieldRule], bool],
    values: Sequence[str] | Callable[[InputContext, FieldRule], str],
) -> MakeOdd:
    """Put a value in a field that takes it, and must give it back as it is."""

    def make_odd(request: CallRequest, context: InputContext) -> CallRequest | None:
        usable = [rule for rule in context.fields.values() if is_usable(rule)]
        if not usable:
            return None
        rule = context.pick(usable)
        value = values(context, rule) if callable(values) else context.pick(values)
        if len(value) > (rule.max_length or len(value)):
            return None
        given = dict(request.intent.given or {}) | {rule.name: value}
        return replace(
            request, body=encode_properties(given), intent=replace(request.intent, given=given)
        )

    return make_odd


def _text_of_max_length(context: InputContext, rule: FieldRule) -> str:
    """Return a text that is as long as a field's may be, and says where it ends."""
    length = rule.max_length or 1
    letter = context.pick(("x", "é", "y z", "Ж"))
    return (letter * length)[: length - 1] + "Z"


NFC_TEXTS = ("Zo\u00eb", "\u00c5ngstr\u00f6m", "\u1e69", "\uac01", "caf\u00e9 \u00bd")
NFD_TEXTS = (
    "Zoe\u0308", "A\u030angstro\u0308m", "s\u0323\u0307", "\u1100\u1161\u11a8", "cafe\u0301 \u00bd",
)  # fmt: skip
"""The same texts with their accents composed, and apart."""
BIG_NUMBERS = (
    "9007199254740993", "-9007199254740993", "12345678901234567891", "99999999999999999999",
)  # fmt: skip
"""Whole numbers that a double does not hold."""
DECIMALS = ("0.1", "1234567.89", "0.07", "123456789012.345678", "-0.005", "19.999")
"""Decimals that rounding changes, or a double."""

_OTHER_JSON: Mapping[str, Any] = {
    "number-for-text": 12,
    "boolean-value": True,
    "array-value": ["x"],
    "object-value": {"a": "b"},
}

_JSON = (
    _body_class("empty", _CREATES_AND_UPDATE, _fixed_body(b"", b" \n")),
    _body_class("cut", _WITH_BODY, _cut_short, '{"Notes":"Asked for the bro'),
    _body_class("array", _WITH_BODY, _fixed_body(b"[]", b'[{"a":"b"}]'), "[]", family="no-object"),
    _body_class("null", _WITH_BODY, _fixed_body(b"null"), "null", family="no-object"),
    _body_class("string", _WITH_BODY, _fixed_body(b'"x"'), '"Notes"', family="no-object"),
    _body_class("number", _WITH_BODY, _fixed_body(b"12"), "7", family="no-object"),
    _body_class("true", _WITH_BODY, _fixed_body(b"true"), "true", family="no-object"),
    _body_class("no-json", _WITH_BODY, _fixed_body(b"LastName=x", b"<a/>", b"{a:1}"),
                "LastName=x", family="no-json"),
    _body_class("single-quotes", _WITH_BODY, _fixed_body(b"{'a':'b'}"), "{'Notes':'x'}",
                family="no-json"),
    _body_class("trailing-comma", _WITH_BODY, _fixed_body(b'{"a":"b",}'), '{"Notes":"x",}',
                family="no-json"),
    _body_class("trailing-bytes", _WITH_BODY, _surround(b"", b"x", b"{}", b"\x00", b",", b"]"),
                '{"Notes":"x"} {}', family="trailing"),
    _body_class("comment", _WITH_BODY, _surround(b"", b" // as agreed", b"/**/"),
                '{"Notes":"x"} // as agreed', family="trailing"),
    _body_class("bom", _WITH_BODY, _surround(b"\xef\xbb\xbf"), b'\xef\xbb\xbf{"Notes":"x"}',
                family="bom"),
    _body_class("utf16", _WITH_BODY, _in_utf16, '{"Notes":"x"}'.encode("utf-16"), family="bom"),
    _body_class("duplicate-key", _WITH_BODY, _repeat_key, '{"Notes":"x","Notes":"y"}'),
    _body_class("nan", _WITH_BODY, _raw_value(b"NaN"), '{"Notes":NaN}'),
    _body_class("infinity", _WITH_BODY, _raw_value(b"Infinity", b"-Infinity"),
                '{"Notes":-Infinity}'),
    _body_class("huge-number", _WITH_BODY, _huge_number,
                Example('{"Notes":${filling}}', Filling(text="9", times=5_000))),
    _body_class("depth", _WITH_BODY,
                _raw_value(b"[" * 3_000 + b"]" * 3_000, b'{"a":' * 2_000 + b"1"),
                Example('{"Notes":${filling}', Filling(text="[", times=100_000))),
    _body_class("lone-surrogate", _WITH_BODY,
                _raw_value(b'"\\ud800"', b'"a\\udc00b"', b'"\\udfff\\ud800"'),
                '{"Notes":"\\ud800"}'),
    _body_class("invalid-utf8", _WITH_BODY,
                _raw_value(b'"\xff\xfe"', b'"\xc3"', b'"\xed\xa0\x80"'),
                b'{"Notes":"\xff\xfe"}', family="invalid-utf8"),
    _body_class("overlong-utf8", _WITH_BODY, _raw_value(b'"\xc0\xaf"'), b'{"Notes":"\xc0\xaf"}',
                family="invalid-utf8"),
    _body_class("latin1", _WITH_BODY, _raw_value(b'"M\xfcller"'),
                '{"Notes":"Müller"}'.encode("latin-1"), family="invalid-utf8"),
    _body_class("nul", _CREATES_AND_UPDATE, _raw_value(b'"a\\u0000b"'),
                statuses=_EITHER),
    _body_class("raw-newline", _WITH_BODY, _raw_value(b'"a\nb"'), '{"Notes":"a\nb"}',
                family="raw-control"),
    _body_class("raw-nul", _WITH_BODY, _raw_value(b'"\x00"'), b'{"Notes":"a\x00b"}',
                family="raw-control"),
    _body_class("raw-control", _WITH_BODY, _raw_value(b'"\x1b[2J"'),
                b'{"Notes":"\x1b[2J"}', family="raw-control"),
    _body_class("over-1-mib", _WITH_BODY, _body_of_size(MEBIBYTE + 1),
                Example('{"Notes":"${filling}"}', Filling(text="x", times=MEBIBYTE + 1)),
                statuses=_TOO_LARGE),
    _body_class("exactly-1-mib", _CREATES_AND_UPDATE, _body_of_size(MEBIBYTE)),
)  # fmt: skip

_FIELDS = (
    *(
        _body_class(name, _WITH_FIELDS, _with_field(_is_writable, _constant(value)))
        for name, value in _OTHER_JSON.items()
    ),
    _body_class("wrong-type", _WITH_FIELDS,
                _with_field(_is_typed, _wrong_value)),
    _body_class("too-long", _WITH_FIELDS,
                _with_field(_is_limited_text, lambda _, rule: "x" * ((rule.max_length or 0) + 1))),
    _body_class("missing-required", _CREATES, _drop_required),
    _body_class("required-null", _WITH_FIELDS,
                _with_field(lambda rule: rule.is_required, _constant(None))),
    _body_class("required-empty", _WITH_FIELDS,
                _with_field(lambda rule: rule.is_required, _constant(""))),
    _body_class("read-only", _WITH_FIELDS,
                _with_field(lambda rule: rule.is_read_only, _constant("2026-01-01T00:00:00Z"))),
    _body_class("unknown-field", _WITH_FIELDS, _unknown_field("NoSuchField")),
    _body_class("other-case", _WITH_FIELDS, _unknown_field("lastname"), family="odd-field-name"),
    _body_class("odd-field-name", _WITH_FIELDS,
                _unknown_field("LastName ", *ODD_FIELD_NAMES),
                family="odd-field-name"),
    _body_class("empty-object", _CREATES_AND_UPDATE, _fixed_body(b"{}")),
)  # fmt: skip

_KEPT = (
    _body_class("text-nfc", _CREATES_AND_UPDATE, _with_kept_value(_is_text, NFC_TEXTS),
                statuses=_AS_VALID, family="kept-form"),
    _body_class("text-nfd", _CREATES_AND_UPDATE, _with_kept_value(_is_text, NFD_TEXTS),
                statuses=_AS_VALID, family="kept-form"),
    _body_class("text-of-max-length", _CREATES_AND_UPDATE,
                _with_kept_value(_is_limited_text, _text_of_max_length),
                statuses=_AS_VALID, family="kept-length"),
    _body_class("number-beyond-2-53", _CREATES_AND_UPDATE,
                _with_kept_value(_is_number, BIG_NUMBERS),
                statuses=_AS_VALID, family="kept-number"),
    _body_class("number-decimals", _CREATES_AND_UPDATE, _with_kept_value(_is_number, DECIMALS),
                statuses=_AS_VALID, family="kept-number"),
)  # fmt: skip

CLASSES = (
    *_JSON,
    *_FIELDS,
    *_KEPT,
    *(
        _body_class(
            f"content-type-{name}",
            _WITH_BODY,
            _declared_as(content_type),
            statuses=_AS_VALID,
            family="content-type",
        )
        for name, content_type in CONTENT_TYPES.items()
    ),
)
