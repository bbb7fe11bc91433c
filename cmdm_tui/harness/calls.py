"""Requests as they are meant: the documented calls, rightly asked. Input classes spoil them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from cmdm_tui.harness.exchange import Call, Headers, Intent
from cmdm_tui.harness.oracle.contract import BASE, ENTITY_WITHOUT_FIELD_LIST

TOKEN = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable, here and below
BEARER_HEADERS = (("authorization", f"Bearer {TOKEN}"),)
CREDENTIAL_NAMES = ("client_id", "client_secret", "username", "password")
_OK, _CREATED = frozenset({200}), frozenset({201})


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A request to send: `path` is the raw target, `headers` name secrets by their variables."""

    method: str
    path: str
    intent: Intent
    body: bytes = b""
    headers: Headers = BEARER_HEADERS


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Let time pass on the service's clock, where there is a control plane."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SetCallsLeft:
    """Set the hour's limit so that this many calls are left, where there is a control plane."""

    calls: int


FuzzStep = CallRequest | AdvanceClock | SetCallsLeft


def encode_properties(given: Mapping[str, Any]) -> bytes:
    """Return properties as the body that names them."""
    return msgspec.json.encode(given)


def get_record(entity: str, external_id: str) -> CallRequest:
    """Ask for one record."""
    return _record_request("GET", "get", entity, external_id)


def delete_record(entity: str, external_id: str) -> CallRequest:
    """Delete a record."""
    return _record_request("DELETE", "delete", entity, external_id)


def update_record(entity: str, external_id: str, given: Mapping[str, Any]) -> CallRequest:
    """Change fields of a record."""
    return _record_request("PUT", "update", entity, external_id, given)


def create_record(entity: str, given: Mapping[str, Any]) -> CallRequest:
    """Create a record."""
    intent = Intent("create", entity, expected=_CREATED, given=given)
    return CallRequest("POST", f"{BASE}/{entity}", intent, encode_properties(given))


def create_child(
    child: str, entity: str, external_id: str, given: Mapping[str, Any]
) -> CallRequest:
    """Create a task or an opportunity of a record."""
    call: Call = "create-task" if child == "task" else "create-opportunity"
    intent = Intent(call, entity, external_id, expected=_CREATED, given=given)
    path = f"{BASE}/{entity}/{quote(external_id, safe='')}/{child}"
    return CallRequest("POST", path, intent, encode_properties(given))


def convert_lead(external_id: str, given: Mapping[str, Any] | None = None) -> CallRequest:
    """Convert a lead; `given` are fields of the account."""
    intent = Intent("convert", "lead", external_id, expected=_OK, given=given or {})
    body = b"" if given is None else encode_properties(given)
    return CallRequest("PUT", f"{BASE}/lead/convert/{quote(external_id, safe='')}", intent, body)


def close_task(external_id: str, body: bytes = b"") -> CallRequest:
    """Close a task."""
    intent = Intent("close", "task", external_id, expected=_OK)
    return CallRequest("PUT", f"{BASE}/task/close/{quote(external_id, safe='')}", intent, body)


def list_records(entity: str, query: Mapping[str, str] | None = None) -> CallRequest:
    """Ask for records."""
    return _list_request("list", f"{BASE}/{entity}", entity, query)


def list_fields(entity: str, query: Mapping[str, str] | None = None) -> CallRequest:
    """Ask for the fields of an entity."""
    request = _list_request("fields", f"{BASE}/{entity}/fields", entity, query)
    if entity != ENTITY_WITHOUT_FIELD_LIST:
        return request
    intent = Intent("fields", entity, expected=frozenset({404}))
    return CallRequest("GET", request.path, intent)


def sign_in() -> CallRequest:
    """Sign in."""
    intent = Intent("authenticate", expected=_OK, authorization="sign-in")
    lines = tuple((name, f"$CMDM_{name.upper()}") for name in CREDENTIAL_NAMES)
    return CallRequest("POST", f"{BASE}/authenticate", intent, headers=lines)


def get_unknown(entity: str, which: int) -> CallRequest:
    """Ask for what is not there: a path, an entity, a path far below a record."""
    path = ("nothing/here/at/all", "nosuchentity", f"{entity}/ZZZZZZZZ/nothing/here")[which]
    intent = Intent("other", expected=frozenset({404}))
    return CallRequest("GET", f"{BASE}/{path}", intent)


def _record_request(
    method: str,
    call: Call,
    entity: str,
    external_id: str,
    given: Mapping[str, Any] | None = None,
) -> CallRequest:
    intent = Intent(call, entity, external_id, expected=_OK, given=given)
    path = f"{BASE}/{entity}/{quote(external_id, safe='')}"
    return CallRequest(method, path, intent, b"" if given is None else encode_properties(given))


def _list_request(
    call: Call, path: str, entity: str, query: Mapping[str, str] | None
) -> CallRequest:
    intent = Intent(call, entity, expected=_OK, query=query or {})
    return CallRequest("GET", path + query_text(query or {}), intent)


def query_text(query: Mapping[str, str]) -> str:
    """Return a query as it stands in a path, question mark included; empty for none."""
    if not query:
        return ""
    return "?" + "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())
