"""One fuzz session: takes steps, keeps the log, and has the oracle judge each exchange."""

import contextlib
from collections.abc import Callable, Sequence

from cmdm_tui.harness.calls import CallRequest, list_fields, list_records, sign_in
from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.events import CheckFailed, ExchangeMade, FuzzEvent, FuzzPhase
from cmdm_tui.harness.fuzz.execute.exchanger import Exchanger
from cmdm_tui.harness.fuzz.execute.run_budget import CheckBroken, RunBudget
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.steps import AdvanceClock, FuzzStep, SetCallsLeft
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.oracle import Check, Finding, ServiceModel, judge_exchange
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.own_checks import OwnCheckError
from cmdm_tui.harness.service import Service

_MOST_READ_AT_ONCE = 5_000
"""Records of an entity up to which all are read before a run begins."""
_FIRST_PAGE = {"per_page": "50", "page": "1"}
_ONE_RECORD = {"per_page": "1", "page": "1"}
_NOT_FOUND = 404


class NewFailure(Exception):
    """A check failed in a way that is new: the run's reason to stop and look."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.check}: {finding.message}")
        self.finding = finding


class FuzzSession:
    """A session with `service`, with what was learnt of it.

    `base_model` is the model of the service as it was found. Each example works on a fork of it
    where the service is restored, and continues with the same model where it is not.
    """

    def __init__(
        self,
        service: Service,
        settings: FuzzSettings,
        budget: RunBudget,
        checks: Sequence[Check],
        notify: Callable[[FuzzEvent], None],
        *,
        worker: int = 0,
    ) -> None:
        self.service = service
        self.is_alone = service.is_alone
        self.base_model = ServiceModel(self.is_alone)
        self.model = self.base_model
        self.entities = settings.entities
        self.absent_entities: tuple[str, ...] = ()
        self.steps: list[FuzzStep] = []
        self.log: list[Exchange] = []
        self.phase: FuzzPhase = "learning"
        self.searched: Finding | None = None
        self.known_failures = set(settings.known)
        self._ours_alone: set[str] = set()
        self.found_failures: set[str] = set()
        self.on_new_failure: Callable[[NewFailure], None] = lambda _: None
        self.exchanger = Exchanger(service, budget)
        self._excluded = settings.excluded
        self._optional_entities = settings.optional_entities
        self._budget = budget
        self._checks = tuple(checks)
        self._is_strict = settings.is_strict
        self._notify = notify
        self._worker = worker

    def close(self) -> None:
        """Leave the service as it was found, where that can be done."""
        self.exchanger.close()

    # Before the examples

    def open(self) -> None:
        """Sign in, and save what can be restored.

        Raises ServiceFailed where the service cannot be signed in to, ControlFailed where the
        control plane refuses.
        """
        self.exchanger.open()
        self.model.forget_limits()
        self.exchanger.check_bounds()
        self.entities = (*self.entities, *self._find_optional_entities())

    def _find_optional_entities(self) -> list[str]:
        """Return which of the entities that may exist do: counted, and not judged."""
        found: list[str] = []
        for entity in self._optional_entities:
            self.exchanger.check_bounds()
            self._budget.spend()
            with contextlib.suppress(NoAnswer):
                if self.exchanger.send(list_records(entity, _ONE_RECORD)).status == 200:
                    found.append(entity)
        return found

    def learn(self) -> None:
        """Read the fields and the records there are, as far as they are few.

        An entity that the service answers 404 for is not asked for again.
        """
        self.phase = "learning"
        for entity in self.entities:
            first = self.take(list_records(entity, _ONE_RECORD))
            if first is not None and first.status == _NOT_FOUND:
                self.absent_entities = (*self.absent_entities, entity)
                continue
            if entity != ENTITY_WITHOUT_FIELD_LIST:
                self.take(list_fields(entity))
            members = self.model.members.get(entity)
            if first is None or first.status != 200 or members is None:
                continue
            order = self.model.observed_order(entity, (None, "asc"))
            is_small = order.total is not None and order.total <= _MOST_READ_AT_ONCE
            is_whole = is_small and self.is_alone
            self.take(list_records(entity, None if is_whole else _FIRST_PAGE))
        self.entities = tuple(one for one in self.entities if one not in self.absent_entities)

    # Examples

    def begin_example(self) -> None:
        """Begin an example: on the records that were found, where they can be restored."""
        self.exchanger.delete_created()
        self.steps, self.log = [], []
        if self.service.is_restored:
            self.exchanger.restore()
            self.model = self.base_model.fork()

    def begin_blank_example(self) -> None:
        """Begin an example that knows only what it reads itself."""
        self.begin_example()
        self.model = ServiceModel(self.is_alone)

    def take(self, step: FuzzStep, *, is_needed: bool = False) -> Exchange | None:
        """Take a step and return its exchange, None where nothing was sent.

        A request that could change something is not sent where nothing may be changed, nor one of
        an excluded call or class, unless it `is_needed` by the run itself.

        Raises NewFailure where a check fails that is not known to, and BudgetSpent.
        """
        if not isinstance(step, CallRequest):
            self._control_service(step)
            return None
        is_reading = step.method in {"GET", "HEAD"} or step.intent.call == "authenticate"
        if not self.service.may_write and not is_reading:
            return None
        if not is_needed and self._excluded & {step.intent.call, step.intent.input_class}:
            return None
        if not self.exchanger.secrets.can_fill(step.headers):
            return None
        self.exchanger.check_bounds()
        self._budget.spend()
        self.steps.append(step)
        try:
            exchange = self.exchanger.make_exchange(step, self.exchanger.send(step))
        except NoAnswer as error:
            if self._budget.seconds_left == 0:
                raise self._budget.time_is_up() from None
            exchange = self.exchanger.make_exchange(step, None, str(error))
        self.log.append(exchange)
        try:
            judged = judge_exchange(self.model, exchange, self._checks, is_strict=self._is_strict)
        except OwnCheckError as error:
            raise CheckBroken(str(error)) from error
        failed = tuple(one.check for one in judged.findings)
        self._notify(ExchangeMade(exchange, self.phase, failed, self._worker, judged.held_checks))
        if judged.findings:
            self._handle_findings(judged.findings, exchange)
        return exchange

    def sign_in_again(self) -> None:
        """Sign in again after the token has ended, and keep the old one as an ended one."""
        self.exchanger.secrets.end_token()
        self.take(sign_in(), is_needed=True)

    def _handle_findings(self, found: Sequence[Finding], exchange: Exchange) -> None:
        for finding in found:
            self.found_failures.add(finding.failure)
            is_known = self._is_known(finding)
            self._notify(CheckFailed(finding, exchange, self.phase, is_known, self._worker))
        for finding in found:
            if self._is_searched(finding) and not self._is_known(finding):
                failure = NewFailure(finding)
                self.on_new_failure(failure)
                raise failure

    def forget_known(self, finding: Finding) -> None:
        """Let a failure be new again, while its steps are made fewer."""
        self.known_failures.discard(finding.failure)

    def remember_known(self, finding: Finding) -> None:
        """Take a failure for known from now on; of one that is ours, not a documented one."""
        self.known_failures.add(finding.failure)
        if finding.certainty == "ours":
            self._ours_alone.add(finding.failure)
        else:
            self._ours_alone.discard(finding.failure)

    def _is_known(self, finding: Finding) -> bool:
        is_surer = finding.certainty == "documented" and finding.failure in self._ours_alone
        return finding.failure in self.known_failures and not is_surer

    def _is_searched(self, finding: Finding) -> bool:
        wanted = self.searched
        return wanted is None or (wanted.failure, wanted.certainty) == (
            finding.failure, finding.certainty,
        )  # fmt: skip

    def _control_service(self, step: AdvanceClock | SetCallsLeft) -> None:
        if not self.service.is_restored:
            return
        self.steps.append(step)
        if isinstance(step, AdvanceClock):
            self.exchanger.advance_clock(step.seconds)
            return
        quota = self.model.quota
        used = 0
        if quota is not None and quota.limit is not None and quota.remaining is not None:
            used = quota.limit - quota.remaining
        self.exchanger.set_rate_limit(max(used + step.calls, 1))
        self.model.forget_limits()
