"""Reads numbers as people write them: decimal comma, thousands, signs of currencies, exponents."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cmdm_tui.text import one_line

MarkEvidence = Literal["point", "comma", "unclear", "none"]
"""What a number says of its file's decimal mark; `1,234` and `1.234` are unclear."""

_MOST_DIGITS = 60
_SHOWN = 40
_GROUP_DIGITS = 3
_MINUS = str.maketrans({"−": "-", "﹣": "-", "－": "-"})
_APOSTROPHES = "'’"
_BLANK = re.compile(r"\s")


class NotANumber(ValueError):
    """A text is not a number; `str()` says why, as a clause."""


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number as decimal text, and what was taken off: signs of currencies, thousands."""

    text: str
    currency: str = ""
    has_groups: bool = False


def read_number(text: str, mark: str = ".", *, takes_currency: bool = False) -> ReadNumber:
    """Return a number; `mark` is its decimal mark. Raises NotANumber."""
    bare, currency = take_off_currency(text)
    shown = repr(one_line(text.strip(), _SHOWN))
    if currency and not takes_currency:
        raise NotANumber(f"{shown} is not a number: the field holds no amount of money")
    found = _PATTERNS[mark].fullmatch(bare)
    if found is None:
        comma = " with a decimal comma" if mark == "," else ""
        raise NotANumber(f"{shown} is not a number{comma}")
    sign = "-" if found["sign"] == "-" else ""
    whole = re.sub(r"[^0-9]", "", found["whole"] or "") or "0"
    decimals = f".{found['decimals']}" if found["decimals"] else ""
    exponent = f"E{found['exponent']}" if found["exponent"] else ""
    has_groups = bool(found["group"])
    return ReadNumber(
        format_decimal(Decimal(sign + whole + decimals + exponent)), currency, has_groups
    )


def format_decimal(number: Decimal) -> str:
    """Return a number as decimal text without an exponent. Raises NotANumber if it is too long."""
    if not number.is_finite():
        raise NotANumber(f"{number} is not a number")
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise NotANumber(f"{number:E} has too many digits")
    return f"{number:f}"


def take_off_currency(text: str) -> tuple[str, str]:
    """Return a text without outer blanks and one sign of a currency, and that sign."""
    bare = text.strip().translate(_MINUS)
    sign = ""
    if bare[:1] in {"-", "+"}:
        sign, bare = bare[0], bare[1:].lstrip()
    currency = ""
    if _is_currency(bare[:1]):
        currency, bare = bare[0], bare[1:].lstrip()
    elif _is_currency(bare[-1:]):
        currency, bare = bare[-1], bare[:-1].rstrip()
    if currency and not sign and bare[:1] in {"-", "+"}:
        sign, bare = bare[0], bare[1:].lstrip()
    return sign + bare, currency


def find_mark_evidence(text: str) -> MarkEvidence:
    """Return what one number says of the decimal mark of its column."""
    bare, _ = take_off_currency(text)
    bare = _BLANK.sub("", bare).translate(dict.fromkeys(map(ord, _APOSTROPHES)))
    bare = bare.lstrip("+-")
    if not re.fullmatch(r"[0-9.,]+", bare):
        return "none"
    points, commas = bare.count("."), bare.count(",")
    if points and commas:
        return "point" if bare.rfind(".") > bare.rfind(",") else "comma"
    if points:
        return "comma" if points > 1 else _judge_single(bare, ".", "point")
    if commas:
        return "point" if commas > 1 else _judge_single(bare, ",", "comma")
    return "none"


def _judge_single(bare: str, mark: str, decimal: MarkEvidence) -> MarkEvidence:
    """Return what a number with one mark says: `decimal`, unless the mark may part thousands."""
    whole, _, decimals = bare.partition(mark)
    could_group = len(decimals) == _GROUP_DIGITS and 0 < len(whole) <= _GROUP_DIGITS
    return "unclear" if could_group and not whole.startswith("0") else decimal


def find_currencies(texts: Iterable[str]) -> set[str]:
    """Return the signs of currencies that occur in some amounts."""
    return {currency for text in texts if (currency := take_off_currency(text)[1])}


def _is_currency(character: str) -> bool:
    return character != "" and unicodedata.category(character) == "Sc"


def _pattern(mark: str) -> re.Pattern[str]:
    other = "," if mark == "." else "."
    group = rf"[{re.escape(other)}{_APOSTROPHES}]|\s"
    decimals = re.escape(mark)
    return re.compile(
        rf"(?P<sign>[+-]?)"
        rf"(?P<whole>[0-9]{{1,3}}(?P<group>{group})[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*|[0-9]+|(?={decimals}))"
        rf"(?:{decimals}(?P<decimals>[0-9]+))?"
        rf"(?:[eE](?P<exponent>[+-]?[0-9]{{1,4}}))?"
    )


_PATTERNS = {mark: _pattern(mark) for mark in ".,"}
