"""Reads HAR files (HTTP Archive 1.2): what a browser or mitmproxy saves of the calls it saw."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import quote, urlsplit

import msgspec

from cmdm_tui.harness.exchange import Headers

_API_PATH = re.compile(r"(?i)^(?P<base>.*?/api/[^/?#]+)(?=[/?#]|$)")
_UNAUTHORIZED = 401
_DROPPED = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_SAFE_IN_TARGET = "/?#[]@!$&'()*+,;=:%~-._\"<>^`{|}\\"


class HarUnreadable(ValueError):
    """A text that is not a HAR file; the message says why, and ends no sentence."""


@dataclass(frozen=True, slots=True)
class HarCall:
    """One call of a HAR file; header values are Latin-1 text, bodies are decoded.

    `base` is the path of the API before the call, `target` the whole path and query. `body` is None
    where the file does not have it.
    """

    method: str
    origin: str
    base: str
    target: str
    request_headers: Headers
    request_body: bytes
    status: int
    reason: str
    headers: Headers
    body: bytes | None


@dataclass(frozen=True, slots=True)
class HarFile:
    """The calls of the API in a HAR file, in the order of the file; `skipped` counts the rest."""

    calls: tuple[HarCall, ...]
    skipped: int


def parse_har(text: str) -> HarFile:
    """Return the calls below a path such as `/api/v1` that were answered. Raises HarUnreadable."""
    try:
        parsed: Any = msgspec.json.decode(text.removeprefix("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise HarUnreadable(f"it is not JSON ({error})") from None
    entries = _find_entries(parsed)
    try:
        found = [_parse_entry(one) for one in entries]
    except HarUnreadable:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise HarUnreadable("an entry has not the parts that HAR 1.2 names") from None
    calls = [one for one in found if one is not None]
    if calls and not any(_names(one.request_headers, "authorization") for one in calls):
        # A browser leaves out what signs a call in, unless it is asked to save it.
        calls = [_sign(one) for one in calls]
    return HarFile(tuple(calls), len(found) - len(calls))


def _find_entries(parsed: Any) -> list[Any]:
    """Return the entries of a HAR file. Raises HarUnreadable where there is no list of them."""
    try:
        entries = parsed["log"]["entries"]
    except (KeyError, TypeError):
        entries = None
    if not isinstance(entries, list):
        raise HarUnreadable("it has no list of entries (log.entries)")
    return cast("list[Any]", entries)


def _sign(call: HarCall) -> HarCall:
    if call.status == _UNAUTHORIZED or call.target.rstrip("/").casefold().endswith("/authenticate"):
        return call
    return replace(
        call, request_headers=(*call.request_headers, ("authorization", "Bearer recorded-token"))
    )


def _parse_entry(entry: Any) -> HarCall | None:
    request, response = entry["request"], entry["response"]
    origin, target = _split_address(str(request["url"]))
    found = _API_PATH.match(target)
    status = int(response["status"])
    if found is None or not 100 <= status <= 999:
        return None
    posted: Any = request.get("postData") or {}
    return HarCall(
        method=str(request["method"]),
        origin=origin,
        base=found["base"],
        target=target,
        request_headers=tuple(_read_headers(request["headers"])),
        request_body=_read_body(posted, posted.get("params")) or b"",
        status=status,
        reason=str(response.get("statusText") or ""),
        headers=tuple(_read_headers(response["headers"])),
        body=_read_answer(response),
    )


def _split_address(url: str) -> tuple[str, str]:
    """Return the origin of an address, and its path and query as a request line has them."""
    parts = urlsplit(url.partition("#")[0])
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}", quote(target, safe=_SAFE_IN_TARGET)


def _read_headers(lines: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name = str(line["name"]).lower()
        # HTTP/2 has names that begin with a colon; one that is not ASCII was never sent.
        if name.isascii() and not name.startswith(":") and name not in _DROPPED:
            value = str(line["value"]).encode("utf-8", "surrogatepass")
            yield name, value.decode("latin-1")


def _read_answer(response: Any) -> bytes | None:
    content = response["content"]
    body = _read_body(content, None)
    if body is None:
        return None if content.get("size", 0) > 0 else b""
    return body


def _read_body(content: Any, parameters: Any) -> bytes | None:
    text = content.get("text")
    if text is None and parameters:
        pairs = cast("list[dict[str, str]]", parameters)
        text = "&".join(f"{quote(one['name'])}={quote(one.get('value', ''))}" for one in pairs)
    if text is None:
        return None
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise HarUnreadable("a body is not base64") from None
    return str(text).encode("utf-8", "surrogatepass")


def _names(headers: Headers, name: str) -> bool:
    return any(key == name for key, _ in headers)
