"""What an answer says: its records, totals, ids, as far as it has the documented form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.exchange import Exchange

OK, CREATED = 200, 201
REFUSED = 400


@dataclass(frozen=True, slots=True)
class Row:
    """A record, or a field of a field list, as it stands in an answer."""

    external_id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer taken apart.

    `fault` says where it lacks the form that is documented for a success of its call; empty where
    it lacks nothing, or is no success. `made` is the id that a create or a conversion tells.
    """

    rows: tuple[Row, ...] = ()
    total: int | None = None
    pages: int | None = None
    made: str = ""
    fault: str = ""


def reading(exchange: Exchange) -> Reading:
    """Take apart the answer to a documented call."""
    if exchange.status not in {OK, CREATED} or exchange.method == "HEAD":
        return Reading()
    call = exchange.intent.call
    if call == "other":
        return Reading()
    content = exchange.json
    if not isinstance(content, dict):
        return Reading(fault="is no JSON object")
    return _of_call(call, content)  # pyright: ignore[reportUnknownArgumentType] — any JSON


def said(number: int | None) -> str:
    """Return a number that an answer should tell as words tell it."""
    return "no number" if number is None else str(number)


def _of_call(call: str, content: dict[str, Any]) -> Reading:
    match call:
        case "get":
            row = _row(content)
            return Reading(fault="has no ExternalID and Properties") if row is None else _one(row)
        case "list":
            return _many(content, "Entity", "Total Pages")
        case "fields":
            return _many(content, "Field", "Total Page")
        case "create" | "create-task" | "create-opportunity":
            return _made(content, "ExternalID")
        case "convert":
            return _made(content, "Account ExternalID")
        case "authenticate":
            return _worded(content, "token")
        case _:
            return _worded(content, "Message")


def _one(row: Row) -> Reading:
    return Reading(rows=(row,))


def _made(content: dict[str, Any], key: str) -> Reading:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        return Reading(fault=f"has no text under {key}")
    return Reading(made=value)


def _worded(content: dict[str, Any], key: str) -> Reading:
    value = content.get(key)
    is_text = isinstance(value, str) and value
    return Reading(fault="" if is_text else f"has no text under {key}")


def _many(content: dict[str, Any], key: str, pages_key: str) -> Reading:
    entries = content.get(key)
    if not _is_list(entries):
        return Reading(fault=f"has no list under {key}")
    rows = [_row(entry) for entry in entries]
    kept = tuple(row for row in rows if row is not None)
    fault = "" if len(kept) == len(rows) else f"has an entry without ExternalID under {key}"
    numbers: list[int | None] = []
    for name in ("Total Records", pages_key):
        value = content.get(name)
        number = parse_whole_number(value) if isinstance(value, str) else None
        numbers.append(number)
        if number is None:
            fault = fault or f"has no number as text under {name}"
    return Reading(kept, numbers[0], numbers[1], fault=fault)


def _row(entry: object) -> Row | None:
    if not isinstance(entry, dict):
        return None
    external_id, properties = entry.get("ExternalID"), entry.get("Properties")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(external_id, str) or not external_id or not isinstance(properties, dict):
        return None
    return Row(external_id, properties)  # pyright: ignore[reportUnknownArgumentType] — any JSON


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
