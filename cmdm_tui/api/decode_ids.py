"""Finds the external id in the answer to a create or a conversion, whole or broken off."""

import json
import re
from typing import Any, cast
from urllib.parse import unquote

from cmdm_tui.api.decode_lists import parse_text
from cmdm_tui.api.errors import ResponseTooLarge
from cmdm_tui.api.json_body import decode_json
from cmdm_tui.api.models import Response

_CREATED = 201
_DOCUMENTED_ENTITIES = frozenset({"account", "contact", "lead", "opportunity", "task"})
_JSON_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_FIRST_PAIR = re.compile(rb'\s*\{\s*("[^"\\]*")\s*:\s*("(?:[^"\\]++|\\.)*+"|\d+(?=\s*[,}]))')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def find_new_id(answer: Response, keys: tuple[str, ...], entity: str) -> str | None:
    """Return the id that the body names under one of the `keys`, else the `Location`.

    None where neither does. Of a body that breaks off behind the id, its first name and value are
    read.
    """
    body = answer.utf8_body.removeprefix(_BYTE_ORDER_MARK)
    wanted = {key.casefold() for key in keys}
    try:
        content = decode_json(body)
    except (ValueError, RecursionError, ResponseTooLarge):
        return _read_cut_id(body, wanted) or _read_location(answer, entity)
    if isinstance(content, dict):
        for key, value in cast("dict[str, Any]", content).items():
            if key.casefold() in wanted and (external_id := parse_text(value)) is not None:
                return external_id
    return _read_location(answer, entity)


def is_json_with(external_id: str, body: bytes) -> bool:
    """Return whether a body in UTF-8 is a JSON object that has this id as one of its values."""
    try:
        content = decode_json(body.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError, ResponseTooLarge):
        return False
    values = cast("dict[str, Any]", content).values() if isinstance(content, dict) else ()
    return any(parse_text(value) == external_id for value in values)


def is_cut_json(body: bytes) -> bool:
    """Return whether a body in UTF-8 is the beginning of JSON: a text or a bracket stays open."""
    text = body.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not text.startswith((b"{", b"[")):
        return False
    bare = _JSON_TEXT.sub(b"", text)
    opened = bare.count(b"{") + bare.count(b"[")
    return b'"' in bare or opened > bare.count(b"}") + bare.count(b"]")


def _read_cut_id(body: bytes, wanted: set[str]) -> str | None:
    """Return the id at the start of an object that breaks off behind it."""
    found = _FIRST_PAIR.match(body)
    try:
        key, value = (json.loads(part) for part in found.groups()) if found else ("", "")
    except ValueError:
        return None
    return parse_text(value) if key.casefold() in wanted else None


def _read_location(answer: Response, entity: str) -> str | None:
    """Return the last segment of the `Location` of a created record.

    The segment before it is the entity; a 201 may also point to another path, if not to that of
    another entity: of a parent, or of the lead that was converted.
    """
    path = re.split(r"[?#]", answer.headers.get("location", "").strip())[0]
    host_and_path = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*", "", path)
    segments = [unquote(segment) for segment in host_and_path.split("/") if segment]
    if not segments or segments[-1].casefold() == entity.casefold():
        return None
    before = segments[-2].casefold() if len(segments) > 1 else ""
    if before == entity.casefold():
        return segments[-1]
    named = re.sub(r"ies$", "y", before).removesuffix("s")
    is_of_another = named in _DOCUMENTED_ENTITIES - {entity.casefold()}
    return segments[-1] if answer.status == _CREATED and not is_of_another else None
