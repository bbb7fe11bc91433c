"""Sends requests to a service that may go away, or be slow, within the bounds of a run."""

from time import sleep

from cmdm_tui.harness.exchange import Answer
from cmdm_tui.harness.fuzz.execute.run_budget import RunBudget, ServiceGone
from cmdm_tui.harness.http.connection import NotConnected, RawConnection, RawHeaders

_LONGEST_WAIT, _SHORTEST_WAIT = 30.0, 0.05
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between attempts to reach a service that was there before."""


class FuzzTransport:
    """A connection to `url` for a run whose bounds `budget` knows."""

    def __init__(self, url: str, budget: RunBudget) -> None:
        self._connection = RawConnection(url)
        self._url = url
        self._budget = budget
        self._was_reached = False

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(
        self, method: str, path: str, lines: RawHeaders, body: bytes, *, is_patient: bool
    ) -> Answer:
        """Send a request; where there is no connection any more, try again for a while.

        Nothing was sent then, so that nothing is repeated. An answer is waited for until the run's
        time is over, or longer by one that `is_patient`. Raises NoAnswer, and ServiceGone for a
        target that stays away.
        """
        for pause in (*_PAUSES, None):
            try:
                wait = self._answer_timeout(is_patient=is_patient)
                answer = self._connection.send(method, path, lines, body, timeout=wait)
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

    def _answer_timeout(self, *, is_patient: bool) -> float:
        """Return for how many seconds an answer is waited for."""
        left = self._budget.seconds_left
        if left is None or is_patient:
            return _LONGEST_WAIT
        return min(max(left, _SHORTEST_WAIT), _LONGEST_WAIT)
