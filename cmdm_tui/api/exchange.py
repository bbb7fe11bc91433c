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
from cmdm_tui.api.answers import check_status, receive
from cmdm_tui.api.auth import SignIn
from cmdm_tui.api.connections import MOST_AT_ONCE
from cmdm_tui.api.errors import ApiError, Call
from cmdm_tui.api.events import Answered, GaveUp, Retrying, Tell, Waiting
from cmdm_tui.api.failures import in_doubt, named_failures
from cmdm_tui.api.gate import Gate
from cmdm_tui.api.models import Response
from cmdm_tui.api.quota import Meter
from cmdm_tui.api.retry import AlreadyDone, Attempt, Decision, GiveUp, InDoubt, RetryPolicy, Wait

_BLIND_WAIT = 2.0
"""Seconds to wait after a 429 that names no time in the future."""

# Retries are told as events; without a hook of ours they would be logged to the terminal.
set_on_retry_hooks([])


@dataclass(frozen=True, slots=True)
class Sending:
    """A call to make: `build` makes its request anew for each attempt.

    `once` is a call that must not be done twice; `check` raises error statuses; `in_background`
    keeps to the floor of the quota.
    """

    call: Call
    build: Callable[[], httpx.Request]
    once: bool
    check: bool
    in_background: bool


class Exchanger:
    """Sends calls and receives their answers, for one user of one server."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sign_in: SignIn,
        meter: Meter,
        *,
        host: str,
        deadline: float,
        policy: RetryPolicy,
        floor: int,
        tell: Tell,
    ) -> None:
        self._http = http
        self._sign_in = sign_in
        self._meter = meter
        self._host = host
        self._deadline = deadline
        self._policy = policy
        self._floor = floor
        self._tell = tell
        self._gate = Gate()
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def answer(self, sending: Sending) -> Response:
        """Make the call and return its answer; raise an ApiError where there is none."""
        try:
            return await self._tried(sending)
        except ApiError as error:
            is_answered = isinstance(error, errors.StatusError) and error.response is not None
            if not is_answered or error.call is not sending.call:
                self._tell(GaveUp(sending.call, error))
            raise
        except asyncio.CancelledError:
            self._tell(GaveUp(sending.call, None))
            raise

    async def _tried(self, sending: Sending) -> Response:
        trial = _Trial(sending, self._policy, time.monotonic() + self._deadline)

        def wait_for(error: Exception) -> bool | float:
            if not isinstance(error, ApiError):
                return False
            seconds = trial.judged(error, self._gate.closed_for)
            if seconds is None:
                return False
            if isinstance(error, errors.HourLimitReached):
                self._tell(Waiting(sending.call, seconds))
                return 0.0
            self._tell(Retrying(sending.call, trial.number, seconds, error))
            return seconds

        try:
            async for attempt in stamina.retry_context(on=wait_for, attempts=None, timeout=None):
                with attempt:
                    trial.begin()
                    return await self._attempt(sending, trial.end)
        except errors.NotFound as error:
            if isinstance(trial.decision, AlreadyDone) and error.response is not None:
                return error.response
            raise
        except ApiError as error:
            if isinstance(trial.decision, InDoubt):
                raise in_doubt(sending.call, error) from None
            raise
        raise AssertionError  # pragma: no cover — the loop ends by an answer or an error

    async def _attempt(self, sending: Sending, end: float) -> Response:
        call, request = sending.call, sending.build()
        request.extensions["asked_at"] = end - self._deadline
        # A call that waits for a connection has not passed the gate yet: should it be closed
        # meanwhile, nothing more is sent.
        left = end - time.monotonic()
        within = named_failures(call, request, host=self._host, deadline=self._deadline, left=left)
        async with within, self._slots:
            return await self._through_the_gate(sending, request, end)

    async def _through_the_gate(
        self, sending: Sending, request: httpx.Request, end: float
    ) -> Response:
        if self._gate.closed_for > end - time.monotonic():
            raise self._no_call_left(sending.call)
        tries_the_gate = await self._gate.passed()
        try:
            answer = await self._within_quota(sending, request)
            if sending.check:
                check_status(answer, sending.call, self._meter)
        except errors.HourLimitReached as error:
            self._gate.close(self._seconds_until(error.reset))
            raise
        finally:
            if tries_the_gate:
                self._gate.settle()
        return answer

    async def _within_quota(self, sending: Sending, request: httpx.Request) -> Response:
        floor = self._floor if sending.in_background else 0
        is_within = self._meter.reserve(floor=floor)
        try:
            if self._policy.keeps_quota and not is_within:
                raise self._no_call_left(sending.call, floor=floor)
            started = time.monotonic()
            response = await self._http.send(request, auth=self._sign_in, stream=True)
            # Now, not after the body: that may take long, and may never come whole.
            self._meter.learn(response.headers)
            answer = await receive(response, sending.call, started=started)
        finally:
            self._meter.release()
        self._tell(Answered(sending.call, answer.status, answer.elapsed, len(answer.body)))
        return answer

    def _no_call_left(self, call: Call, *, floor: int = 0) -> ApiError:
        left = self._meter.available + 1  # the one reserved for this call
        if floor and left > 0:
            error: ApiError = errors.QuotaFloorReached(
                f"{left:g} calls are left this hour, and {floor} are kept for work in front of you",
                call=call,
            )
        else:
            reset = self._meter.quota.reset
            in_time = max(self._meter.resets_in, self._gate.closed_for)
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
        seconds = (reset or 0.0) - self._meter.clock.now()
        return seconds if seconds > 0 else _BLIND_WAIT


@dataclass(slots=True)
class _Trial:
    """The attempts at one call so far, and what was decided about the last."""

    sending: Sending
    policy: RetryPolicy
    end: float
    number: int = 0
    was_sent: bool = False
    """Whether the last attempt reached the service."""
    may_be_done: bool = False
    decision: Decision = field(default_factory=GiveUp)

    def begin(self) -> None:
        """Begin an attempt; one that follows another that was sent is a call more."""
        if self.was_sent:
            count_again()
        self.number += 1

    def judged(self, failure: ApiError, gate_closed_for: float) -> float | None:
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
        if not isinstance(self.decision, Wait):
            return None
        seconds = gate_closed_for if self.decision.seconds is None else self.decision.seconds
        if time.monotonic() + seconds < self.end:
            return seconds
        self.decision = GiveUp()
        return None
