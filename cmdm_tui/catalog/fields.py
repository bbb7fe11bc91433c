"""Infers an entity's fields from its records, for services that describe none."""

import re
from collections.abc import Iterable
from decimal import Decimal

from cmdm_tui.api import Field, Record

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


def infer_fields(records: Iterable[Record]) -> tuple[Field, ...]:
    """Return a field for each property name, in order of appearance, typed by all of its values.

    A type is given where every value that is not null or empty has it; else the field is Text.
    """
    values: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.properties.items():
            kinds = values.setdefault(name, set())
            if value is not None and value != "":
                kinds.add(infer_type(value))
    return tuple(
        Field(name=name, type=kinds.pop() if len(kinds) == 1 else "Text", inferred=True)
        for name, kinds in values.items()
    )


def infer_type(value: object) -> str:
    """Return the type that a value which is not null or empty looks to be of."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float | Decimal):
        return "Number"
    if not isinstance(value, str):
        return "Text"
    if value in {"true", "false"}:
        return "Boolean"
    # Phone numbers and the like are digits too: those with a 0 or + first are not numbers.
    if _NUMBER.fullmatch(value) and not re.match(r"\+|0\d", value):
        return "Number"
    patterns = {"Date": _DATE, "DateTime": _DATE_TIME, "Email": _EMAIL, "URL": _URL}
    return next((kind for kind, pattern in patterns.items() if pattern.fullmatch(value)), "Text")
