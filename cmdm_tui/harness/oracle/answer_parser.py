"""Takes an answer apart: its records, totals, ids and limits, as far as its form is documented."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.exchange import Exchange

OK, CREATED = 200, 201
REFUSED = 400


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A record, or a field of a field list, as an answer gives it."""

    external_id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """An answer taken apart.

    `fault` says how it differs from the documented form of its call's success; empty where it does
    not, and for an answer that is not a success. `variation` says the same of what may be meant by
    the documentation too. `created_id` is that of a create or a conversion.
    """

    rows: tuple[ListedRow, ...] = ()
    total: int | None = None
    pages: int | None = None
    created_id: str = ""
    fault: str = ""
    variation: str = ""

    @property
    def has_list(self) -> bool:
        """Whether a list could be read in it, if only a part of it."""
        return self.total is not None or bool(self.rows)


def parse_answer(exchange: Exchange) -> ParsedAnswer:
    """Take apart the answer to a documented call."""
    if exchange.status not in {OK, CREATED} or exchange.method == "HEAD":
        return ParsedAnswer()
    call = exchange.intent.call
    if call == "other":
        return ParsedAnswer()
    content = exchange.json
    if not isinstance(content, dict):
        if _is_lenient_object(exchange.body):
            return ParsedAnswer(variation="is JSON to a lenient reader only")
        return ParsedAnswer(fault="is not JSON object")
    return _parse_call(call, exchange.intent.entity, content)  # pyright: ignore[reportUnknownArgumentType] — any JSON


def _is_lenient_object(body: bytes) -> bool:
    """Return whether a body is an object to readers that take lone surrogates, or NaN."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def describe_number(number: int | None) -> str:
    """Return a number for a message; `no number` where an answer gives none."""
    return "no number" if number is None else str(number)


def _parse_call(call: str, entity: str, content: dict[str, Any]) -> ParsedAnswer:
    match call:
        case "get":
            row = _parse_row(content)
            return (
                ParsedAnswer(fault="has no ExternalID and Properties")
                if row is None
                else _record_answer(row)
            )
        case "list":
            return _parse_list(content, "Entity", "Total Pages", entity)
        case "fields":
            return _parse_list(content, "Field", "Total Page")
        case "create" | "create-task" | "create-opportunity":
            return _parse_created(content, "ExternalID")
        case "convert":
            return _parse_created(content, "Account ExternalID")
        case "authenticate":
            return _parse_message(content, "token")
        case _:
            return _parse_message(content, "Message")


def _record_answer(row: ListedRow) -> ParsedAnswer:
    return ParsedAnswer(rows=(row,))


def _parse_created(content: dict[str, Any], key: str) -> ParsedAnswer:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        return ParsedAnswer(fault=f"has no text under {key}")
    return ParsedAnswer(created_id=value)


def _parse_message(content: dict[str, Any], key: str) -> ParsedAnswer:
    value = content.get(key)
    is_text = isinstance(value, str) and value
    return ParsedAnswer(fault="" if is_text else f"has no text under {key}")


def _parse_list(
    content: dict[str, Any], key: str, pages_key: str, entity: str = ""
) -> ParsedAnswer:
    """Take a list apart; the documentation's key of it may stand for the `entity`'s own name."""
    entries, variation = content.get(key), ""
    if key not in content and entity:
        names = [name for name in content if _is_name_of(name, entity)]
        if names:
            entries, variation = content[names[0]], f"has its list under the name of {entity}"
    if not _is_list(entries):
        return ParsedAnswer(fault=f"has no list under {key}")
    rows = [_parse_row(entry) for entry in entries]
    kept = tuple(row for row in rows if row is not None)
    fault = "" if len(kept) == len(rows) else f"has an entry without ExternalID under {key}"
    numbers: list[int | None] = []
    for name in ("Total Records", pages_key):
        value = content.get(name)
        number = parse_whole_number(value) if isinstance(value, str) else None
        numbers.append(number)
        if number is None:
            fault = fault or f"has no number as text under {name}"
    return ParsedAnswer(kept, numbers[0], numbers[1], fault=fault, variation=variation)


def _is_name_of(key: str, entity: str) -> bool:
    """Return whether a key is an entity's name, in the singular or in the plural."""
    small, name = key.casefold(), entity.casefold()
    return small in {name, f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies"}


def _parse_row(entry: object) -> ListedRow | None:
    if not isinstance(entry, dict):
        return None
    external_id, properties = entry.get("ExternalID"), entry.get("Properties")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(external_id, str) or not external_id or not isinstance(properties, dict):
        return None
    return ListedRow(external_id, properties)  # pyright: ignore[reportUnknownArgumentType] — any JSON


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
