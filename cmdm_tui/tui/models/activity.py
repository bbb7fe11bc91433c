"""What the client is doing now, as its events say: signing in, waiting, trying again, paging."""

import math
from dataclasses import dataclass, replace

from cmdm_tui.api import (
    CallFailed,
    CallFinished,
    CallInfo,
    CallSent,
    Event,
    PageRead,
    QuotaWait,
    RecordsMissing,
    RecordsUnreadable,
    RetryScheduled,
    SignInEnded,
    SignInStarted,
    TotalChanged,
)
from cmdm_tui.formats.value_text import format_count
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.call_text import name_call

_LONGEST_NAME, _LONGEST_REASON = 30, 100
_SILENT_SECONDS = 1.5
"""Seconds after which a call that is not answered is shown."""
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
class SentCall:
    """A call that was sent at the time `since` and is not answered yet; `name` is safe."""

    call: int
    name: str
    since: float

    def describe(self, now: float) -> str:
        """Return which call it is, and the seconds that it has been waited for."""
        return f"{self.name}: {now - self.since:.0f} s"


@dataclass(frozen=True, slots=True)
class Activity:
    """What is under way. All times are monotonic, in seconds."""

    delayed: tuple[DelayedCall, ...] = ()
    sent: tuple[SentCall, ...] = ()
    """Calls that are waited for, the first sent first."""
    sign_in_since: float | None = None
    page: str = ""
    page_until: float = 0.0
    change: str = ""
    change_until: float = 0.0

    def with_event(self, event: Event, now: float) -> "Activity":
        """Return what is under way after this event."""
        match event:
            case SignInStarted():
                return replace(self, sign_in_since=now)
            case SignInEnded():
                return replace(self, sign_in_since=None)
            case CallSent(call):
                return self._with_sent(call, now)
            case QuotaWait(call, seconds):
                return self._with_delayed(DelayedCall(call.number, now + seconds))
            case RetryScheduled(call, attempt, seconds, failure):
                reason = one_line(failure.message, _LONGEST_REASON)
                return self._with_delayed(DelayedCall(call.number, now + seconds, attempt, reason))
            case CallFinished(call) | CallFailed(call):
                return self._without(call.number)
            case _:
                return self._with_record_event(event, now)

    def _with_record_event(
        self, event: PageRead | TotalChanged | RecordsMissing | RecordsUnreadable, now: float
    ) -> "Activity":
        match event:
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

    @property
    def is_open(self) -> bool:
        """Whether a call is waited for, or is to be sent again: its seconds go on."""
        return bool(self.delayed or self.sent) or self.sign_in_since is not None

    def is_waiting(self, now: float) -> bool:
        """Return whether a call is late: it waits to be sent, or long for its answer."""
        return bool(self.delayed) or self._is_silent(now)

    def describe(self, now: float) -> str:
        """Return what matters most of it, on one line; nothing where all is quiet."""
        if self.delayed:
            return max(self.delayed, key=_urgency).describe(now)
        if self.sign_in_since is not None:
            seconds = now - self.sign_in_since
            return "signing in …" if seconds < _SILENT_SECONDS else f"signing in: {seconds:.0f} s"
        if self._is_silent(now):
            more = len(self.sent) - 1
            return self.sent[0].describe(now) + (f", and {more:,} more" if more else "")
        if now < self.change_until:
            return self.change
        return self.page if now < self.page_until else ""

    def _is_silent(self, now: float) -> bool:
        return bool(self.sent) and now - self.sent[0].since >= _SILENT_SECONDS

    def _with_delayed(self, held: DelayedCall) -> "Activity":
        before = self._without(held.call)
        return replace(before, delayed=(*before.delayed, held))

    def _with_sent(self, call: CallInfo, now: float) -> "Activity":
        before = self._without(call.number)
        name = name_call(call.method, call.redact(call.path))
        return replace(before, sent=(*before.sent, SentCall(call.number, name, now)))

    def _without(self, call: int) -> "Activity":
        """Return the same without this call; a sign-in under way ends with it."""
        delayed = tuple(other for other in self.delayed if other.call != call)
        sent = tuple(other for other in self.sent if other.call != call)
        return replace(self, delayed=delayed, sent=sent, sign_in_since=None)


def _urgency(held: DelayedCall) -> tuple[bool, float]:
    """Rank a wait for the reset before a failure, and of either the one that takes longest."""
    return not held.attempt, held.until
