"""Decodes the JSON of a body in UTF-8: no more of it than can be held.

A body of a few kilobytes may unfold into gigabytes of objects, so it is measured before a value is
made of it: how many values it holds, how deep they nest, how many digits a number has.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from cmdm_tui.api.errors import ResponseTooLarge

MAX_VALUES = 3_000_000
"""Values, lists and objects in one answer: 1,000 records of 2,000 fields have 2 million."""

MAX_DEPTH = 100
"""Levels to which lists and objects may nest."""

MAX_DIGITS = 1_000
"""Digits of one number."""

DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation)
"""What msgspec raises for a body that it cannot decode."""

_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
# One that is not closed reaches to the end: what follows is not searched again for its end.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_SPACED_NAME = re.compile(rb'"\s*:')
_LONGEST_LOOKED_AT = 256 * 1024
_MAX_QUOTES = 4 * MAX_VALUES
"""A name and a text for each value."""
_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))
_STRIDE = MAX_DIGITS // 2
_TWO_DIGITS = re.compile(rb"[0-9](?=[0-9])")
_FEWER_FIELDS = "Leave its field out with --fields, or look at the answer with cmdm api"


class RepeatedNames(dict[str, Any]):
    """An object in which `names` stood more than once; the last value of each counts."""

    names: tuple[str, ...] = ()


class NoNumber(str):
    """A word that JSON has no number for, such as NaN, as it stood there."""

    __slots__ = ()


def check_size(body: bytes) -> None:
    """Raise ResponseTooLarge for a body of JSON with too many values, or too long a number."""
    if len(body) > MAX_VALUES and _has_too_many_values(body):
        raise ResponseTooLarge(f"The answer holds more than {MAX_VALUES:,} values")
    if _may_have_long_number(body) and _LONG_NUMBER.search(_TEXT.sub(b'""', body)):
        message = f"The answer holds a number of more than {MAX_DIGITS:,} digits"
        raise ResponseTooLarge(message, hint=_FEWER_FIELDS)


def check_depth(body: bytes, *, objects: int = 0) -> None:
    """Raise ResponseTooLarge for JSON that nests too deep.

    `objects` is the number of objects that are known not to, in one list.
    """
    has_few_lists = body.find(b"[", body.find(b"[") + 1) < 0 or body.count(b"[") <= MAX_DEPTH
    if has_few_lists and body.count(b"{") <= max(objects, MAX_DEPTH):
        return
    brackets = _TEXT.sub(b"", body).translate(_SQUARE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        inner = brackets.replace(b"[]", b"")
        if not inner or len(inner) == len(brackets):
            return
        if b"[" * (MAX_DEPTH + 1) in inner:
            break
        brackets = inner
    message = f"The answer nests values more than {MAX_DEPTH} deep"
    raise ResponseTooLarge(message, hint=_FEWER_FIELDS)


def decode_json(body: bytes) -> Any:
    """Return the value of a body in UTF-8; numbers with a point are Decimal, digit for digit.

    What JSON does not allow is taken where its meaning is plain: bytes outside UTF-8 become lone
    surrogates, NaN becomes a NoNumber, an object that repeats a name RepeatedNames. Raises
    ValueError or RecursionError for anything else that is not JSON, and ResponseTooLarge.
    """
    check_size(body)
    try:
        value = _DECODER.decode(body)
    except DECODE_ERRORS:
        value = _decode_leniently(body)
    check_depth(body)
    return value


def decode_leniently(body: bytes) -> Any:
    """Return the value of a body as `decode_json` does, with objects that repeat a name marked."""
    check_size(body)
    value = _decode_leniently(body)
    check_depth(body)
    return value


def may_repeat_names(body: bytes, count_names: Callable[[], int]) -> bool:
    """Return whether an object may repeat a name: a body has more than were decoded.

    A long body is not looked at: that would take a fifth of the time that decoding it takes.
    """
    if len(body) > _LONGEST_LOOKED_AT:
        return False
    names = count_names()
    found = body.count(b'":') - body.count(b'\\":')
    if found < names:
        found = sum(1 for _ in _SPACED_NAME.finditer(body))
    return found > names


def _decode_leniently(body: bytes) -> Any:
    return json.loads(
        body.decode("utf-8", "surrogateescape"),
        parse_float=_parse_number,
        parse_constant=NoNumber,
        object_pairs_hook=_build_object,
    )


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    counts = Counter(name for name, _ in pairs)
    repeated = RepeatedNames(content)
    repeated.names = tuple(name for name, count in counts.items() if count > 1)
    return repeated


def _parse_number(text: str) -> Decimal | str:
    """Return a number digit for digit; as text where its exponent is beyond any Decimal."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _has_too_many_values(body: bytes) -> bool:
    if _count_values(body) <= MAX_VALUES:
        return False
    if body.count(b'"') - body.count(b'\\"') > _MAX_QUOTES:
        return True
    # Some of the commas and brackets counted may be those of texts.
    count = end = 0
    for text in _TEXT.finditer(body):
        count += _count_values(body[end : text.start()])
        end = text.end()
        if count > MAX_VALUES:
            return True
    return count + _count_values(body[end:]) > MAX_VALUES


def _count_values(body: bytes) -> int:
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _may_have_long_number(body: bytes) -> bool:
    """Return whether a run of digits is long enough to be a number that is too long.

    Such a run crosses two of the places that are looked at, with nothing but digits in between.
    """
    return any(
        body[(place := found.start()) * _STRIDE : (place + 1) * _STRIDE + 1].isdigit()
        for found in _TWO_DIGITS.finditer(body[::_STRIDE])
    )
