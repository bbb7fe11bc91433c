"""Reads lists of records: in the documented shape at once, else what can be read of any other.

A record that cannot be read, or not whole, is named; the others stay.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from cmdm_tui.api.json_body import (
    DECODE_ERRORS,
    NoNumber,
    RepeatedNames,
    check_depth,
    check_size,
    may_repeat_names,
)
from cmdm_tui.api.models import Record, RecordFault
from cmdm_tui.text import one_line

_EXTERNAL_ID, _PROPERTIES = "externalid", "properties"
_ERROR_KEYS = ("error", "errors")
_RAW_BYTES = "bytes that are no text"
_LONGEST_NAME = 40
_MAX_NAMES = 3


_Value = TypeVar("_Value")
_Row = TypeVar("_Row")
_ExternalId = Annotated[str, msgspec.Meta(min_length=1)]


class _RecordRow(msgspec.Struct, Generic[_Value], gc=False):
    """A record as documented."""

    external_id: _ExternalId = msgspec.field(name="ExternalID")
    properties: dict[str, _Value] = msgspec.field(name="Properties")


class _RecordList(msgspec.Struct, Generic[_Row]):
    """A list as documented, the number of its pages under either name."""

    rows: list[_Row] = msgspec.field(name="Entity")
    total_records: str | int | None = msgspec.field(name="Total Records", default=None)
    total_pages: str | int | None = msgspec.field(name="Total Pages", default=None)
    total_page: str | int | None = msgspec.field(name="Total Page", default=None)


class _FlatRow(_RecordRow[str | None], gc=False, forbid_unknown_fields=True):
    """A record whose values are text or null."""


class _FlatList(_RecordList[_FlatRow], forbid_unknown_fields=True):
    """A list in which nothing else nests, so that its depth need not be looked for."""


_FLAT_LIST_DECODER = msgspec.json.Decoder(_FlatList)
_LIST_DECODER = msgspec.json.Decoder(_RecordList[_RecordRow[Any]], float_hook=Decimal)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4}")


class RecordRows(Struct, frozen=True):
    """The records of a list, what could not be read of them, and the totals as they came."""

    records: tuple[Record, ...]
    faults: tuple[RecordFault, ...]
    totals: Mapping[str, Any]


class NoList(Exception):
    """An answer without a list of records; the text says what it lacks."""


def read_documented_rows(body: bytes, entity: str) -> RecordRows | None:
    """Return the records of a list as documented, in half the time; None for any other.

    Raises ResponseTooLarge for more than a client takes.
    """
    check_size(body)
    found = _decode_list(body)
    if found is None or may_repeat_names(body, lambda: _count_names(found)):
        return None
    rows = found.rows
    totals = {
        "Total Records": found.total_records,
        "Total Pages": found.total_pages,
        "Total Page": found.total_page,
    }
    records = tuple([Record(entity, row.external_id, row.properties) for row in rows])
    return RecordRows(records, (), totals)


def _decode_list(body: bytes) -> _RecordList[_RecordRow[Any]] | _FlatList | None:
    with suppress(*DECODE_ERRORS):
        return _FLAT_LIST_DECODER.decode(body)
    try:
        found = _LIST_DECODER.decode(body)
    except DECODE_ERRORS:
        return None
    check_depth(body, objects=2 * len(found.rows) + 1)
    return found


def _count_names(found: _RecordList[_RecordRow[Any]] | _FlatList) -> int:
    """Return how many names the objects of a list as documented have."""
    totals = (found.total_records, found.total_pages, found.total_page)
    of_list = 1 + sum(total is not None for total in totals)
    return sum([2 + len(row.properties) for row in found.rows]) + of_list


def read_rows(content: Mapping[str, Any], entity: str, *, encoding: str = "") -> RecordRows:
    """Return what can be read of a list in any shape that `api.md` allows.

    `encoding` is the one that its text is said to be in, where that is not known.
    Raises NoList for an error, and for a list in which nothing reads as a record.
    """
    total = parse_total(content, "Total Records")
    rows = find_rows(content, ("Entity", entity), total)
    records: list[Record] = []
    faults: list[RecordFault] = []
    for position, row in enumerate(rows, 1):
        record, problem = read_row(row, entity)
        if encoding and _RAW_BYTES in problem:
            problem += f", and the encoding {encoding} is unknown"
        if record is not None:
            records.append(record)
        if problem:
            external_id = None if record is None else record.external_id
            faults.append(RecordFault(position, external_id, problem, is_lost=record is None))
    is_nothing = all(not record.properties for record in records)
    if len(faults) == len(rows) > 0 and is_nothing and total is None:
        raise NoList("a list that holds something other than records")
    return RecordRows(tuple(records), tuple(faults), content)


def find_rows(
    content: Mapping[str, Any], keys: tuple[str, str], total: int | None
) -> Sequence[Any]:
    """Return the rows under one of the keys, in any case of letters; none for an empty list.

    An empty list may also come as null, or with a total of 0 as anything empty, or not at all; a
    list of one as that one. Raises NoList for anything else.
    """
    wanted = {key.casefold() for key in keys}
    found = [value for key, value in content.items() if key.casefold() in wanted]
    for value in found:
        if isinstance(value, list) and value:
            return cast("list[Any]", value)
        if isinstance(value, dict) and value:
            return [cast("dict[str, Any]", value)]
    is_error = content.get("success") is False or any(content.get(key) for key in _ERROR_KEYS)
    is_empty = all(not value and value is not False for value in found)
    says_so = total == 0 or any(value == [] for value in found)
    if is_empty and not is_error and (says_so or (total is None and None in found)):
        return ()
    raise NoList(f"no {keys[0]} list")


def read_row(row: Any, entity: str, *, external_id: str | None = None) -> tuple[Record | None, str]:
    """Return the record of a row, None where it has no id, and what cannot be read of it.

    `external_id` is the id that was asked for, which one without an id has.
    """
    if not isinstance(row, dict):
        return None, f"is {describe_value(row)}, not a record"
    content = cast("dict[str, Any]", row)
    by_name = {name.casefold().replace(" ", ""): value for name, value in content.items()}
    has_properties = isinstance(by_name.get(_PROPERTIES), dict)
    found = parse_text(by_name.get(_EXTERNAL_ID)) or (external_id if has_properties else None)
    if found is None:
        given = by_name.get(_EXTERNAL_ID)
        return (
            None,
            "has no ExternalID" if not given else f"has {describe_value(given)} as ExternalID",
        )
    problems: list[str] = []
    if _EXTERNAL_ID in _repeated(content):
        problems.append("has several external ids")
    if _PROPERTIES in by_name:
        properties = by_name[_PROPERTIES]
        if not isinstance(properties, dict):
            problems.append(f"has {describe_value(properties)} in place of properties")
            properties = {}
    else:
        properties = {
            name: value
            for name, value in content.items()
            if name.casefold().replace(" ", "") != _EXTERNAL_ID
        }
        if not properties:
            problems.append("has no properties")
    read, more = _read_properties(cast("dict[str, Any]", properties))
    return Record(entity, found, read), " and ".join([*problems, *more])


def parse_total(content: Mapping[str, Any], *keys: str) -> int | None:
    """Return the first of these totals that is a whole number, None where none is."""
    for key in keys:
        value = content.get(key)
        if isinstance(value, Decimal | float):
            value = str(value).removesuffix(".0")
        text = (parse_text(value) or "").strip()
        if _WHOLE_NUMBER.fullmatch(text):
            return int(text.replace(",", ""))
    return None


def parse_text(value: object) -> str | None:
    """Return a text or a number as text, None for anything else and for what is empty."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def describe_value(value: object) -> str:
    """Return what kind of JSON value it is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "text", dict: "an object", list: "a list"}
    return next((words for kind, words in kinds.items() if isinstance(value, kind)), "a number")


def _read_properties(properties: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    repeated = properties.names if isinstance(properties, RepeatedNames) else ()
    if repeated:
        problems.append(f"names {_list_names(repeated)} more than once; the last value counts")
    words = [name for name, value in properties.items() if isinstance(value, NoNumber)]
    if words:
        problems.append(f"has {_list_names(words, properties)}, which JSON has no number for")
    odd = [
        name
        for name, value in properties.items()
        if isinstance(value, str) and not value.isascii() and _has_raw_bytes(value)
    ]
    if odd:
        problems.append(f"has {_RAW_BYTES} in {_list_names(odd)}")
    if words or repeated or odd:
        properties = {
            name: _repair(value) if isinstance(value, str) else value
            for name, value in properties.items()
        }
    return properties, problems


def _has_raw_bytes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _repair(text: str) -> str:
    """Return the text, with the bytes that are none replaced."""
    if text.isascii() or not _has_raw_bytes(text):
        return str(text)
    return "".join("\ufffd" if "\udc80" <= one <= "\udcff" else one for one in text)


def _repeated(content: dict[str, Any]) -> set[str]:
    names = content.names if isinstance(content, RepeatedNames) else ()
    return {name.casefold().replace(" ", "") for name in names}


def _list_names(names: Sequence[str], values: Mapping[str, Any] | None = None) -> str:
    shown = [
        one_line(name, _LONGEST_NAME) + (f" {values[name]}" if values else "")
        for name in names[:_MAX_NAMES]
    ]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
