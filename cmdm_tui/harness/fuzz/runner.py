"""Runs one worker's fuzz: generates examples, judges them, shrinks and saves each failure."""

import functools
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from cmdm_tui.harness.control_client import ControlFailed
from cmdm_tui.harness.exchange import CALLS, VALID_INPUT
from cmdm_tui.harness.fuzz.events import (
    CallInput,
    ExchangeMade,
    FailureFound,
    FailureShrunk,
    FuzzEvent,
    FuzzListener,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession
from cmdm_tui.harness.fuzz.execute.run_budget import (
    BudgetSpent,
    CheckBroken,
    LimitSpent,
    RunBudget,
    ServiceGone,
    StopSignal,
)
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.rules import RULES, Rule
from cmdm_tui.harness.fuzz.generate.run_plan import PlannedExample, RunPlan
from cmdm_tui.harness.fuzz.generate.trials import Trial, list_trials
from cmdm_tui.harness.fuzz.save.curl_script import curl_lines
from cmdm_tui.harness.fuzz.save.failure_redactor import FailureRedactor
from cmdm_tui.harness.fuzz.settings import INTERRUPTED, FuzzSettings
from cmdm_tui.harness.fuzz.shrink.failure_tracker import FailureTracker
from cmdm_tui.harness.fuzz.shrink.reproduction import Reproduction
from cmdm_tui.harness.oracle import CHECKS, Check
from cmdm_tui.harness.oracle.own_checks import load_own_checks
from cmdm_tui.harness.service import Service
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.redaction_hook import RedactionHookFailed

_MOST_FAILURES = 25
_MOST_IDLE = 200
"""Attempts in a row that send nothing, after which nothing is left to try."""

_NOT_THE_SIMPLEST = st.integers(0, 2**16)

SaveFailure = Callable[[str, Reproduction, PersonRedactor | None], None]
"""Writes a failure down: its name, its steps, and what has replaced the people in them."""


class RunFinished(BaseException):
    """The run, or the search for a shorter failure, is over; the message says why."""


@dataclass
class FuzzRunner:
    """One worker's run against `service`; `notify` hears its events, `save` writes a failure down.

    It opens the service, and closes it. It ends soon after `stop` is set. Raises ServiceFailed and
    ControlFailed where it cannot begin, RedactionHookFailed and PersonLeft where it cannot replace
    the people in a failure.
    """

    service: Service
    settings: FuzzSettings
    notify: FuzzListener
    save: SaveFailure
    worker: int = 0
    stop: StopSignal | None = None
    failures: list[str] = field(default_factory=list[str])
    _examples: int = 0
    _last_progress_at: float = 0.0
    _failed_check_counts: Counter[str] = field(default_factory=Counter[str])
    _redaction_error: RedactionHookFailed | None = None

    def __post_init__(self) -> None:
        settings = self.settings
        self._all_checks = (*CHECKS, *load_own_checks(settings.check_files))
        self._budget = RunBudget(settings.requests, settings.seconds, self.stop)
        self._session = FuzzSession(
            self.service, settings, self._budget, self.checks, self._handle_event,
            worker=self.worker,
        )  # fmt: skip
        self._search = FailureTracker(
            self._session, self._budget, self._handle_event, settings.shrinks, self.worker
        )
        self._redactor = None if settings.people is None else FailureRedactor(settings.people)

    @property
    def session(self) -> FuzzSession:
        """The session with the service."""
        return self._session

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks that may fail the run."""
        named = {check.name for check in self._all_checks} & self.settings.only
        return tuple(
            check
            for check in self._all_checks
            if (not named or check.name in named)
            and check.name not in self.settings.excluded
            and (self.settings.is_strict or check.certainty != "ours")
        )

    def run(self) -> RunEnded:
        """Fuzz until a bound is reached, and return how it ended."""
        settings = self.settings
        self.notify(
            RunStarted(
                self.service.origin, settings.seed, settings.requests, settings.seconds,
                settings.workers, tuple(check.name for check in self.checks),
                self.service.is_restored, self.service.may_write, self._list_inputs(),
            )
        )  # fmt: skip
        reason, is_cut, is_limited = "", False, False
        try:
            self._session.open()
            self._explore()
        except (BudgetSpent, RunFinished) as end:
            reason, is_cut = self._describe_end(end), isinstance(end, ServiceGone | CheckBroken)
            is_limited = isinstance(end, LimitSpent)
        except KeyboardInterrupt:
            reason = INTERRUPTED
        finally:
            try:
                self._session.close()
            except (ServiceGone, ControlFailed) as error:
                reason, is_cut = reason if is_cut else str(error), True
        if self._redaction_error is not None:
            raise self._redaction_error
        met = self._session.found_failures & self.settings.known
        ended = RunEnded(
            self._budget.spent, self._examples, self._budget.elapsed,
            tuple(dict.fromkeys(self.failures)),
            tuple(sorted(met)), reason, dict(self._failed_check_counts), self.worker,
            tuple(f"{one.entity}/{one.external_id}" for one in self.service.undeleted),
            is_cut, is_limited, self._session.absent_entities,
        )  # fmt: skip
        self.notify(ended)
        return ended

    def _describe_end(self, end: BudgetSpent | RunFinished) -> str:
        """Return why the run has ended; a user's check that failed may have put people into it."""
        reason, session = str(end), self._session
        if self._redactor is None or not isinstance(end, CheckBroken):
            return reason
        return self._redactor.redact_reason(reason, session.log, session.model)

    # What is tried

    def _explore(self) -> None:
        self._run_attempt(self._session.learn)
        self._session.base_model = self._session.model
        plan = self._make_plan()
        idle = 0
        for number in itertools.count():
            attempt, before = plan.next_attempt(), self._budget.spent
            self._run_attempt(functools.partial(self._try, attempt, number))
            made = self._budget.spent - before
            plan.count_requests(attempt.phase, made)
            idle = 0 if made else idle + 1
            if idle >= _MOST_IDLE:
                raise RunFinished("nothing is left to try")

    def _make_plan(self) -> RunPlan:
        trials, rules = self._select_trials(), self._select_rules()
        if not trials and not rules:
            raise RunFinished("nothing is left to try")
        return RunPlan(trials, rules, self._seed(0))

    @property
    def _phases(self) -> set[str]:
        only, both = self.settings.only, {"stateless", "stateful"}
        # A session is never of one call alone.
        return both & only or ({"stateless"} if only & set(CALLS) else both)

    def _select_trials(self) -> list[Trial]:
        service, calls = self.service, self.settings.only & set(CALLS)
        found = list_trials(may_write=service.may_write, may_sign_in=service.may_write)
        return [
            trial
            for trial in found
            if "stateless" in self._phases
            and (not calls or trial.call in calls)
            and not self.settings.excludes(trial.call)
            and not all(self.settings.excludes(one.full_name) for one in trial.all_classes)
        ]

    def _select_rules(self) -> list[Rule]:
        service = self.service
        return [
            rule
            for rule in RULES
            if "stateful" in self._phases
            and (service.may_write or not rule.needs_writing)
            and (service.is_restored or not rule.needs_control)
            and self.settings.excluded.isdisjoint(rule.calls)
        ]

    def _list_inputs(self) -> frozenset[CallInput]:
        """Return every call, with its input classes, that the run may send."""
        found: set[CallInput] = {
            (call, VALID_INPUT) for rule in self._select_rules() for call in rule.calls
        }
        planned = found.union(*(trial.inputs for trial in self._select_trials()))
        excludes = self.settings.excludes
        return frozenset(
            (call, name) for call, name in planned if not excludes(call) and not excludes(name)
        )

    def _seed(self, number: int) -> int:
        return (self.settings.seed * 1_000_003 + number) * 64 + self.worker

    def _try(self, attempt: PlannedExample, number: int) -> None:
        self._session.phase = attempt.phase

        def example(data: st.DataObject) -> None:
            # Hypothesis begins with the simplest of all, which would be much of a run.
            hypothesis.assume(data.draw(_NOT_THE_SIMPLEST))
            self._begin_example()
            # Without the notes and the tests of `data.draw`, which take most of its time.
            draw = data.conjecture_data.draw
            attempt.run(Actions(self._session, draw), round_number=number + self.settings.seed)

        given = hypothesis.given(st.data())(example)
        hypothesis.seed(self._seed(number))(self._hypothesis_settings()(given))()

    def _hypothesis_settings(self) -> hypothesis.settings:
        phases = (Phase.generate, Phase.shrink) if self.settings.shrinks else (Phase.generate,)
        return hypothesis.settings(
            max_examples=1,
            deadline=None,
            database=None,
            phases=phases,
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType] — an enumeration
        )

    def _begin_example(self) -> FuzzSession:
        if self._search.is_over:
            raise RunFinished("shrunk")
        self._examples += 1
        self._session.begin_example()
        return self._session

    # What becomes of a failure

    def _run_attempt(self, attempt: Callable[[], None]) -> None:
        """Try something; where a check fails, finish that failure and continue."""
        search = self._search
        search.start()
        try:
            attempt()
        except RunFinished:
            if search.best is None:
                raise
        except Flaky:
            # A target that does not answer alike each time: others use it, or it is at fault.
            pass
        except Exception:
            # Hypothesis wraps what it raises.
            if search.best is None:
                raise
        except BudgetSpent as spent:
            if search.best is not None:
                self._finish_failure(spent)
            raise
        if search.best is not None:
            self._finish_failure()

    def _finish_failure(self, spent: BudgetSpent | None = None) -> None:
        found, is_confirmed, reached = self._search.finish(can_send=spent is None)
        failure = found.finding.failure
        self.failures.append(failure)
        self._report_failure(failure, found, is_confirmed=is_confirmed)
        spent = spent or reached
        if spent is not None:
            raise spent
        if self.settings.fails_fast:
            raise RunFinished("the first failure ends the run")
        if len(self.failures) >= _MOST_FAILURES:
            raise RunFinished(f"{_MOST_FAILURES} failures are enough")

    def _report_failure(
        self, failure: str, found: Reproduction, *, is_confirmed: bool | None
    ) -> None:
        people = None
        if self._redactor is not None:
            redacted = self._redactor.redact_failure(found, self._session.model)
            found, people = redacted.reproduction, redacted.people
        curl = tuple(curl_lines(self.service, found))
        self.notify(
            FailureShrunk(failure, found.finding, found.log, curl, is_confirmed, self.worker)
        )
        self.save(failure, found, people)

    # Events

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
        self.notify(self._redact_found(event) if isinstance(event, FailureFound) else event)

    def _redact_found(self, event: FailureFound) -> FailureFound:
        if self._redactor is None:
            return event
        session = self._session
        try:
            finding = self._redactor.redact_finding(event.finding, session.log, session.model)
        except RedactionHookFailed as error:
            # Hypothesis would take it for a failure, and send more to make that one shorter.
            self._redaction_error = error
            raise RunFinished("people could not be replaced") from error
        return replace(event, finding=finding)
