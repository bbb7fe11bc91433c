"""A worker's session with the target: sends steps, keeps the log, and has the oracle judge it."""

import contextlib
import time
from collections.abc import Callable, Generator, Sequence

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.calls import CallRequest, delete_record, list_fields, list_records, sign_in
from cmdm_tui.harness.cassettes.format import find_tokens
from cmdm_tui.harness.control_client import ControlClient, ControlFailed
from cmdm_tui.harness.exchange import Answer, Exchange, read_date
from cmdm_tui.harness.fuzz.events import CheckFailed, ExchangeMade, FuzzEvent, FuzzPhase
from cmdm_tui.harness.fuzz.execute.run_budget import BudgetSpent, RunBudget, ServiceGone
from cmdm_tui.harness.fuzz.execute.transport import FuzzTransport
from cmdm_tui.harness.fuzz.steps import AdvanceClock, FuzzStep, SetCallsLeft
from cmdm_tui.harness.fuzz.target import FuzzTarget
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.oracle import Check, Finding, ServiceModel, judge_exchange
from cmdm_tui.harness.oracle.answer_parser import parse_answer
from cmdm_tui.harness.oracle.contract import BASE, ENTITY_WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.service_model import CHILD_ENTITIES
from cmdm_tui.harness.service import CASE_TIME
from cmdm_tui.redaction.secret_variables import SecretVariables

_SNAPSHOT = "cmdm-fuzz"
_MOST_READ_AT_ONCE = 5_000
"""Records of an entity up to which all are read before a run begins."""
_FIRST_PAGE = {"per_page": "50", "page": "1"}
_ONE_RECORD = {"per_page": "1", "page": "1"}
_REMAINING = "x-rate-limit-remaining"
_LIMIT_REACHED = 429


class NewFailure(Exception):
    """A check failed in a way that is new: the run's reason to stop and look."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.check}: {finding.message}")
        self.finding = finding


class FuzzRefused(Exception):
    """The target cannot be fuzzed at all; the message says why in a sentence."""


class FuzzSession:
    """One connection to the target, signed in, with what was learnt of it.

    `base` is the ledger of the target as it was found; each example works on a fork of it where the
    target is restored, and on one that goes on where it is not.
    """

    def __init__(
        self,
        target: FuzzTarget,
        budget: RunBudget,
        checks: Sequence[Check],
        tell: Callable[[FuzzEvent], None],
        *,
        known: set[str],
        worker: int = 0,
    ) -> None:
        self.target = target
        self.secrets = SecretVariables(target.credentials)
        self.control = None
        if target.control is not None:
            self.control = ControlClient(target.control, target.control_token or "")
        self.base_model = ServiceModel(target.is_alone)
        self.model = self.base_model
        self._created: dict[tuple[str, str], None] = {}
        self._refused_deletions: dict[tuple[str, str], None] = {}
        self._remaining: int | None = None
        self.entities = target.entities
        self.steps: list[FuzzStep] = []
        self.log: list[Exchange] = []
        self.phase: FuzzPhase = "learning"
        self.searched_failure: str | None = None
        self.known_failures = known
        self.found_failures: set[str] = set()
        self.on_new_failure: Callable[[NewFailure], None] = lambda _: None
        self._budget = budget
        self._checks = tuple(checks)
        self._notify = tell
        self._worker = worker
        self._transport = FuzzTransport(target.url, budget)
        self._number = 0
        self._has_snapshot = False
        self._is_clock_moved = False
        self._is_token_later = False
        self._is_clock_set = False
        self._offset = 0.0
        self._stopped_clock_time: float | None = None
        self._rate_limit: int | None = None
        self._is_limited = False

    def close(self) -> None:
        """Leave the target as it was found, where that can be done, and close the connections."""
        try:
            if self._has_snapshot:
                self.restore()
            self._delete_created()
        finally:
            if self.control is not None:
                if self._is_clock_set and self._stopped_clock_time is not None:
                    self.control.freeze_clock(self._stopped_clock_time)
                elif self._is_clock_set:
                    self.control.run_clock_from(time.time() + self._offset)
                self.control.close()
            self._transport.close()

    # What comes before the examples

    def open(self) -> None:
        """Sign in, and keep the records of a target that can be restored.

        Raises Refused where there is no signing in, ControlFailed where the control plane refuses.
        """
        if self.control is not None:
            # So that a run is the same at every time of day, and at every pace: what ends the hour,
            # what the token.
            now = self.control.read_clock()
            self._stopped_clock_time = now if self.control.is_clock_frozen() else None
            self._offset = now - time.time()
            self.control.freeze_clock(CASE_TIME)
            self._is_clock_set = True
        self.sign_in_quietly()
        if self.control is not None:
            self._rate_limit = self.control.settings()["rate_limit"]
            self.control.snapshot(_SNAPSHOT)
            self._has_snapshot = True
            self.control.restore(_SNAPSHOT, calls=True)
            self.model.forget_limits()
        self._check_floor()
        self.entities = (*self.target.entities, *self._find_optional_entities())

    def _find_optional_entities(self) -> list[str]:
        """Return which of the entities that may exist do: counted, and not judged."""
        found: list[str] = []
        for entity in self.target.perhaps:
            self._check_floor()
            self._budget.spend()
            with contextlib.suppress(NoAnswer):
                if self._send(list_records(entity, _ONE_RECORD)).status == 200:
                    found.append(entity)
        return found

    def learn(self) -> None:
        """Read the fields and the records there are, as far as they are few."""
        self.phase = "learning"
        for entity in self.entities:
            if entity != ENTITY_WITHOUT_FIELD_LIST:
                self.take(list_fields(entity))
            first = self.take(list_records(entity, _ONE_RECORD))
            members = self.model.members.get(entity)
            if first is None or first.status != 200 or members is None:
                continue
            order = self.model.observed_order(entity, (None, "asc"))
            is_small = order.total is not None and order.total <= _MOST_READ_AT_ONCE
            self.take(
                list_records(entity)
                if is_small and self.target.is_alone
                else list_records(entity, _FIRST_PAGE)
            )

    def sign_in_quietly(self) -> None:
        """Sign in for the session's own sake: counted, and not judged."""
        request = sign_in()
        self._budget.spend()
        try:
            answer = self._send(request)
        except NoAnswer as error:
            message = f"{self.target.url} does not answer. {error}"
            raise FuzzRefused(message) from error
        exchange = self._record_exchange(request, answer, "")
        if exchange.status == _LIMIT_REACHED:
            message = f"The limit of calls is reached at {self.target.url}: try again later."
            raise FuzzRefused(message)
        if exchange.status != 200:
            message = (
                f"The sign-in was answered {exchange.status}; check the profile's credentials."
            )
            raise FuzzRefused(message)
        self.model.forget_limits()

    # Examples

    def begin_example(self) -> None:
        """Begin an example: on records as they were, where the target can be restored."""
        self._delete_created()
        self.steps, self.log = [], []
        if self.control is not None:
            self.restore()
            self._renew_late_token()
            self.model = self.base_model.fork()

    def _renew_late_token(self) -> None:
        """Sign in again where an example did so later in the day: its token would end later too."""
        if self._is_token_later:
            self._is_token_later = False
            # A sign-in that is refused is for the oracle to say something of.
            with contextlib.suppress(FuzzRefused):
                self.sign_in_quietly()

    @property
    def undeleted(self) -> tuple[tuple[str, str], ...]:
        """What this run made on a service that is to be cleaned, and has not deleted."""
        return (*self._created, *self._refused_deletions)

    def _note_created(self, exchange: Exchange) -> None:
        """Remember what is to be deleted again, the newest last."""
        intent, made = exchange.intent, parse_answer(exchange).created_id
        if made:
            self._created[CHILD_ENTITIES.get(intent.call, intent.entity), made] = None
        elif intent.call == "delete" and exchange.status == 200:
            self._created.pop((intent.entity, intent.external_id), None)

    def _delete_created(self) -> None:
        """Delete what was made, which requests were kept for; that is not judged."""
        for entity, external_id in tuple(self._created):
            if self._budget.requests_left == 0:
                return
            self._budget.spent += 1
            with contextlib.suppress(NoAnswer):
                answer = self._send(delete_record(entity, external_id))
                del self._created[entity, external_id]
                # What is refused once is not asked for again and again.
                if answer.status not in {200, 404}:
                    self._refused_deletions[entity, external_id] = None

    def begin_blank_example(self) -> None:
        """Begin one that knows nothing but what it sees itself."""
        self.begin_example()
        self.model = ServiceModel(self.target.is_alone)

    def restore(self) -> None:
        """Put records, clock and limits back as they were when the session was opened."""
        control = self.control
        if control is None:
            return
        with _control_errors_end_run():
            control.restore(_SNAPSHOT, calls=True)
            if self._is_clock_moved:
                control.freeze_clock(CASE_TIME)
                self._is_clock_moved = False
                self.secrets.forget_ended_token()
            if self._is_limited and self._rate_limit is not None:
                control.set(rate_limit=self._rate_limit)
                self._is_limited = False

    def take(self, step: FuzzStep) -> Exchange | None:
        """Take a step and return the exchange; None for a step that is none.

        What could change anything is not sent where nothing may be changed, whatever asks for it.

        Raises Broken where a check fails that is not known to, and BudgetSpent.
        """
        if not isinstance(step, CallRequest):
            self._control_service(step)
            return None
        is_reading = step.method in {"GET", "HEAD"} or step.intent.call == "authenticate"
        if not self.target.may_write and not is_reading:
            return None
        if not self.secrets.can_fill(step.headers):
            return None
        self._check_floor()
        self._reserve_deletions()
        self._budget.spend()
        self.steps.append(step)
        try:
            exchange = self._record_exchange(step, self._send(step), "")
        except NoAnswer as error:
            if self._budget.seconds_left == 0:
                raise self._budget.time_is_up() from None
            exchange = self._record_exchange(step, None, str(error))
        self.log.append(exchange)
        found = judge_exchange(self.model, exchange, self._checks)
        if self.target.is_to_be_cleaned:
            self._note_created(exchange)
        self._notify(
            ExchangeMade(exchange, self.phase, tuple(one.check for one in found), self._worker)
        )
        if found:
            self._handle_findings(found, exchange)
        return exchange

    def _handle_findings(self, found: list[Finding], exchange: Exchange) -> None:
        for finding in found:
            self.found_failures.add(finding.failure)
            is_known = finding.failure in self.known_failures
            self._notify(CheckFailed(finding, exchange, self.phase, is_known, self._worker))
        for finding in found:
            is_hunted = self.searched_failure is None or finding.failure == self.searched_failure
            if is_hunted and finding.failure not in self.known_failures:
                broken = NewFailure(finding)
                self.on_new_failure(broken)
                raise broken

    def _control_service(self, step: AdvanceClock | SetCallsLeft) -> None:
        control = self.control
        if control is None:
            return
        self.steps.append(step)
        if isinstance(step, AdvanceClock):
            with _control_errors_end_run():
                control.advance_clock(step.seconds)
            self._is_clock_moved = True
            return
        quota = self.model.quota
        used = 0
        if quota is not None and quota.limit is not None and quota.remaining is not None:
            used = quota.limit - quota.remaining
        with _control_errors_end_run():
            control.set(rate_limit=max(used + step.calls, 1))
        self._is_limited = True
        self.model.forget_limits()

    def sign_in_again(self) -> None:
        """Sign in again after the token has ended, keeping the old one as an ended one."""
        self.secrets.end_token()
        self.take(sign_in())

    def _reserve_deletions(self) -> None:
        left = self._budget.requests_left
        if self.target.is_to_be_cleaned and left is not None and left <= len(self._created) + 1:
            message = "the requests that are left are for deleting what was made"
            raise BudgetSpent(message)

    def _check_floor(self) -> None:
        # What was made takes a call each to delete.
        left, floor = self._remaining, self.target.floor + len(self._created)
        if self.control is None and left is not None and left <= floor:
            message = f"{left:,} calls are left this hour, and {floor:,} are kept"
            raise BudgetSpent(message)

    def _send(self, request: CallRequest) -> Answer:
        path = request.path
        if self.target.base != BASE and path.startswith(f"{BASE}/"):
            path = self.target.base + path.removeprefix(BASE)
        # What was made on somebody's service is to be deleted, and so its id is to be known.
        is_patient = self.target.is_to_be_cleaned and request.method not in {"GET", "HEAD"}
        answer = self._transport.send(
            request.method,
            path,
            self.secrets.fill_headers(request.headers),
            request.body,
            is_patient=is_patient,
        )
        remaining = parse_whole_number(answer.header(_REMAINING))
        if request.intent.authorization in {"good", "sign-in"} and remaining is not None:
            self._remaining = remaining
        return answer

    def _record_exchange(
        self, request: CallRequest, answer: Answer | None, failure: str
    ) -> Exchange:
        """Return the exchange without secrets; a token that it tells is used from now on."""
        self._number += 1
        if answer is None:
            return Exchange(
                self._number, request.method, request.path, request.headers, request.body, 0, (),
                b"", time.perf_counter(), 0.0, None, request.intent, failure,
            )  # fmt: skip
        if request.intent.call == "authenticate" and answer.status == 200:
            self._use_token_of(answer)
        for token in find_tokens(answer.body):
            self.secrets.hide_token(token)
        hide = self.secrets.replace_secrets
        headers = tuple(
            (name, hide(value.encode("latin-1")).decode("latin-1"))
            for name, value in answer.headers
        )
        return Exchange(
            self._number, request.method, request.path, request.headers, request.body,
            answer.status, headers, hide(answer.body), answer.started, answer.elapsed,
            read_date(headers), request.intent, failure,
        )  # fmt: skip

    def _use_token_of(self, answer: Answer) -> None:
        told = Exchange(0, "", "", (), b"", answer.status, (), answer.body, 0.0).json
        token = told.get("token") if isinstance(told, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        # What cannot stand in a header is not a token; that is for the oracle to say.
        if isinstance(token, str) and token and token.isascii() and token.isprintable():
            self.secrets.use_token(token)
            self._is_token_later = self._is_clock_moved


@contextlib.contextmanager
def _control_errors_end_run() -> Generator[None]:
    """Let a control plane that fails amid a run end it, with what was found so far."""
    try:
        yield
    except ControlFailed as error:
        raise ServiceGone(str(error)) from error
