"""The calls of the API: which path and method is answered by what (api.md, "Calls")."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.accounts import Account
from cmdm_tui.sandbox.answers import (
    Refusal,
    StreamedList,
    json_answer,
    list_answer,
    quoted,
    record_answer,
)
from cmdm_tui.sandbox.bodies import read_object, refuse_declared_size
from cmdm_tui.sandbox.changes import Changes, not_found
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.failures import Failures
from cmdm_tui.sandbox.gate import AUTHENTICATE, Gate, Segments
from cmdm_tui.sandbox.limits import Limits
from cmdm_tui.sandbox.parameters import read_fields, read_order, read_paging
from cmdm_tui.sandbox.schema import ENTITIES, Entity
from cmdm_tui.sandbox.store import Store
from cmdm_tui.sandbox.tokens import Tokens

ENTITY = "{entity}"
EXTERNAL_ID = "{external-id}"
_SIGN_IN_HEADERS = ("client_id", "client_secret", "username", "password")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path points at, as far as it says: an entity, and an external id as it was sent."""

    entity: Entity | None = None
    external_id: str = ""

    @property
    def kind(self) -> Entity:
        """The entity, of a path that has one."""
        if self.entity is None:
            raise LookupError("this path names no entity")
        return self.entity


Handler = Callable[[Request, Target], Awaitable[Response]]


class Call(BaseRoute):
    """One path of the API and its methods.

    Entity and action segments match without regard to case, external ids exactly (api.md). A method
    that is not among `methods` is answered with 405 and `Allow`. With `entities`, only those match.
    """

    def __init__(
        self, path: str, methods: Mapping[str, Handler], entities: Mapping[str, Entity] = ENTITIES
    ) -> None:
        self.path = path
        self.methods = methods
        self._pattern = path.split("/")
        self._entities = entities

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether the path is this one, whatever the method."""
        target = self._target(scope["segments"]) if scope["segments"] is not None else None
        return (Match.NONE, {}) if target is None else (Match.FULL, {"target": target})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        handler = self.methods.get(scope["method"])
        if handler is None:
            allowed = ", ".join(self.methods)
            message = f"{quoted(scope['method'])} is not a method of this path; it has {allowed}."
            raise Refusal(405, message, {"Allow": allowed})
        refuse_declared_size(scope["headers"])
        response = await handler(Request(scope, receive), scope["target"])
        await response(scope, receive, send)

    def _target(self, segments: Segments) -> Target | None:
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
        return Target(entity, external_id)


@dataclass(frozen=True, slots=True)
class Api:
    """The answers to the documented calls."""

    store: Store
    changes: Changes
    account: Account
    tokens: Tokens
    limits: Limits

    def calls(self) -> list[BaseRoute]:
        """Return the table of paths; of two that match, the first one counts."""
        described = {name: entity for name, entity in ENTITIES.items() if entity.has_field_list}
        record = f"{ENTITY}/{EXTERNAL_ID}"
        return [
            Call(AUTHENTICATE, {"POST": self.authenticate}),
            Call(ENTITY, {"GET": self.list_records, "POST": self.create}),
            Call(f"{ENTITY}/fields", {"GET": self.list_fields}, described),
            Call(record, {"GET": self.get, "PUT": self.update, "DELETE": self.delete}),
            Call(f"lead/convert/{EXTERNAL_ID}", {"PUT": self.convert}),
            Call(f"task/close/{EXTERNAL_ID}", {"PUT": self.close}),
            Call(f"{record}/task", {"POST": self.creating_of("task")}),
            Call(f"{record}/opportunity", {"POST": self.creating_of("opportunity")}),
        ]

    async def authenticate(self, request: Request, _target: Target) -> Response:
        """Sign in: a token for the right four headers, 401 for wrong ones, 400 without one."""
        given = [request.headers.getlist(name) for name in _SIGN_IN_HEADERS]
        for name, values in zip(_SIGN_IN_HEADERS, given, strict=True):
            if len(values) != 1:
                problem = "missing" if not values else "given more than once"
                raise Refusal(400, f"The header {name} is {problem}.")
        # Hashing the password takes a while by intent, and must not hold up other calls.
        values = [values[0].encode("latin-1") for values in given]
        if not await asyncio.to_thread(self.account.recognises, *values):
            raise Refusal(401, "The credentials are wrong.")
        allowance = await self.limits.admit(None)
        token, ends = await self.tokens.issue()
        return json_answer({"token": token}, headers=allowance.headers(ends))

    async def list_records(self, request: Request, target: Target) -> Response:
        """Retrieve many: a page, or all records in a stream."""
        entity, query = target.kind, request.query_params
        paging = read_paging(query)
        fields = read_fields(query, entity)
        order = read_order(query, entity)
        if paging is None:
            return StreamedList(self.store.snapshot(entity.name, order), fields)
        page = await self.store.page(entity.name, order, paging.offset, paging.per_page)
        return list_answer(page.total, paging.pages(page.total), page.records, fields)

    async def list_fields(self, request: Request, target: Target) -> Response:
        """Retrieve fields: as records, under `Total Page` and `Field` (api.md)."""
        entity = target.kind
        paging = read_paging(request.query_params)
        fields, pages = entity.fields, 1
        if paging is not None:
            pages = paging.pages(len(fields))
            fields = fields[paging.offset : paging.offset + paging.per_page]
        described = [
            {"ExternalID": entity.field_id(field), "Properties": field.properties()}
            for field in fields
        ]
        totals = {"Total Records": str(len(entity.fields)), "Total Page": str(pages)}
        return json_answer({**totals, "Field": described})

    async def get(self, _request: Request, target: Target) -> Response:
        """Retrieve one."""
        record = await self.store.get(target.kind.name, target.external_id)
        if record is None:
            raise not_found(target.kind, target.external_id)
        return record_answer(record)

    async def create(self, request: Request, target: Target) -> Response:
        """Create."""
        body = await read_object(request)
        external_id = await self.changes.create(target.kind, body)
        return json_answer({"ExternalID": external_id}, 201)

    def creating_of(self, child: str) -> Handler:
        """Return the handler that creates a task or an opportunity of a record."""

        async def create_of(request: Request, target: Target) -> Response:
            body = await read_object(request)
            parent = (target.kind, target.external_id)
            external_id = await self.changes.create(ENTITIES[child], body, parent)
            return json_answer({"ExternalID": external_id}, 201)

        return create_of

    async def update(self, request: Request, target: Target) -> Response:
        """Update."""
        body = await read_object(request)
        await self.changes.update(target.kind, target.external_id, body)
        return json_answer({"Message": "Record updated."})

    async def delete(self, _request: Request, target: Target) -> Response:
        """Delete."""
        await self.changes.delete(target.kind, target.external_id)
        return json_answer({"Message": "Record deleted."})

    async def convert(self, request: Request, target: Target) -> Response:
        """Convert a lead. The reference lists no body, the example sends one: both will do."""
        body = await read_object(request, may_be_absent=True)
        account_id = await self.changes.convert(target.external_id, body)
        return json_answer({"Account ExternalID": account_id})

    async def close(self, request: Request, target: Target) -> Response:
        """Close a task. A body may stand as with a conversion; nothing in it is used."""
        await read_object(request, may_be_absent=True)
        await self.changes.close(target.external_id)
        return json_answer({"Message": "Record updated."})


def application(
    store: Store,
    account: Account,
    clock: Clock,
    *,
    token_ttl: int,
    rate_limit: int,
    month_limit: int,
) -> ASGIApp:
    """Return the whole API as an ASGI application, gate included."""
    tokens = Tokens(store, clock, token_ttl)
    limits = Limits(store, clock, rate_limit, month_limit)
    api = Api(store, Changes(store, clock), account, tokens, limits)
    app = Starlette(
        routes=api.calls(),
        exception_handlers={
            Refusal: _refused,
            ClientDisconnect: _disconnected,
        },
        middleware=[Middleware(Failures)],
    )
    app.router.default = _no_such_path
    app.router.redirect_slashes = False
    return Gate(app, tokens, limits, clock)


async def _no_such_path(scope: Scope, _receive: Receive, _send: Send) -> None:
    """Refuse what no call answers, naming what is unknown."""
    segments: Segments | None = scope["segments"]
    if segments is None:
        raise Refusal(404, "There is nothing here: the API stands behind /api/v1.")
    if segments and segments[0].lower() not in ENTITIES:
        raise Refusal(404, f"No entity is named {quoted(segments[0])}.")
    raise Refusal(404, f"There is no path {quoted('/' + '/'.join(segments))}.")


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return error.answer()


async def _disconnected(_request: Request, _error: Exception) -> Response:
    return json_answer({"Message": "The body ended early."}, 400)
