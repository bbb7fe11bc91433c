"""What can go wrong with a call: one small tree, each error with its call and what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmdm_tui.api.models import Response
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api.reconcile import PendingWrite


def _keep_text(words: str) -> str:
    return words


@dataclass(frozen=True, slots=True)
class CallInfo:
    """The call an error belongs to: its number within the client, method and path, no secret.

    `conceal` takes the client's secrets out of words that a service could repeat them in.
    """

    number: int
    method: str
    path: str
    redact: Callable[[str], str] = field(default=_keep_text, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {one_line(self.path, 200)} (call {self.number})"


class ApiError(Exception):
    """The root of the tree. `str()` is one safe line: what happened, to what, what to do next."""

    hint: str = ""
    was_sent: bool = True
    """False where the request certainly did not reach the service."""

    def __init__(
        self,
        message: str,
        *,
        call: CallInfo | None = None,
        status: int | None = None,
        hint: str | None = None,
    ) -> None:
        if call is not None:
            message = call.redact(message)
        super().__init__(message)
        self.message = message
        self.call = call
        self.status = status
        if hint is not None:
            self.hint = hint

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
    """The address is not `https` and not on this machine."""


class NetworkError(ApiError):
    """The service could not be reached, or the connection failed before the answer was whole."""

    hint = "Check the address and the network"


class DeadlineExceeded(NetworkError):
    """The answer was not whole within the time allowed for the call."""

    hint = "Try again, or allow more time"


class QuotaFloorReached(ApiError):
    """The calls that are left are kept for work that a user waits for."""

    hint = "It goes on when the hour's count starts anew"


class OutcomeUnknown(ApiError):
    """A create or a conversion was sent and its answer lost: it may have been done, or not.

    Sending it again could do it twice. `cause` is the failure that took the answer, `sought` what
    the call was to make: `Client.reconcile()` looks for it.
    """

    hint = "Look among the newest records before sending it again"

    def __init__(self, message: str, *, call: CallInfo, cause: ApiError) -> None:
        super().__init__(message, call=call, status=cause.status)
        self.cause = cause
        self.pending_write: PendingWrite | None = None


class MalformedResponse(ApiError):
    """A successful answer that is not what was asked for."""

    hint = "Check that the address is that of a CMDataManager API"


class ResponseTooLarge(ApiError):
    """The answer is longer than the client takes."""

    hint = "Ask for fewer records or fields at a time"


class StatusError(ApiError):
    """The service answered with an error status (`api.md`, status codes): `response`."""

    response: Response | None = None
    is_repeated: bool = False
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
    """429: no call is left this hour. `reset` is the Unix time at which the count starts anew."""

    hint = "Wait for the reset"

    def __init__(
        self, message: str, *, call: CallInfo, status: int | None, hint: str, reset: float | None
    ) -> None:
        super().__init__(message, call=call, status=status, hint=hint)
        self.reset = reset


class MonthLimitReached(StatusError):
    """429 although calls are left this hour: the month's limit. Waiting an hour does not help."""

    hint = "The month's limit is reached; ask the vendor for more calls or wait for the next month"


class ServerError(StatusError):
    """500 and above: an unexpected error of the service."""

    hint = "Try again later"
