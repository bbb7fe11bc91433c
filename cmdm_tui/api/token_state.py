"""The token in use, its store that processes share, and how their sign-ins have failed."""

import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol, runtime_checkable

import httpx
from msgspec import Struct

from cmdm_tui.api.errors import (
    ApiError,
    AuthenticationFailed,
    HourLimitReached,
    MalformedResponse,
    MonthLimitReached,
    ServerError,
    StatusError,
)
from cmdm_tui.api.quota import QuotaTracker, parse_unix_time
from cmdm_tui.config import SecretStr
from cmdm_tui.text import one_line

_RENEWAL_MARGIN = 30.0
"""Seconds before its end at which a token is renewed; a tenth of its life where that is less."""

_TOKENS_REDACTED = 8
_LONGEST_MESSAGE = 300
_STATUS_ERRORS = {
    kind.__name__: kind
    for kind in (AuthenticationFailed, HourLimitReached, MonthLimitReached, ServerError)
}
"""What a sign-in of another process may have failed with; anything else is a StatusError."""

_TOKEN_END_HEADER = "x-token-reset"  # noqa: S105 — the name of a header


class Token(Struct, frozen=True):
    """A bearer token; `renew_at` is Unix time by the server's clock, None where unknown."""

    value: SecretStr
    renew_at: float | None


class TokenStore(Protocol):
    """Stores a token between runs; the service may refuse that one, and it is then replaced."""

    def load(self) -> Token | None:
        """Return the stored token, None where there is none that is still good."""
        ...

    def save(self, token: Token) -> None:
        """Store a new token in place of the last."""
        ...


@runtime_checkable
class ForgettingTokenStore(TokenStore, Protocol):
    """A store that removes a token with which nothing can be done any more."""

    def forget(self, token: Token) -> None:
        """Remove the token, unless another has replaced it since."""
        ...


class SignInFailure(Struct, frozen=True):
    """A sign-in that gave no token: when it was answered, as a Unix time of this machine, and how.

    `kind` is the name of its error, `message` the service's words without secrets.
    """

    at: float
    kind: str
    message: str
    status: int | None = None
    hint: str = ""
    retry_after: float | None = None
    reset: float | None = None


@runtime_checkable
class SharedTokenStore(TokenStore, Protocol):
    """A store that several processes use; one of them at a time signs in.

    Who holds the lock sees how the last sign-ins with the same credentials failed, oldest first;
    a token that is saved ends that.
    """

    def load_failures(self) -> Sequence[SignInFailure]:
        """Return the last failures of a short while, with these credentials, since a token came."""
        ...

    def save_failure(self, failure: SignInFailure) -> None:
        """Add a failure, for those who wait for the lock."""
        ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Keep the others from signing in while the block runs, as far as that is possible."""
        ...


class Failures(Struct, frozen=True):
    """Failed sign-ins: those that are new to this process, and how many there were in all."""

    unseen: tuple[SignInFailure, ...]
    count: int


class TokenState:
    """The token in use, from its sign-in or its store to its end."""

    def __init__(self, quota_tracker: QuotaTracker, store: TokenStore | None) -> None:
        self._quota_tracker = quota_tracker
        self._store = store
        self._shared: SharedTokenStore | None = None
        if isinstance(store, SharedTokenStore):
            self._shared = store
        self.current: Token | None = None if store is None else store.load()
        self.recent = deque([self.current.value] if self.current else [], maxlen=_TOKENS_REDACTED)
        """The last tokens, which a service could repeat in its words."""
        self.loaded: Token | None = None
        """The last token that another process obtained while this one ran."""
        self._renew_at: float | None = None if self.current is None else self.current.renew_at
        self._last_end_header: str | None = None
        self._seen_failure_at = 0.0

    @property
    def is_ending(self) -> bool:
        """Whether the token is about to end, as far as that is known."""
        return self._renew_at is not None and self._quota_tracker.clock.now() >= self._renew_at

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Keep other processes from signing in while the block runs, where they share the store."""
        return nullcontext() if self._shared is None else self._shared.lock()

    def share_failure(self, error: StatusError | MalformedResponse) -> None:
        """Let other processes know how the sign-in failed, where they share the store."""
        if self._shared is None:
            return
        is_status = isinstance(error, StatusError)
        failure = SignInFailure(
            time.time(),
            type(error).__name__,
            one_line(error.message, _LONGEST_MESSAGE),
            error.status,
            error.hint,
            error.retry_after if is_status else None,
            error.reset if is_status else None,
        )
        self._seen_failure_at = failure.at
        self._shared.save_failure(failure)

    def find_failures(self, since: float) -> Failures:
        """Return the failures after `since`, a Unix time; those of other processes once only."""
        if self._shared is None:
            return Failures((), 0)
        found = [failure for failure in self._shared.load_failures() if failure.at >= since]
        unseen = tuple(failure for failure in found if failure.at > self._seen_failure_at)
        if unseen:
            self._seen_failure_at = unseen[-1].at
        return Failures(unseen, len(found))

    def load_newer(self) -> Token | None:
        """Use the stored token, where another process has obtained one since; None where none has.

        Only a shared store is looked at.
        """
        stored = None if self._shared is None else self._shared.load()
        if stored is None or (self.current is not None and stored.value == self.current.value):
            return None
        self.current = self.loaded = stored
        self.recent.append(stored.value)
        self._renew_at = stored.renew_at
        self._last_end_header = None
        return None if self.is_ending else stored

    def forget(self) -> None:
        """Remove the token from its store, as it is of no use and nothing can replace it."""
        if self.current is not None and isinstance(self._store, ForgettingTokenStore):
            self._store.forget(self.current)

    def replace(self, value: str, headers: httpx.Headers) -> Token:
        """Use a new token, whose answer had these `headers`."""
        self._last_end_header = headers.get(_TOKEN_END_HEADER)
        self._renew_at = self._compute_renewal_time()
        self.current = Token(SecretStr(value), self._renew_at)
        self.recent.append(self.current.value)
        if self._store is not None:
            self._store.save(self.current)
        return self.current

    def update_end(self, token: Token, headers: httpx.Headers) -> None:
        """Note when the token ends, which any answer under it may say, and say differently."""
        header = headers.get(_TOKEN_END_HEADER)
        if header is None or header == self._last_end_header or token is not self.current:
            return
        self._last_end_header = header
        self._quota_tracker.clock.update(headers)
        was_known = self._renew_at is not None
        self._renew_at = self._compute_renewal_time() or self._renew_at
        if self._store is not None and not was_known and self._renew_at is not None:
            self._store.save(Token(token.value, self._renew_at))

    def _compute_renewal_time(self) -> float | None:
        ends, now = parse_unix_time(self._last_end_header), self._quota_tracker.clock.now()
        if ends is None or ends <= now:
            return None
        return ends - min(_RENEWAL_MARGIN, (ends - now) / 10)


def rebuild_failure(failure: SignInFailure) -> ApiError:
    """Return the error of a sign-in that another process made."""
    words = failure.message.rstrip(". ")
    message = f"{words}. Another cmdm got this answer just now, so this one did not sign in"
    if failure.kind == MalformedResponse.__name__:
        return MalformedResponse(
            message, status=failure.status, hint=failure.hint or None, was_sent=False
        )
    return _STATUS_ERRORS.get(failure.kind, StatusError)(
        message,
        status=failure.status,
        hint=failure.hint or None,
        was_sent=False,
        retry_after=failure.retry_after,
        reset=failure.reset,
    )
