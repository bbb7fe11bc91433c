"""What can go wrong with a call: one tree, each error with its call and what to do about it.

    ApiError
    ├── InvalidCall                     nothing was sent: it cannot be made as asked
    │   └── ReadOnly
    ├── InsecureAddress
    ├── NetworkError                    no whole answer came
    │   ├── AnswerTimeout
    │   ├── DeadlineExceeded
    │   │   └── TimeLimitReached        the time of the whole command is over
    │   ├── CallCancelled               no one waits for the answer any more
    │   └── AnswerCutShort
    ├── QuotaFloorReached
    ├── OutcomeUnknown                  a create or conversion that may have been done
    ├── MalformedResponse               an answer that cannot be read
    ├── ResponseTooLarge
    └── StatusError                     an answer with an error status
        ├── BadRequest                  400
        ├── AuthenticationFailed        401
        ├── NotFound                    404
        ├── MethodNotAllowed            405
        ├── HourLimitReached            429
        ├── MonthLimitReached           429
        └── ServerError                 500 and above

An error is a value: nothing is set on it after it is made.
"""

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Self

from cmdm_tui.api.models import PendingWrite, Response
from cmdm_tui.text import one_line

_ACCEPTED, _CREATED = 202, 201
_FINAL_FAILURES = frozenset({500, 501})
"""What a service answers itself; others from 502 on may be a gateway's, and it go on behind it."""
_LOWEST_SERVER_ERROR = 500


def keep_text(text: str) -> str:
    """Return the text as it is."""
    return text


@dataclass(frozen=True, slots=True)
class CallInfo:
    """The call an error belongs to: its number within the client, method and path, no secret.

    `redact` takes the client's secrets out of words in which a service could repeat them.
    """

    number: int
    method: str
    path: str
    redact: Callable[[str], str] = field(default=keep_text, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {one_line(self.redact(self.path), 200)} (call {self.number})"


class ApiError(Exception):
    """The root of the tree. `str()` is one safe line: what happened, to what, what to do next."""

    hint: str = ""

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo | None = None,
        status: int | None = None,
        hint: str | None = None,
        was_sent: bool = True,
    ) -> None:
        if call is not None:
            message = call.redact(message)
        super().__init__(message)
        self.message = message
        self.call = call
        self.status = status
        self.was_sent = was_sent
        """False where the request certainly did not reach the service."""
        if hint is not None:
            self.hint = hint

    def advise(self, advice: str) -> Self:
        """Return this error with advice before its hint."""
        advised = copy(self)
        advised.hint = f"{advice} {self.hint}".rstrip()
        return advised

    def __str__(self) -> str:
        parts = [self.message.rstrip(".")]
        if self.call is not None:
            status = f", status {self.status}" if self.status is not None else ""
            parts[0] += f" [{self.call}{status}]"
        if self.hint:
            parts.append(self.hint.rstrip("."))
        return ". ".join(parts) + "."


class InvalidCall(ApiError):
    """The call cannot be made as asked: an empty id, a value that JSON has no form for."""


class ReadOnly(InvalidCall):
    """The profile is read-only, and the call would change something."""

    hint = "Use another profile, or make this one writable"


class InsecureAddress(ApiError):
    """The address is not `https`, and not on this machine."""


class NetworkError(ApiError):
    """The service could not be reached, or the connection failed before the answer was whole.

    `partial` is the answer as far as it came, from its whole head on; None where less came.
    """

    hint = "Check the address and the network"

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo | None = None,
        hint: str | None = None,
        was_sent: bool = True,
        partial: Response | None = None,
    ) -> None:
        super().__init__(message, call=call, hint=hint, was_sent=was_sent)
        self.partial = partial


class AnswerTimeout(NetworkError):
    """The connection was silent for too long; the service may still be working on the call."""

    hint = "Try again, or check the address and the network"


class DeadlineExceeded(NetworkError):
    """The answer was not whole within the time allowed for the call."""

    hint = "Try again, or allow more time"


class TimeLimitReached(DeadlineExceeded):
    """The time that the whole command may take is over."""

    hint = "Allow more time"


class CallCancelled(NetworkError):
    """The call was left while its answer, or the quota, was waited for (`Client.cancel_calls`)."""

    hint = "Ask again"


class AnswerCutShort(NetworkError):
    """The answer came as if it were whole, but its JSON ends in the middle."""

    hint = "Try again: the service, or something between, cuts its answers off"


class QuotaFloorReached(ApiError):
    """The calls that are left are kept for work that a user waits for.

    `is_repeated` is as that of a StatusError.
    """

    hint = "It continues when the hour's count starts again"

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo | None = None,
        was_sent: bool = False,
        is_repeated: bool = False,
    ) -> None:
        super().__init__(message, call=call, was_sent=was_sent)
        self.is_repeated = is_repeated


class OutcomeUnknown(ApiError):
    """A create or a conversion was sent and its answer lost: it may have been done, or not.

    Sending it again could do it twice. `cause` is the failure that lost the answer, `pending_write`
    what the call was to make: `Client.reconcile()` looks for it. `status` is that of the answer, of
    which perhaps only the head came; None where nothing came. `lost_at` is the monotonic time at
    which that was known.
    """

    hint = "Look among the newest records before sending it again"

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo,
        cause: ApiError,
        pending_write: PendingWrite | None = None,
        lost_at: float | None = None,
    ) -> None:
        partial = cause.partial if isinstance(cause, NetworkError) else None
        status = cause.status if partial is None else partial.status
        super().__init__(message, call=call, status=status)
        self.cause = cause
        self.pending_write = pending_write
        self.lost_at = time.monotonic() if lost_at is None else lost_at

    @property
    def is_acknowledged(self) -> bool:
        """Whether the service said that it was created, without saying which record it is."""
        return self.status == _CREATED

    @property
    def has_ended(self) -> bool:
        """Whether the service said that it failed, so that it does not make it later."""
        return self.status in _FINAL_FAILURES

    @property
    def may_be_under_way(self) -> bool:
        """Whether the service may still be working on it, however long ago the call was made.

        So it is after a timeout, while the connection was open; after 202; and after what a gateway
        answers.
        """
        if isinstance(self.cause, DeadlineExceeded | AnswerTimeout) or self.status == _ACCEPTED:
            return True
        return (self.status or 0) >= _LOWEST_SERVER_ERROR and not self.has_ended

    @property
    def may_settle(self) -> bool:
        """Whether only a wait can show that it was not done: the answer broke off or gave no id."""
        return not (self.has_ended or self.may_be_under_way or self.is_acknowledged)


class MalformedResponse(ApiError):
    """A successful answer that is not what was asked for."""

    hint = "Check that the address is that of a CMDataManager API"


class ResponseTooLarge(ApiError):
    """The answer is longer than the client takes."""

    hint = "Ask for fewer records or fields at a time"


class StatusError(ApiError):
    """The service answered with an error status (`api.md`, status codes): `response`.

    `retry_after` is the seconds that the service asks to wait, `reset` the Unix time at which it
    gives calls again; each is None where that was not read.
    """

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo | None = None,
        status: int | None = None,
        hint: str | None = None,
        response: Response | None = None,
        was_sent: bool = True,
        is_repeated: bool = False,
        retry_after: float | None = None,
        reset: float | None = None,
    ) -> None:
        super().__init__(message, call=call, status=status, hint=hint, was_sent=was_sent)
        self.response = response
        self.retry_after = retry_after
        self.reset = reset
        self.is_repeated = is_repeated
        """True where an earlier attempt, whose answer was lost, may have done what was asked."""


class BadRequest(StatusError):
    """400: an error in the request, for example a field the entity does not have."""

    hint = "Check the names and values sent against the entity's fields"


class AuthenticationFailed(StatusError):
    """401: the credentials or the token were refused."""

    hint = "Check the client id, client secret, user name and password"


class NotFound(StatusError):
    """404: no such entity, record or path."""

    hint = "Check the name of the entity and the external id"


class MethodNotAllowed(StatusError):
    """405: the path is known, the method is not for it."""


class HourLimitReached(StatusError):
    """429: no call is left this hour. `reset` is the Unix time at which the count starts again."""

    hint = "Wait for the reset"


class MonthLimitReached(StatusError):
    """429 although calls are left this hour: the month's limit. Waiting an hour does not help."""

    hint = "The month's limit is reached; ask the vendor for more calls or wait for the next month"


class ServerError(StatusError):
    """500 and above: an unexpected error of the service."""

    hint = "Try again later"
