"""A read-only service of the records that cassettes saw: for a client that browses them offline.

`IndexedTransport` gives the very answers that were recorded, to the very calls. This one answers
any documented reading call, in any order, of the records as they were last known, and nothing else.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from cmdm_tui.harness.calls import parse_call
from cmdm_tui.harness.cassettes.format import RECORDED_TOKEN
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.recorded_records import RecordedRecords, find_route
from cmdm_tui.text import one_line

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_LONGEST_NAME = 60

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_Rows = Sequence[tuple[str, Mapping[str, Any]]]


class RecordedService(httpx.AsyncBaseTransport):
    """Answers sign-ins and reading calls from `records`; it opens no connection.

    A sign-in succeeds with any credentials. A list is sorted by the values' text without regard to
    case, or by value where all are numbers, null first, ties in the order of the cassettes. Totals
    are those of the records held. What was not seen is a 404, a change a 405.
    """

    def __init__(self, records: RecordedRecords) -> None:
        self.records = records
        """What it answers from."""

    @classmethod
    def of(cls, *paths: Path, folder: Path | None = None) -> Self:
        """Return the service of these cassettes, each later than the one before.

        Of several, numbered ids end with the cassette's name, below `folder` where it is given.
        Raises OSError where one cannot be read, CassetteUnreadable where it is not a cassette.
        """
        records = RecordedRecords()
        for path in paths:
            name = path if folder is None else path.relative_to(folder)
            label = name.with_suffix("").as_posix() if len(paths) > 1 else ""
            records.read(read_cassette(path), label=label)
        return cls(records)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of a client."""
        route = find_route(request.url.raw_path.decode("ascii", "replace"))
        call, entity, external_id = parse_call(request.method, route or "")
        query = request.url.params
        if route is None:
            return _refuse(404, "This is not a path of the API.")
        match call:
            case "authenticate":
                return _answer(200, {"token": RECORDED_TOKEN})
            case "list":
                return self._list(entity, query)
            case "fields":
                return self._list_fields(entity, query)
            case "get":
                return self._get(entity, external_id)
            case _ if request.method == "GET":
                return _refuse(404, "This is not a call of the API.")
            case _:
                words = "A cassette is only read: the change was not made, and sent nowhere."
                return _refuse(405, words, allow="GET")

    def _get(self, entity: str, external_id: str) -> httpx.Response:
        known = self.records.find_records(entity) or {}
        if external_id not in known:
            return _refuse(404, f"The cassette has no {_show(entity)} {_show(external_id)}.")
        return _answer(200, _as_row(external_id, known[external_id]))

    def _list(self, entity: str, query: httpx.QueryParams) -> httpx.Response:
        known = self.records.find_records(entity)
        if known is None:
            return _refuse(404, f"The cassette has no records of {_show(entity)}.")
        rows: _Rows = list(known.items())
        name = query.get("sort_by")
        is_descending = query.get("sort_order") == "desc"
        if name is not None:
            if rows and name != "ExternalID" and not any(name in one for _, one in rows):
                return _refuse(400, f"No {_show(entity)} in the cassette has {_show(name)}.")
            rows = sort_rows(rows, name, is_descending=is_descending)
        elif is_descending:
            rows = list(reversed(rows))
        wanted = query["fields"].split(",") if query.get("fields") else None
        listed = [_as_row(one, values, wanted) for one, values in rows]
        return _list_page(listed, query, "Entity", "Total Pages")

    def _list_fields(self, entity: str, query: httpx.QueryParams) -> httpx.Response:
        rows = self.records.find_fields(entity)
        if rows is None:
            return _refuse(404, f"The cassette has no fields of {_show(entity)}.")
        return _list_page(rows, query, "Field", "Total Page")


def sort_rows(rows: _Rows, name: str, *, is_descending: bool) -> _Rows:
    """Return records, as ids and properties, in the order of a property or of `ExternalID`."""
    values = [one if name == "ExternalID" else properties.get(name) for one, properties in rows]
    texts = [None if value is None else _as_text(value) for value in values]
    are_numbers = all(text is None or _NUMBER.fullmatch(text) for text in texts)

    def key(place: int) -> tuple[bool, Decimal | tuple[str, str]]:
        text = texts[place]
        if are_numbers:
            return text is not None, Decimal(text or 0)
        return text is not None, ((text or "").casefold(), text or "")

    return [rows[place] for place in sorted(range(len(rows)), key=key, reverse=is_descending)]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else _encode(value).decode()


def _as_row(
    external_id: str, properties: Mapping[str, Any], wanted: Iterable[str] | None = None
) -> dict[str, Any]:
    if wanted is not None:
        properties = {name: properties[name] for name in wanted if name in properties}
    return {"ExternalID": external_id, "Properties": properties}


def _list_page(
    rows: Sequence[Any], query: httpx.QueryParams, key: str, total_key: str
) -> httpx.Response:
    """Return the page that was asked for, all where none was; totals are texts, as documented."""
    sizes = [query.get(name) for name in ("per_page", "page")]
    size, page = max(len(rows), 1), 1
    if any(text is not None for text in sizes):
        numbers = [_read_number(text) for text in sizes]
        if not all(numbers):
            return _refuse(400, "per_page and page are whole numbers from 1, both or neither.")
        size, page = numbers
    pages = max(-(-len(rows) // size), 1)
    shown = rows[(page - 1) * size : page * size]
    return _answer(200, {"Total Records": str(len(rows)), total_key: str(pages), key: shown})


def _read_number(text: str | None) -> int:
    """Return a whole number from 1, 0 for anything else."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 15
    return int(text) if is_number and text is not None else 0


def _show(name: str) -> str:
    return one_line(name, _LONGEST_NAME)


def _refuse(status: int, words: str, **headers: str) -> httpx.Response:
    return _answer(status, {"Message": words}, **headers)


def _answer(status: int, content: object, **headers: str) -> httpx.Response:
    kept = {"content-type": "application/json", **headers}
    return httpx.Response(status, headers=kept, content=_encode(content))


def _encode(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError):
        # A number beyond 64 bits, or half a surrogate pair, which escaped JSON carries.
        return json.dumps(value, default=str).encode("ascii")
