"""Turns cells into the values that go over the wire, by the type that the field declares."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from cmdm_tui.text import one_line
from cmdm_tui.transfer.column_rules import ColumnRule, RejectedValue, show_value
from cmdm_tui.transfer.date_values import convert_date, convert_datetime
from cmdm_tui.transfer.guards import take_off_guard
from cmdm_tui.transfer.number_values import convert_currency, convert_decimal, convert_number
from cmdm_tui.transfer.source_table import FileCell, SourceValue, Unreadable

_TRUE = frozenset({"true", "yes", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "n", "f", "0"})
_EMAIL = re.compile(r"(?!mailto:)[^@\s]+@[^@\s]+", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_PHONE = re.compile(
    r"(?P<number>\+?[0-9 ()./-]*[0-9][0-9 ()./-]*)(?:(?:x|ext\.?) ?[0-9]+)?", re.IGNORECASE
)
_POINTED = re.compile(r"[0-9]+\.0+")
_EXPONENT = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_LONGEST_PHONE = 15
"""Digits of a telephone number anywhere (E.164); a number cell keeps as many."""
_SHORTEST_PHONE = 3
"""Digits of the shortest numbers that are dialled, such as 112."""
_SHORTEST_LOCAL = 7
"""Digits that tell a telephone number after a dash from a negative number."""


class BlankCell:
    """What a blank cell gives: null in a new record."""


BLANK: Final = BlankCell()

ConvertedValue = str | BlankCell


class ValueConverter:
    """Converts the cells of one column to values of one field.

    `is_delimited`: the cells may be guarded from spreadsheets. Text stays as it is by every code
    point; around all else blanks are taken off.
    """

    def __init__(self, rule: ColumnRule, *, is_delimited: bool) -> None:
        self._rule = rule
        self._is_delimited = is_delimited
        kind = (rule.field.type or "").casefold()
        self._convert = _CONVERSIONS.get(kind, _convert_any)
        self._is_text = kind == "text" or kind not in _CONVERSIONS

    def convert(self, cell: FileCell | None) -> ConvertedValue:
        """Return the value of a cell, or BLANK. Raises RejectedValue."""
        if cell is None or cell.is_blank:
            return BLANK
        value = given = cell.value
        if isinstance(value, Unreadable):
            raise RejectedValue(value.reason)
        if isinstance(value, str):
            value = self._clean(value)
            if not value and not self._is_text:
                return BLANK
        converted = self._convert(value, self._rule)
        most = self._rule.field.max_length
        if most is not None and len(converted) > most:
            raise RejectedValue(f"{len(converted):,} characters, {most:,} at most")
        if converted != given and self._convert is _convert_picklist:
            self._rule.count(self._rule.counts.spellings)
        return converted

    def _clean(self, text: str) -> str:
        if not self._is_text:
            return take_off_guard(text.strip()).strip()
        if text != text.strip():
            self._rule.count(self._rule.counts.outer_blanks)
        return take_off_guard(text) if self._is_delimited else text


def _convert_text(value: SourceValue, _: ColumnRule) -> str:
    match value:
        case str() | Decimal():
            return _to_text(value)
        case bool():
            raise RejectedValue("true or false, not text")
        case _:
            raise RejectedValue("a date, not text: in which form is not known")


def _convert_any(value: SourceValue, _: ColumnRule) -> str:
    """Return a value of a field whose type is not known."""
    match value:
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case _:
            return _to_text(value)


def _convert_boolean(value: SourceValue, _: ColumnRule) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = _to_text(value).casefold()
    if text in _TRUE:
        return "true"
    if text in _FALSE:
        return "false"
    raise RejectedValue(f"{show_value(value)} is neither yes nor no")


def _convert_picklist(value: SourceValue, rule: ColumnRule) -> str:
    text, options = _to_text(value), rule.field.options
    if not options or text in options:
        return text
    for option in options:
        if option.casefold() == text.casefold():
            return option
    known = one_line(", ".join(options), 160)
    raise RejectedValue(f"{show_value(value)} is not an option; they are {known}")


def _convert_phone(value: SourceValue, rule: ColumnRule) -> str:
    if isinstance(value, Decimal):
        text = str(value)
        if not text.isdecimal() or not _SHORTEST_PHONE <= len(text) <= _LONGEST_PHONE:
            raise RejectedValue(f"{text} is a number, not a telephone number")
        rule.count(rule.counts.number_phones)
        return text
    # A no-break blank between digits is as good as any other.
    text = re.sub(r"\s", " ", _to_text(value))
    if _EXPONENT.fullmatch(text):
        raise RejectedValue(f"{show_value(text)}: digits are lost")
    if _POINTED.fullmatch(text):
        raise RejectedValue(f"{show_value(text)} is a number with a point: a zero in front is lost")
    found = _PHONE.fullmatch(text)
    if found is None or not _has_enough_digits(found["number"]):
        raise RejectedValue(f"{show_value(text)} is not a telephone number")
    return text


def _has_enough_digits(number: str) -> bool:
    fewest = _SHORTEST_LOCAL if number.startswith("-") else _SHORTEST_PHONE
    return len(re.findall(r"[0-9]", number)) >= fewest


def _convert_email(value: SourceValue, _: ColumnRule) -> str:
    return _match(_EMAIL, value, "an e-mail address")


def _convert_url(value: SourceValue, _: ColumnRule) -> str:
    return _match(_URL, value, "an http or https address")


def _convert_lookup(value: SourceValue, _: ColumnRule) -> str:
    return _to_text(value)


def _match(pattern: re.Pattern[str], value: SourceValue, wanted: str) -> str:
    text = _to_text(value)
    if not pattern.fullmatch(text):
        raise RejectedValue(f"{show_value(value)} is not {wanted}")
    return text


def _to_text(value: SourceValue) -> str:
    match value:
        case str():
            return value
        case Decimal():
            return convert_decimal(value)
        case bool():
            raise RejectedValue("true or false, where a text is wanted")
        case _:
            raise RejectedValue("a date, where a text is wanted")


_CONVERSIONS: Mapping[str, Callable[[SourceValue, ColumnRule], str]] = {
    "text": _convert_text,
    "number": convert_number,
    "currency": convert_currency,
    "date": convert_date,
    "datetime": convert_datetime,
    "boolean": _convert_boolean,
    "email": _convert_email,
    "phone": _convert_phone,
    "url": _convert_url,
    "picklist": _convert_picklist,
    "lookup": _convert_lookup,
}
