"""Signs in for a bearer token and carries it on every request (`api.md`, authenticate)."""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable

import httpx

from cmdm_tui.api.decode import read_response, read_token
from cmdm_tui.api.error_mapping import check_status
from cmdm_tui.api.errors import (
    AuthenticationFailed,
    BadRequest,
    CallInfo,
    InvalidCall,
    MalformedResponse,
    NetworkError,
    StatusError,
)
from cmdm_tui.api.events import (
    CallSent,
    EventListener,
    SignInEnded,
    SignInStarted,
    ignore_events,
)
from cmdm_tui.api.pool import begin_sending, hand_over
from cmdm_tui.api.quota import QuotaTracker
from cmdm_tui.api.token_state import Token, TokenState, TokenStore, rebuild_failure
from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.redaction.redactor import Redactor

_MOST_SENDINGS = 3
"""Under the token as it was, under another process's, and under a new one."""

_MOST_SIGN_INS = 4
"""Sign-ins in a row without a token, after which every call that waits for one gives up."""

_PROOF_LIFETIME = 60.0

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN = 400, 401, 403
_REFUSAL_STATUSES = {_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN}
_TOKEN_WORDS = re.compile(rb"(?i)\b(access |bearer )?tokens?\b|\bauthori[sz]ation\b")


class SignIn(httpx.Auth):
    """Carry a bearer token on every request; sign in when it is missing, about to end, or refused.

    However many requests wait for a token, one of them signs in, and a cancelled one leaves the way
    to the next. With a shared store this holds for all processes: what another has obtained
    meanwhile is used. Refused credentials are refused for all that waited, so that none hammers on.
    A request answered with 401 is sent once more, under a new token; and again under one of this
    client's own, where the new one was another process's and is refused too. A sign-in that fails
    in one process fails in all that waited for it, or were started with it. After 400 or 403,
    which may mean a token that ended, only a request that may be done twice is sent once more (its
    extension `once` is not set).
    """

    def __init__(
        self,
        url: httpx.URL,
        credentials: Credentials,
        quota_tracker: QuotaTracker,
        next_number: Callable[[], int],
        *,
        tokens: TokenStore | None = None,
        listener: EventListener = ignore_events,
    ) -> None:
        self._url = url
        self._headers = build_sign_in_headers(credentials) if credentials.has_secrets else None
        """None where the secrets are not known: then a token that was kept is all there is."""
        self._secrets = (
            credentials.client_id,
            credentials.client_secret,
            credentials.password,
        )
        self._quota_tracker = quota_tracker
        self._next_number = next_number
        self._notify = listener
        self.sent_count = 0
        """How many calls were handed to a connection; no sign-in is one."""
        self._token = TokenState(quota_tracker, tokens)
        self._redactor: tuple[tuple[SecretStr, ...], Redactor] | None = None
        """A redactor and the secrets that it knows: made for them, it serves many lines.

        Both in one value, as texts may be redacted in a thread.
        """
        self._lock = asyncio.Lock()
        self._refusal: AuthenticationFailed | None = None
        self._refused_at = 0.0
        self._failed_at = deque[float](maxlen=_MOST_SIGN_INS)
        """When the last sign-ins failed; empty after one that did not."""
        self._failure: StatusError | None = None
        self._refusals_after_renewal: dict[int, float] = {}
        self._unanswered: CallInfo | None = None
        """The sign-in that is under way."""
        self._began_at = 0.0
        """When it was begun, by the monotonic clock."""

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Yield the request, after a sign-in where one is due, and again after a 401."""
        asked_at = request.extensions.get("asked_at", time.monotonic())
        refused: Token | None = None
        for _ in range(_MOST_SENDINGS):
            begin_sending(request)
            async with self._lock:
                token = self._token.current
                if token is None or token is refused or self._token.is_ending:
                    self._raise_if_refused_since(asked_at)
                    async with self._token.lock():
                        token = self._token.load_newer()
                        if token is None:
                            began_at = request.extensions.get("process_began_at") or asked_at
                            self._raise_if_failed_for_another(min(asked_at, began_at))
                            self._raise_if_given_up(asked_at)
                            sign_in, call = self.build_request(has_token_ended=True)
                            request.extensions["sign_in"] = call
                            _connect_alike(sign_in, request)
                            try:
                                token = await self.accept_token((yield sign_in), call)
                            except (StatusError, MalformedResponse) as error:
                                self._token.share_failure(error)
                                raise
                            finally:
                                self._note_end(has_failed=token is None)
                            del request.extensions["sign_in"]
            request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
            hand_over(request)
            self._report_sending(request)
            response = yield request
            if response.status_code not in _REFUSAL_STATUSES:
                self._token.update_end(token, response.headers)
                return
            # Read, it gives its connection back, which the one that signs in may be waiting for.
            body = await response.aread()
            is_once = request.extensions.get("once", False)
            if not self._may_be_about_token(response.status_code, body, is_once=is_once):
                return
            if refused is not None and token is not self._token.loaded:
                self._refusals_after_renewal[response.status_code] = time.monotonic()
                return
            refused = token

    @property
    def lock(self) -> asyncio.Lock:
        """The lock under which a sign-in is done."""
        return self._lock

    def build_request(self, *, has_token_ended: bool = False) -> tuple[httpx.Request, CallInfo]:
        """Return the sign-in request, and the call that its errors belong to.

        Raises AuthenticationFailed where the secrets are not known; a token that has ended, or was
        refused, is forgotten then.
        """
        if self._headers is None:
            if has_token_ended:
                self._token.forget()
            raise AuthenticationFailed(
                "It cannot sign in: the token that was kept is not good any more, and the secrets "
                "are kept nowhere",
                hint="Start again at a terminal to be asked for them, or set CMDM_CLIENT_SECRET "
                "and CMDM_PASSWORD",
                was_sent=False,
            )
        request = httpx.Request("POST", self._url, headers=self._headers)
        call = CallInfo(self._next_number(), "POST", "/authenticate", self.redact)
        self._unanswered, self._began_at = call, time.monotonic()
        self._notify(SignInStarted(call))
        return request, call

    def note_lost_answer(self) -> None:
        """Report that the sign-in under way has ended without an answer, if that is so."""
        call, self._unanswered = self._unanswered, None
        if call is not None:
            self._notify(SignInEnded(call, None))

    async def accept_token(self, response: httpx.Response, call: CallInfo) -> Token:
        """Take the token from the answer to a sign-in.

        Raises AuthenticationFailed where the credentials were refused, with any of 400, 401 and
        403, and another StatusError or MalformedResponse where the answer holds no token.
        """
        self._quota_tracker.update(response.headers)
        await response.aread()  # httpx reads it again before it sends the next request
        answer = await read_response(response, call, started=self._began_at)
        self._unanswered = None
        self._notify(SignInEnded(call, answer))
        try:
            check_status(answer, call, self._quota_tracker, was_sent=False)
        except StatusError as error:
            refusal = _to_refusal(error)
            if refusal is None:
                self._failure = error
                raise
            self._refusal = refusal
            self._refused_at = time.monotonic()
            raise refusal from None
        try:
            value = read_token(answer, call)
        except MalformedResponse as error:
            raise MalformedResponse(
                error.message,
                call=call,
                status=answer.status,
                hint=error.hint,
                was_sent=False,
            ) from None
        return self._token.replace(value, response.headers)

    def redact(self, words: str) -> str:
        """Return a service's words without the secrets it was sent and the tokens it gave."""
        secrets = (*self._secrets, *self._token.recent)
        known = self._redactor
        if known is None or known[0] != secrets:
            known = secrets, Redactor.for_sentences(secret.reveal() for secret in secrets)
            self._redactor = known
        return known[1].redact_values(words)

    def has_given_up(self, asked_at: float) -> bool:
        """Return whether too many sign-ins in a row have failed since a call was made.

        `asked_at` is the monotonic time of that.
        """
        return len(self._failed_at) == _MOST_SIGN_INS and self._failed_at[0] >= asked_at

    def _report_sending(self, request: httpx.Request) -> None:
        call = request.extensions.get("call")
        if call is None:
            return
        self.sent_count += 1
        if self._notify is not ignore_events:
            self._notify(CallSent(call, request.extensions.get("attempt", 1), request))

    def _note_end(self, *, has_failed: bool) -> None:
        self.note_lost_answer()
        if has_failed:
            self._failed_at.append(time.monotonic())
        else:
            self._failed_at.clear()
            self._failure = None

    def _raise_if_failed_for_another(self, since: float) -> None:
        """Raise what another process's sign-in was answered after `since`, a monotonic time.

        Each such failure counts as an attempt of this process, and is raised once, so that all of
        them wait, come back, and give up together.
        """
        failures = self._token.find_failures(time.time() - (time.monotonic() - since))
        if failures.count >= _MOST_SIGN_INS:
            self._failed_at.extend([time.monotonic()] * _MOST_SIGN_INS)
        if not failures.unseen:
            return
        error = rebuild_failure(failures.unseen[-1])
        if not isinstance(error, AuthenticationFailed):
            self._failed_at.append(time.monotonic())
            self._failure = error if isinstance(error, StatusError) else None
        raise error

    def _raise_if_given_up(self, asked_at: float) -> None:
        if not self.has_given_up(asked_at):
            return
        if self._failure is not None:
            raise self._failure
        message = f"No sign-in of {_MOST_SIGN_INS} in a row was answered"
        raise NetworkError(message, was_sent=False)

    def _raise_if_refused_since(self, asked_at: float) -> None:
        if self._refusal is not None and self._refused_at >= asked_at:
            error = self._refusal
            raise AuthenticationFailed(
                error.message, call=error.call, status=error.status, was_sent=False
            )

    def _may_be_about_token(self, status: int, body: bytes, *, is_once: bool) -> bool:
        """Return whether a sign-in may help: after a 401, and after others until proved not.

        400 and 403 may stand for a token that ended (`api.md`), or for something else, which a new
        token does not change: that is tried once a minute, so that it does not cost two calls each.
        """
        if status == _UNAUTHORIZED or is_once:
            return status == _UNAUTHORIZED
        proved = self._refusals_after_renewal.get(status)
        if proved is not None and time.monotonic() - proved < _PROOF_LIFETIME:
            return False
        return status == _FORBIDDEN or _TOKEN_WORDS.search(body) is not None


def build_sign_in_headers(credentials: Credentials) -> list[tuple[bytes, bytes]]:
    """Return the four authenticate headers, their values as UTF-8.

    Raises InvalidCall for a value that no header can carry: empty, with a control character such as
    CR, LF or NUL, or with a space at an end.
    """
    return [
        (b"client_id", _encode_header_value("client id", credentials.client_id.reveal())),
        (
            b"client_secret",
            _encode_header_value("client secret", credentials.client_secret.reveal()),
        ),
        (b"username", _encode_header_value("user name", credentials.username)),
        (b"password", _encode_header_value("password", credentials.password.reveal())),
    ]


def _to_refusal(error: StatusError) -> AuthenticationFailed | None:
    if isinstance(error, AuthenticationFailed):
        return error
    if isinstance(error, BadRequest) or error.status == _FORBIDDEN:
        return AuthenticationFailed(
            error.message, call=error.call, status=error.status, was_sent=False
        )
    return None


def _connect_alike(sign_in: httpx.Request, request: httpx.Request) -> None:
    """Have a sign-in wait for a connection no longer than its request would, and be watched."""
    if "trace" in request.extensions:
        sign_in.extensions["trace"] = request.extensions["trace"]
    if "timeout" in request.extensions:
        # For its answer it waits as long as the call may take: each sign-in counts.
        sign_in.extensions["timeout"] = {"connect": request.extensions["timeout"].get("connect")}


def find_header_fault(name: str, value: str) -> str:
    """Return why no header can carry a value of a sign-in; nothing where one can."""
    if not value:
        return f"The {name} is empty"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
        return f"The {name} holds a control character (a line break, perhaps)"
    if value != value.strip(" "):
        return f"The {name} has a space at its start or end"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return f"The {name} is not valid Unicode text"
    return ""


def _encode_header_value(name: str, value: str) -> bytes:
    fault = find_header_fault(name, value)
    if fault:
        raise InvalidCall(fault, hint="Enter it again")
    return value.encode("utf-8")
