"""Discovers an entity's fields: as the service describes them, else as its records show them."""

import re
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from cmdm_tui.api import BadRequest, Field, NotFound, Record
from cmdm_tui.api.decode_fields import FIELD_TYPES, named_fields

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


async def discover_fields(
    read_described: Callable[[], Awaitable[tuple[Field, ...]]],
    read_records: Callable[[], Awaitable[Sequence[Record]]],
    *,
    needs_types: bool = False,
) -> tuple[Field, ...]:
    """Return an entity's fields; none where nothing shows any.

    `read_described` asks the service for them. `read_records` reads records of the entity, and is
    called only where the description has no names, or with `needs_types` not every type.
    """
    try:
        described = named_fields(await read_described())
    except (NotFound, BadRequest):
        described = ()
    if described and (have_types(described) or not needs_types):
        return described
    records = await read_records()
    return add_types(described, records) if described else infer_fields(records)


def have_types(fields: Iterable[Field]) -> bool:
    """Return whether every type is one of `api.md`: another word says nothing of the values."""
    return all(field.type in FIELD_TYPES for field in fields)


def add_types(fields: tuple[Field, ...], records: Sequence[Record]) -> tuple[Field, ...]:
    """Return the fields; those without a type of `api.md` get the type that the records show."""
    shown = {field.name: field.type for field in infer_fields(records)}
    return tuple(
        field
        if field.type in FIELD_TYPES
        else replace(field, type=shown.get(field.name, "Text"), inferred=True)
        for field in fields
    )


def are_inferred(fields: Collection[Field]) -> bool:
    """Return whether only records show the fields: other records may have more."""
    return bool(fields) and all(field.inferred for field in fields)


def add_inferred(known: Iterable[Field], shown: Iterable[Field]) -> tuple[Field, ...]:
    """Return the inferred fields known, those that more records show, and then those new there."""
    by_name = {field.name: field for field in known} | {field.name: field for field in shown}
    return tuple(by_name.values())


def match_records(fields: Iterable[Field], records: Sequence[Record]) -> bool:
    """Return whether the records have any of these fields: some services describe others."""
    shown = {name for record in records for name in record.properties}
    return not shown or not shown.isdisjoint(field.name for field in fields)


def infer_fields(
    records: Iterable[Record], *, only: Container[str] | None = None
) -> tuple[Field, ...]:
    """Return a field for each property name, in order of appearance, typed by all of its values.

    With `only`, for these names alone. A type is given where every value that is not null or empty
    has it; else the field is Text.
    """
    values: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.properties.items():
            if only is not None and name not in only:
                continue
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
    # Phone numbers are digits too: more digits after a leading 0 or + are not a number.
    if _NUMBER.fullmatch(value) and not re.match(r"\+|0\d", value):
        return "Number"
    patterns = {"Date": _DATE, "DateTime": _DATE_TIME, "Email": _EMAIL, "URL": _URL}
    return next((kind for kind, pattern in patterns.items() if pattern.fullmatch(value)), "Text")
