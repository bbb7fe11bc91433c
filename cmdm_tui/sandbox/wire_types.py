"""The wire's types: which text is a value of a type, and how values are ordered.

Values are strings, or None where a field has none. What the client may send is what api.md shows
and nothing looser: a Number is decimal text, a Boolean `true` or `false`.
"""

import re
from collections.abc import Callable
from datetime import date, datetime

from cmdm_tui.sandbox.schema import EXTERNAL_ID, ID_LENGTH, EntitySchema, FieldSchema, WireType

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+?[0-9 ()./-]*[0-9][0-9 ()./-]*(?:(?:x|ext\.?) ?[0-9]+)?")
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_ID = re.compile(f"[0-9A-Z]{{{ID_LENGTH}}}")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    if not _DATETIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_FORMS: dict[WireType, tuple[str, Callable[[str], bool]]] = {
    WireType.NUMBER: ("decimal text such as 12 or -3.5", _matches(_DECIMAL)),
    WireType.CURRENCY: ("decimal text such as 1250.00", _matches(_DECIMAL)),
    WireType.DATE: ("a date such as 2026-03-31", _is_date),
    WireType.DATETIME: ("a time such as 2026-03-31T09:30:00Z", _is_datetime),
    WireType.BOOLEAN: ("true or false", lambda text: text in {"true", "false"}),
    WireType.EMAIL: ("an e-mail address", _matches(_EMAIL)),
    WireType.PHONE: ("a telephone number", _matches(_PHONE)),
    WireType.URL: ("an http or https address", _matches(_URL)),
    WireType.LOOKUP: (f"an external id of {ID_LENGTH} capitals and digits", _matches(_ID)),
}


def find_value_error(field: FieldSchema, value: object) -> str | None:
    """Return why `value` cannot be a value of `field`, None when it can.

    None is a value of every field that is not required, an empty string of Text fields only.
    """
    if value is None or (value == "" and field.required):
        return "is required" if field.required else None
    if not isinstance(value, str):
        return "must be a string or null"
    if field.max_length is not None and len(value) > field.max_length:
        return f"is longer than {field.max_length} characters"
    if field.type is WireType.PICKLIST:
        return None if value in field.options else "must be one of " + ", ".join(field.options)
    wanted, accepts = _FORMS.get(field.type, ("text", lambda _: True))
    return None if accepts(value) else f"must be {wanted}"


def decimal_key(text: str) -> str:
    """Return a key whose code point order is the order of the decimals' values.

    Equal values have equal keys (`1`, `1.0`, `01`), and no digit is lost, as a float would.
    """
    digits, _, fraction = text.lstrip("-").partition(".")
    digits = digits.lstrip("0")
    fraction = fraction.rstrip("0")
    if not digits and not fraction:
        return "1"
    # The exponent counts from 1,000 so that it stays positive: a value has at most 32 characters.
    exponent = len(digits) if digits else len(fraction.lstrip("0")) - len(fraction)
    significant = (digits + fraction).strip("0")
    key = f"{1_000 + exponent:04}{significant}"
    if not text.startswith("-"):
        return "2" + key
    # Among negatives the larger magnitude comes first; the end mark outranks any further digit.
    return "0" + key.translate(_NINES_COMPLEMENT) + "~"


_NINES_COMPLEMENT = str.maketrans("0123456789", "9876543210")


_DECIMAL_TYPES = frozenset({WireType.NUMBER.value, WireType.CURRENCY.value})


def sort_key(kind: str, text: str) -> str:
    """Return the key by which `text` is ordered: compared by code point (api.md).

    `kind` is the word of a `WireType`.
    """
    if kind in _DECIMAL_TYPES:
        return decimal_key(text)
    return text.casefold()


def has_field(entity: EntitySchema, name: str) -> bool:
    """Return whether `name` is allowed in `fields` or `sort_by`."""
    return name == EXTERNAL_ID or name in entity.by_name
