"""Requests as they are meant: the documented calls, rightly asked. Input classes spoil them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from cmdm_tui.harness.exchange import Call, Headers, Intent
from cmdm_tui.harness.oracle.contract import BASE, WITHOUT_FIELD_LIST

TOKEN = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable, here and below
BEARER = (("authorization", f"Bearer {TOKEN}"),)
CREDENTIALS = ("client_id", "client_secret", "username", "password")
_OK, _CREATED = frozenset({200}), frozenset({201})


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send: `path` is the raw target, `headers` name secrets by their variables."""

    method: str
    path: str
    intent: Intent
    body: bytes = b""
    headers: Headers = BEARER


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass on the service's clock, where there is a control plane."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Limit:
    """Set the hour's limit so that this many calls are left, where there is a control plane."""

    calls: int


Step = Request | Wait | Limit


def encoded(given: Mapping[str, Any]) -> bytes:
    """Return properties as the body that names them."""
    return msgspec.json.encode(given)


def get(entity: str, external_id: str) -> Request:
    """Ask for one record."""
    return _of_record("GET", "get", entity, external_id)


def delete(entity: str, external_id: str) -> Request:
    """Delete a record."""
    return _of_record("DELETE", "delete", entity, external_id)


def update(entity: str, external_id: str, given: Mapping[str, Any]) -> Request:
    """Change fields of a record."""
    return _of_record("PUT", "update", entity, external_id, given)


def create(entity: str, given: Mapping[str, Any]) -> Request:
    """Create a record."""
    intent = Intent("create", entity, expected=_CREATED, given=given)
    return Request("POST", f"{BASE}/{entity}", intent, encoded(given))


def create_of(child: str, entity: str, external_id: str, given: Mapping[str, Any]) -> Request:
    """Create a task or an opportunity of a record."""
    call: Call = "create-task" if child == "task" else "create-opportunity"
    intent = Intent(call, entity, external_id, expected=_CREATED, given=given)
    path = f"{BASE}/{entity}/{quote(external_id, safe='')}/{child}"
    return Request("POST", path, intent, encoded(given))


def convert(external_id: str, given: Mapping[str, Any] | None = None) -> Request:
    """Convert a lead; `given` are fields of the account."""
    intent = Intent("convert", "lead", external_id, expected=_OK, given=given or {})
    body = b"" if given is None else encoded(given)
    return Request("PUT", f"{BASE}/lead/convert/{quote(external_id, safe='')}", intent, body)


def close(external_id: str, body: bytes = b"") -> Request:
    """Close a task."""
    intent = Intent("close", "task", external_id, expected=_OK)
    return Request("PUT", f"{BASE}/task/close/{quote(external_id, safe='')}", intent, body)


def many(entity: str, query: Mapping[str, str] | None = None) -> Request:
    """Ask for records."""
    return _asking("list", f"{BASE}/{entity}", entity, query)


def fields(entity: str, query: Mapping[str, str] | None = None) -> Request:
    """Ask for the fields of an entity."""
    request = _asking("fields", f"{BASE}/{entity}/fields", entity, query)
    if entity != WITHOUT_FIELD_LIST:
        return request
    intent = Intent("fields", entity, expected=frozenset({404}))
    return Request("GET", request.path, intent)


def sign_in() -> Request:
    """Sign in."""
    intent = Intent("authenticate", expected=_OK, authorization="sign-in")
    lines = tuple((name, f"$CMDM_{name.upper()}") for name in CREDENTIALS)
    return Request("POST", f"{BASE}/authenticate", intent, headers=lines)


def unknown(entity: str, which: int) -> Request:
    """Ask for what is not there: a path, an entity, a path far below a record."""
    path = ("nothing/here/at/all", "nosuchentity", f"{entity}/ZZZZZZZZ/nothing/here")[which]
    intent = Intent("other", expected=frozenset({404}))
    return Request("GET", f"{BASE}/{path}", intent)


def _of_record(
    method: str,
    call: Call,
    entity: str,
    external_id: str,
    given: Mapping[str, Any] | None = None,
) -> Request:
    intent = Intent(call, entity, external_id, expected=_OK, given=given)
    path = f"{BASE}/{entity}/{quote(external_id, safe='')}"
    return Request(method, path, intent, b"" if given is None else encoded(given))


def _asking(call: Call, path: str, entity: str, query: Mapping[str, str] | None) -> Request:
    intent = Intent(call, entity, expected=_OK, query=query or {})
    return Request("GET", path + query_text(query or {}), intent)


def query_text(query: Mapping[str, str]) -> str:
    """Return a query as it stands in a path, question mark included; empty for none."""
    if not query:
        return ""
    return "?" + "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())
