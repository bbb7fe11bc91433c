"""Reads a literal as a value of a column's kind, where comparing the two is sure to mean that."""

import re
from datetime import date, datetime, time
from decimal import Decimal

from sqlglot import exp

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek.field_values import OddValue, Value, read_date, read_datetime

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?|\.[0-9]{1,18}")
_DATES = frozenset({exp.DType.DATE, exp.DType.DATE32})
_TIMES = frozenset({exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.DATETIME})


class NoLiteral(ValueError):
    """What stands there is no literal, or comparing it with the column means something else."""


def read_literal(node: object, kind: ColumnKind) -> Value:
    """Return the value that a literal is beside a column of `kind`. Raises NoLiteral.

    Text beside a number must be whole: a cast to the column's type rounds a fraction. A number with
    an exponent is a DOUBLE, to which the column is rounded, so it is none here.
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
