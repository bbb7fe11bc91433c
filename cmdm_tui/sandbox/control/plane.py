"""The control plane's calls, under `/_sandbox/`, for whoever holds its token."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.sandbox.answers import Refusal, json_answer, quoted
from cmdm_tui.sandbox.bodies import read_object
from cmdm_tui.sandbox.control.controls import BEGINNING, Controls
from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.faults import FaultPlan
from cmdm_tui.sandbox.gate import header_once

CONTROL_PATH = "/_sandbox"

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Save(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = "saved"


class _Restore(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = "saved"
    calls: bool = False


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _Time(msgspec.Struct, forbid_unknown_fields=True):
    now: float | None = None
    advance: float | None = None
    stands: bool | None = None


Command = Callable[[Mapping[str, object]], Awaitable[object]]
Asked = TypeVar("Asked")


class ControlPlane:
    """Answers what stands under `/_sandbox`; everything else is `app`'s.

    Its calls are no calls of the API: nothing counts them, and no behaviour changes them.
    """

    def __init__(self, app: ASGIApp, controls: Controls, token: str) -> None:
        self._app = app
        self._controls = controls
        self._digest = hashlib.sha256(token.encode()).digest()
        self._beginning = asyncio.Lock()
        self._is_begun = False
        self._commands: dict[tuple[str, str], Command] = {
            ("GET", ""): self._overview,
            ("POST", "/snapshot"): self._save,
            ("POST", "/restore"): self._restore,
            ("POST", "/reset"): self._reset,
            ("GET", "/clock"): self._clock,
            ("POST", "/clock"): self._move_clock,
            ("GET", "/settings"): self._settings,
            ("PATCH", "/settings"): self._set,
            ("GET", "/behaviours"): self._behaviours,
            ("PATCH", "/behaviours"): self._choose,
            ("PUT", "/behaviours"): self._replace_behaviours,
            ("GET", "/faults"): self._faults,
            ("PUT", "/faults"): self._replace_faults,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with self._beginning:
            if not self._is_begun:
                await self._controls.begin()
                self._is_begun = True
        path = scope["raw_path"].decode("ascii")
        if path != CONTROL_PATH and not path.startswith(CONTROL_PATH + "/"):
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._answer(path[len(CONTROL_PATH) :].rstrip("/"), scope, receive)
        except Refusal as refusal:
            answer = refusal.answer()
        await answer(scope, receive, send)

    async def _answer(self, path: str, scope: Scope, receive: Receive) -> Response:
        self._identify(scope)
        methods = [method for method, known in self._commands if known == path]
        if not methods:
            raise Refusal(404, f"The control plane has no path {quoted(path)}.")
        command = self._commands.get((scope["method"], path))
        if command is None:
            allowed = ", ".join(methods)
            raise Refusal(405, f"This path has {allowed}.", {"Allow": allowed})
        body = await read_object(Request(scope, receive), may_be_absent=True)
        try:
            return json_answer({"result": await command(body)})
        except SettingError as error:
            raise Refusal(400, str(error)) from error
        except msgspec.ValidationError as error:
            raise Refusal(400, f"The body is not what this call takes: {error}.") from error

    def _identify(self, scope: Scope) -> None:
        authorization = header_once(scope["headers"], b"authorization") or b""
        scheme, _, token = authorization.partition(b" ")
        digest = hashlib.sha256(token.strip()).digest()
        if not (compare_digest(digest, self._digest) and scheme.lower() == b"bearer"):
            raise Refusal(
                401, "This takes the control plane's own token.", {"WWW-Authenticate": "Bearer"}
            )

    async def _overview(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        return {
            "clock": self._controls.time(),
            "settings": self._controls.settings(),
            "behaviours": dict(self._controls.behaviours.chosen),
            **self._controls.listed_faults(),
            "snapshots": self._controls.saved(),
        }

    async def _save(self, body: Mapping[str, object]) -> object:
        name = _read(body, _Save).name
        if name == BEGINNING:
            raise SettingError(
                f"{BEGINNING!r} is what the sandbox began with; choose another name."
            )
        await self._controls.save(name)
        return {"snapshot": name}

    async def _restore(self, body: Mapping[str, object]) -> object:
        asked = _read(body, _Restore)
        await self._controls.restore(asked.name, calls=asked.calls)
        return {"snapshot": asked.name}

    async def _reset(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        await self._controls.reset()
        return {"snapshot": BEGINNING}

    async def _clock(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        return self._controls.time()

    async def _move_clock(self, body: Mapping[str, object]) -> object:
        asked = _read(body, _Time)
        self._controls.move_clock(now=asked.now, advance=asked.advance, stands=asked.stands)
        return self._controls.time()

    async def _settings(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        return self._controls.settings()

    async def _set(self, body: Mapping[str, object]) -> object:
        self._controls.set(_read(body, dict[str, int | None]))
        return self._controls.settings()

    async def _behaviours(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        return self._controls.listed_behaviours()

    async def _choose(self, body: Mapping[str, object]) -> object:
        self._controls.behaviours.choose(_read(body, dict[str, str]))
        return dict(self._controls.behaviours.chosen)

    async def _replace_behaviours(self, body: Mapping[str, object]) -> object:
        self._controls.behaviours.replace(_read(body, dict[str, str]))
        return dict(self._controls.behaviours.chosen)

    async def _faults(self, body: Mapping[str, object]) -> object:
        _read(body, _Nothing)
        return self._controls.listed_faults()

    async def _replace_faults(self, body: Mapping[str, object]) -> object:
        self._controls.faults.replace(_read(body, FaultPlan))
        return self._controls.listed_faults()


def _read(body: Mapping[str, object], kind: type[Asked]) -> Asked:
    return msgspec.convert(body, kind)
