"""The run of one worker: what is tried in which order, and what becomes of a failure."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from cmdm_tui.harness.control_client import ControlFailed
from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.events import (
    ExchangeMade,
    FailureFound,
    FailureShrunk,
    FuzzEvent,
    FuzzListener,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession, NewFailure
from cmdm_tui.harness.fuzz.execute.run_budget import BudgetSpent, RunBudget, ServiceGone, StopSignal
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.state_machine import make_state_machine
from cmdm_tui.harness.fuzz.generate.trials import Trial, list_trials
from cmdm_tui.harness.fuzz.shrink.reproduction import (
    Reproduction,
    make_reproduction,
    replay,
    shrink,
)
from cmdm_tui.harness.fuzz.target import FuzzTarget
from cmdm_tui.harness.oracle import CHECKS, Check

_EXAMPLES = 2
_TRIALS_PER_MACHINE = 6
_STEPS = 8
_SHRINK_REQUESTS = 300
_SHRINK_SECONDS = 60.0
_MOST_FAILURES = 25

INTERRUPTED = "interrupted"

SaveFailure = Callable[[str, Reproduction], None]


@dataclass(frozen=True, slots=True)
class FuzzSettings:
    """How to fuzz.

    `only` are names of phases (`stateless`, `stateful`), calls or checks; empty for all. With calls
    named and no phase, it is the stateless one. `known`
    are failures that are not to be told again.
    """

    seed: int = 0
    requests: int | None = None
    seconds: float | None = None
    only: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    fails_fast: bool = False
    shrinks: bool = True
    workers: int = 1


class RunFinished(BaseException):
    """A failure was shrunk for long enough, or the first one was all that was asked for."""


@dataclass
class FuzzRunner:
    """One worker's run against `target`, told through `tell`; `save` writes a failure down.

    It ends soon once `stop` is set. Raises Refused and ControlFailed where it cannot begin.
    """

    target: FuzzTarget
    settings: FuzzSettings
    notify: FuzzListener
    save: SaveFailure
    worker: int = 0
    stop: StopSignal | None = None
    failures: list[str] = field(default_factory=list[str])
    _examples: int = 0
    _best: Reproduction | None = None
    _shrink_until: int = 0
    _shrink_until_time: float = 0.0
    _last_progress_at: float = 0.0
    _failed_check_counts: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        # Hypothesis keeps what it finds out of a class for good, so there is one for the whole run.
        self._state_machine = make_state_machine(self._begin_example)
        settings = self.settings
        self._budget = RunBudget(settings.requests, settings.seconds, self.stop)
        self._session = FuzzSession(
            self.target, self._budget, self.checks, self._handle_event, known=set(settings.known),
            worker=self.worker,
        )  # fmt: skip

    @property
    def session(self) -> FuzzSession:
        """The session with the target."""
        return self._session

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks that may fail the run."""
        named = {check.name for check in CHECKS} & self.settings.only
        return tuple(
            check
            for check in CHECKS
            if (not named or check.name in named)
            and (self.target.is_strict or check.certainty == "documented")
        )

    def __call__(self) -> RunEnded:
        """Fuzz until a bound is reached, and return how it ended."""
        settings = self.settings
        self.notify(
            RunStarted(
                self.target.url, settings.seed, settings.requests, settings.seconds,
                settings.workers, tuple(check.name for check in self.checks),
                self.target.restores, self.target.may_write,
            )
        )  # fmt: skip
        reason, is_cut = "", False
        try:
            self._session.open()
            self._explore()
        except (BudgetSpent, RunFinished) as end:
            reason, is_cut = str(end), isinstance(end, ServiceGone)
        except KeyboardInterrupt:
            reason = INTERRUPTED
        finally:
            try:
                self._session.close()
            except (ServiceGone, ControlFailed) as error:
                reason, is_cut = reason if is_cut else str(error), True
        met = self._session.found_failures & self.settings.known
        ended = RunEnded(
            self._budget.spent, self._examples, self._budget.elapsed, tuple(self.failures),
            tuple(sorted(met)), reason, dict(self._failed_check_counts), self.worker,
            tuple(f"{entity}/{external_id}" for entity, external_id in self._session.undeleted),
            is_cut,
        )  # fmt: skip
        self.notify(ended)
        return ended

    # What is tried

    def _explore(self) -> None:
        self._run_attempt(self._session.learn)
        self._session.base_model = self._session.model
        turn = 0
        while True:
            before = self._budget.spent
            for number, attempt in enumerate(self._plan_round(turn)):
                self._run_attempt(lambda: attempt(self._seed(turn, number)))  # noqa: B023 — called at once
            if self._budget.spent == before:
                raise RunFinished("nothing is left to try")
            turn += 1

    def _plan_round(self, turn: int) -> "Iterable[Callable[[int], None]]":
        only = self.settings.only
        both = {"stateless", "stateful"}
        # A session is never of one call alone.
        wants = both & only or ({"stateless"} if only & set(CALLS) else both)
        tried = self._selected_trials() if "stateless" in wants else []
        # A run that is cut short has still tried something of everything.
        random.Random(self._seed(turn, 0)).shuffle(tried)  # noqa: S311 — to be repeated, not secret
        for number, trial in enumerate(tried):
            if "stateful" in wants and number % _TRIALS_PER_MACHINE == 0:
                yield self._run_state_machine
            yield lambda seed, trial=trial: self._run_trial(trial, seed, turn)
        if "stateful" in wants and not tried:
            yield self._run_state_machine

    def _selected_trials(self) -> list[Trial]:
        found = list_trials(
            may_write=self.target.may_write,
            may_sign_in=self.target.may_write,
        )
        calls = {trial.call for trial in found} & self.settings.only
        return [trial for trial in found if not calls or trial.call in calls]

    def _seed(self, turn: int, number: int) -> int:
        return (self.settings.seed * 1_000_003 + turn * 1_009 + number) * 64 + self.worker

    def _run_trial(self, trial: Trial, seed: int, turn: int) -> None:
        self._session.phase = "stateless"

        def odd(data: st.DataObject) -> None:
            self._begin_example()
            trial.run(Actions(self._session, data.draw), turn=turn + self.settings.seed)

        given = hypothesis.given(st.data())(odd)
        hypothesis.seed(seed)(self._hypothesis_settings(_EXAMPLES)(given))()

    def _run_state_machine(self, seed: int) -> None:
        self._session.phase = "stateful"
        machine = hypothesis.seed(seed)(self._state_machine)
        run_state_machine_as_test(machine, settings=self._hypothesis_settings(_EXAMPLES + 1))  # pyright: ignore[reportUnknownMemberType]

    def _hypothesis_settings(self, examples: int) -> hypothesis.settings:
        phases = (Phase.generate, Phase.shrink) if self.settings.shrinks else (Phase.generate,)
        return hypothesis.settings(
            max_examples=examples,
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            phases=phases,
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType] — an enumeration
        )

    def _begin_example(self) -> FuzzSession:
        if self._best is not None and self._is_shrunk_enough():
            raise RunFinished("shrunk")
        self._examples += 1
        self._session.begin_example()
        return self._session

    def _is_shrunk_enough(self) -> bool:
        # An answer that never comes takes half a minute each time.
        is_late = time.monotonic() >= self._shrink_until_time
        return is_late or self._budget.spent >= self._shrink_until

    # What becomes of a failure

    def _run_attempt(self, attempt: Callable[[], None]) -> None:
        """Try something; where a check fails, settle that failure and go on."""
        self._best = None
        session = self._session
        session.searched_failure = None
        session.on_new_failure = self._handle_new_failure
        try:
            attempt()
        except RunFinished:
            if self._best is None:
                raise
        except Flaky:
            # A target that does not answer alike each time: others use it, or it is at fault.
            pass
        except Exception:
            # Hypothesis wraps what it raises.
            if self._best is None:
                raise
        except BudgetSpent as spent:
            if self._best is not None:
                self._finish_failure(self._best, spent)
            raise
        if self._best is not None:
            self._finish_failure(self._best)

    def _handle_new_failure(self, broken: NewFailure) -> None:
        session = self._session
        path = make_reproduction(session.steps, session.log, broken.finding)
        if self._best is None:
            session.searched_failure = broken.finding.failure
            self._shrink_until = self._budget.spent + _SHRINK_REQUESTS
            self._shrink_until_time = time.monotonic() + _SHRINK_SECONDS
            self.notify(
                FailureFound(
                    session.searched_failure, broken.finding, len(session.log), self.worker
                )
            )
            session.phase = "shrinking"
            self._best = path
        elif path.size < self._best.size:
            self._best = path

    def _finish_failure(self, path: Reproduction, spent: BudgetSpent | None = None) -> None:
        session, is_confirmed = self._session, None
        failure = path.finding.failure
        session.known_failures.discard(failure)
        self._best = path
        try:
            if spent is None:
                is_confirmed = self._shrink_and_confirm()
        except BudgetSpent as end:
            spent = end
        session.known_failures.add(failure)
        session.searched_failure = None
        self.failures.append(failure)
        self._report_failure(failure, is_confirmed=is_confirmed)
        if spent is not None:
            raise spent
        if self.settings.fails_fast:
            raise RunFinished("the first failure ends the run")
        if len(self.failures) >= _MOST_FAILURES:
            raise RunFinished(f"{_MOST_FAILURES} failures are enough")

    def _shrink_and_confirm(self) -> bool:
        """Make the steps fewer, and take them once more from a reset."""
        session = self._session
        session.on_new_failure = _ignore
        session.phase = "shrinking"
        path = self._best_reproduction
        if self.settings.shrinks:
            shrink(session, path, self._keep_best, until=self._shrink_until_time)
        session.phase = "confirming"
        again = replay(session, self._best_reproduction)
        if again is not None:
            self._keep_best(again)
        return again is not None

    @property
    def _best_reproduction(self) -> Reproduction:
        if self._best is None:
            raise LookupError("no failure is being looked at")
        return self._best

    def _keep_best(self, path: Reproduction) -> None:
        self._best = path

    def _report_failure(self, failure: str, *, is_confirmed: bool | None) -> None:
        from cmdm_tui.harness.fuzz.save.curl_script import curl_lines

        path = self._best_reproduction
        curl = tuple(curl_lines(self.target, path))
        self.notify(FailureShrunk(failure, path.finding, path.log, curl, is_confirmed, self.worker))
        self.save(failure, path)

    # Telling

    def _handle_event(self, event: FuzzEvent) -> None:
        if isinstance(event, ExchangeMade):
            self._failed_check_counts.update(event.failed_checks)
            now = time.monotonic()
            if now - self._last_progress_at >= 1:
                self._last_progress_at = now
                session, budget = self._session, self._budget
                self.notify(
                    Progress(
                        budget.spent, self._examples, budget.elapsed, session.phase, self.worker
                    )
                )
        self.notify(event)


def _ignore(_: NewFailure) -> None:
    pass
