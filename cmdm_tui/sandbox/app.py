"""One sandbox's application: its parts put together, from the connection's side to the store's."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from cmdm_tui.sandbox.auth import AuthMiddleware, TokenIssuer
from cmdm_tui.sandbox.clock import Clock, VirtualClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.control.control_app import ControlPlaneMiddleware
from cmdm_tui.sandbox.control.sandbox_controls import SandboxControls
from cmdm_tui.sandbox.credentials import AccountCredentials, SignInCheck
from cmdm_tui.sandbox.data_folder import SandboxData
from cmdm_tui.sandbox.faults.middleware import FaultMiddleware
from cmdm_tui.sandbox.faults.plan import FaultSchedule
from cmdm_tui.sandbox.http.access_log import AccessLogMiddleware, LoggedCall
from cmdm_tui.sandbox.http.call_journal import CallJournal, CallJournalMiddleware
from cmdm_tui.sandbox.http.exposure import is_loopback
from cmdm_tui.sandbox.http.hosts import HostMiddleware
from cmdm_tui.sandbox.http.server_errors import ServerErrorMiddleware
from cmdm_tui.sandbox.openapi.description import describe_api
from cmdm_tui.sandbox.openapi.middleware import DescriptionMiddleware
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.routes import ApiHandlers, Router
from cmdm_tui.sandbox.storage.store import AccessStore
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.variants.description import SandboxDescription
from cmdm_tui.sandbox.variants.middleware import (
    VariantRequestMiddleware,
    VariantResponseMiddleware,
)
from cmdm_tui.sandbox.variants.rate_limit import VariantAccessStore
from cmdm_tui.sandbox.variants.record_order import VariantRecordStore
from cmdm_tui.sandbox.variants.writes import VariantRecordWriter
from cmdm_tui.sandbox.writes import RecordWriter


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """What is served, the control plane's token where there is one, and the faults."""

    app: ASGIApp
    control_token: str | None
    faults: FaultSchedule


def build_app(
    config: SandboxConfig,
    data: SandboxData,
    credentials: AccountCredentials,
    clock: Clock,
    url: str,
    on_call: Callable[[LoggedCall], None] | None,
    journal: CallJournal | None = None,
) -> SandboxApp:
    """Put the parts together that `config` asks for, and none that it does not.

    `url` is the address that clients use.
    """
    token = secrets.token_urlsafe(32) if config.control else None
    choices, faults = BehaviourChoices(config.behaviours), FaultSchedule(config.faults)
    describe = SandboxDescription(partial(describe_api, url), choices).encode
    if token is None and not config.behaviours and not config.faults.faults:
        inner, router = _build_plain_parts(config, data, clock)
    else:
        inner, router = _build_variant_parts(
            config, data, VirtualClock(clock), choices, faults, token
        )
    outer = [
        Middleware(HostMiddleware, url=url, is_loopback=is_loopback(config.host)),
        Middleware(ServerErrorMiddleware),
        Middleware(DescriptionMiddleware, encode=describe),
    ]
    if on_call is not None:
        unspoken = msgspec.structs.astuple(credentials)
        unspoken = unspoken if token is None else (*unspoken, token)
        outer.insert(0, Middleware(AccessLogMiddleware, report=on_call, secrets=unspoken))
    if journal is not None:
        outer.insert(0, Middleware(CallJournalMiddleware, journal=journal))
    return SandboxApp(_build_middleware_stack(router, [*outer, *inner]), token, faults)


def _build_plain_parts(
    config: SandboxConfig, data: SandboxData, clock: Clock
) -> tuple[list[Middleware], Router]:
    tokens, limits = _build_access(config, data.store, clock)
    writer = RecordWriter(data.store, clock)
    sign_ins = SignInCheck(data.credential_hashes)
    handlers = ApiHandlers(data.store, writer, sign_ins, tokens, limits)
    middleware = [
        Middleware(AuthMiddleware, tokens=tokens, limits=limits, clock=clock),
        # Inside the check of the token: what fails in a call still has the headers of its limits.
        Middleware(ServerErrorMiddleware),
    ]
    return middleware, Router(handlers.list_routes())


def _build_variant_parts(
    config: SandboxConfig,
    data: SandboxData,
    clock: VirtualClock,
    choices: BehaviourChoices,
    faults: FaultSchedule,
    token: str | None,
) -> tuple[list[Middleware], Router]:
    """Build what can be changed while it runs: the behaviours, the faults, the clock."""
    tokens, limits = _build_access(config, VariantAccessStore(data.store, choices), clock)
    writer = VariantRecordWriter(data.store, clock, choices)
    records = VariantRecordStore(data.store, choices)
    sign_ins = SignInCheck(data.credential_hashes)
    handlers = ApiHandlers(records, writer, sign_ins, tokens, limits)
    middleware = [
        Middleware(FaultMiddleware, faults=faults, tokens=tokens, limits=limits, clock=clock),
        Middleware(VariantResponseMiddleware, choices=choices, clock=clock),
        Middleware(AuthMiddleware, tokens=tokens, limits=limits, clock=clock),
        Middleware(ServerErrorMiddleware),
        Middleware(VariantRequestMiddleware, choices=choices),
    ]
    if token is not None:
        controls = SandboxControls(config, data.store, clock, tokens, limits, choices, faults)
        middleware.insert(0, Middleware(ControlPlaneMiddleware, controls=controls, token=token))
    return middleware, Router(handlers.list_routes())


def _build_access(
    config: SandboxConfig, store: AccessStore, clock: Clock
) -> tuple[TokenIssuer, CallLimiter]:
    tokens = TokenIssuer(store, clock, config.token_ttl)
    return tokens, CallLimiter(store, clock, config.rate_limit, config.month_limit)


def _build_middleware_stack(app: ASGIApp, middleware: Sequence[Middleware]) -> ASGIApp:
    """Wrap `app` in the middleware: the first one of the list is the outermost."""
    for cls, args, kwargs in reversed(middleware):
        app = cls(app, *args, **kwargs)
    return app
