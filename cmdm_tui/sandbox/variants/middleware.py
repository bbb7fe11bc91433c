"""Where the variants change requests and answers: one middleware before the routes, one after."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.api_constants import PathSegments, is_sign_in
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.http.connections import ClientConnection
from cmdm_tui.sandbox.http.requests import read_json_object, refuse_declared_size
from cmdm_tui.sandbox.http.responses import refusal_response
from cmdm_tui.sandbox.routes import field_list_response
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema, WireType
from cmdm_tui.sandbox.variants import (
    external_ids,
    field_values,
    fields,
    lists,
    rate_limit,
    refusals,
    request_bodies,
)
from cmdm_tui.sandbox.variants.choices import BehaviourChoices

_BODY_BEHAVIOURS = ("external_ids", "values", "malformed_body", "content_type")
_FIRST_ERROR = 400

Body = dict[str, Any]


class VariantRequestMiddleware:
    """Hands `app` the request that the sandbox needs for the chosen answer, or refuses it."""

    def __init__(self, app: ASGIApp, choices: BehaviourChoices) -> None:
        self._app = app
        self._choices = choices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        segments: PathSegments | None = scope["segments"]
        if not self._choices.chosen or segments is None:
            await self._app(scope, receive, send)
            return
        try:
            if fields.is_task_field_list(self._choices, segments):
                await _respond_with_task_fields(scope, receive, send)
                return
            self._rewrite_query(scope, segments)
            scope["segments"] = external_ids.rewrite_path(self._choices, segments)
            receive = await self._rewrite_body(scope, receive)
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _rewrite_query(self, scope: Scope, segments: PathSegments) -> None:
        entity = ENTITIES.get(segments[0].lower()) if segments else None
        is_field_list = len(segments) == 2 and segments[1].lower() == "fields"
        if entity is None or scope["method"] != "GET" or not (len(segments) == 1 or is_field_list):
            return
        if is_field_list:
            fields.refuse_absent_list(self._choices, entity)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rewritten = lists.rewrite_query(self._choices, query)
        rewritten = fields.rewrite_query(self._choices, rewritten, entity)
        if rewritten != query:
            encoded = urlencode(rewritten, errors="surrogateescape")
            scope["query_string"] = encoded.encode("ascii")

    async def _rewrite_body(self, scope: Scope, receive: Receive) -> Receive:
        entity = _entity_of_body(scope["method"], scope["segments"])
        if entity is None or not self._choices.changes_any(_BODY_BEHAVIOURS):
            return receive
        refuse_declared_size(scope["headers"])
        request = Request(scope, receive)
        content_type = request.headers.get("content-type", "")
        request_bodies.check_content_type(self._choices, content_type)
        try:
            given = await read_json_object(request, may_be_absent=scope["method"] == "PUT")
        except Refusal as refusal:
            raise request_bodies.rewrite_refusal(self._choices, refusal) from refusal
        return _replay(msgspec.json.encode(self._to_stored(entity, given)))

    def _to_stored(self, entity: EntitySchema, given: Mapping[str, object]) -> dict[str, object]:
        stored: dict[str, object] = {}
        for name, value in given.items():
            field = entity.by_name.get(name)
            is_id = field is not None and field.type is WireType.LOOKUP
            if is_id and isinstance(value, str):
                stored[name] = external_ids.to_stored_id(self._choices["external_ids"], value)
            else:
                stored[name] = field_values.to_stored_value(self._choices, value)
        return stored


class VariantResponseMiddleware:
    """Turns what `app` answers into what the chosen behaviours answer.

    The answer is held until it is complete, so nothing is streamed while a behaviour is chosen.
    """

    def __init__(self, app: ASGIApp, choices: BehaviourChoices, clock: Clock) -> None:
        self._app = app
        self._choices = choices
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._choices.chosen:
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        if not held:
            return
        status: int = held[0]["status"]
        if request_bodies.closes_connection(self._choices, status):
            await ClientConnection.of(scope).close_early(receive)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in held[0]["headers"]
        }
        body = b"".join(message.get("body", b"") for message in held[1:])
        status, body = self._rewrite(scope["segments"], status, body, headers)
        headers["content-length"] = str(len(body))
        lines = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
        ]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    def _rewrite(
        self, segments: PathSegments | None, status: int, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Return status and body as they are sent; the headers are changed in place."""
        if status < _FIRST_ERROR and body:
            try:
                body = self._rewrite_success(segments or (), body)
            except Refusal as refusal:
                status = refusal.status
                body = msgspec.json.encode({"Message": refusal.message})
        if status >= _FIRST_ERROR:
            status = self._rewrite_status(segments, status, headers)
            body = refusals.rewrite_body(self._choices, status, body, headers)
        rate_limit.rewrite_headers(self._choices, headers, status, self._clock.now())
        return status, body

    def _rewrite_status(
        self, segments: PathSegments | None, status: int, headers: dict[str, str]
    ) -> int:
        own = status
        status = refusals.rewrite_status(self._choices, own, is_sign_in=is_sign_in(segments))
        if status != own:
            # What these say belongs to the sandbox's own status.
            for name in ("www-authenticate", "allow"):
                headers.pop(name, None)
        return status

    def _rewrite_success(self, segments: PathSegments, encoded: bytes) -> bytes:
        entity = ENTITIES.get(segments[0].lower()) if segments else None
        if entity is None:
            return encoded
        body: Body = msgspec.json.decode(encoded)
        if "Field" in body:
            body = self._rewrite_field_list(body)
        elif "Entity" in body:
            body = self._rewrite_list(body, entity)
        elif "Properties" in body:
            body = self._rewrite_record(body, entity)
        else:
            body = {
                name: external_ids.rewrite_value(self._choices, name, value)
                for name, value in body.items()
            }
        return msgspec.json.encode(body)

    def _rewrite_list(self, body: Body, entity: EntitySchema) -> Body:
        records: list[Body] = body.pop("Entity")
        lists.refuse_missing_page(self._choices, records, body["Total Records"])
        key = lists.get_list_key(self._choices, entity)
        totals = lists.rewrite_totals(self._choices, body)
        return totals | {key: [self._rewrite_record(record, entity) for record in records]}

    def _rewrite_field_list(self, body: Body) -> Body:
        described: list[Body] = body.pop("Field")
        lists.refuse_missing_page(self._choices, described, body["Total Records"])
        by_name = {one["Properties"]["Name"]: one for one in described}
        kept = fields.without_system_fields(self._choices, by_name)
        rewritten = [
            {
                "ExternalID": external_ids.rewrite_value(
                    self._choices, "ExternalID", one["ExternalID"]
                ),
                "Properties": fields.rewrite_metadata(self._choices, one["Properties"]),
            }
            for one in kept.values()
        ]
        return lists.rewrite_totals(self._choices, body) | {"Field": rewritten}

    def _rewrite_record(self, record: Body, entity: EntitySchema) -> Body:
        properties = fields.without_system_fields(self._choices, record["Properties"])
        values = {
            name: self._rewrite_value(entity, name, value) for name, value in properties.items()
        }
        external_id = external_ids.rewrite_value(self._choices, "ExternalID", record["ExternalID"])
        return {"ExternalID": external_id, "Properties": values}

    def _rewrite_value(self, entity: EntitySchema, name: str, value: str | None) -> object:
        if value is None:
            return None
        value = external_ids.rewrite_value(self._choices, name, value)
        return field_values.to_client_value(self._choices, entity.by_name[name].type, value)


async def _respond_with_task_fields(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] != "GET":
        raise Refusal(405, "This path has GET alone.", {"Allow": "GET"})
    response = field_list_response(ENTITIES["task"], QueryParams(scope["query_string"]))
    await response(scope, receive, send)


def _entity_of_body(method: str, segments: PathSegments) -> EntitySchema | None:
    """Return the entity whose fields a request's body holds, None without such a body."""
    lowered = [segment.lower() for segment in segments]
    if not lowered or lowered[0] not in ENTITIES:
        return None
    match method, lowered:
        case ("PUT", ["lead", "convert", _]):
            return ENTITIES["account"]
        case ("POST", [_, _, child]):
            return ENTITIES.get(child)
        case ("POST", [entity]) | ("PUT", [entity, _]):
            return ENTITIES[entity]
        case _:
            return None


def _replay(body: bytes) -> Receive:
    """Return a function that gives a body again that was already read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
