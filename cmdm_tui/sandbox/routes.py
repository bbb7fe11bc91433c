"""The routes of the API: which handler answers a path and a method (api.md, "Calls")."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cmdm_tui.sandbox.api_constants import AUTHENTICATE, SIGN_IN_HEADERS, PathSegments
from cmdm_tui.sandbox.auth import TokenIssuer
from cmdm_tui.sandbox.credentials import SignInCheck
from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.http.requests import read_json_object, refuse_declared_size
from cmdm_tui.sandbox.http.responses import (
    StreamedListResponse,
    json_response,
    list_response,
    record_response,
    refusal_response,
)
from cmdm_tui.sandbox.parameters import read_fields, read_order, read_paging
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.storage.store import RecordStore
from cmdm_tui.sandbox.writes import RecordWriter, not_found

ENTITY = "{entity}"
EXTERNAL_ID = "{external-id}"


class RouteTarget(msgspec.Struct, frozen=True):
    """What a path names: an entity, and an external id as it was sent."""

    entity: EntitySchema | None = None
    external_id: str = ""

    @property
    def required_entity(self) -> EntitySchema:
        """The entity, of a path that has one."""
        if self.entity is None:
            raise LookupError("this path names no entity")
        return self.entity


RouteHandler = Callable[[Request, RouteTarget], Awaitable[Response]]


class Route:
    """One path of the API and its methods.

    Entity and action segments match without regard to case, external ids exactly (api.md). A method
    that is not among `methods` is answered with 405 and `Allow`. With `entities`, only those match.
    """

    def __init__(
        self,
        path: str,
        methods: Mapping[str, RouteHandler],
        entities: Mapping[str, EntitySchema] = ENTITIES,
    ) -> None:
        self._methods = methods
        self._pattern = path.split("/")
        self._entities = entities

    async def handle(self, request: Request, target: RouteTarget) -> Response:
        """Return the answer to a request of this path."""
        handler = self._methods.get(request.method)
        if handler is None:
            allowed = ", ".join(self._methods)
            message = f"{quote(request.method)} is not a method of this path; it has {allowed}."
            raise Refusal(405, message, {"Allow": allowed})
        refuse_declared_size(request.scope["headers"])
        return await handler(request, target)

    def match(self, segments: PathSegments) -> RouteTarget | None:
        """Return what a path names, None when it is not this one, whatever the method."""
        if len(segments) != len(self._pattern):
            return None
        entity, external_id = None, ""
        for wanted, segment in zip(self._pattern, segments, strict=True):
            if wanted == ENTITY:
                entity = self._entities.get(segment.lower())
                if entity is None:
                    return None
            elif wanted == EXTERNAL_ID:
                external_id = segment
            elif wanted != segment.lower():
                return None
        return RouteTarget(entity, external_id)


@dataclass(frozen=True, slots=True)
class ApiHandlers:
    """The answers to the documented calls."""

    store: RecordStore
    writer: RecordWriter
    sign_ins: SignInCheck
    tokens: TokenIssuer
    limits: CallLimiter

    def list_routes(self) -> list[Route]:
        """Return the table of paths; of two that match, the first one counts."""
        described = {name: entity for name, entity in ENTITIES.items() if entity.has_field_list}
        record = f"{ENTITY}/{EXTERNAL_ID}"
        return [
            Route(AUTHENTICATE, {"POST": self.authenticate}),
            Route(ENTITY, {"GET": self.list_records, "POST": self.create}),
            Route(f"{ENTITY}/fields", {"GET": self.list_fields}, described),
            Route(record, {"GET": self.get, "PUT": self.update, "DELETE": self.delete}),
            Route(f"lead/convert/{EXTERNAL_ID}", {"PUT": self.convert_lead}),
            Route(f"task/close/{EXTERNAL_ID}", {"PUT": self.close_task}),
            Route(f"{record}/task", {"POST": self.make_child_handler("task")}),
            Route(f"{record}/opportunity", {"POST": self.make_child_handler("opportunity")}),
        ]

    async def authenticate(self, request: Request, _target: RouteTarget) -> Response:
        """Sign in: a token for the right four headers, 401 for wrong ones, 400 without one."""
        given = [request.headers.getlist(name) for name in SIGN_IN_HEADERS]
        for name, values in zip(SIGN_IN_HEADERS, given, strict=True):
            if len(values) != 1:
                problem = "missing" if not values else "given more than once"
                raise Refusal(400, f"The header {name} is {problem}.")
        client_id, client_secret, username, password = (
            values[0].encode("latin-1") for values in given
        )
        if not await self.sign_ins.matches(client_id, client_secret, username, password):
            raise Refusal(401, "The credentials are wrong.")
        allowance = await self.limits.count_call(None)
        token, ends = await self.tokens.issue()
        return json_response({"token": token}, headers=allowance.headers(ends))

    async def list_records(self, request: Request, target: RouteTarget) -> Response:
        """Retrieve many: a page, or all records in a stream."""
        entity, query = target.required_entity, request.query_params
        paging = read_paging(query)
        fields = read_fields(query, entity)
        order = read_order(query, entity)
        if paging is None:
            return StreamedListResponse(self.store.stream(entity.name, order), fields)
        page = await self.store.page(entity.name, order, paging.offset, paging.per_page)
        return list_response(page.total, paging.count_pages(page.total), page.records, fields)

    async def list_fields(self, request: Request, target: RouteTarget) -> Response:
        """Retrieve fields."""
        return field_list_response(target.required_entity, request.query_params)

    async def get(self, _request: Request, target: RouteTarget) -> Response:
        """Retrieve one."""
        record = await self.store.get(target.required_entity.name, target.external_id)
        if record is None:
            raise not_found(target.required_entity, target.external_id)
        return record_response(record)

    async def create(self, request: Request, target: RouteTarget) -> Response:
        """Create."""
        body = await read_json_object(request)
        external_id = await self.writer.create(target.required_entity, body)
        return json_response({"ExternalID": external_id}, 201)

    def make_child_handler(self, child: str) -> RouteHandler:
        """Return the handler that creates a task or an opportunity of a record."""

        async def create_of(request: Request, target: RouteTarget) -> Response:
            body = await read_json_object(request)
            parent = (target.required_entity, target.external_id)
            external_id = await self.writer.create(ENTITIES[child], body, parent)
            return json_response({"ExternalID": external_id}, 201)

        return create_of

    async def update(self, request: Request, target: RouteTarget) -> Response:
        """Update."""
        body = await read_json_object(request)
        await self.writer.update(target.required_entity, target.external_id, body)
        return json_response({"Message": "Record updated."})

    async def delete(self, _request: Request, target: RouteTarget) -> Response:
        """Delete."""
        await self.writer.delete(target.required_entity, target.external_id)
        return json_response({"Message": "Record deleted."})

    async def convert_lead(self, request: Request, target: RouteTarget) -> Response:
        """Convert a lead. The reference lists no body, the example sends one: both are accepted."""
        body = await read_json_object(request, may_be_absent=True)
        account_id = await self.writer.convert_lead(target.external_id, body)
        return json_response({"Account ExternalID": account_id})

    async def close_task(self, request: Request, target: RouteTarget) -> Response:
        """Close a task. It may have a body, as a conversion may; nothing in it is used."""
        await read_json_object(request, may_be_absent=True)
        await self.writer.close_task(target.external_id)
        return json_response({"Message": "Record updated."})


def field_list_response(entity: EntitySchema, query: QueryParams) -> Response:
    """Return the fields of an entity, or a page of them."""
    paging = read_paging(query)
    fields, pages = entity.fields, 1
    if paging is not None:
        pages = paging.count_pages(len(fields))
        fields = fields[paging.offset : paging.offset + paging.per_page]
    described = [
        {"ExternalID": entity.get_field_id(field), "Properties": field.describe()}
        for field in fields
    ]
    totals = {"Total Records": str(len(entity.fields)), "Total Page": str(pages)}
    return json_response({**totals, "Field": described})


class Router:
    """The application: each request is answered by the first route that its path matches."""

    def __init__(self, calls: Sequence[Route]) -> None:
        self._routes = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._respond(Request(scope, receive))
        except Refusal as refusal:
            answer = refusal_response(refusal)
        except ClientDisconnect:
            answer = json_response({"Message": "The body ended early."}, 400)
        await answer(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        segments: PathSegments | None = request.scope["segments"]
        if segments is None:
            raise Refusal(404, "There is nothing here: the API is under /api/v1.")
        for call in self._routes:
            target = call.match(segments)
            if target is not None:
                return await call.handle(request, target)
        if segments and segments[0].lower() not in ENTITIES:
            raise Refusal(404, f"No entity is named {quote(segments[0])}.")
        raise Refusal(404, f"There is no path {quote('/' + '/'.join(segments))}.")
