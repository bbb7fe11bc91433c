"""The log of a client's calls: what was sent and what came back; bounded, and without a secret.

It takes the events of one client. The explorer shows it on its status line and its calls screen,
and the prompt can use it as well: its home is above the client and below both.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.api import (
    ApiError,
    CallFailed,
    CallFinished,
    CallInfo,
    CallSent,
    Event,
    QuotaWait,
    Response,
    RetryScheduled,
    SignInEnded,
    SignInStarted,
)
from cmdm_tui.operations.call_entry import (
    CallDetails,
    CallEntry,
    CallState,
    HeaderLine,
    LoggedBody,
    hide_named_secrets,
    redact_content,
    redact_lines,
)
from cmdm_tui.operations.call_use import CallUse
from cmdm_tui.operations.kept_bodies import BodyStore
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    import httpx

MOST_CALLS = 5_000
"""Calls that are kept; of more, the first are dropped."""

_MOST_NOTES = 20
_LONGEST_REASON = 300
_SUCCESSES = range(200, 300)


class _KeptCall(Struct):
    """A call and what its details are made of."""

    call: CallEntry
    redact: Callable[[str], str]
    sent_headers: tuple[HeaderLine, ...] = ()
    received_headers: tuple[HeaderLine, ...] = ()
    sent_size: int = 0
    received_size: int = 0
    unread_encoding: str = ""


class CallLog:
    """Keeps the last calls of one client, the oldest first, and the bodies of the latest of them.

    Details are made without secrets when they are asked for, from the whole of each text: for a
    large body that takes tenths of a second, and may be done in a thread. `clock` gives monotonic
    seconds, `local_time` Unix time.
    """

    def __init__(
        self,
        *,
        most_calls: int = MOST_CALLS,
        bodies: BodyStore | None = None,
        clock: Callable[[], float] = time.monotonic,
        local_time: Callable[[], float] = time.time,
    ) -> None:
        self._most_calls = most_calls
        self._bodies = bodies or BodyStore()
        self._clock = clock
        self._local_time = local_time
        self._kept = OrderedDict[str, _KeptCall]()
        self._calls: list[CallEntry] | None = None
        self.use = CallUse(clock)
        """How many calls were sent in each minute of the last hour."""
        self.revision = 0
        """Another number once anything has changed."""
        self.dropped_count = 0
        """Calls that were dropped, as more came than are kept."""

    @property
    def calls(self) -> Sequence[CallEntry]:
        """The calls, the oldest first."""
        if self._calls is None:
            self._calls = [kept.call for kept in self._kept.values()]
        return self._calls

    @property
    def dropped_body_count(self) -> int:
        """Bodies that are not kept, or no longer."""
        return self._bodies.dropped_count

    def find(self, key: str) -> CallEntry | None:
        """Return a call by its key, None where it is not kept."""
        kept = self._kept.get(key)
        return None if kept is None else kept.call

    def add_event(self, event: Event) -> None:
        """Take in what a client reports; it takes a fraction of a millisecond."""
        match event:
            case SignInStarted(call):
                self._add_sending(call, is_sign_in=True)
            case CallSent(call, _, request):
                self._add_sending(call, request=request)
            case SignInEnded(call, None):
                self._end_without_answer(call, None, "No answer to the sign-in came.")
            case SignInEnded(call, answer):
                if answer is not None:
                    self._add_answer(call, answer.status, answer.elapsed, len(answer.body), answer)
            case CallFinished(call, status, seconds, size, answer):
                self._add_answer(call, status, seconds, size, answer)
            case CallFailed(call, failure):
                self._end_without_answer(call, failure, _describe_end(failure))
            case QuotaWait(call, seconds):
                self._delay(call, f"waited {seconds:,.0f} s for the reset of the quota", None)
            case RetryScheduled(call, attempt, seconds, failure):
                reason = one_line(failure.message, _LONGEST_REASON)
                note = f"attempt {attempt} failed: {reason}; again after {seconds:.1f} s"
                self._delay(call, note, failure)
            case _:
                pass

    def add_recorded(
        self,
        call: CallEntry,
        details: CallDetails,
        redact: Callable[[str], str],
    ) -> None:
        """Add a call that was read from a file; what its details hold is made free of secrets."""
        path = redact(call.path)
        kept = _KeptCall(replace(call, path=path, is_path_whole=path == call.path), redact)
        kept.sent_headers = hide_named_secrets(details.request_headers)
        kept.received_headers = hide_named_secrets(details.response_headers)
        self._store(call.key, "sent", details.request_body.content, kept)
        self._store_answer(kept, call.status or 0, details.response_body.content)
        self._put(kept)

    def read_details(self, key: str) -> CallDetails:
        """Return the headers and bodies of a call; empty where it is not kept."""
        return self.prepare_details(key)()

    def read_request_body(self, key: str) -> LoggedBody:
        """Return the body that was sent with a call; empty where it is not kept."""
        kept = self._kept.get(key)
        if kept is None:
            return LoggedBody()
        return _redact_body(self._find_body(kept, "sent", kept.sent_size), kept.redact)

    def prepare_details(self, key: str) -> Callable[[], CallDetails]:
        """Return what makes the details of a call as it is now, in any thread."""
        kept = self._kept.get(key)
        if kept is None:
            return CallDetails
        redact, sent, received = kept.redact, kept.sent_headers, kept.received_headers
        sent_body = self._find_body(kept, "sent", kept.sent_size)
        received_body = self._find_body(kept, "received", kept.received_size)

        def make() -> CallDetails:
            return CallDetails(
                redact_lines(sent, redact),
                _redact_body(sent_body, redact),
                redact_lines(received, redact),
                _redact_body(received_body, redact),
            )

        return make

    def _key(self, call: CallInfo) -> str:
        return str(call.number)

    def _add_sending(
        self, info: CallInfo, *, request: "httpx.Request | None" = None, is_sign_in: bool = False
    ) -> None:
        kept = self._find_or_make(info, is_sign_in=is_sign_in)
        if request is not None:
            kept.sent_headers = hide_named_secrets(request.headers.multi_items())
            self._store(kept.call.key, "sent", request.content, kept)
        if kept.call.state is CallState.WAITING and kept.call.times_sent:
            self.use.count()  # the token was refused: that was answered, and is not reported
        times = kept.call.times_sent + 1
        self._change(
            kept, state=CallState.WAITING, sent_at=self._clock(), times_sent=times, failure=""
        )

    def _find_or_make(self, info: CallInfo, *, is_sign_in: bool = False) -> _KeptCall:
        key = self._key(info)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        path = info.redact(info.path)
        call = CallEntry(
            key, info.method, path, started=self._local_time(),
            is_sign_in=is_sign_in, is_path_whole=path == info.path,
        )  # fmt: skip
        return _KeptCall(call, info.redact)

    def _add_answer(
        self, info: CallInfo, status: int, seconds: float, size: int, answer: Response | None
    ) -> None:
        kept = self._kept.get(self._key(info))
        if kept is None:
            return
        self.use.count()
        if answer is not None:
            kept.received_headers = hide_named_secrets(answer.headers.items())
            kept.unread_encoding = answer.unread_encoding
            self._store_answer(kept, status, answer.utf8_body)
        self._change(
            kept, state=CallState.ANSWERED, status=status, seconds=seconds, size=size, failure=""
        )

    def _end_without_answer(self, info: CallInfo, failure: ApiError | None, words: str) -> None:
        kept = self._kept.get(self._key(info))
        if kept is None or not kept.call.is_open:
            return  # it was never sent, or its answer is known
        sent_at = kept.call.sent_at
        is_left = failure is None and not kept.call.is_sign_in
        if kept.call.state is CallState.WAITING and (failure is None or failure.was_sent):
            self.use.count()
        if is_left and kept.call.is_change and kept.call.times_sent:
            words += " The change may have been made, or not."
        self._change(
            kept,
            state=CallState.LEFT if is_left else CallState.FAILED,
            seconds=None if sent_at is None else self._clock() - sent_at,
            failure=words,
        )

    def _delay(self, info: CallInfo, note: str, failure: ApiError | None) -> None:
        kept = self._find_or_make(info)
        is_lost = kept.call.state is CallState.WAITING and kept.call.times_sent > 0
        if is_lost and failure is not None and failure.was_sent:
            self.use.count()
        notes = (*kept.call.notes, note)[-_MOST_NOTES:]
        self._change(kept, state=CallState.DELAYED, notes=notes)

    def _store_answer(self, kept: _KeptCall, status: int, body: bytes) -> None:
        if kept.call.is_sign_in and status in _SUCCESSES:
            kept.received_size = -1  # it holds the token
        else:
            self._store(kept.call.key, "received", body, kept)

    def _store(self, key: str, way: str, body: bytes, kept: _KeptCall) -> None:
        if way == "sent":
            kept.sent_size = len(body)
        else:
            kept.received_size = len(body)
        if body:
            self._bodies.store((key, way), body)

    def _find_body(self, kept: _KeptCall, way: str, size: int) -> LoggedBody:
        """Return a body with its secrets still in it, or why there is none."""
        if size < 0:
            return LoggedBody(note="It holds the token, and is not kept.", is_whole=False)
        body = self._bodies.load((kept.call.key, way)) if size else b""
        if body is None:
            return LoggedBody(
                note=f"The {size:,} bytes are not kept: too many were sent and received.",
                is_whole=False,
            )
        if way == "received" and kept.unread_encoding:
            encoding = one_line(kept.unread_encoding, 40)
            return LoggedBody(note=f"{size:,} bytes in an unknown encoding, {encoding}.")
        return LoggedBody(body)

    def _change(self, kept: _KeptCall, **values: object) -> None:
        kept.call = replace(kept.call, revision=kept.call.revision + 1, **values)  # pyright: ignore[reportArgumentType]
        self._put(kept)

    def _put(self, kept: _KeptCall) -> None:
        self._kept[kept.call.key] = kept
        while len(self._kept) > self._most_calls:
            key, _ = self._kept.popitem(last=False)
            self._bodies.remove((key, "sent"))
            self._bodies.remove((key, "received"))
            self.dropped_count += 1
        self._calls = None
        self.revision += 1


def _redact_body(body: LoggedBody, redact: Callable[[str], str]) -> LoggedBody:
    return redact_content(body.content, redact) if body.content else body


def _describe_end(failure: ApiError | None) -> str:
    return "It was not waited for." if failure is None else one_line(str(failure))
