"""Compares a stored value with the one sent: the same, or the same as a service may change it."""

import html
import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_SHORTEST_CUT = 8
"""Letters from which a text may be another that was cut to what its field holds."""

_LARGEST_TIME_DIFFERENCE = 26 * 3_600.0
"""Seconds between two local times of one moment, and of its day."""

_YES, _NO = {"true", "yes", "y", "1", "on"}, {"false", "no", "n", "0", "off"}
_DATE_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")


def is_same_value(stored: object, sent: object) -> bool:
    """Return whether a stored value is the one sent, in whatever form the service keeps it."""
    if stored == sent or (is_empty(stored) and is_empty(sent)):
        return True
    if isinstance(stored, bool) or isinstance(sent, bool):
        return str(stored).casefold() == str(sent).casefold()
    try:
        return Decimal(str(stored)) == Decimal(str(sent))
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(str(stored)) == datetime.fromisoformat(str(sent))
    except (ValueError, TypeError):
        return str(stored).strip() == str(sent).strip()


def may_be_changed_value(stored: object, sent: object) -> bool:
    """Return whether a service that tidies what it stores may have made this of the value sent.

    It may change case, punctuation and spelling, cut the end, and write numbers, dates and yes or
    no in its own way.
    """
    if is_same_value(stored, sent):
        return True
    left, right = _normalize(stored), _normalize(sent)
    is_cut = len(left) >= _SHORTEST_CUT and right.startswith(left)
    if is_cut or (left == right != "") or ({left, right} <= _YES or {left, right} <= _NO):
        return True
    return _is_same_number(stored, sent) or _is_same_day(stored, sent)


def is_empty(value: object) -> bool:
    """Return whether a value is null or an empty text."""
    return value is None or value == ""


def _normalize(value: object) -> str:
    text = unicodedata.normalize("NFKC", html.unescape(str(value)))
    return "".join(filter(str.isalnum, text.casefold()))


def _is_same_number(stored: object, sent: object) -> bool:
    texts = str(stored), str(sent)
    if any(character.isalpha() for text in texts for character in text):
        return False
    numbers = [re.sub(r"[^\d.+-]", "", text) for text in texts]
    try:
        return Decimal(numbers[0]) == Decimal(numbers[1])
    except InvalidOperation:
        return False


def _is_same_day(stored: object, sent: object) -> bool:
    return any(
        abs(left - right) <= _LARGEST_TIME_DIFFERENCE
        for left in _read_times(stored)
        for right in _read_times(sent)
    )


def _read_times(value: object) -> list[float]:
    """Return the Unix times that a text may mean; a time without a zone counts as UTC."""
    text, times = str(value).strip(), list[float]()
    try:
        moment = datetime.fromisoformat(text)
        times.append((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        pass
    for pattern in _DATE_FORMATS:
        try:
            times.append(datetime.strptime(text[:10], pattern).replace(tzinfo=UTC).timestamp())
        except (ValueError, OverflowError):
            continue
    return times
