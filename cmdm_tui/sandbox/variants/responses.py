"""What the behaviours make of an answer: its status, its headers, its body."""

import re
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.http.connections import ClientConnection
from cmdm_tui.sandbox.paths import PathSegments, is_sign_in
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema, FieldType
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.variants.external_ids import to_client_id
from cmdm_tui.sandbox.variants.requests import SYSTEM_FIELDS

_HOUR = 3_600
_RATE_HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
_GARBAGE = {
    "x-rate-limit-limit": "unlimited",
    "x-rate-limit-remaining": "-1,5e",
    "x-rate-limit-reset": "soon",
    "x-token-reset": "Tue, 31 Mar 2026 09:30:00 GMT",
}
METADATA_NAMES = {
    "Name": "FieldName",
    "Label": "Caption",
    "Type": "DataType",
    "Required": "Mandatory",
    "ReadOnly": "Locked",
    "MaxLength": "Length",
    "Options": "Choices",
    "LookupEntity": "Target",
}
TYPE_NAMES = {
    "Text": "String",
    "Number": "Decimal",
    "Currency": "Money",
    "DateTime": "Timestamp",
    "Boolean": "Checkbox",
    "Picklist": "Dropdown",
    "Lookup": "Reference",
}
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?")
_ERROR = 400

Body = dict[str, Any]


def variant_status(behaviours: BehaviourChoices, status: int, *, is_sign_in: bool) -> int:
    """Return the status with which another service refuses what the sandbox does with `status`."""
    match status:
        case 401 if not is_sign_in:
            return int(behaviours["token_refused"])
        case 400 if is_sign_in:
            return int(behaviours["sign_in_header_missing"])
        case 404:
            return int(behaviours["unknown"])
        case 405:
            return int(behaviours["other_method"])
        case _:
            return status


class VariantResponseMiddleware:
    """Turns what `app` answers into what a service would that behaves otherwise.

    The answer is held back until it is whole, so nothing is streamed while a behaviour is chosen.
    """

    def __init__(self, app: ASGIApp, behaviours: BehaviourChoices, clock: Clock) -> None:
        self._app = app
        self._behaviours = behaviours
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._behaviours.chosen:
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        if not held:
            return
        start = held[0]
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]
        }
        body = b"".join(message.get("body", b"") for message in held[1:])
        answer = _VariantResponse(
            self._behaviours, self._clock, scope["segments"], start["status"], headers
        )
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and (
            self._behaviours["large_body"] == "closed"
        ):
            await ClientConnection.of(scope).close_early(receive)
            return
        body = answer.rewritten(body)
        answer.headers["content-length"] = str(len(body))
        lines = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": body})


class _VariantResponse:
    """One answer on its way from the sandbox's to another service's."""

    def __init__(
        self,
        behaviours: BehaviourChoices,
        clock: Clock,
        segments: PathSegments | None,
        status: int,
        headers: dict[str, str],
    ) -> None:
        self._behaviours = behaviours
        self._clock = clock
        self._segments = tuple(segment.lower() for segment in segments or ())
        self._is_sign_in = is_sign_in(segments)
        self.status = status
        self.headers = headers

    def rewritten(self, body: bytes) -> bytes:
        """Return the body as it is sent, status and headers being rewritten too."""
        if self.status < _ERROR and self._behaviours.chosen and body:
            body = self._of_success(msgspec.json.decode(body))
        if self.status >= _ERROR:
            self.status = self._other_status()
            body = self._of_error(body)
        self._rewrite_headers()
        return body

    # Errors

    def _other_status(self) -> int:
        status = variant_status(self._behaviours, self.status, is_sign_in=self._is_sign_in)
        if status != self.status:
            # What these say belongs to the sandbox's own status.
            for name in ("www-authenticate", "allow"):
                self.headers.pop(name, None)
        return status

    def _of_error(self, body: bytes) -> bytes:
        words = f"{self.status} {HTTPStatus(self.status).phrase}"
        match self._behaviours["error_body"]:
            case "html":
                self.headers["content-type"] = "text/html; charset=utf-8"
                return f"<!DOCTYPE html>\n<title>{words}</title>\n<h1>{words}</h1>\n".encode()
            case "text":
                self.headers["content-type"] = "text/plain; charset=utf-8"
                return words.encode()
            case "empty":
                self.headers.pop("content-type", None)
                return b""
            case "other-json":
                message = msgspec.json.decode(body)["Message"]
                error = {"code": self.status, "details": [{"reason": message}]}
                return msgspec.json.encode({"error": error, "success": False})
            case "array":
                return msgspec.json.encode([msgspec.json.decode(body)["Message"], None, 1.5])
            case _:
                return body

    def _rewrite_headers(self) -> None:
        for names, choice in (
            (_RATE_HEADERS, self._behaviours["rate_headers"]),
            (("x-token-reset",), self._behaviours["token_header"]),
        ):
            for name in names:
                if choice == "missing":
                    self.headers.pop(name, None)
                elif choice == "garbage" and name in self.headers:
                    self.headers[name] = _GARBAGE[name]
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            now = self._clock.now()
            until = (int(now) // _HOUR + 1) * _HOUR
            match self._behaviours["retry_after"]:
                case "seconds":
                    self.headers["retry-after"] = str(max(1, until - int(now)))
                case "date":
                    self.headers["retry-after"] = formatdate(until, usegmt=True)
                case _:
                    pass

    # Successes

    def _of_success(self, body: Body) -> bytes:
        entity = ENTITIES.get(self._segments[0]) if self._segments else None
        if entity is not None:
            if "Field" in body:
                body = self._field_list(body)
            elif "Entity" in body:
                body = self._list(body, entity)
            elif "Properties" in body:
                body = self._record(body, entity)
            else:
                body = {name: self._id(name, value) for name, value in body.items()}
        return msgspec.json.encode(body)

    def _id(self, name: str, value: str) -> str:
        is_id = name.endswith("ExternalID")
        return to_client_id(self._behaviours["external_ids"], value) if is_id else value

    def _is_past_the_end(self, records: list[Body], total: str) -> bool:
        return self._behaviours["past_the_end"] == "404" and not records and total != "0"

    def _list(self, body: Body, entity: EntitySchema) -> Body:
        records: list[Body] = body.pop("Entity")
        if self._is_past_the_end(records, body["Total Records"]):
            self.status = 404
            return {"Message": "There is no such page."}
        key = "Entity" if self._behaviours["list_key"] == "Entity" else entity.name
        return self._totals(body) | {key: [self._record(record, entity) for record in records]}

    def _field_list(self, body: Body) -> Body:
        fields: list[Body] = body.pop("Field")
        if self._is_past_the_end(fields, body["Total Records"]):
            self.status = 404
            return {"Message": "There is no such page."}
        if self._behaviours["system_fields"] == "absent":
            fields = [one for one in fields if one["Properties"]["Name"] not in SYSTEM_FIELDS]
        for field in fields:
            field["ExternalID"] = self._id("ExternalID", field["ExternalID"])
            field["Properties"] = self._metadata(field["Properties"])
        return self._totals(body) | {"Field": fields}

    def _totals(self, body: Body) -> Body:
        is_numbers = self._behaviours["totals"] == "numbers"
        return {name: int(value) if is_numbers else value for name, value in body.items()}

    def _metadata(self, properties: dict[str, str]) -> dict[str, str]:
        match self._behaviours["field_metadata"]:
            case "empty":
                return {}
            case "other-names":
                kind = properties["Type"]
                properties = properties | {"Type": TYPE_NAMES.get(kind, kind)}
                return {METADATA_NAMES[name]: value for name, value in properties.items()}
            case _:
                return properties

    def _record(self, record: Body, entity: EntitySchema) -> Body:
        properties: dict[str, str | None] = record["Properties"]
        if self._behaviours["system_fields"] == "absent":
            properties = {
                name: value for name, value in properties.items() if name not in SYSTEM_FIELDS
            }
        values = {name: self._value(entity, name, value) for name, value in properties.items()}
        return {"ExternalID": self._id("ExternalID", record["ExternalID"]), "Properties": values}

    def _value(self, entity: EntitySchema, name: str, value: str | None) -> object:
        if value is None:
            return None
        kind = entity.by_name[name].type
        if name.endswith("ExternalID"):
            value = self._id(name, value)
        shape = _SHAPES.get(self._behaviours["values"])
        return value if shape is None else shape(kind, value)


def _as_json(kind: FieldType, value: str) -> object:
    if kind is FieldType.BOOLEAN:
        return value == "true"
    if kind in {FieldType.NUMBER, FieldType.CURRENCY} and _PLAIN_NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _as_nested(kind: FieldType, value: str) -> object:
    match kind:
        case FieldType.LOOKUP:
            return {"ExternalID": value, "Entity": {"Name": "account"}}
        case FieldType.CURRENCY:
            return {"Amount": _as_json(kind, value), "Currency": "GBP"}
        case FieldType.PICKLIST:
            return [value]
        case _:
            return _as_json(kind, value)


_SHAPES: dict[str, Callable[[FieldType, str], object]] = {"json": _as_json, "nested": _as_nested}
