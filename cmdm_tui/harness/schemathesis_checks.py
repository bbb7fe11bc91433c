"""The checks of `cmdm fuzz` as checks of schemathesis, for whoever tests with that.

    export SCHEMATHESIS_HOOKS=cmdm_tui.harness.schemathesis_checks
    schemathesis run openapi.json --url https://crm.example.com

Each check is registered under its name, `own-entity` as `cmdm_own_entity`, for `--checks` and
`--exclude-checks`. It signs in with CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and
CMDM_PASSWORD, where they are set; else CMDM_TOKEN is the token that you send yourself. Without
either, no token is known to be good, and most checks have nothing to say.

Only faults against the vendor's documentation fail a run, with CMDM_STRICT=1 also those against
what the sandbox does where that is silent. CMDM_CHECKS names a file of checks of your own.

The checks know what the calls before have shown, so one call after another tells most: run with one
worker. An answer that came while another call was under way is judged alone.

cmdm does not depend on schemathesis: install version 4 yourself.
"""

import os
import re
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, cast

import httpx
import schemathesis

from cmdm_tui.harness.calls import CREDENTIAL_NAMES, parse_call, parse_given, parse_query
from cmdm_tui.harness.exchange import API_PATH, Exchange, Headers, Intent, read_date
from cmdm_tui.harness.oracle import CHECKS, Check, Finding, ServiceModel, judge_exchange
from cmdm_tui.harness.oracle.own_checks import load_own_checks
from cmdm_tui.redaction.redactor import Redactor

GENERATED_INPUT = "schemathesis:generated"
"""The input class of a request that schemathesis made: the right answer is not known."""

_PREFIX = "cmdm_"
_ROUTE = re.compile(r"(?P<api>.*?/api/[^/?#]+)(?P<rest>/.*)", re.DOTALL)
_MOST_KEPT = 200
_SECONDS_TO_SIGN_IN = 30.0


class RunJudge:
    """Judges each answer of a run once, given those before it; may be used from several threads."""

    def __init__(self, checks: tuple[Check, ...], *, is_strict: bool) -> None:
        self._checks = checks
        self._is_strict = is_strict
        self._lock = threading.Lock()
        self._model = ServiceModel(is_alone=False)
        self._number = 0
        self._callers: set[int] = set()
        """The threads that have sent a call and wait for its answer."""
        self._overlaps = False
        self._findings: OrderedDict[int, tuple[object, tuple[Finding, ...]]] = OrderedDict()
        self._tokens: set[str] = set()
        self._secrets: set[str] = set()

    def add_token(self, token: str, *secrets: str) -> None:
        """Learn a token that is good, and secrets that no message may hold."""
        with self._lock:
            self._tokens.add(token)
            self._secrets |= {token, *secrets} - {""}

    def begin_call(self) -> None:
        """Note that a call is sent by this thread."""
        caller = threading.get_ident()
        with self._lock:
            if caller in self._callers:
                # Its last call was not answered: what that has done is not known.
                self._model = ServiceModel(is_alone=False)
            self._callers.add(caller)
            self._overlaps = self._overlaps or len(self._callers) > 1

    def end_call(self, response: Any) -> None:
        """Judge the answer to this thread's call."""
        with self._lock:
            self._callers.discard(threading.get_ident())
            if self._overlaps:
                # It is not known which call the service took first.
                self._model = ServiceModel(is_alone=False)
                self._overlaps = bool(self._callers)
            self._judge(response)

    def find(self, check: str, response: Any) -> list[str]:
        """Return what a check found wrong in an answer, without secrets."""
        with self._lock:
            if id(response) not in self._findings:
                # Not sent by schemathesis itself: a test that brings its own answer.
                self._judge(response)
            _, findings = self._findings[id(response)]
            redact = Redactor(self._secrets)
            return [redact(one.message) for one in findings if one.check == check]

    def _judge(self, response: Any) -> None:
        exchange = self._make_exchange(response)
        found: tuple[Finding, ...] = ()
        if exchange is not None:
            judged = judge_exchange(self._model, exchange, self._checks, is_strict=self._is_strict)
            found = judged.findings
        # The answer is kept too: another one could get the same identity.
        self._findings[id(response)] = (response, found)
        if len(self._findings) > _MOST_KEPT:
            self._findings.popitem(last=False)

    def _make_exchange(self, response: Any) -> Exchange | None:
        """Return an answer as an exchange; None for what is not below the API's path."""
        request = response.request
        url = httpx.URL(request.url or "")
        target = _ROUTE.fullmatch(url.raw_path.decode("ascii", "replace"))
        if target is None:
            return None
        self._number += 1
        body = request.body or b""
        headers: Headers = tuple(
            (name, value) for name, values in response.headers.items() for value in values
        )
        sent = {str(name).lower(): str(value) for name, value in request.headers.items()}
        raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        return Exchange(
            number=self._number,
            method=str(request.method).upper(),
            path=API_PATH + target["rest"],
            sent_headers=tuple(sent.items()),
            sent_body=raw if isinstance(raw, bytes) else b"",
            status=response.status_code,
            headers=headers,
            body=response.content or b"",
            started=time.monotonic() - response.elapsed,
            elapsed=response.elapsed,
            moment=read_date(headers),
            intent=self._read_intent(str(request.method).upper(), target["rest"], sent, raw),
        )

    def _read_intent(self, method: str, rest: str, sent: dict[str, str], body: object) -> Intent:
        route, _, query = rest.partition("?")
        call, entity, external_id = parse_call(method, route)
        authorization = sent.get("authorization")
        if call == "authenticate":
            kind = "sign-in"
        elif authorization is None:
            kind = "none"
        else:
            kind = "good" if authorization.removeprefix("Bearer ") in self._tokens else "other"
        return Intent(
            call,
            entity,
            external_id,
            input_class=GENERATED_INPUT,
            authorization=kind,
            given=parse_given(call, body) if isinstance(body, bytes) else None,
            query=parse_query(call, query),
        )


def _load_checks() -> tuple[Check, ...]:
    own = os.environ.get("CMDM_CHECKS")
    return (*CHECKS, *load_own_checks([Path(own)] if own else []))


_registry = cast("Any", schemathesis)
_checks = _load_checks()
_judge = RunJudge(_checks, is_strict=os.environ.get("CMDM_STRICT", "") not in {"", "0"})


def _register(check: Check) -> None:
    def run(ctx: Any, response: Any, case: Any) -> bool | None:
        del ctx, case
        found = _judge.find(check.name, response)
        if found:
            raise AssertionError("\n".join(found))
        return None

    run.__name__ = run.__qualname__ = _PREFIX + check.name.replace("-", "_")
    run.__doc__ = check.sentence
    _registry.check(run)


def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Note that schemathesis sends a call."""
    del context, case, kwargs
    _judge.begin_call()


def after_call(context: Any, case: Any, response: Any) -> None:
    """Judge the answer to a call."""
    del context, case
    _judge.end_call(response)


class TokenProvider:
    """Signs in with the credentials in the environment, and puts the token into each request."""

    def get(self, case: Any, context: Any) -> str:
        """Return a token. Raises RuntimeError where the service gives none."""
        del context
        values = {name: os.environ[f"CMDM_{name.upper()}"] for name in CREDENTIAL_NAMES}
        base = httpx.URL(str(case.operation.base_url or ""))
        found = _ROUTE.match(base.path + "/")
        url = base.copy_with(path=(found["api"] if found else API_PATH) + "/authenticate")
        answer = httpx.post(url, headers=values, timeout=_SECONDS_TO_SIGN_IN)
        try:
            token = str(answer.json()["token"])
        except (ValueError, KeyError, TypeError):
            message = f"The sign-in was answered {answer.status_code} and gave no token."
            raise RuntimeError(message) from None
        _judge.add_token(token, values["client_secret"], values["password"])
        return token

    def set(self, case: Any, data: str, context: Any) -> None:
        """Put the token into a request."""
        del context
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def _install() -> None:
    for check in _checks:
        _register(check)
    _registry.hook(before_call)
    _registry.hook(after_call)
    if all(os.environ.get(f"CMDM_{name.upper()}") for name in CREDENTIAL_NAMES):
        _registry.auth()(TokenProvider)
    token = os.environ.get("CMDM_TOKEN")
    if token:
        _judge.add_token(token)


_install()
