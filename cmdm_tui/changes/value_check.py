"""Checks a value against its field: the forms that values have on the wire (`api.md`)."""

import re
from collections.abc import Callable
from datetime import date, datetime

from cmdm_tui.api.models import Field
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.text import one_line

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_DIGIT = re.compile(r"[0-9]")
_MOST_SHOWN = 8


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and _parses(date.fromisoformat, text)


def _is_date_time(text: str) -> bool:
    return bool(_DATE_TIME.fullmatch(text)) and _parses(datetime.fromisoformat, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


_FORMS: dict[str, tuple[str, Callable[[str], object]]] = {
    "Number": ("a number such as 12 or -3.5", _DECIMAL.fullmatch),
    "Currency": ("a number such as 1250.00", _DECIMAL.fullmatch),
    "Date": ("a date such as 2026-03-31", _is_date),
    "DateTime": ("a time such as 2026-03-31T09:30:00Z", _is_date_time),
    "Boolean": ("true or false", {"true", "false"}.__contains__),
    "Email": ("an e-mail address", _EMAIL.fullmatch),
    "Phone": ("a telephone number", _DIGIT.search),
    "URL": ("an address that begins with https:// or http://", _URL.fullmatch),
    "Lookup": ("an external id", str.strip),
}


def find_value_fault(field: Field, value: object) -> str | None:
    """Return why the field cannot hold the value, a clause that begins with a verb; None if it can.

    Of a field that is inferred only from records, no more than the kind of value is checked.
    """
    if is_empty(value) and field.required:
        return "is required and cannot be empty"
    if value is None:
        return None
    if not isinstance(value, str):
        return f"is {type(value).__name__}, and the service takes text or null"
    if field.inferred:
        return None
    if field.max_length is not None and len(value) > field.max_length:
        return f"is {len(value):,} characters long, and holds {field.max_length:,} at most"
    if value == "" and field.type in _FORMS:
        return "is an empty text; null empties it"
    if field.options and field.type == "Picklist":
        return None if value in field.options else _describe_options(value, field.options)
    form, accepts = _FORMS.get(field.type or "", ("", lambda _: True))
    return None if accepts(value) else f"is {one_line(repr(value), 60)}, not {form}"


def _describe_options(value: str, options: tuple[str, ...]) -> str:
    near = [option for option in options if option.casefold() == value.strip().casefold()]
    if near:
        return f"is {one_line(repr(value), 60)}; the option is {one_line(repr(near[0]), 60)}"
    more = f" and {len(options) - _MOST_SHOWN} more" if len(options) > _MOST_SHOWN else ""
    shown = one_line(", ".join(options[:_MOST_SHOWN]), 200)
    return f"is {one_line(repr(value), 60)}, none of {shown}{more}"
