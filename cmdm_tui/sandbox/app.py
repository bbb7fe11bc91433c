"""One sandbox's service: its parts put together, from the connection's side to the store's."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
from starlette.types import ASGIApp

from cmdm_tui.sandbox.auth import AuthMiddleware, TokenIssuer
from cmdm_tui.sandbox.clock import Clock, VirtualClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.control.controls import SandboxControls
from cmdm_tui.sandbox.control.plane import ControlPlaneMiddleware
from cmdm_tui.sandbox.credentials import AccountCredentials, CredentialHashes
from cmdm_tui.sandbox.data import SandboxData
from cmdm_tui.sandbox.faults.middleware import FaultMiddleware
from cmdm_tui.sandbox.faults.plan import FaultSchedule
from cmdm_tui.sandbox.http.access_log import AccessLogMiddleware, LoggedCall
from cmdm_tui.sandbox.http.exposure import is_loopback
from cmdm_tui.sandbox.http.hosts import HostMiddleware
from cmdm_tui.sandbox.http.server_errors import ServerErrorMiddleware
from cmdm_tui.sandbox.openapi.description import describe_api
from cmdm_tui.sandbox.openapi.middleware import DescriptionMiddleware
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.routes import ApiHandlers, Router
from cmdm_tui.sandbox.storage.store import AccessStore, Store
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.variants.record_order import VariantRecordStore
from cmdm_tui.sandbox.variants.requests import VariantRequestMiddleware
from cmdm_tui.sandbox.variants.responses import VariantResponseMiddleware
from cmdm_tui.sandbox.variants.writes import VariantAccessStore, VariantRecordWriter
from cmdm_tui.sandbox.writes import RecordWriter


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """What is served, and the control plane's token where there is one."""

    app: ASGIApp
    control_token: str | None


def build_app(
    config: SandboxConfig,
    data: SandboxData,
    credentials: AccountCredentials,
    clock: Clock,
    url: str,
    on_call: Callable[[LoggedCall], None] | None,
) -> SandboxApp:
    """Put the parts together that `config` asks for, and none that it does not.

    `url` is the address that clients use.
    """
    token = secrets.token_urlsafe(32) if config.control else None
    store, account = data.store, data.account
    behaviours = BehaviourChoices(config.behaviours)
    if token is None and not config.behaviours and not config.faults.faults:
        app = _build_plain_app(config, store, account, clock)
    else:
        app = _build_variant_app(config, store, account, VirtualClock(clock), behaviours, token)
    # What fails in a call has the headers of its gate; what fails before or elsewhere has none.
    app = ServerErrorMiddleware(DescriptionMiddleware(app, partial(describe_api, url), behaviours))
    app = HostMiddleware(app, url, is_loopback=is_loopback(config.host))
    if on_call is not None:
        unspoken = msgspec.structs.astuple(credentials)
        app = AccessLogMiddleware(app, on_call, unspoken if token is None else (*unspoken, token))
    return SandboxApp(app, token)


def _build_plain_app(
    config: SandboxConfig, store: Store, account: CredentialHashes, clock: Clock
) -> ASGIApp:
    tokens, limits = _make_access(config, store, clock)
    api = ApiHandlers(store, RecordWriter(store, clock), account, tokens, limits)
    return AuthMiddleware(ServerErrorMiddleware(Router(api.list_routes())), tokens, limits, clock)


def _build_variant_app(
    config: SandboxConfig,
    store: Store,
    account: CredentialHashes,
    clock: VirtualClock,
    behaviours: BehaviourChoices,
    token: str | None,
) -> ASGIApp:
    tokens, limits = _make_access(config, VariantAccessStore(store, behaviours), clock)
    changes = VariantRecordWriter(store, clock, behaviours)
    api = ApiHandlers(VariantRecordStore(store, behaviours), changes, account, tokens, limits)
    calls = ServerErrorMiddleware(VariantRequestMiddleware(Router(api.list_routes()), behaviours))
    answered = VariantResponseMiddleware(
        AuthMiddleware(calls, tokens, limits, clock), behaviours, clock
    )
    faults = FaultSchedule(config.faults)
    app = FaultMiddleware(answered, faults, tokens, limits, clock)
    if token is None:
        return app
    controls = SandboxControls(config, store, clock, tokens, limits, behaviours, faults)
    return ControlPlaneMiddleware(app, controls, token)


def _make_access(
    config: SandboxConfig, store: AccessStore, clock: Clock
) -> tuple[TokenIssuer, CallLimiter]:
    tokens = TokenIssuer(store, clock, config.token_ttl)
    return tokens, CallLimiter(store, clock, config.rate_limit, config.month_limit)
