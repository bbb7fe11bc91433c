"""What a client reports while it works, for a face to show: waits, retries, sign-ins, pages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from cmdm_tui.api.errors import ApiError, CallInfo
from cmdm_tui.api.models import RecordFault, Response
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    import httpx

_FAULTS_SHOWN = 3


class SignInStarted(Struct, frozen=True):
    """A sign-in is sent."""

    call: CallInfo


@dataclass(frozen=True, slots=True)
class SignInEnded:
    """A sign-in has ended: with an answer, whatever its status, or without one (None)."""

    call: CallInfo
    answer: Response | None = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallSent:
    """A call is handed to its connection, after the sign-in it needed: an answer is waited for.

    `attempt` counts from 1. An attempt whose token is refused is sent twice, each time with its
    event. The headers of `request` hold the token, and its body may hold anything: whoever keeps
    or shows them takes the secrets out.
    """

    call: CallInfo
    attempt: int
    request: "httpx.Request" = field(compare=False, repr=False)


class QuotaWait(Struct, frozen=True):
    """The call waits `seconds`: no call may be sent before the hour's count starts again."""

    call: CallInfo
    seconds: float


class RetryScheduled(Struct, frozen=True):
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
    answer: Response | None = field(default=None, compare=False, repr=False)
    """The answer itself, None where it is not kept."""


class CallFailed(Struct, frozen=True):
    """The call got no answer: `failure` says why, None if it was cancelled or we are at fault."""

    call: CallInfo
    failure: ApiError | None


class PageRead(Struct, frozen=True):
    """Page `number` of `pages` has come; `pages` is None where the service does not say."""

    entity: str
    number: int
    pages: int | None


class TotalChanged(Struct, frozen=True):
    """The entity's records changed while its pages were read: there were `before`, now `after`."""

    entity: str
    before: int
    after: int


class RecordsMissing(Struct, frozen=True):
    """The pages were read to their end: `came` records have come, and the service counts more."""

    entity: str
    counted: int
    came: int


class RecordsUnreadable(Struct, frozen=True):
    """Some records could not be read, or not whole: `faults` name them.

    They stood on a page, or one alone (`page` is None). `noun` says what each is: a record or a
    field of the entity.
    """

    entity: str
    page: int | None
    faults: tuple[RecordFault, ...]
    noun: str = "record"

    @property
    def description(self) -> str:
        """What is wrong with which record, on one safe line: the first few, and how many more."""
        shown = "; ".join(
            _describe_fault(fault, self.noun) for fault in self.faults[:_FAULTS_SHOWN]
        )
        more = len(self.faults) - _FAULTS_SHOWN
        rest = f"; and {more:,} more like these" if more > 0 else ""
        page = "" if self.page is None else f", page {self.page:,}"
        return f"{one_line(self.entity, 60)}{page}: {shown}{rest}"


Event = (
    SignInStarted
    | SignInEnded
    | CallSent
    | QuotaWait
    | RetryScheduled
    | CallFinished
    | CallFailed
    | PageRead
    | TotalChanged
    | RecordsMissing
    | RecordsUnreadable
)
EventListener = Callable[[Event], None]


def ignore_events(_: Event) -> None:
    """Do nothing with an event."""


def _describe_fault(fault: RecordFault, noun: str) -> str:
    name = "" if fault.external_id is None else f" ({one_line(fault.external_id, 40)})"
    lost = ", so it is left out" if fault.is_lost else ""
    position = "" if fault.position is None else f" {fault.position:,}"
    return f"{noun}{position}{name} {fault.problem}{lost}"
