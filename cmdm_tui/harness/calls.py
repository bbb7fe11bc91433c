"""The documented calls as requests, and back: what a method, a path and a body ask for.

The client, the sandbox and the oracle each have their own: none of them shares code with this one,
so that a mistake in one does not hide in another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote

import msgspec

from cmdm_tui.harness.exchange import API_PATH, Call, Headers, Intent

TOKEN = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable, here and below
BEARER_HEADERS = (("authorization", f"Bearer {TOKEN}"),)
CONTENT_TYPE_HEADER = ("content-type", "application/json")
BODY_HEADERS = (*BEARER_HEADERS, CONTENT_TYPE_HEADER)
"""The headers of a request with a body: all bodies are JSON (`api.md`)."""
CREDENTIAL_NAMES = ("client_id", "client_secret", "username", "password")
CHILD_CALLS: Mapping[str, Call] = {"task": "create-task", "opportunity": "create-opportunity"}

_OK, _CREATED, _NOT_FOUND = frozenset({200}), frozenset({201}), frozenset({404})
_ENTITY_WITHOUT_FIELD_LIST = "task"
_RECORD_CALLS: Mapping[str, Call] = {"GET": "get", "PUT": "update", "DELETE": "delete"}
_ENTITY_CALLS: Mapping[str, Call] = {"GET": "list", "POST": "create"}
_PARAMETERS = frozenset({"fields", "per_page", "page", "sort_by", "sort_order"})
_CALLS_WITH_FIELDS: frozenset[Call] = frozenset(
    {"create", "create-task", "create-opportunity", "update", "convert"}
)


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A request to send: `path` is the raw target, `headers` name secrets by their variables."""

    method: str
    path: str
    intent: Intent
    body: bytes = b""
    headers: Headers = BEARER_HEADERS

    @property
    def target(self) -> str:
        """The path and query after the API's own path."""
        return self.path.removeprefix(API_PATH)


class PathPart(str):
    """Text that is written into a path as it is: a placeholder of a case, for example."""

    __slots__ = ()


def encode_properties(given: Mapping[str, Any]) -> bytes:
    """Return properties as a JSON body."""
    return msgspec.json.encode(given)


def format_query(query: Mapping[str, str]) -> str:
    """Return a query as it is written in a path, question mark included; empty for none."""
    if not query:
        return ""
    return "?" + "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())


# The calls, in the order of the contract's table


def sign_in() -> CallRequest:
    """Sign in."""
    intent = Intent("authenticate", expected=_OK, authorization="sign-in")
    lines = tuple((name, f"$CMDM_{name.upper()}") for name in CREDENTIAL_NAMES)
    return CallRequest("POST", f"{API_PATH}/authenticate", intent, headers=lines)


def get_record(entity: str, external_id: str) -> CallRequest:
    """Retrieve one record."""
    return _record_request("GET", "get", entity, external_id)


def list_records(entity: str, query: Mapping[str, str] | None = None) -> CallRequest:
    """Retrieve many records."""
    return _list_request("list", f"{API_PATH}/{entity}", entity, query)


def list_fields(entity: str, query: Mapping[str, str] | None = None) -> CallRequest:
    """Retrieve the fields of an entity."""
    request = _list_request("fields", f"{API_PATH}/{entity}/fields", entity, query)
    if entity != _ENTITY_WITHOUT_FIELD_LIST:
        return request
    return CallRequest("GET", request.path, Intent("fields", entity, expected=_NOT_FOUND))


def create_record(entity: str, given: Mapping[str, Any]) -> CallRequest:
    """Create a record."""
    intent = Intent("create", entity, expected=_CREATED, given=given)
    return _with_body("POST", f"{API_PATH}/{entity}", intent, encode_properties(given))


def create_child(
    child: str, entity: str, external_id: str, given: Mapping[str, Any]
) -> CallRequest:
    """Create a task or an opportunity of a record."""
    intent = Intent(CHILD_CALLS[child], entity, external_id, expected=_CREATED, given=given)
    path = f"{API_PATH}/{entity}/{_quote_id(external_id)}/{child}"
    return _with_body("POST", path, intent, encode_properties(given))


def update_record(entity: str, external_id: str, given: Mapping[str, Any]) -> CallRequest:
    """Change fields of a record."""
    return _record_request("PUT", "update", entity, external_id, given)


def convert_lead(external_id: str, given: Mapping[str, Any] | None = None) -> CallRequest:
    """Convert a lead; `given` are fields of the account, None for no body."""
    intent = Intent("convert", "lead", external_id, expected=_OK, given=given or {})
    body = b"" if given is None else encode_properties(given)
    return _with_body("PUT", f"{API_PATH}/lead/convert/{_quote_id(external_id)}", intent, body)


def close_task(external_id: str, body: bytes = b"") -> CallRequest:
    """Close a task."""
    intent = Intent("close", "task", external_id, expected=_OK)
    return _with_body("PUT", f"{API_PATH}/task/close/{_quote_id(external_id)}", intent, body)


def delete_record(entity: str, external_id: str) -> CallRequest:
    """Delete a record."""
    return _record_request("DELETE", "delete", entity, external_id)


def get_unknown(path: str) -> CallRequest:
    """Retrieve something that is not there."""
    return CallRequest("GET", f"{API_PATH}/{path}", Intent("other", expected=_NOT_FOUND))


def _quote_id(external_id: str) -> str:
    return external_id if isinstance(external_id, PathPart) else quote(external_id, safe="")


def _record_request(
    method: str,
    call: Call,
    entity: str,
    external_id: str,
    given: Mapping[str, Any] | None = None,
) -> CallRequest:
    intent = Intent(call, entity, external_id, expected=_OK, given=given)
    path = f"{API_PATH}/{entity}/{_quote_id(external_id)}"
    return _with_body(method, path, intent, b"" if given is None else encode_properties(given))


def _with_body(method: str, path: str, intent: Intent, body: bytes) -> CallRequest:
    """Return a request whose body, where it has one, is declared as JSON."""
    return CallRequest(method, path, intent, body, BODY_HEADERS if body else BEARER_HEADERS)


def _list_request(
    call: Call, path: str, entity: str, query: Mapping[str, str] | None
) -> CallRequest:
    intent = Intent(call, entity, expected=_OK, query=query or {})
    return CallRequest("GET", path + format_query(query or {}), intent)


# And back


def parse_call(method: str, route: str) -> tuple[Call, str, str]:
    """Return the call that a method and a route make, its entity and its external id.

    `route` is the path after the API's own path, without a query. What is not a documented call is
    `other`.
    """
    parts = [unquote(part) for part in route.strip("/").split("/")]
    words = [part.casefold() for part in parts]
    match method, words:
        case "POST", ["authenticate"]:
            return "authenticate", "", ""
        case (("GET" | "POST"), [entity]):
            return _ENTITY_CALLS[method], entity, ""
        case "GET", [entity, "fields"]:
            return "fields", entity, ""
        case (("GET" | "PUT" | "DELETE"), [entity, _]):
            return _RECORD_CALLS[method], entity, parts[1]
        case "PUT", ["lead", "convert", _]:
            return "convert", "lead", parts[2]
        case "PUT", ["task", "close", _]:
            return "close", "task", parts[2]
        case "POST", [entity, _, child] if child in CHILD_CALLS:
            return CHILD_CALLS[child], entity, parts[1]
        case _:
            return "other", "", ""


def parse_given(call: Call, body: bytes) -> Mapping[str, Any] | None:
    """Return the properties that a body names, None where the call or the body has none."""
    if call not in _CALLS_WITH_FIELDS:
        return None
    try:
        value: object = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def parse_query(call: Call, query: str) -> Mapping[str, str] | None:
    """Return a list call's parameters, None for another call and for parameters that are wrong."""
    if call not in {"list", "fields"}:
        return None
    pairs = [part.partition("=") for part in query.split("&") if part]
    known = [(name, unquote(value)) for name, _, value in pairs if name in _PARAMETERS]
    found = dict(known)
    numbers = [found[name] for name in ("per_page", "page") if name in found]
    is_valid = (
        len(found) == len(known)
        and all(found.values())
        and len(numbers) != 1
        and all(one.isascii() and one.isdigit() and one.strip("0") for one in numbers)
        and found.get("sort_order", "asc") in {"asc", "desc"}
    )
    return found if is_valid else None
