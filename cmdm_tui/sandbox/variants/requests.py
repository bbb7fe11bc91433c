"""What the behaviours make of a request, before the routes see it and after it was let in."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.http.requests import read_json_object, refuse_declared_size
from cmdm_tui.sandbox.http.responses import refusal_response
from cmdm_tui.sandbox.paths import PathSegments
from cmdm_tui.sandbox.routes import field_list_response
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema, FieldType
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.variants.external_ids import to_stored_id

SYSTEM_FIELDS = ("CreatedDate", "ModifiedDate")
_PARAMETERS = {"fields", "per_page", "page", "sort_by", "sort_order"}
_OF_A_LIST = (
    "unknown_parameters",
    "page_cap",
    "default_page",
    "unknown_names",
    "system_fields",
)
_OF_A_BODY = ("external_ids", "values", "malformed_body", "content_type")
_ACTIONS = (("lead", "convert"), ("task", "close"))

QueryPairs = list[tuple[str, str]]


class VariantRequestMiddleware:
    """Hands `app` the request that the sandbox would have needed, or refuses it."""

    def __init__(self, app: ASGIApp, behaviours: BehaviourChoices) -> None:
        self._app = app
        self._behaviours = behaviours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        segments: PathSegments | None = scope["segments"]
        if not self._behaviours.chosen or segments is None:
            await self._app(scope, receive, send)
            return
        try:
            if self._is_task_fields(segments):
                await _task_fields_answer(scope)(scope, receive, send)
                return
            self._rewrite_list(scope, segments)
            scope["segments"] = self._with_stored_id(segments)
            receive = await self._with_stored_body(scope, receive)
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_task_fields(self, segments: PathSegments) -> bool:
        wanted = tuple(segment.lower() for segment in segments) == ("task", "fields")
        return wanted and self._behaviours["task_fields"] == "200"

    def _rewrite_list(self, scope: Scope, segments: PathSegments) -> None:
        entity = ENTITIES.get(segments[0].lower()) if segments else None
        is_field_list = len(segments) == 2 and segments[1].lower() == "fields"
        if entity is None or scope["method"] != "GET" or not (len(segments) == 1 or is_field_list):
            return
        is_absent = self._behaviours["field_metadata"] == "absent"
        if is_field_list and is_absent and entity.has_field_list:
            raise Refusal(404, f"{entity.name} has no list of fields.")
        if self._behaviours.changes_any(_OF_A_LIST):
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            query = self._with_names(self._with_pages(query), entity)
            scope["query_string"] = urlencode(query, errors="surrogateescape").encode("ascii")

    def _with_pages(self, query: QueryPairs) -> QueryPairs:
        if self._behaviours["unknown_parameters"] == "400":
            for name, _ in query:
                if name not in _PARAMETERS:
                    raise Refusal(400, f"There is no parameter {quote(name)}.")
        names = {name for name, _ in query}
        default = self._behaviours.number("default_page")
        if default is not None and names.isdisjoint({"per_page", "page"}):
            query = [*query, ("per_page", str(default)), ("page", "1")]
        cap = self._behaviours.number("page_cap")
        if cap is None:
            return query
        return [
            (name, _capped(value, cap) if name == "per_page" else value) for name, value in query
        ]

    def _with_names(self, query: QueryPairs, entity: EntitySchema) -> QueryPairs:
        known = {EXTERNAL_ID, *entity.by_name}
        if self._behaviours["system_fields"] == "absent":
            known -= set(SYSTEM_FIELDS)
        is_refused = self._behaviours["unknown_names"] == "refused"
        rewritten: QueryPairs = []
        for name, value in query:
            if name not in {"fields", "sort_by"}:
                rewritten.append((name, value))
                continue
            given = value.split(",") if name == "fields" else [value]
            kept = [one for one in given if one in known]
            if is_refused and len(kept) < len(given):
                unknown = next(one for one in given if one not in known)
                raise Refusal(400, f"{name}: {entity.name} has no field {quote(unknown)}.")
            if kept:
                rewritten.append((name, ",".join(kept)))
        return rewritten

    def _with_stored_id(self, segments: PathSegments) -> PathSegments:
        """Return the segments with the sandbox's own external id where the client's stands."""
        lowered = [segment.lower() for segment in segments]
        if len(segments) < 2 or lowered[0] not in ENTITIES:
            return segments
        place = 2 if len(segments) == 3 and (lowered[0], lowered[1]) in _ACTIONS else 1
        if lowered[1] == "fields" and ENTITIES[lowered[0]].has_field_list:
            return segments
        external_id = to_stored_id(self._behaviours["external_ids"], segments[place])
        return (*segments[:place], external_id, *segments[place + 1 :])

    async def _with_stored_body(self, scope: Scope, receive: Receive) -> Receive:
        entity = _entity_of_body(scope["method"], scope["segments"])
        if entity is None or not self._behaviours.changes_any(_OF_A_BODY):
            return receive
        refuse_declared_size(scope["headers"])
        request = Request(scope, receive)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._behaviours["content_type"] == "415" and kind != "application/json":
            raise Refusal(415, "The Content-Type must be application/json.")
        try:
            given = await read_json_object(request, may_be_absent=scope["method"] == "PUT")
        except Refusal as refusal:
            status = self._behaviours["malformed_body"]
            if refusal.status != 400 or status == "400":
                raise
            raise Refusal(int(status), refusal.message) from refusal
        return _replayed(msgspec.json.encode(self._stored_values(entity, given)))

    def _stored_values(
        self, entity: EntitySchema, given: Mapping[str, object]
    ) -> dict[str, object]:
        return {name: self._stored_value(entity, name, value) for name, value in given.items()}

    def _stored_value(self, entity: EntitySchema, name: str, value: object) -> object:
        if self._behaviours["values"] != "strings" and isinstance(value, bool | int | float):
            return msgspec.json.encode(value).decode()
        field = entity.by_name.get(name)
        if field is not None and field.type is FieldType.LOOKUP and isinstance(value, str):
            return to_stored_id(self._behaviours["external_ids"], value)
        return value


def _task_fields_answer(scope: Scope) -> Response:
    if scope["method"] != "GET":
        raise Refusal(405, "This path has GET alone.", {"Allow": "GET"})
    return field_list_response(ENTITIES["task"], QueryParams(scope["query_string"]))


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


def _capped(value: str, cap: int) -> str:
    digits = value.lstrip("0")
    if not (value.isascii() and value.isdigit()) or not digits:
        return value
    is_over = len(digits) > len(str(cap)) or int(digits) > cap
    return str(cap) if is_over else value


def _replayed(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
