"""Sends one call: within quota, rate limit and deadline, and again where that is safe."""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import httpx
from msgspec import Struct, field

from cmdm_tui.api import errors
from cmdm_tui.api.auth import SignIn
from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.api.decode import read_response
from cmdm_tui.api.decode_ids import is_cut_json
from cmdm_tui.api.error_mapping import build_outcome_unknown, check_status, map_errors
from cmdm_tui.api.errors import AnswerCutShort, ApiError, CallInfo, MalformedResponse
from cmdm_tui.api.events import CallFailed, CallFinished, EventListener, QuotaWait, RetryScheduled
from cmdm_tui.api.models import PendingWrite, Response
from cmdm_tui.api.pool import MAX_CONNECTIONS, is_sent, trace_sending
from cmdm_tui.api.quota import QuotaTracker
from cmdm_tui.api.rate_limit import RateLimiter
from cmdm_tui.api.retry import (
    IDEMPOTENT_METHODS,
    AlreadyDone,
    Attempt,
    GiveUp,
    InDoubt,
    RetryAfter,
    RetryDecision,
    RetryPolicy,
)

_DEFAULT_WAIT = 2.0
"""Seconds to wait after a 429 that names no time in the future."""

_NO_CONTENT = 204
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

SendHook = Callable[[int], None]
"""Called before each sending of a call, with how many times it was sent before.

What it raises forbids the sending.
"""


def ignore_send(_: int) -> None:
    """Allow every call to be sent."""


_Result = TypeVar("_Result")


class OutgoingCall(Struct, Generic[_Result], frozen=True):
    """A call to send: `build_request` makes a new request for each attempt, `read` its result.

    `once` is a call that must not be done twice; `describe_write` says what it is to make, for
    who has to look for that later. `check` raises error statuses; `in_background` keeps to the
    floor of the quota.
    """

    info: CallInfo
    build_request: Callable[[], httpx.Request]
    read: Callable[[Response], _Result]
    once: bool
    check: bool
    in_background: bool
    on_send: SendHook = ignore_send
    describe_write: Callable[[], PendingWrite] | None = None


class RequestSender:
    """Sends calls and receives their answers, for one user of one server."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sign_in: SignIn,
        quota_tracker: QuotaTracker,
        *,
        host: str,
        deadline: float,
        command_time: CommandTime,
        policy: RetryPolicy,
        floor: int,
        listener: EventListener,
        is_on_network: bool,
    ) -> None:
        self._http = http
        self._sign_in = sign_in
        self._quota_tracker = quota_tracker
        self._host = host
        self._deadline = deadline
        self._time = command_time
        self._policy = policy
        self._floor = floor
        self._notify = listener
        self._is_on_network = is_on_network
        self.has_open_write = False
        """Whether a create or a conversion was sent whose answer was lost or not waited for."""
        self.was_cancelled_call_sent = False
        """Whether the last call that was cancelled may have reached the service."""
        self._rate_limiter = RateLimiter()
        self._scopes = set[asyncio.Timeout]()
        """One for each call under way and each pause, by which it can be ended."""
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, call: OutgoingCall[_Result]) -> _Result:
        """Send the call and return the result of its answer; raise an ApiError for none."""
        scope = asyncio.timeout(None)  # it ends only where the call is cancelled
        try:
            async with scope:
                self._scopes.add(scope)
                return await self._send_reporting(call)
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self._scopes.discard(scope)
        raise self._build_cancelled_error(call)

    async def pause(self, seconds: float) -> bool:
        """Wait; return whether all the time has passed: `cancel_calls` ends it before."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scopes.add(scope)
                await asyncio.sleep(seconds)
        except TimeoutError:
            return False
        finally:
            self._scopes.discard(scope)
        return True

    def cancel_calls(self) -> int:
        """End every call under way with an error, and every pause; return how many there are."""
        now = asyncio.get_running_loop().time()
        waiting = [scope for scope in self._scopes if scope.when() is None]
        for scope in waiting:
            scope.reschedule(now)
        return len(waiting)

    def _build_cancelled_error(self, call: OutgoingCall[_Result]) -> ApiError:
        was_sent = self.was_cancelled_call_sent
        message = "The call was left while it waited"
        if was_sent and call.info.method not in _READING_METHODS:
            message += ". The change may have been made, or not"
        error = errors.CallCancelled(message, call=call.info, was_sent=was_sent)
        if not (call.once and was_sent):
            return error
        write = None if call.describe_write is None else call.describe_write()
        return build_outcome_unknown(call.info, error, write)

    async def _send_reporting(self, call: OutgoingCall[_Result]) -> _Result:
        with self._time.count_call() as note_answer:
            state = _RetryState(
                call.info, call.on_send, call.once, self._policy, self._time, self._deadline
            )
            try:
                result = await self._send_with_retries(call, state)
            except ApiError as error:
                if not state.is_answered:
                    self._notify(CallFailed(call.info, error))
                elif not isinstance(error, errors.HourLimitReached | errors.ServerError):
                    note_answer()
                raise
            except asyncio.CancelledError:
                self.was_cancelled_call_sent = state.may_have_been_sent
                self._notify(CallFailed(call.info, None))
                raise
            except BaseException:  # a fault of ours: the call is not under way any more
                if not state.is_answered:
                    self._notify(CallFailed(call.info, None))
                raise
            note_answer()
            return result

    async def _send_with_retries(
        self, call: OutgoingCall[_Result], state: "_RetryState"
    ) -> _Result:
        while True:
            try:
                state.begin_attempt()
                return await self._send_attempt(call, state)
            except ApiError as error:
                if not error.was_sent and self._sign_in.has_given_up(state.asked_at):
                    raise
                seconds = state.decide(error, self._rate_limiter.blocked_for)
                if isinstance(state.decision, InDoubt):
                    self.has_open_write = True
                    return _read_lost_answer(call, error)
                done = _read_earlier_answer(error, state.decision)
                if done is not None:
                    return call.read(done)
                if seconds is None:
                    raise
                if isinstance(error, errors.HourLimitReached):
                    self._notify(QuotaWait(call.info, seconds))
                    self._time.add_wait(seconds)
                    state.add_wait(seconds)
                    seconds = 0.0
                else:
                    self._notify(RetryScheduled(call.info, state.number, seconds, error))
            await asyncio.sleep(seconds)

    async def _send_attempt(self, call: OutgoingCall[_Result], state: "_RetryState") -> _Result:
        request = state.request = call.build_request()
        request.extensions["asked_at"] = state.asked_at
        request.extensions["process_began_at"] = self._time.process_began_at
        request.extensions["call"], request.extensions["attempt"] = call.info, state.number
        request.extensions["once"] = call.once or call.info.method not in IDEMPOTENT_METHODS
        if self._is_on_network:
            trace_sending(request)
        # A call that waits for a connection has not passed the rate limiter yet: should that block
        # meanwhile, nothing more is sent.
        mapping = map_errors(
            call.info, request, host=self._host, deadline=self._deadline, left=state.left
        )
        try:
            with self._time.explaining():
                if state.left <= 0:
                    message = "No time was left to send the call"
                    raise errors.DeadlineExceeded(  # noqa: TRY301 — what catches it lets it pass
                        message, call=call.info, was_sent=False
                    )
                async with mapping, self._slots:
                    return await self._send_rate_limited(call, request, state)
        except BaseException as error:
            # Cancelled, or a fault of ours: nobody judges what came of it.
            if not isinstance(error, ApiError) and call.once and is_sent(request):
                self.has_open_write = True
            raise

    async def _send_rate_limited(
        self, call: OutgoingCall[_Result], request: httpx.Request, state: "_RetryState"
    ) -> _Result:
        if self._rate_limiter.blocked_for > max(state.left, 0.0):
            raise self._build_quota_error(call.info, is_repeated=state.may_be_done)
        is_probe = await self._rate_limiter.acquire()
        try:
            answer = await self._send_single_request(call, request, state)
            state.is_answered = True
            if call.check:
                check_status(answer, call.info, self._quota_tracker, is_repeated=state.may_be_done)
        except errors.HourLimitReached as error:
            self._rate_limiter.block(self._seconds_until(error.reset))
            raise
        finally:
            if is_probe:
                self._rate_limiter.end_probe()
        return _read_answer(call, answer)

    async def _send_single_request(
        self, call: OutgoingCall[_Result], request: httpx.Request, state: "_RetryState"
    ) -> Response:
        floor = self._floor if call.in_background else 0
        is_within = self._quota_tracker.reserve(floor=floor)
        try:
            if self._policy.keeps_quota and not is_within:
                raise self._build_quota_error(call.info, is_repeated=state.may_be_done, floor=floor)
            started = time.monotonic()
            response = await self._http.send(request, auth=self._sign_in, stream=True)
            # Now, not after the body: that may take long, and may never come whole.
            self._quota_tracker.update(response.headers)
            answer = await read_response(response, call.info, started=started)
        finally:
            self._quota_tracker.release()
        finished = CallFinished(call.info, answer.status, answer.elapsed, len(answer.body), answer)
        self._notify(finished)
        return answer

    def _build_quota_error(self, call: CallInfo, *, is_repeated: bool, floor: int = 0) -> ApiError:
        left = self._quota_tracker.calls_left + 1  # the one reserved for this call
        if floor and left > 0:
            return errors.QuotaFloorReached(
                f"{left:g} calls are left this hour, and {floor} are kept for work in front of you",
                call=call,
                was_sent=False,
                is_repeated=is_repeated,
            )
        seconds = max(self._quota_tracker.seconds_to_reset, self._rate_limiter.blocked_for)
        return errors.HourLimitReached(
            "No call is left this hour",
            call=call,
            hint=f"Wait for the reset, in {seconds:.0f} s",
            reset=self._quota_tracker.quota.reset,
            was_sent=False,
            is_repeated=is_repeated,
        )

    def _seconds_until(self, reset: float | None) -> float:
        seconds = (reset or 0.0) - self._quota_tracker.clock.now()
        return seconds if seconds > 0 else _DEFAULT_WAIT


class _RetryState(Struct):
    """The attempts at one call so far, and what was decided about the last."""

    info: CallInfo
    on_send: SendHook
    once: bool
    policy: RetryPolicy
    command_time: CommandTime
    deadline: float
    """Seconds that the call may take, and may wait for the quota besides."""
    asked_at: float = field(default_factory=time.monotonic)
    """Monotonic time at which the call was made."""
    waited: float = 0.0
    """Seconds of it that were waits for the quota."""
    request: httpx.Request | None = None
    """That of the last attempt; None before the first."""
    number: int = 0
    times_sent: int = 0
    was_sent: bool = True
    """Whether the last attempt reached the service; True before the first."""
    may_be_done: bool = False
    is_answered: bool = False
    """Whether an answer to the last attempt came whole and was reported."""
    last_cut: bytes | None = None
    """The body that the last attempt brought, where its JSON was cut off."""
    decision: RetryDecision = field(default_factory=GiveUp)

    def begin_attempt(self) -> None:
        """Begin an attempt; one after another that was never sent is not a further call."""
        self.is_answered = False
        if self.was_sent:
            self.on_send(self.times_sent)
            self.times_sent += 1
        self.number += 1

    def decide(self, failure: ApiError, blocked_for: float) -> float | None:
        """Decide about the last attempt; return the seconds to wait for the next, None for none."""
        attempt = Attempt(
            self.info.method,
            self.number,
            once=self.once,
            was_sent=failure.was_sent,
            may_be_done=self.may_be_done,
        )
        self.was_sent = failure.was_sent
        self.decision = self.policy.decide(attempt, failure)
        if failure.was_sent and isinstance(failure, errors.NetworkError | errors.ServerError):
            self.may_be_done = True
        if self._is_cut_as_before(failure):
            self.decision = GiveUp()
        if not isinstance(self.decision, RetryAfter):
            return None
        is_quota_wait = self.decision.seconds is None
        seconds = blocked_for if self.decision.seconds is None else self.decision.seconds
        # A wait for the quota is not time without an answer, but it is not endless either.
        own = self.deadline - self.waited if is_quota_wait else self.left
        limit = self.command_time.left if self.command_time.limit is not None else math.inf
        if seconds < min(own, limit):
            return seconds
        self.decision = GiveUp()
        return None

    @property
    def may_have_been_sent(self) -> bool:
        """Whether the last attempt, or one that may have done it before, reached the service."""
        return self.may_be_done or (self.request is not None and is_sent(self.request))

    @property
    def left(self) -> float:
        """Seconds that are left to the call."""
        own = self.asked_at + self.waited + self.deadline - time.monotonic()
        return min(own, self.command_time.left)

    def add_wait(self, seconds: float) -> None:
        """Leave a wait for the quota, which begins now, out of the call's time."""
        self.waited += seconds

    def _is_cut_as_before(self, failure: ApiError) -> bool:
        """Return whether the same half of an answer came twice: a third time it will come again."""
        partial = failure.partial if isinstance(failure, AnswerCutShort) else None
        cut = None if partial is None else partial.body
        before, self.last_cut = self.last_cut, cut
        return cut is not None and cut == before and not isinstance(self.decision, InDoubt)


def _read_answer(call: OutgoingCall[_Result], answer: Response) -> _Result:
    """Return the result of an answer. Raises AnswerCutShort where its JSON ends in the middle."""
    try:
        return call.read(answer)
    except MalformedResponse as error:
        if call.once or answer.status == _NO_CONTENT or not is_cut_json(answer.utf8_body):
            raise
        message = f"The answer was cut short: {error.message}"
        raise AnswerCutShort(message, call=call.info, partial=answer) from None


def _read_lost_answer(call: OutgoingCall[_Result], error: ApiError) -> _Result:
    """Return the result where the part of the answer that came names it.

    Raises OutcomeUnknown where it does not.
    """
    partial = error.partial if isinstance(error, errors.NetworkError) else None
    describe = call.describe_write
    if describe is not None and partial is not None and httpx.codes.is_success(partial.status):
        with suppress(MalformedResponse):
            return call.read(partial)
    write = None if describe is None else describe()
    raise build_outcome_unknown(call.info, error, write) from None


def _read_earlier_answer(error: ApiError, decision: RetryDecision) -> Response | None:
    """Return the answer that shows that an earlier attempt did it, None where none shows that."""
    if isinstance(decision, AlreadyDone) and isinstance(error, errors.NotFound):
        return error.response
    return None
