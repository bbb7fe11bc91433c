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
from cmdm_tui.harness.fuzz.budget import Budget, BudgetSpent, Stop, Unreachable
from cmdm_tui.harness.fuzz.events import (
    Event,
    ExchangeMade,
    FailureFound,
    FailureShrunk,
    Progress,
    RunEnded,
    RunStarted,
    Tell,
)
from cmdm_tui.harness.fuzz.machine import machine_of
from cmdm_tui.harness.fuzz.moves import Moves
from cmdm_tui.harness.fuzz.reduce import Path, path_of, reduced, replayed
from cmdm_tui.harness.fuzz.session import Broken, Session
from cmdm_tui.harness.fuzz.stateless import Trial, trials
from cmdm_tui.harness.fuzz.target import Target
from cmdm_tui.harness.oracle import CHECKS, Check

_EXAMPLES = 2
_MACHINES_BETWEEN = 6
_STEPS = 8
_SHRINK_REQUESTS = 300
_SHRINK_SECONDS = 60.0
_MOST_FAILURES = 25

INTERRUPTED = "interrupted"

Save = Callable[[str, Path], None]


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


class Enough(BaseException):
    """A failure was shrunk for long enough, or the first one was all that was asked for."""


@dataclass
class Run:
    """One worker's run against `target`, told through `tell`; `save` writes a failure down.

    It ends soon once `stop` is set. Raises Refused and ControlFailed where it cannot begin.
    """

    target: Target
    settings: FuzzSettings
    tell: Tell
    save: Save
    worker: int = 0
    stop: Stop | None = None
    failures: list[str] = field(default_factory=list[str])
    _examples: int = 0
    _best: Path | None = None
    _shrink_until: int = 0
    _shrink_until_time: float = 0.0
    _told: float = 0.0
    _judged: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        # Hypothesis keeps what it finds out of a class for good, so there is one for the whole run.
        self._user = machine_of(self._begin)
        settings = self.settings
        self._budget = Budget(settings.requests, settings.seconds, self.stop)
        self._session = Session(
            self.target, self._budget, self.checks, self._heard, known=set(settings.known),
            worker=self.worker,
        )  # fmt: skip

    @property
    def session(self) -> Session:
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
        self.tell(
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
        except (BudgetSpent, Enough) as end:
            reason, is_cut = str(end), isinstance(end, Unreachable)
        except KeyboardInterrupt:
            reason = INTERRUPTED
        finally:
            try:
                self._session.close()
            except (Unreachable, ControlFailed) as error:
                reason, is_cut = reason if is_cut else str(error), True
        met = self._session.met & self.settings.known
        ended = RunEnded(
            self._budget.spent, self._examples, self._budget.elapsed, tuple(self.failures),
            tuple(sorted(met)), reason, dict(self._judged), self.worker,
            tuple(f"{entity}/{external_id}" for entity, external_id in self._session.left),
            is_cut,
        )  # fmt: skip
        self.tell(ended)
        return ended

    # What is tried

    def _explore(self) -> None:
        self._guarded(self._session.learn)
        self._session.base = self._session.ledger
        turn = 0
        while True:
            before = self._budget.spent
            for number, attempt in enumerate(self._round(turn)):
                self._guarded(lambda: attempt(self._seed(turn, number)))  # noqa: B023 — called at once
            if self._budget.spent == before:
                raise Enough("nothing is left to try")
            turn += 1

    def _round(self, turn: int) -> "Iterable[Callable[[int], None]]":
        only = self.settings.only
        both = {"stateless", "stateful"}
        # A session is never of one call alone.
        wants = both & only or ({"stateless"} if only & set(CALLS) else both)
        tried = self._trials() if "stateless" in wants else []
        # A run that is cut short has still tried something of everything.
        random.Random(self._seed(turn, 0)).shuffle(tried)  # noqa: S311 — to be repeated, not secret
        for number, trial in enumerate(tried):
            if "stateful" in wants and number % _MACHINES_BETWEEN == 0:
                yield self._machine
            yield lambda seed, trial=trial: self._trial(trial, seed, turn)
        if "stateful" in wants and not tried:
            yield self._machine

    def _trials(self) -> list[Trial]:
        found = trials(
            may_write=self.target.may_write,
            may_sign_in=self.target.may_write,
        )
        calls = {trial.call for trial in found} & self.settings.only
        return [trial for trial in found if not calls or trial.call in calls]

    def _seed(self, turn: int, number: int) -> int:
        return (self.settings.seed * 1_000_003 + turn * 1_009 + number) * 64 + self.worker

    def _trial(self, trial: Trial, seed: int, turn: int) -> None:
        self._session.phase = "stateless"

        def odd(data: st.DataObject) -> None:
            self._begin()
            trial.run(Moves(self._session, data.draw), turn=turn + self.settings.seed)

        given = hypothesis.given(st.data())(odd)
        hypothesis.seed(seed)(self._hypothesis(_EXAMPLES)(given))()

    def _machine(self, seed: int) -> None:
        self._session.phase = "stateful"
        machine = hypothesis.seed(seed)(self._user)
        run_state_machine_as_test(machine, settings=self._hypothesis(_EXAMPLES + 1))  # pyright: ignore[reportUnknownMemberType]

    def _hypothesis(self, examples: int) -> hypothesis.settings:
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

    def _begin(self) -> Session:
        if self._best is not None and self._is_shrunk_enough():
            raise Enough("shrunk")
        self._examples += 1
        self._session.begin()
        return self._session

    def _is_shrunk_enough(self) -> bool:
        # An answer that never comes takes half a minute each time.
        is_late = time.monotonic() >= self._shrink_until_time
        return is_late or self._budget.spent >= self._shrink_until

    # What becomes of a failure

    def _guarded(self, attempt: Callable[[], None]) -> None:
        """Try something; where a check fails, settle that failure and go on."""
        self._best = None
        session = self._session
        session.hunted = None
        session.on_broken = self._broken
        try:
            attempt()
        except Enough:
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
                self._settle(self._best, spent)
            raise
        if self._best is not None:
            self._settle(self._best)

    def _broken(self, broken: Broken) -> None:
        session = self._session
        path = path_of(session.steps, session.log, broken.finding)
        if self._best is None:
            session.hunted = broken.finding.failure
            self._shrink_until = self._budget.spent + _SHRINK_REQUESTS
            self._shrink_until_time = time.monotonic() + _SHRINK_SECONDS
            self.tell(FailureFound(session.hunted, broken.finding, len(session.log), self.worker))
            session.phase = "shrinking"
            self._best = path
        elif path.size < self._best.size:
            self._best = path

    def _settle(self, path: Path, spent: BudgetSpent | None = None) -> None:
        session, is_confirmed = self._session, None
        failure = path.finding.failure
        session.known.discard(failure)
        self._best = path
        try:
            if spent is None:
                is_confirmed = self._confirmed()
        except BudgetSpent as end:
            spent = end
        session.known.add(failure)
        session.hunted = None
        self.failures.append(failure)
        self._tell_failure(failure, is_confirmed=is_confirmed)
        if spent is not None:
            raise spent
        if self.settings.fails_fast:
            raise Enough("the first failure ends the run")
        if len(self.failures) >= _MOST_FAILURES:
            raise Enough(f"{_MOST_FAILURES} failures are enough")

    def _confirmed(self) -> bool:
        """Make the steps fewer, and take them once more from a reset."""
        session = self._session
        session.on_broken = _nothing
        session.phase = "shrinking"
        path = self._kept
        if self.settings.shrinks:
            reduced(session, path, self._keep, until=self._shrink_until_time)
        session.phase = "confirming"
        again = replayed(session, self._kept)
        if again is not None:
            self._keep(again)
        return again is not None

    @property
    def _kept(self) -> Path:
        if self._best is None:
            raise LookupError("no failure is being looked at")
        return self._best

    def _keep(self, path: Path) -> None:
        self._best = path

    def _tell_failure(self, failure: str, *, is_confirmed: bool | None) -> None:
        from cmdm_tui.harness.fuzz.curl import curl_lines

        path = self._kept
        curl = tuple(curl_lines(self.target, path))
        self.tell(FailureShrunk(failure, path.finding, path.log, curl, is_confirmed, self.worker))
        self.save(failure, path)

    # Telling

    def _heard(self, event: Event) -> None:
        if isinstance(event, ExchangeMade):
            self._judged.update(event.judged)
            now = time.monotonic()
            if now - self._told >= 1:
                self._told = now
                session, budget = self._session, self._budget
                self.tell(
                    Progress(
                        budget.spent, self._examples, budget.elapsed, session.phase, self.worker
                    )
                )
        self.tell(event)


def _nothing(_: Broken) -> None:
    pass
