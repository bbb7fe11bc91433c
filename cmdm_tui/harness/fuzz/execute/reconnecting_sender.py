"""Sends requests to a service that may go away, or be slow, within the bounds of a run."""

from dataclasses import replace
from time import sleep

from cmdm_tui.harness.exchange import Answer, OutgoingRequest
from cmdm_tui.harness.fuzz.execute.run_budget import RunBudget, ServiceGone
from cmdm_tui.harness.http.connection import NotConnected
from cmdm_tui.harness.http.senders import Sender

_LONGEST_WAIT, _SHORTEST_WAIT = 30.0, 0.05
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between attempts to reach a service that was there before."""
_READING = frozenset({"GET", "HEAD"})


class ReconnectingSender:
    """Sends through `sender` to `url`, for a run whose bounds `budget` knows.

    Where there is no connection any more, it tries again for a while: nothing was sent then, so
    that nothing is repeated. An answer is waited for until the run's time is over. With
    `awaits_writes`, what changes something is waited for longer: what is created on somebody's
    service must be deleted, so its id must be known.
    """

    def __init__(self, sender: Sender, url: str, budget: RunBudget, *, awaits_writes: bool) -> None:
        self._sender = sender
        self._url = url
        self._budget = budget
        self._awaits_writes = awaits_writes
        self._was_reached = False

    def __call__(self, request: OutgoingRequest) -> Answer:
        """Return the answer. Raises NoAnswer, and ServiceGone for a service that stays away."""
        for pause in (*_PAUSES, None):
            try:
                answer = self._sender(self._limit_wait(request))
            except NotConnected as error:
                if not self._was_reached:
                    raise
                if pause is None or self._budget.is_over:
                    message = f"{self._url} is not reached any more. {error}"
                    raise ServiceGone(message) from error
                sleep(pause)
            else:
                self._was_reached = True
                return answer
        raise AssertionError

    def _limit_wait(self, request: OutgoingRequest) -> OutgoingRequest:
        """Return the request, with the seconds that its answer is waited for."""
        left = self._budget.seconds_left
        if left is None or (self._awaits_writes and request.method not in _READING):
            return request
        return replace(request, timeout=min(max(left, _SHORTEST_WAIT), _LONGEST_WAIT))
