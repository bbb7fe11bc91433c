"""Makes one call: through the gate, within quota and deadline, and again where that is safe."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import stamina
from stamina.instrumentation import set_on_retry_hooks

from cmdm_tui.api import errors
from cmdm_tui.api.again import count_again
from cmdm_tui.api.answers import check_status, read_response
from cmdm_tui.api.auth import SignIn
from cmdm_tui.api.error_mapping import build_outcome_unknown, map_errors
from cmdm_tui.api.errors import ApiError, CallInfo
from cmdm_tui.api.events import CallFailed, CallFinished, EventListener, QuotaWait, RetryScheduled
from cmdm_tui.api.models import Response
from cmdm_tui.api.pool import MAX_CONNECTIONS
from cmdm_tui.api.quota import QuotaTracker
from cmdm_tui.api.rate_limit import RateLimiter
from cmdm_tui.api.retry import (
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

# Retries are told as events; without a hook of ours they would be logged to the terminal.
set_on_retry_hooks([])


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """A call to make: `build` makes its request anew for each attempt.

    `once` is a call that must not be done twice; `check` raises error statuses; `in_background`
    keeps to the floor of the quota.
    """

    call: CallInfo
    build: Callable[[], httpx.Request]
    once: bool
    check: bool
    in_background: bool


class RequestSender:
    """Sends calls and receives their answers, for one user of one server."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sign_in: SignIn,
        meter: QuotaTracker,
        *,
        host: str,
        deadline: float,
        policy: RetryPolicy,
        floor: int,
        tell: EventListener,
    ) -> None:
        self._http = http
        self._sign_in = sign_in
        self._quota_tracker = meter
        self._host = host
        self._deadline = deadline
        self._policy = policy
        self._floor = floor
        self._notify = tell
        self._rate_limiter = RateLimiter()
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, sending: OutgoingCall) -> Response:
        """Make the call and return its answer; raise an ApiError where there is none."""
        try:
            return await self._send_with_retries(sending)
        except ApiError as error:
            is_answered = isinstance(error, errors.StatusError) and error.response is not None
            if not is_answered or error.call is not sending.call:
                self._notify(CallFailed(sending.call, error))
            raise
        except asyncio.CancelledError:
            self._notify(CallFailed(sending.call, None))
            raise

    async def _send_with_retries(self, sending: OutgoingCall) -> Response:
        trial = _RetryState(sending, self._policy, time.monotonic() + self._deadline)

        def wait_for(error: Exception) -> bool | float:
            if not isinstance(error, ApiError):
                return False
            seconds = trial.decide(error, self._rate_limiter.blocked_for)
            if seconds is None:
                return False
            if isinstance(error, errors.HourLimitReached):
                self._notify(QuotaWait(sending.call, seconds))
                return 0.0
            self._notify(RetryScheduled(sending.call, trial.number, seconds, error))
            return seconds

        try:
            async for attempt in stamina.retry_context(on=wait_for, attempts=None, timeout=None):
                with attempt:
                    trial.begin_attempt()
                    return await self._send_attempt(sending, trial.end)
        except errors.NotFound as error:
            if isinstance(trial.decision, AlreadyDone) and error.response is not None:
                return error.response
            raise
        except ApiError as error:
            if isinstance(trial.decision, InDoubt):
                raise build_outcome_unknown(sending.call, error) from None
            raise
        raise AssertionError  # pragma: no cover — the loop ends by an answer or an error

    async def _send_attempt(self, sending: OutgoingCall, end: float) -> Response:
        call, request = sending.call, sending.build()
        request.extensions["asked_at"] = end - self._deadline
        # A call that waits for a connection has not passed the gate yet: should it be closed
        # meanwhile, nothing more is sent.
        left = end - time.monotonic()
        within = map_errors(call, request, host=self._host, deadline=self._deadline, left=left)
        async with within, self._slots:
            return await self._send_rate_limited(sending, request, end)

    async def _send_rate_limited(
        self, sending: OutgoingCall, request: httpx.Request, end: float
    ) -> Response:
        if self._rate_limiter.blocked_for > end - time.monotonic():
            raise self._build_quota_error(sending.call)
        tries_the_gate = await self._rate_limiter.acquire()
        try:
            answer = await self._send_single_request(sending, request)
            if sending.check:
                check_status(answer, sending.call, self._quota_tracker)
        except errors.HourLimitReached as error:
            self._rate_limiter.block(self._seconds_until(error.reset))
            raise
        finally:
            if tries_the_gate:
                self._rate_limiter.end_probe()
        return answer

    async def _send_single_request(self, sending: OutgoingCall, request: httpx.Request) -> Response:
        floor = self._floor if sending.in_background else 0
        is_within = self._quota_tracker.reserve(floor=floor)
        try:
            if self._policy.keeps_quota and not is_within:
                raise self._build_quota_error(sending.call, floor=floor)
            started = time.monotonic()
            response = await self._http.send(request, auth=self._sign_in, stream=True)
            # Now, not after the body: that may take long, and may never come whole.
            self._quota_tracker.update(response.headers)
            answer = await read_response(response, sending.call, started=started)
        finally:
            self._quota_tracker.release()
        self._notify(CallFinished(sending.call, answer.status, answer.elapsed, len(answer.body)))
        return answer

    def _build_quota_error(self, call: CallInfo, *, floor: int = 0) -> ApiError:
        left = self._quota_tracker.calls_left + 1  # the one reserved for this call
        if floor and left > 0:
            error: ApiError = errors.QuotaFloorReached(
                f"{left:g} calls are left this hour, and {floor} are kept for work in front of you",
                call=call,
            )
        else:
            reset = self._quota_tracker.quota.reset
            in_time = max(self._quota_tracker.seconds_to_reset, self._rate_limiter.blocked_for)
            error = errors.HourLimitReached(
                "No call is left this hour",
                call=call,
                status=None,
                hint=f"Wait for the reset, in {in_time:.0f} s",
                reset=reset,
            )
        error.was_sent = False
        return error

    def _seconds_until(self, reset: float | None) -> float:
        seconds = (reset or 0.0) - self._quota_tracker.clock.now()
        return seconds if seconds > 0 else _DEFAULT_WAIT


@dataclass(slots=True)
class _RetryState:
    """The attempts at one call so far, and what was decided about the last."""

    sending: OutgoingCall
    policy: RetryPolicy
    end: float
    number: int = 0
    was_sent: bool = False
    """Whether the last attempt reached the service."""
    may_be_done: bool = False
    decision: RetryDecision = field(default_factory=GiveUp)

    def begin_attempt(self) -> None:
        """Begin an attempt; one that follows another that was sent is a call more."""
        if self.was_sent:
            count_again()
        self.number += 1

    def decide(self, failure: ApiError, gate_closed_for: float) -> float | None:
        """Decide about the last attempt; return the seconds to wait for the next, None for none."""
        attempt = Attempt(
            self.sending.call.method,
            self.number,
            once=self.sending.once,
            was_sent=failure.was_sent,
            may_be_done=self.may_be_done,
        )
        self.was_sent = failure.was_sent
        self.decision = self.policy.decide(attempt, failure)
        if isinstance(failure, errors.StatusError):
            failure.is_repeated = self.may_be_done
        if failure.was_sent and isinstance(failure, errors.NetworkError | errors.ServerError):
            self.may_be_done = True
        if not isinstance(self.decision, RetryAfter):
            return None
        seconds = gate_closed_for if self.decision.seconds is None else self.decision.seconds
        if time.monotonic() + seconds < self.end:
            return seconds
        self.decision = GiveUp()
        return None
