"""Turns answers into typed values, taking every shape that `api.md` allows a service."""

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import httpx
import msgspec

from cmdm_tui.api.decode_fields import read_field
from cmdm_tui.api.errors import CallInfo, MalformedResponse, keep_text
from cmdm_tui.api.models import Converted, Created, Done, FieldPage, Page, Record, Response
from cmdm_tui.config import is_sendable
from cmdm_tui.text import one_line


class _RecordRow(msgspec.Struct, gc=False):
    """A record as documented; its external id may also come as a number."""

    external_id: str = msgspec.field(name="ExternalID")
    properties: dict[str, Any] = msgspec.field(name="Properties")


class _RecordList(msgspec.Struct):
    """A list as documented, the number of its pages under either name."""

    rows: list[_RecordRow] = msgspec.field(name="Entity")
    total_records: Any = msgspec.field(name="Total Records", default=None)
    total_pages: Any = msgspec.field(name="Total Pages", default=None)
    total_page: Any = msgspec.field(name="Total Page", default=None)


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_LIST_DECODER = msgspec.json.Decoder(_RecordList, float_hook=Decimal)
_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation)
_TOTAL_PAGES = ("Total Pages", "Total Page")
_MESSAGE_KEYS = ("Message", "message", "error_description", "error", "detail", "title")
_EXCERPT_LENGTH = 200
_EXCERPT_SOURCE = 64 * 1024


async def read_response(response: httpx.Response, call: CallInfo, *, started: float) -> Response:
    """Return the answer with its whole body; `started` is monotonic time, in seconds."""
    try:
        body = await response.aread()
    finally:
        await response.aclose()
    return Response(
        number=call.number,
        method=call.method,
        path=call.path,
        status=response.status_code,
        headers=response.headers,
        body=body,
        elapsed=time.monotonic() - started,
    )


def read_json(answer: Response, call: CallInfo) -> Any:
    """Return the answer's JSON value; numbers with a point come as Decimal, digit for digit.

    Raises MalformedResponse for a body that is not JSON.
    """
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    try:
        return _DECODER.decode(body)
    except _DECODE_ERRORS:
        pass
    try:  # The standard library takes what msgspec is too strict for, such as a lone surrogate.
        return json.loads(body, parse_float=_parse_number)
    except (ValueError, RecursionError):
        raise _build_malformed_error("no JSON", answer, call) from None


def read_token(answer: Response, call: CallInfo) -> str:
    """Return the bearer token of an authenticate answer."""
    value = _read_object(answer, call).get("token")
    if not isinstance(value, str) or not is_sendable(value):
        message = "The answer to the sign-in holds no token"
        raise MalformedResponse(message, call=call, status=answer.status)
    return value


def read_record(answer: Response, call: CallInfo, entity: str) -> Record:
    """Return the record of a retrieve-one answer."""
    record = _parse_record(_read_object(answer, call), entity, answer)
    if record is None:
        raise _build_malformed_error("no record", answer, call)
    return record


def read_page(
    answer: Response, call: CallInfo, entity: str, *, per_page: int | None, page: int | None
) -> Page:
    """Return the page of a retrieve-many answer; duplicates within it are kept as they came."""
    records, totals = _read_documented_list(answer, entity) or _read_any_list(answer, call, entity)
    return Page(
        entity=entity,
        records=records,
        total_records=_parse_total(totals, "Total Records"),
        total_pages=_parse_total(totals, *_TOTAL_PAGES),
        per_page=per_page,
        page=page,
        response=answer,
    )


def read_field_page(answer: Response, call: CallInfo, entity: str) -> FieldPage:
    """Return the page of a retrieve-fields answer."""
    content = _read_object(answer, call)
    rows = _find_rows(content, ("Field", "Fields"), answer, call)
    fields = [read_field(cast("dict[str, Any]", row)) for row in rows if isinstance(row, dict)]
    return FieldPage(
        entity=entity,
        fields=tuple(field for field in fields if field is not None),
        total_records=_parse_total(content, "Total Records"),
        total_pages=_parse_total(content, *_TOTAL_PAGES),
        response=answer,
    )


def read_created(answer: Response, call: CallInfo) -> Created:
    """Return the external id of a create answer."""
    external_id = _parse_text(_read_object(answer, call).get("ExternalID"))
    if external_id is None:
        raise _build_malformed_error("no ExternalID", answer, call)
    return Created(external_id, answer)


def read_converted(answer: Response, call: CallInfo) -> Converted:
    """Return the account's external id of a conversion; its key holds a space (`api.md`)."""
    content = _read_object(answer, call)
    for key in ("Account ExternalID", "AccountExternalID"):
        external_id = _parse_text(content.get(key))
        if external_id is not None:
            return Converted(external_id, answer)
    raise _build_malformed_error("no Account ExternalID", answer, call)


def read_done(answer: Response) -> Done:
    """Return the answer to an update, close or delete: done, with the message if there is one."""
    return Done(read_error_message(answer), answer)


def read_error_message(answer: Response, redact: Callable[[str], str] = keep_text) -> str | None:
    """Return what the service says about an answer, safe, on one line; None where it says nothing.

    An HTML page says nothing that a reader wants, so it counts as nothing. `redact` takes secrets
    out before the text is cut: of a secret that is cut, it would not find the rest.
    """
    try:
        content: Any = msgspec.json.decode(answer.body) if answer.body else None
    except _DECODE_ERRORS:
        excerpt = _read_excerpt(answer, redact)
        is_markup = excerpt.startswith("<") or "html" in answer.headers.get("content-type", "")
        return None if is_markup or not excerpt else excerpt
    if isinstance(content, dict):
        found = (cast("dict[str, Any]", content).get(key) for key in _MESSAGE_KEYS)
        content = next((value for value in found if value), None)
    if not isinstance(content, str) or not content:
        return None
    return one_line(redact(content), 2 * _EXCERPT_LENGTH)


def _read_documented_list(
    answer: Response, entity: str
) -> tuple[tuple[Record, ...], Mapping[str, Any]] | None:
    """Return records and totals of a list as documented, in half the time; None for any other."""
    try:
        found = _LIST_DECODER.decode(answer.body)
    except _DECODE_ERRORS:
        return None
    if not all(row.external_id for row in found.rows):
        return None
    records = tuple([Record(entity, row.external_id, row.properties) for row in found.rows])
    return records, {
        "Total Records": found.total_records,
        "Total Pages": found.total_pages,
        "Total Page": found.total_page,
    }


def _read_any_list(
    answer: Response, call: CallInfo, entity: str
) -> tuple[tuple[Record, ...], Mapping[str, Any]]:
    """Return records and totals of a list in any shape that `api.md` allows."""
    content = _read_object(answer, call)
    rows = _find_rows(content, ("Entity", entity), answer, call)
    records = tuple(_parse_record(row, entity, None) for row in rows)
    if any(record is None for record in records):
        raise _build_malformed_error("a list that holds something other than records", answer, call)
    return cast("tuple[Record, ...]", records), content


def _read_object(answer: Response, call: CallInfo) -> dict[str, Any]:
    content = read_json(answer, call)
    if not isinstance(content, dict):
        raise _build_malformed_error("no JSON object", answer, call)
    return cast("dict[str, Any]", content)


def _find_rows(
    content: dict[str, Any], keys: tuple[str, str], answer: Response, call: CallInfo
) -> list[Any]:
    wanted = {key.casefold() for key in keys}
    for key, value in content.items():
        if key.casefold() in wanted and isinstance(value, list):
            return cast("list[Any]", value)
    raise _build_malformed_error(f"no {keys[0]} list", answer, call)


def _parse_record(content: Any, entity: str, answer: Response | None) -> Record | None:
    if not isinstance(content, dict):
        return None
    row = cast("dict[str, Any]", content)
    external_id, properties = _parse_text(row.get("ExternalID")), row.get("Properties")
    if external_id is None or not isinstance(properties, dict):
        return None
    return Record(entity, external_id, cast("Mapping[str, Any]", properties), answer)


def _parse_total(content: Mapping[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = _parse_text(content.get(key))
        if value is not None and value.isascii() and value.isdigit() and len(value) <= 15:
            return int(value)
    return None


def _parse_text(value: object) -> str | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _parse_number(text: str) -> Decimal | str:
    """Return a number digit for digit; as text where its exponent is beyond any Decimal."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _build_malformed_error(what: str, answer: Response, call: CallInfo) -> MalformedResponse:
    excerpt = _read_excerpt(answer, call.redact)
    message = f"The answer holds {what}" + (
        f"; it begins: {excerpt}" if excerpt else "; it is empty"
    )
    return MalformedResponse(message, call=call, status=answer.status)


def _read_excerpt(answer: Response, redact: Callable[[str], str]) -> str:
    """Return how the body begins, on one line; secrets are taken out before it is cut."""
    text = redact(answer.body[:_EXCERPT_SOURCE].decode("utf-8", "replace"))
    return one_line(" ".join(text.split()), _EXCERPT_LENGTH)
