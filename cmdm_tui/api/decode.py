"""Turns answers into typed values, taking every shape that `api.md` allows a service."""

import html
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import httpx
import msgspec

from cmdm_tui.api.charset import find_charset, is_known_charset
from cmdm_tui.api.decode_fields import read_field
from cmdm_tui.api.decode_ids import find_new_id
from cmdm_tui.api.decode_lists import (
    NoList,
    describe_value,
    find_rows,
    parse_total,
    read_documented_rows,
    read_row,
    read_rows,
)
from cmdm_tui.api.errors import CallInfo, MalformedResponse, ResponseTooLarge, keep_text
from cmdm_tui.api.json_body import DECODE_ERRORS, check_size, decode_json, decode_leniently
from cmdm_tui.api.models import (
    Converted,
    Created,
    Done,
    Field,
    FieldPage,
    Page,
    Record,
    RecordFault,
    Response,
)
from cmdm_tui.config import is_sendable
from cmdm_tui.text import one_line

_TOTAL_PAGES = ("Total Pages", "Total Page")
_MESSAGE_KEYS = ("Message", "message", "error_description", "error", "detail", "title", "errors")
_DEEPEST_WORDS = 3
_NO_CONTENT = 204
_PIECES_OF_PARTIAL = 16
"""Pieces of a broken body that are kept: an external id is at its start."""

_EXCERPT_LENGTH = 200
_EXCERPT_SOURCE = 64 * 1024
_EXCERPT_MARGIN = 16 * 1024
"""Characters at the end of what is read for an excerpt: longer than a secret in any encoding."""
_MARKUP_START = re.compile(rb"\s*<[!?A-Za-z]")
_HTML = re.compile(rb"(?i)<(!doctype html|html|head|body|p|div|h1)\b")
_MARKUP = re.compile(r"(?is)<(script|style)\b[^>]*>.*?(?:</\1>|\Z)|<[^>]*>?")

_Decoded = TypeVar("_Decoded")


async def read_response(response: httpx.Response, call: CallInfo, *, started: float) -> Response:
    """Return the answer with its whole body; `started` is monotonic time, in seconds.

    Of a body that breaks off, its beginning is left in the request's extension `partial`.
    """
    pieces: list[bytes] = []

    def build(body: bytes) -> Response:
        return Response(
            number=call.number,
            method=call.method,
            path=call.path,
            status=response.status_code,
            headers=response.headers,
            body=body,
            elapsed=time.monotonic() - started,
            unread_encoding=response.extensions.get("unread_encoding", ""),
        )

    try:
        async for piece in response.aiter_bytes():
            pieces.append(piece)  # noqa: PERF401 — what came before a failure is kept
    except BaseException:
        response.request.extensions["partial"] = build(b"".join(pieces[:_PIECES_OF_PARTIAL]))
        raise
    finally:
        await response.aclose()
    return build(b"".join(pieces))


def read_json(answer: Response, call: CallInfo) -> Any:
    """Return the answer's JSON value; numbers with a point come as Decimal, digit for digit.

    Raises MalformedResponse for a body that is not JSON, ResponseTooLarge for more than a client
    takes.
    """
    return _decode(answer, call, decode_json)


def read_token(answer: Response, call: CallInfo) -> str:
    """Return the bearer token of an authenticate answer."""
    try:
        content = read_json(answer, call)
        lacking = "no token"
    except MalformedResponse:
        content, lacking = None, "no JSON" if answer.body else "nothing"
    value = cast("dict[str, Any]", content).get("token") if isinstance(content, dict) else None
    if not isinstance(value, str) or not is_sendable(value):
        # Not how it begins: it may hold a token in another shape, which nobody knows to conceal.
        message = f"The answer to the sign-in holds {lacking}"
        raise MalformedResponse(message, call=call, status=answer.status)
    return value


def read_record(
    answer: Response, call: CallInfo, entity: str, external_id: str | None = None
) -> Record:
    """Return the record of a retrieve-one answer; `external_id` is the one that was asked for."""
    record, _ = read_record_and_fault(answer, call, entity, external_id)
    return record


def read_record_and_fault(
    answer: Response, call: CallInfo, entity: str, external_id: str | None = None
) -> tuple[Record, RecordFault | None]:
    """Return the record as `read_record` does, and what cannot be read of it."""
    content = _unwrap(_read_object(answer, call))
    record, problem = read_row(content, entity, external_id=external_id)
    if record is None or not (record.properties or "Properties" in content):
        raise _build_malformed_error("no record", answer, call)
    record = msgspec.structs.replace(record, response=answer)
    return record, RecordFault(None, record.external_id, problem) if problem else None


def read_page(
    answer: Response, call: CallInfo, entity: str, *, per_page: int | None, page: int | None
) -> Page:
    """Return the page of a retrieve-many answer; duplicates within it are kept as they came.

    A record that cannot be read is named in the page's `faults`.
    """
    try:
        rows = _decode(answer, call, lambda body: read_documented_rows(body, entity))
        if rows is None:
            content = _read_list(answer, call, decode_leniently)
            rows = read_rows(content, entity, encoding=_unknown_charset(answer))
    except NoList as error:
        raise _build_malformed_error(str(error), answer, call) from None
    return Page(
        entity=entity,
        records=rows.records,
        total_records=parse_total(rows.totals, "Total Records"),
        total_pages=parse_total(rows.totals, *_TOTAL_PAGES),
        per_page=per_page,
        page=page,
        response=answer,
        faults=rows.faults,
    )


def read_field_page(answer: Response, call: CallInfo, entity: str) -> FieldPage:
    """Return the page of a retrieve-fields answer; a row that is a text alone names a field.

    A row that names no field is named in the page's `faults`.
    """
    content = _read_list(answer, call, decode_json)
    total = parse_total(content, "Total Records")
    try:
        rows = find_rows(content, ("Field", "Fields"), total)
    except NoList as error:
        raise _build_malformed_error(str(error), answer, call) from None
    fields: list[Field] = []
    faults: list[RecordFault] = []
    for position, row in enumerate(rows, 1):
        field, problem = _read_field_row(row)
        if field is not None:
            fields.append(field)
        else:
            faults.append(RecordFault(position, None, problem, is_lost=True))
    return FieldPage(
        entity=entity,
        fields=tuple(fields),
        total_records=total,
        total_pages=parse_total(content, *_TOTAL_PAGES),
        response=answer,
        faults=tuple(faults),
    )


def _read_field_row(row: Any) -> tuple[Field | None, str]:
    """Return the field of a row, None where it names none, and then what is wrong with it."""
    if isinstance(row, str):
        return (read_field({"Name": row}), "") if row else (None, "is an empty text")
    if not isinstance(row, dict):
        return None, f"is {describe_value(row)}, not a field"
    return read_field(cast("dict[str, Any]", row)), "has neither a name nor an ExternalID"


def read_created(answer: Response, call: CallInfo, entity: str = "") -> Created:
    """Return the external id of a create answer, also of one that broke off after the id.

    It is in the body, else the last segment of the `Location` (`api.md`).
    """
    external_id = find_new_id(answer, ("ExternalID",), entity)
    if external_id is None:
        raise _build_malformed_error("no ExternalID", answer, call)
    return Created(external_id, answer)


def read_converted(answer: Response, call: CallInfo) -> Converted:
    """Return the account's external id of a conversion; its key holds a space (`api.md`)."""
    external_id = find_new_id(answer, ("Account ExternalID", "AccountExternalID"), "account")
    if external_id is None:
        raise _build_malformed_error("no Account ExternalID", answer, call)
    return Converted(external_id, answer)


def read_done(answer: Response, call: CallInfo) -> Done:
    """Return the answer to an update, close or delete: done, with the message if there is one.

    Raises MalformedResponse for an answer that is an error or markup in spite of its status.
    """
    words = read_error_message(answer, call.redact)
    if not httpx.codes.is_success(answer.status):  # a repeated delete that finds nothing left
        return Done(words, answer)
    if is_markup(answer):
        raise _build_malformed_error("no word of its being done", answer, call)
    if _is_error(answer):
        message = f"The service answered {answer.status}, and it holds an error"
        raise MalformedResponse(
            f"{message}: {words}" if words else message,
            call=call,
            status=answer.status,
            hint="It is not known to be done. Look at the record",
        )
    return Done(words, answer)


def _is_error(answer: Response) -> bool:
    """Return whether a success holds an error: `{"success": false}`, or `error` with no message."""
    try:
        content = decode_json(answer.utf8_body)
    except (ValueError, RecursionError, ResponseTooLarge):
        return False
    if not isinstance(content, dict):
        return content is False
    fields = {key.casefold(): value for key, value in cast("dict[str, Any]", content).items()}
    return fields.get("success") is False or bool(fields.get("error") or fields.get("errors"))


def read_error_message(answer: Response, redact: Callable[[str], str] = keep_text) -> str | None:
    """Return what the service says about an answer, safe, on one line; None where it says nothing.

    An HTML page says nothing that a reader wants, so it counts as nothing. `redact` takes secrets
    out before the text is cut: of a secret that is cut, it would not find the rest.
    """
    try:
        check_size(answer.utf8_body)
        content: Any = msgspec.json.decode(answer.utf8_body) if answer.body else None
    except (*DECODE_ERRORS, ResponseTooLarge):
        is_html = "html" in answer.headers.get("content-type", "")
        is_page = is_html or answer.utf8_body.lstrip().startswith(b"<")
        return None if is_page else _read_excerpt(answer, redact) or None
    words = _find_words(content)
    return one_line(redact(words), 2 * _EXCERPT_LENGTH) if words else None


def _find_words(content: Any, depth: int = 0) -> str | None:
    """Return the text that says what is wrong, in an error body of any shape; None for none."""
    if isinstance(content, str):
        return content or None
    if isinstance(content, list) and depth < _DEEPEST_WORDS:
        inner = (_find_words(one, depth + 1) for one in cast("list[Any]", content)[:1])
        return next(inner, None)
    if not isinstance(content, dict) or depth > _DEEPEST_WORDS:
        return None
    named = cast("dict[str, Any]", content)
    found = next((named[key] for key in _MESSAGE_KEYS if named.get(key)), None)
    return _find_words(found, depth + 1)


def _unwrap(content: dict[str, Any]) -> dict[str, Any]:
    """Return the one object within an object or a list in it, such as `{"Entity": [{…}]}`."""
    inner: Any = next(iter(content.values())) if len(content) == 1 else None
    if isinstance(inner, list) and len(cast("list[Any]", inner)) == 1:
        (inner,) = cast("list[Any]", inner)
    is_properties = "Properties" in content
    return (
        cast("dict[str, Any]", inner) if isinstance(inner, dict) and not is_properties else content
    )


def _decode(answer: Response, call: CallInfo, decode: Callable[[bytes], _Decoded]) -> _Decoded:
    try:
        return decode(answer.utf8_body)
    except ResponseTooLarge as error:
        raise ResponseTooLarge(
            error.message, call=call, status=answer.status, hint=error.hint
        ) from None
    except (ValueError, RecursionError):
        raise _build_malformed_error("no JSON", answer, call) from None


def _read_list(
    answer: Response, call: CallInfo, decode: Callable[[bytes], Any]
) -> Mapping[str, Any]:
    """Return the object that holds a list; that of an empty list where there is no content."""
    if answer.status == _NO_CONTENT and not answer.body:
        return {"Total Records": 0}
    content = _decode(answer, call, decode)
    if not isinstance(content, dict):
        raise _build_malformed_error("no JSON object", answer, call)
    return cast("dict[str, Any]", content)


def _read_object(answer: Response, call: CallInfo) -> dict[str, Any]:
    content = read_json(answer, call)
    if not isinstance(content, dict):
        raise _build_malformed_error("no JSON object", answer, call)
    return cast("dict[str, Any]", content)


def _build_malformed_error(what: str, answer: Response, call: CallInfo) -> MalformedResponse:
    hint = None
    charset = _unknown_charset(answer)
    if answer.unread_encoding:
        encoding = one_line(answer.unread_encoding, 60)
        message = f"The answer holds {what} that can be read: it is encoded as {encoding}"
        hint = "Only gzip and deflate are asked for; something between here and there adds it"
    elif charset:
        message = f"The answer holds {what} that can be read: its text is encoded as {charset}"
        hint = "No such encoding is known here"
    elif is_markup(answer):
        words = _read_markup(answer, call.redact)
        kind = "a page of HTML" if _HTML.search(answer.utf8_body[:_EXCERPT_SOURCE]) else "markup"
        message = f"The answer holds {what} but {kind}" + (f": {words}" if words else "")
        hint = "A network's sign-in page, a proxy or another site may have answered"
    else:
        excerpt = _read_excerpt(answer, call.redact)
        begin = f"; it begins: {excerpt}" if excerpt else "; it is empty"
        message = f"The answer holds {what}{begin}"
    return MalformedResponse(message, call=call, status=answer.status, hint=hint)


def _unknown_charset(answer: Response) -> str:
    charset = find_charset(answer.headers.get("content-type", ""))
    return "" if not charset or is_known_charset(charset) else one_line(charset, 60)


def is_markup(answer: Response) -> bool:
    """Return whether a body is a page of HTML or XML, whatever its Content-Type says."""
    return _MARKUP_START.match(answer.utf8_body[:_EXCERPT_SOURCE]) is not None


def _read_markup(answer: Response, redact: Callable[[str], str]) -> str:
    """Return how the text of a page of HTML begins, on one line, without secrets."""
    text = html.unescape(_MARKUP.sub(" ", _read_start(answer, redact)))
    # Tags within a secret are gone by now.
    return one_line(redact(" ".join(text.split())), _EXCERPT_LENGTH)


def _read_excerpt(answer: Response, redact: Callable[[str], str]) -> str:
    """Return how the body begins, on one line; secrets are taken out before it is cut."""
    return one_line(" ".join(_read_start(answer, redact).split()), _EXCERPT_LENGTH)


def _read_start(answer: Response, redact: Callable[[str], str]) -> str:
    """Return how the body begins, long enough for any excerpt, without secrets."""
    body = answer.utf8_body
    text = redact(body[:_EXCERPT_SOURCE].decode("utf-8", "replace"))
    # What was cut off may belong to a secret, of which the rest is not known: that is not shown.
    return text[:-_EXCERPT_MARGIN] if len(body) > _EXCERPT_SOURCE else text
