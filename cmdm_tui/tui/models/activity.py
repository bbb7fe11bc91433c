"""What the client is doing now, as its events say: signing in, waiting, trying again, paging."""

import math
from dataclasses import dataclass, replace

from cmdm_tui.api import (
    CallFailed,
    CallFinished,
    Event,
    PageRead,
    QuotaWait,
    RecordsMissing,
    RecordsUnreadable,
    RetryScheduled,
    SignInStarted,
    TotalChanged,
)
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.value_text import format_count

_LONGEST_NAME, _LONGEST_REASON = 30, 100
_PAGE_SECONDS, _CHANGE_SECONDS = 3.0, 10.0
"""Seconds for which the line shows a page that came, and records that changed meanwhile."""


@dataclass(frozen=True, slots=True)
class DelayedCall:
    """A call that is sent again at the time `until`: after the hour's reset, or a failure."""

    call: int
    until: float
    attempt: int = 0
    reason: str = ""

    def describe(self, now: float) -> str:
        """Return why the call is held, and for how many seconds more."""
        left = math.ceil(self.until - now)
        if not self.attempt:
            return f"waits {left} s for the hour's reset" if left > 0 else "a new hour has begun"
        when = f"again in {left} s" if left > 0 else "trying again"
        return f"attempt {self.attempt} failed, {when}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Activity:
    """What is under way. All times are monotonic, in seconds."""

    delayed: tuple[DelayedCall, ...] = ()
    is_signing_in: bool = False
    page: str = ""
    page_until: float = 0.0
    change: str = ""
    change_until: float = 0.0

    def with_event(self, event: Event, now: float) -> "Activity":
        """Return what is under way after this event."""
        match event:
            case SignInStarted():
                return replace(self, is_signing_in=True)
            case QuotaWait(call, seconds):
                return self._with_delayed(DelayedCall(call.number, now + seconds))
            case RetryScheduled(call, attempt, seconds, failure):
                reason = one_line(failure.message, _LONGEST_REASON)
                return self._with_delayed(DelayedCall(call.number, now + seconds, attempt, reason))
            case CallFinished(call) | CallFailed(call):
                held = tuple(other for other in self.delayed if other.call != call.number)
                return replace(self, delayed=held, is_signing_in=False)
            case PageRead(entity, page, pages):
                of = "" if pages is None else f" of {pages:,}"
                words = f"{one_line(entity, _LONGEST_NAME)}: page {page:,}{of}"
                return replace(self, page=words, page_until=now + _PAGE_SECONDS)
            case TotalChanged(entity, before, after):
                name = one_line(entity, _LONGEST_NAME)
                counts = f"{format_count(before)} before, {format_count(after)} now"
                words = f"{name} changed meanwhile: {counts}"
                return replace(self, change=words, change_until=now + _CHANGE_SECONDS)
            case RecordsMissing(entity, counted, came):
                name = one_line(entity, _LONGEST_NAME)
                words = f"{name} is partial: {came:,} of {format_count(counted)} came"
                return replace(self, change=words, change_until=now + _CHANGE_SECONDS)
            case RecordsUnreadable():
                return replace(self, change=event.description, change_until=now + _CHANGE_SECONDS)

    def describe(self, now: float) -> str:
        """Return what matters most of it, on one line; nothing where all is quiet."""
        if self.delayed:
            return max(self.delayed, key=_urgency).describe(now)
        if self.is_signing_in:
            return "signing in …"
        if now < self.change_until:
            return self.change
        return self.page if now < self.page_until else ""

    def _with_delayed(self, held: DelayedCall) -> "Activity":
        others = tuple(other for other in self.delayed if other.call != held.call)
        return replace(self, delayed=(*others, held), is_signing_in=False)


def _urgency(held: DelayedCall) -> tuple[bool, float]:
    """Rank a wait for the reset before a failure, and of either the one that takes longest."""
    return not held.attempt, held.until
