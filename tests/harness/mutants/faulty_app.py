"""What planted faults are made of: a middleware that sees each request and answer whole.

A fault is a coroutine function `(asked, inner)`: it asks `inner` as often as it likes and returns
an answer. Calls that a fault makes on its own are not to be seen in the quota: a request counts
once.
"""

import json
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdm_tui.sandbox import server
from cmdm_tui.sandbox.app import SandboxApp
from cmdm_tui.sandbox.clock import SECONDS_PER_HOUR
from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.rate_limit import CallLimiter, RemainingCalls

ENTITIES = ("account", "lead", "contact", "task", "opportunity", "event", "product")
Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class FaultRequest:
    """A request. `memory` is the fault's own, empty again after each restore.

    `is_free` says that it is not counted, nor refused over the limit.
    """

    method: str
    path: str
    query: str
    headers: Pairs
    body: bytes
    memory: dict[Any, Any] = field(default_factory=dict[Any, Any])
    is_free: bool = False

    @property
    def segments(self) -> list[str]:
        return self.path.removeprefix("/api/v1/").split("/")

    @property
    def entity(self) -> str:
        return self.segments[0].lower()

    @property
    def external_id(self) -> str:
        parts = self.segments
        return parts[-1] if self.call in {"convert", "close"} else [*parts, ""][1]

    @property
    def call(self) -> str:  # noqa: C901
        """The documented call by its path and method, `other` for none of them."""
        parts = [part.lower() for part in self.segments]
        match self.method, parts:
            case "POST", ["authenticate"]:
                return "authenticate"
            case "GET", [_]:
                return "list"
            case "POST", [_]:
                return "create"
            case "GET", [entity, "fields"] if entity != "task":
                return "fields"
            case "GET", [_, _]:
                return "get"
            case "PUT", [_, _]:
                return "update"
            case "DELETE", [_, _]:
                return "delete"
            case "PUT", ["lead", "convert", _]:
                return "convert"
            case "PUT", ["task", "close", _]:
                return "close"
            case "POST", [_, _, "task" | "opportunity"]:
                return "child"
            case _:
                return "other"

    @property
    def is_writing(self) -> bool:
        return self.method in {"POST", "PUT", "DELETE"} and self.call not in {
            "authenticate",
            "other",
        }

    @property
    def authorization(self) -> bytes:
        return next((value for name, value in self.headers if name == b"authorization"), b"")

    @property
    def parameters(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return {name: value for name, _, value in pairs}

    def json(self) -> dict[str, Any] | None:
        try:
            value: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]

    def with_changes(self, **changes: Any) -> "FaultRequest":
        return replace(self, **changes)

    def with_json(self, given: dict[str, Any]) -> "FaultRequest":
        return self.with_changes(body=json.dumps(given).encode())

    def as_user(self, authorization: bytes) -> "FaultRequest":
        kept = [pair for pair in self.headers if pair[0] != b"authorization"]
        return self.with_changes(headers=[*kept, (b"authorization", authorization)])


@dataclass
class FaultAnswer:
    """An answer, to be changed in place."""

    status: int
    headers: Pairs
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status in {200, 201}

    def json(self) -> Any:
        return json.loads(self.body)

    def set_json(self, content: Any, status: int | None = None) -> "FaultAnswer":
        self.body = json.dumps(content).encode()
        self.status = self.status if status is None else status
        return self

    def header(self, name: str) -> str:
        wanted = name.encode()
        return next((value.decode() for key, value in self.headers if key == wanted), "")

    def set_header(self, name: str, value: str | None) -> "FaultAnswer":
        wanted = name.encode()
        self.headers = [pair for pair in self.headers if pair[0] != wanted]
        if value is not None:
            self.headers.append((wanted, value.encode()))
        return self

    def rows(self) -> list[dict[str, Any]]:
        return self.json()["Entity"]

    def with_rows(self, rows: list[dict[str, Any]]) -> "FaultAnswer":
        return self.set_json(self.json() | {"Entity": rows})


def refuse(given: FaultAnswer, status: int, message: str = "No.") -> FaultAnswer:
    """Turn an answer into a refusal."""
    return given.set_json({"Message": message}, status)


SendOn = Callable[[FaultRequest], Awaitable[FaultAnswer]]
PlantedFault = Callable[[FaultRequest, SendOn], Awaitable[FaultAnswer]]


@dataclass(frozen=True)
class Mutant:
    """A planted fault: `aims` is the check that is to find it."""

    name: str
    aims: str
    fault: PlantedFault


MUTANTS: list[Mutant] = []


def mutant(name: str, aims: str) -> Callable[[PlantedFault], PlantedFault]:
    """Enter a fault in the table."""

    def enter(fault: PlantedFault) -> PlantedFault:
        MUTANTS.append(Mutant(name, aims, fault))
        return fault

    return enter


class FaultyApp:
    """A service with a fault planted in it."""

    def __init__(self, app: ASGIApp, fault: PlantedFault) -> None:
        self._app = app
        self._fault = fault
        self._memory: dict[Any, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["raw_path"].decode("ascii")
        if not path.startswith("/api/"):
            if path.endswith(("/restore", "/reset")):
                # Tokens stay good, and so does what is remembered of them.
                kept = {key: self._memory[key] for key in self._memory.keys() & {"good", "sign-in"}}
                self._memory.clear()
                self._memory.update(kept)
            await self._app(scope, receive, send)
            return
        asked = FaultRequest(
            scope["method"], path, scope["query_string"].decode("latin-1"),
            list(scope["headers"]), await _read(receive), self._memory,
        )  # fmt: skip
        state = CountedRequest()

        async def inner(changed: FaultRequest) -> FaultAnswer:
            state.is_free = changed.is_free or changed.authorization != asked.authorization
            before = COUNTED.set(state)
            try:
                return await self._ask(scope, changed)
            finally:
                COUNTED.reset(before)

        given = await self._fault(asked, inner)
        await send(
            {"type": "http.response.start", "status": given.status, "headers": given.headers}
        )
        await send({"type": "http.response.body", "body": given.body})

    async def _ask(self, scope: Scope, asked: FaultRequest) -> FaultAnswer:
        given = FaultAnswer(0, [], b"")
        has_sent = False

        async def receive() -> Message:
            nonlocal has_sent
            if has_sent:
                import asyncio

                await asyncio.Event().wait()
            has_sent = True
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                given.status = message["status"]
                given.headers = [
                    pair for pair in message.get("headers", []) if pair[0] != b"content-length"
                ]
            else:
                given.body += message.get("body", b"")

        headers = [pair for pair in asked.headers if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(asked.body)).encode()))
        path = asked.path
        changed = {
            **scope,
            "method": asked.method,
            "path": path,
            "raw_path": path.encode("ascii"),
            "query_string": asked.query.encode("latin-1"),
            "headers": headers,
        }
        await self._app(changed, receive, send)
        return given


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


@dataclass
class CountedRequest:
    """A request that counts once, however many calls its fault makes of it.

    `is_free` says that the next call is made whether or not a call is left.
    """

    allowance: RemainingCalls | None = None
    refusal: Refusal | None = None
    is_free: bool = False


COUNTED: ContextVar[CountedRequest | None] = ContextVar("counted", default=None)
CountCall = Callable[[CallLimiter, int | None], Awaitable[RemainingCalls]]


def count_once(count_call: CountCall) -> CountCall:
    """Return the limiter's method, changed so that it counts a request once."""

    async def count(self: CallLimiter, token_end: int | None) -> RemainingCalls:
        state = COUNTED.get()
        if state is None:
            return await count_call(self, token_end)
        if state.is_free:
            reset = (int(self.clock.now()) // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR
            return state.allowance or RemainingCalls(self.per_hour, self.per_hour, reset)
        if state.refusal is not None:
            raise state.refusal
        if state.allowance is None:
            try:
                state.allowance = await count_call(self, token_end)
            except Refusal as refusal:
                state.refusal = refusal
                raise
        return state.allowance

    return count


async def unlimited(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    """Ask with the hour's limit lifted."""
    return await inner(asked.with_changes(is_free=True))


@contextmanager
def planted(fault: PlantedFault | None) -> Generator[None]:
    """Plant a fault in every sandbox that is started in the block."""
    if fault is None:
        yield
        return
    sound = server.build_app

    def faulty(*arguments: Any) -> SandboxApp:
        made = sound(*arguments)
        return SandboxApp(FaultyApp(made.app, fault), made.control_token, made.faults)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "build_app", faulty)
        patch.setattr(CallLimiter, "count_call", count_once(CallLimiter.count_call))
        yield
