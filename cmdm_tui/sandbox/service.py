"""One sandbox's service: its parts put together, from the connection's side to the store's."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
from starlette.types import ASGIApp

from cmdm_tui.sandbox.access_log import AccessLog, Line
from cmdm_tui.sandbox.accounts import Account, Credentials
from cmdm_tui.sandbox.behaviours import Behaviours
from cmdm_tui.sandbox.behaviours.answers import AnsweredOtherwise
from cmdm_tui.sandbox.behaviours.changes import OtherChanges, OtherCounts
from cmdm_tui.sandbox.behaviours.orders import OtherOrders
from cmdm_tui.sandbox.behaviours.requests import AskedOtherwise
from cmdm_tui.sandbox.changes import Changes
from cmdm_tui.sandbox.clock import Clock, VirtualClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.control.controls import Controls
from cmdm_tui.sandbox.control.plane import ControlPlane
from cmdm_tui.sandbox.data import Data
from cmdm_tui.sandbox.exposure import is_loopback
from cmdm_tui.sandbox.failures import Failures
from cmdm_tui.sandbox.faults import Faults
from cmdm_tui.sandbox.faults.strikes import Strikes
from cmdm_tui.sandbox.gate import Gate
from cmdm_tui.sandbox.hosts import Hosts
from cmdm_tui.sandbox.limits import Limits
from cmdm_tui.sandbox.openapi import description
from cmdm_tui.sandbox.openapi.route import Described
from cmdm_tui.sandbox.routes import Api, Calls
from cmdm_tui.sandbox.store import AccessStore, Store
from cmdm_tui.sandbox.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and the control plane's token where there is one."""

    app: ASGIApp
    control_token: str | None


def service(
    config: SandboxConfig,
    data: Data,
    credentials: Credentials,
    clock: Clock,
    url: str,
    on_call: Callable[[Line], None] | None,
) -> Service:
    """Put the parts together that `config` asks for, and none that it does not.

    `url` is the address that clients use.
    """
    token = secrets.token_urlsafe(32) if config.control else None
    store, account = data.store, data.account
    behaviours = Behaviours(config.behaviours)
    if token is None and not config.behaviours and not config.faults.faults:
        app = _plain(config, store, account, clock)
    else:
        app = _controlled(config, store, account, VirtualClock(clock), behaviours, token)
    # What fails in a call has the headers of its gate; what fails before or elsewhere has none.
    app = Failures(Described(app, partial(description, url), behaviours))
    app = Hosts(app, url, is_loopback=is_loopback(config.host))
    if on_call is not None:
        unspoken = msgspec.structs.astuple(credentials)
        app = AccessLog(app, on_call, unspoken if token is None else (*unspoken, token))
    return Service(app, token)


def _plain(config: SandboxConfig, store: Store, account: Account, clock: Clock) -> ASGIApp:
    tokens, limits = _access(config, store, clock)
    api = Api(store, Changes(store, clock), account, tokens, limits)
    return Gate(Failures(Calls(api.calls())), tokens, limits, clock)


def _controlled(
    config: SandboxConfig,
    store: Store,
    account: Account,
    clock: VirtualClock,
    behaviours: Behaviours,
    token: str | None,
) -> ASGIApp:
    tokens, limits = _access(config, OtherCounts(store, behaviours), clock)
    changes = OtherChanges(store, clock, behaviours)
    api = Api(OtherOrders(store, behaviours), changes, account, tokens, limits)
    calls = Failures(AskedOtherwise(Calls(api.calls()), behaviours))
    answered = AnsweredOtherwise(Gate(calls, tokens, limits, clock), behaviours, clock)
    faults = Faults(config.faults)
    app = Strikes(answered, faults, tokens, limits, clock)
    if token is None:
        return app
    controls = Controls(config, store, clock, tokens, limits, behaviours, faults)
    return ControlPlane(app, controls, token)


def _access(config: SandboxConfig, store: AccessStore, clock: Clock) -> tuple[Tokens, Limits]:
    tokens = Tokens(store, clock, config.token_ttl)
    return tokens, Limits(store, clock, config.rate_limit, config.month_limit)
