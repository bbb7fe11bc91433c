"""Reading a request: one header of it, and a body that is one JSON object within the limit."""

import json
from collections.abc import Mapping, Sequence

from starlette.requests import Request

from cmdm_tui.sandbox.errors import Refusal, quote

MAX_BODY_BYTES = 1024 * 1024
"""In bytes (api.md)."""

RequestHeaders = Sequence[tuple[bytes, bytes]]


def get_single_header(headers: RequestHeaders, name: bytes) -> bytes | None:
    """Return the value of a header that was sent once; None when it is missing or repeated."""
    values = [value for key, value in headers if key == name]
    return values[0] if len(values) == 1 else None


async def read_json_object(
    request: Request, *, may_be_absent: bool = False
) -> Mapping[str, object]:
    """Return the body as a JSON object; an absent one as an empty object where it may be absent.

    Raises `Refusal`: 413 for a body that turns out to be over `MAX_BODY_BYTES`; 400 for one that is
    not an object of JSON in UTF-8, repeats a key, or holds a number or text that JSON or UTF-8 has
    no form for (NaN, half a surrogate pair). The `Content-Type` is ignored.
    """
    body = await _read_body(request)
    if may_be_absent and not body.strip():
        return {}
    try:
        value: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_build_object, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise Refusal(400, f"The body is not UTF-8 (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(400, f"The body is not JSON: {error.msg} ({where}).") from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or values nested thousands deep.
        raise Refusal(400, "The body is not JSON that this server reads.") from error
    if not isinstance(value, dict):
        raise Refusal(400, "The body must be a JSON object: {…}.")
    return value  # pyright: ignore[reportUnknownVariableType] (_object makes every dict)


def refuse_declared_size(headers: RequestHeaders) -> None:
    """Raise `Refusal` 413 when a body over `MAX_BODY_BYTES` is announced, before it is read."""
    sizes = [value for name, value in headers if name == b"content-length"]
    if any(int(size) > MAX_BODY_BYTES for size in sizes):
        raise _refuse_size()


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise _refuse_size()
    return bytes(body)


def _refuse_size() -> Refusal:
    return Refusal(413, f"The body is over {MAX_BODY_BYTES} bytes.")


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise Refusal(400, f"The body names {quote(name)} twice.")
        if not _is_encodable(name) or (isinstance(value, str) and not _is_encodable(value)):
            # Cassettes hold these words.
            raise Refusal(400, f"{quote(name)} holds half a surrogate pair, which is no text.")
        found[name] = value
    return found


def _refuse_constant(name: str) -> object:
    # Cassettes hold these words.
    raise Refusal(400, f"The body is not JSON: {name} is no JSON value.")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
