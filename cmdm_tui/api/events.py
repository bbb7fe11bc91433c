"""What a client tells while it works, for a face to show: waits, retries, sign-ins, pages."""

from collections.abc import Callable
from dataclasses import dataclass

from cmdm_tui.api.errors import ApiError, Call


@dataclass(frozen=True, slots=True)
class SigningIn:
    """A sign-in is sent."""

    call: Call


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call waits `seconds`, because no call may be sent before the hour's count starts anew."""

    call: Call
    seconds: float


@dataclass(frozen=True, slots=True)
class Retrying:
    """Attempt `attempt` failed with `failure`; the call is sent again after `seconds`."""

    call: Call
    attempt: int
    seconds: float
    failure: ApiError


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer has come whole: its status, the seconds it took and the bytes of its body."""

    call: Call
    status: int
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The call came to no answer: `failure` says why, None where nobody waits for it any more."""

    call: Call
    failure: ApiError | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """Page `number` of `pages` has come; `pages` is None where the service does not tell."""

    entity: str
    number: int
    pages: int | None


@dataclass(frozen=True, slots=True)
class TotalChanged:
    """The entity's records changed while its pages were read: there were `before`, now `after`."""

    entity: str
    before: int
    after: int


Event = SigningIn | Waiting | Retrying | Answered | GaveUp | PageRead | TotalChanged
Tell = Callable[[Event], None]


def nobody(_: Event) -> None:
    """Tell nobody."""
