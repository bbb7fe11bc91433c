"""Reads the pattern of a LIKE or ILIKE as the text that its matches begin with."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from itertools import takewhile

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.seek.field_values import OddValue, read_date, read_datetime
from cmdm_tui.query.seek.text_keys import is_plain


class LikePattern(Struct, frozen=True):
    """What a pattern's matches begin with; with `is_whole` they are exactly that.

    `is_exact` says that everything of this form matches; `is_folded` that case does not matter.
    """

    prefix: str
    is_whole: bool
    is_exact: bool
    is_folded: bool = False


def read_pattern(node: object, escape: object, *, folded: bool) -> LikePattern:
    """Return what the pattern of a LIKE, or with `folded` of an ILIKE, means. Raises NoLiteral.

    A backslash without ESCAPE ends the part that is understood, as does a wildcard.
    """
    text, mark = _string(node), None if escape is None else _string(escape)
    if mark is not None and (len(mark) != 1 or mark in "%_"):
        raise NoLiteral
    prefix, rest = "", text
    while rest and rest[0] not in "%_":
        if mark is not None and rest[0] == mark:
            rest = rest[1:]
            if not rest or rest[0] not in {"%", "_", mark}:
                raise NoLiteral
        elif mark is None and rest[0] == "\\":
            break
        prefix, rest = prefix + rest[0], rest[1:]
    is_open = bool(rest) and set(rest) == {"%"}
    if folded:
        understood = "".join(takewhile(is_plain, prefix))
        return LikePattern(understood, is_whole=False, is_exact=False, is_folded=True)
    return LikePattern(prefix, is_whole=not rest, is_exact=not rest or is_open)


def _string(node: object) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise NoLiteral
    return node.name


_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?|\.[0-9]{1,18}")
_DATES = frozenset({exp.DType.DATE, exp.DType.DATE32})
_TIMES = frozenset({exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.DATETIME})


class NoLiteral(ValueError):
    """It is not a literal, or comparing it with the column means something else."""


def read_literal(node: object, kind: ColumnKind) -> Value:
    """Return the value of a literal that is compared with a column of `kind`. Raises NoLiteral.

    Text compared with a number must be whole: a cast to the column's type rounds a fraction. A
    number with an exponent is a DOUBLE, to which the column is rounded, so it is refused.
    """
    while isinstance(node, exp.Paren):
        node = node.this
    match node:
        case exp.Neg() if kind is ColumnKind.NUMBER:
            value = read_literal(node.this, kind)
            if isinstance(node.this, exp.Literal) and isinstance(value, Decimal):
                return -value
        case exp.Literal():
            return _read_text(node.name, kind) if node.is_string else _read_number(node.name, kind)
        case exp.Boolean() if kind is ColumnKind.BOOLEAN:
            return bool(node.this)
        case exp.Cast() if type(node) is exp.Cast:
            return _read_cast(node, kind)
        case _:
            pass
    raise NoLiteral


def _read_number(text: str, kind: ColumnKind) -> Decimal:
    if kind is not ColumnKind.NUMBER or not _DECIMAL.fullmatch(text):
        raise NoLiteral
    return Decimal(text)


def _read_text(text: str, kind: ColumnKind) -> Value:
    try:
        match kind:
            case ColumnKind.TEXT:
                return text
            case ColumnKind.NUMBER if _WHOLE_NUMBER.fullmatch(text):
                return Decimal(text)
            case ColumnKind.DATE:
                return read_date(text)
            case ColumnKind.DATETIME:
                return _read_time(text)
            case ColumnKind.BOOLEAN if text in {"true", "false"}:
                return text == "true"
            case _:
                raise NoLiteral
    except OddValue:
        raise NoLiteral from None


def _read_cast(node: exp.Cast, kind: ColumnKind) -> Value:
    literal, to = node.this, node.to
    if not isinstance(literal, exp.Literal) or not literal.is_string:
        raise NoLiteral
    if any(value for name, value in node.args.items() if name not in {"this", "to"}):
        raise NoLiteral
    text, name = literal.name, to.this
    try:
        if name in _DATES:
            day = read_date(text)
            return _convert_time(datetime.combine(day, time()), kind)
        if name in _TIMES:
            return _convert_time(_read_time(text), kind)
    except OddValue:
        pass
    raise NoLiteral


def _convert_time(moment: datetime, kind: ColumnKind) -> date:
    """Return a time as it compares with a date or a time: a date is its midnight."""
    if kind is ColumnKind.DATETIME:
        return moment
    if kind is ColumnKind.DATE and moment.time() == time():
        return moment.date()
    raise NoLiteral


def _read_time(text: str) -> datetime:
    try:
        return datetime.combine(read_date(text), time())
    except OddValue:
        return read_datetime(text)
