"""Follows one failure: from the exchange that showed it to the shortest steps that lead to it."""

import time
from dataclasses import dataclass

from cmdm_tui.harness.fuzz.events import FailureFound, FuzzListener
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession, NewFailure
from cmdm_tui.harness.fuzz.execute.run_budget import BudgetSpent, RunBudget
from cmdm_tui.harness.fuzz.shrink.reproduction import (
    Reproduction,
    make_reproduction,
    replay,
    shrink,
)

_SHRINK_REQUESTS = 300
_SHRINK_SECONDS = 60.0


@dataclass
class FailureTracker:
    """The search for a failure's shortest steps, of one failure at a time.

    `best` are the shortest steps so far, None while nothing failed.
    """

    session: FuzzSession
    budget: RunBudget
    notify: FuzzListener
    shrinks: bool
    worker: int = 0
    best: Reproduction | None = None
    _last_request: int = 0
    _deadline: float = 0.0

    def start(self) -> None:
        """Wait for the next failure, whichever it is."""
        self.best = None
        self.session.searched = None
        self.session.on_new_failure = self._note_failure

    @property
    def is_over(self) -> bool:
        """Whether a failure was found, and enough was done to shorten its steps."""
        if self.best is None:
            return False
        # An answer that never comes takes half a minute each time.
        return time.monotonic() >= self._deadline or self.budget.spent >= self._last_request

    def finish(self, *, can_send: bool) -> tuple[Reproduction, bool | None, BudgetSpent | None]:
        """Shorten the steps once more and confirm them.

        Return the steps, whether they failed again after a reset (None where that was not tried),
        and the bound that was reached meanwhile.
        """
        session, is_confirmed, spent = self.session, None, None
        finding = self._found.finding
        session.forget_known(finding)
        try:
            if can_send:
                is_confirmed = self._shrink_and_confirm()
        except BudgetSpent as end:
            spent = end
        session.remember_known(finding)
        session.searched = None
        return self._found, is_confirmed, spent

    def _note_failure(self, failure: NewFailure) -> None:
        session = self.session
        found = make_reproduction(session.steps, session.log, failure.finding)
        if self.best is None:
            name = failure.finding.failure
            session.searched = failure.finding
            self._last_request = self.budget.spent + _SHRINK_REQUESTS
            self._deadline = time.monotonic() + _SHRINK_SECONDS
            self.notify(FailureFound(name, failure.finding, len(session.log), self.worker))
            session.phase = "shrinking"
            self.best = found
        elif found.size < self.best.size:
            self.best = found

    def _shrink_and_confirm(self) -> bool:
        """Make the steps fewer, and take them again after a reset."""
        session = self.session
        session.on_new_failure = _ignore
        session.phase = "shrinking"
        if self.shrinks:
            shrink(session, self._found, self._keep, until=self._deadline)
        session.phase = "confirming"
        confirmed = replay(session, self._found)
        if confirmed is not None:
            self._keep(confirmed)
        return confirmed is not None

    @property
    def _found(self) -> Reproduction:
        if self.best is None:
            raise LookupError("no failure was found")
        return self.best

    def _keep(self, reproduction: Reproduction) -> None:
        self.best = reproduction


def _ignore(_: NewFailure) -> None:
    pass
