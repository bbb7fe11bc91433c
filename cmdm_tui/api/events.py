"""What a client reports while it works, for a face to show: waits, retries, sign-ins, pages."""

from collections.abc import Callable
from dataclasses import dataclass

from cmdm_tui.api.errors import ApiError, CallInfo


@dataclass(frozen=True, slots=True)
class SignInStarted:
    """A sign-in is sent."""

    call: CallInfo


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """The call waits `seconds`: no call may be sent before the hour's count starts again."""

    call: CallInfo
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """Attempt `attempt` failed with `failure`; the call is sent again after `seconds`."""

    call: CallInfo
    attempt: int
    seconds: float
    failure: ApiError


@dataclass(frozen=True, slots=True)
class CallFinished:
    """An answer has come whole: its status, the seconds it took and the bytes of its body."""

    call: CallInfo
    status: int
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class CallFailed:
    """The call got no answer: `failure` says why, None where it was cancelled."""

    call: CallInfo
    failure: ApiError | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """Page `number` of `pages` has come; `pages` is None where the service does not say."""

    entity: str
    number: int
    pages: int | None


@dataclass(frozen=True, slots=True)
class TotalChanged:
    """The entity's records changed while its pages were read: there were `before`, now `after`."""

    entity: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class RecordsMissing:
    """The pages were read to their end: `came` records have come, and the service counts more."""

    entity: str
    counted: int
    came: int


Event = (
    SignInStarted
    | QuotaWait
    | RetryScheduled
    | CallFinished
    | CallFailed
    | PageRead
    | TotalChanged
    | RecordsMissing
)
EventListener = Callable[[Event], None]


def ignore_events(_: Event) -> None:
    """Do nothing with an event."""
