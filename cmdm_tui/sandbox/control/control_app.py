"""The control plane's calls, under `/_sandbox/`, for clients that have its token."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.control.sandbox_controls import INITIAL_SNAPSHOT, SandboxControls
from cmdm_tui.sandbox.errors import Refusal, SettingError, quote
from cmdm_tui.sandbox.faults.plan import FaultPlan, describe_plan_error
from cmdm_tui.sandbox.http.requests import get_single_header, read_json_object
from cmdm_tui.sandbox.http.responses import json_response, refusal_response

logger = logging.getLogger("cmdm_tui.sandbox")

CONTROL_PATH = "/_sandbox"

SnapshotName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _SnapshotBody(msgspec.Struct, forbid_unknown_fields=True):
    name: SnapshotName = "saved"


class _RestoreBody(msgspec.Struct, forbid_unknown_fields=True):
    name: SnapshotName = "saved"
    calls: bool = False


class _EmptyBody(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    now: float | None = None
    advance: float | None = None
    stands: bool | None = None


ControlCommand = Callable[[Mapping[str, object]], Awaitable[object]]
BodyType = TypeVar("BodyType")


class ControlPlaneMiddleware:
    """Answers requests under `/_sandbox`; everything else is `app`'s.

    Its calls are not calls of the API: nothing counts them, and no behaviour changes them.
    """

    def __init__(self, app: ASGIApp, controls: SandboxControls, token: str) -> None:
        self._app = app
        self._controls = controls
        self._digest = hashlib.sha256(token.encode()).digest()
        self._start = asyncio.Event()
        self._initial_save: asyncio.Task[None] | None = None
        self._commands: dict[tuple[str, str], ControlCommand] = {
            ("GET", ""): self._show_overview,
            ("POST", "/snapshot"): self._save_snapshot,
            ("POST", "/restore"): self._restore_snapshot,
            ("POST", "/reset"): self._reset,
            ("GET", "/clock"): self._show_clock,
            ("POST", "/clock"): self._move_clock,
            ("GET", "/settings"): self._show_settings,
            ("PATCH", "/settings"): self._change_settings,
            ("GET", "/behaviours"): self._show_behaviours,
            ("PATCH", "/behaviours"): self._choose_behaviours,
            ("PUT", "/behaviours"): self._replace_behaviours,
            ("GET", "/faults"): self._show_faults,
            ("PUT", "/faults"): self._replace_faults,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._initial_save is None:
            self._initial_save = asyncio.create_task(self._save_initial_state())
        # Until the moment is fixed, nothing may change; the copying goes on behind other calls.
        await self._start.wait()
        path = scope["raw_path"].decode("ascii")
        if path != CONTROL_PATH and not path.startswith(CONTROL_PATH + "/"):
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._respond(path[len(CONTROL_PATH) :].rstrip("/"), scope, receive)
        except Refusal as refusal:
            answer = refusal_response(refusal)
        await answer(scope, receive, send)

    async def _respond(self, path: str, scope: Scope, receive: Receive) -> Response:
        self._check_token(scope)
        methods = [method for method, known in self._commands if known == path]
        if not methods:
            raise Refusal(404, f"The control plane has no path {quote(path)}.")
        command = self._commands.get((scope["method"], path))
        if command is None:
            allowed = ", ".join(methods)
            raise Refusal(405, f"This path has {allowed}.", {"Allow": allowed})
        body = await read_json_object(Request(scope, receive), may_be_absent=True)
        if self._initial_save is not None:
            await asyncio.shield(self._initial_save)
        try:
            return json_response({"result": await command(body)})
        except SettingError as error:
            raise Refusal(400, str(error)) from error
        except msgspec.ValidationError as error:
            raise Refusal(
                400, f"The body is not what this call takes: {describe_plan_error(error)}."
            ) from error

    async def _save_initial_state(self) -> None:
        try:
            await self._controls.save_initial_state(self._start.set)
        except SettingError as error:
            logger.error("The state at the start is not saved: %s", error)  # noqa: TRY400 (enough)
        finally:
            self._start.set()

    def _check_token(self, scope: Scope) -> None:
        authorization = get_single_header(scope["headers"], b"authorization") or b""
        scheme, _, token = authorization.partition(b" ")
        digest = hashlib.sha256(token.strip()).digest()
        if not (compare_digest(digest, self._digest) and scheme.lower() == b"bearer"):
            raise Refusal(
                401, "This needs the control plane's own token.", {"WWW-Authenticate": "Bearer"}
            )

    async def _show_overview(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        return {
            "clock": self._controls.read_clock(),
            "settings": self._controls.read_settings(),
            "behaviours": dict(self._controls.behaviours.chosen),
            **self._controls.list_faults(),
            "snapshots": self._controls.list_snapshots(),
        }

    async def _save_snapshot(self, body: Mapping[str, object]) -> object:
        name = _convert(body, _SnapshotBody).name
        if name == INITIAL_SNAPSHOT:
            raise SettingError(
                f"{INITIAL_SNAPSHOT!r} is the state at the start; choose another name."
            )
        await self._controls.save_snapshot(name)
        return {"snapshot": name}

    async def _restore_snapshot(self, body: Mapping[str, object]) -> object:
        asked = _convert(body, _RestoreBody)
        await self._controls.restore_snapshot(asked.name, calls=asked.calls)
        return {"snapshot": asked.name}

    async def _reset(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        await self._controls.reset()
        return {"snapshot": INITIAL_SNAPSHOT}

    async def _show_clock(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        return self._controls.read_clock()

    async def _move_clock(self, body: Mapping[str, object]) -> object:
        asked = _convert(body, _ClockBody)
        self._controls.move_clock(now=asked.now, advance=asked.advance, stands=asked.stands)
        return self._controls.read_clock()

    async def _show_settings(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        return self._controls.read_settings()

    async def _change_settings(self, body: Mapping[str, object]) -> object:
        self._controls.change_settings(_convert(body, dict[str, int | None]))
        return self._controls.read_settings()

    async def _show_behaviours(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        return self._controls.list_behaviours()

    async def _choose_behaviours(self, body: Mapping[str, object]) -> object:
        self._controls.behaviours.choose(_convert(body, dict[str, str]))
        return dict(self._controls.behaviours.chosen)

    async def _replace_behaviours(self, body: Mapping[str, object]) -> object:
        self._controls.behaviours.replace(_convert(body, dict[str, str]))
        return dict(self._controls.behaviours.chosen)

    async def _show_faults(self, body: Mapping[str, object]) -> object:
        _convert(body, _EmptyBody)
        return self._controls.list_faults()

    async def _replace_faults(self, body: Mapping[str, object]) -> object:
        self._controls.faults.replace(_convert(body, FaultPlan))
        return self._controls.list_faults()


def _convert(body: Mapping[str, object], kind: type[BodyType]) -> BodyType:
    return msgspec.convert(body, kind)
