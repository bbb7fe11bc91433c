"""A worker's session with the target: sends steps, keeps the log, and has the oracle judge it."""

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache

from cmdm_tui.api.quota import parse_http_date, parse_whole_number
from cmdm_tui.harness.cassettes.format import find_tokens
from cmdm_tui.harness.control_client import ControlClient, ControlFailed
from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.asking import Limit, Request, Step, Wait, delete, fields, many, sign_in
from cmdm_tui.harness.fuzz.budget import Budget, BudgetSpent, Unreachable
from cmdm_tui.harness.fuzz.events import CheckFailed, Event, ExchangeMade, Phase
from cmdm_tui.harness.fuzz.reaching import Reaching
from cmdm_tui.harness.fuzz.secrets import Secrets
from cmdm_tui.harness.fuzz.target import Target
from cmdm_tui.harness.http.connection import NoAnswer, RawAnswer
from cmdm_tui.harness.oracle import Check, Finding, Ledger, judge
from cmdm_tui.harness.oracle.contract import BASE, WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.ledger import CHILDREN
from cmdm_tui.harness.oracle.reading import reading
from cmdm_tui.harness.service import CASE_TIME

_SNAPSHOT = "cmdm-fuzz"
_MOST_READ = 5_000
"""Records of an entity up to which all are read before a run begins."""
_SOME = {"per_page": "50", "page": "1"}
_ONE = {"per_page": "1", "page": "1"}
_REMAINING = b"x-rate-limit-remaining"
_LIMIT_REACHED = 429


class Broken(Exception):
    """A check failed in a way that is new: the run's reason to stop and look."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.check}: {finding.message}")
        self.finding = finding


class Refused(Exception):
    """The target cannot be fuzzed at all; the message says why in a sentence."""


class Session:
    """One connection to the target, signed in, with what was learnt of it.

    `base` is the ledger of the target as it was found; each example works on a fork of it where the
    target is restored, and on one that goes on where it is not.
    """

    def __init__(
        self,
        target: Target,
        budget: Budget,
        checks: Sequence[Check],
        tell: Callable[[Event], None],
        *,
        known: set[str],
        worker: int = 0,
    ) -> None:
        self.target = target
        self.secrets = Secrets(target.credentials)
        self.control = None
        if target.control is not None:
            self.control = ControlClient(target.control, target.control_token or "")
        self.base = Ledger(target.is_alone)
        self.ledger = self.base
        self._made: dict[tuple[str, str], None] = {}
        self._kept_by_the_service: dict[tuple[str, str], None] = {}
        self._remaining: int | None = None
        self.entities = target.entities
        self.steps: list[Step] = []
        self.log: list[Exchange] = []
        self.phase: Phase = "learning"
        self.hunted: str | None = None
        self.known = known
        self.met: set[str] = set()
        self.on_broken: Callable[[Broken], None] = lambda _: None
        self._budget = budget
        self._checks = tuple(checks)
        self._tell = tell
        self._worker = worker
        self._reaching = Reaching(target.url, budget)
        self._number = 0
        self._is_saved = False
        self._is_clock_moved = False
        self._is_token_later = False
        self._is_morning = False
        self._offset = 0.0
        self._stood_at: float | None = None
        self._rate_limit: int | None = None
        self._is_limited = False

    def close(self) -> None:
        """Leave the target as it was found, where that can be done, and close the connections."""
        try:
            if self._is_saved:
                self.restore()
            self._clean()
        finally:
            if self.control is not None:
                if self._is_morning and self._stood_at is not None:
                    self.control.freeze_clock(self._stood_at)
                elif self._is_morning:
                    self.control.run_clock_from(time.time() + self._offset)
                self.control.close()
            self._reaching.close()

    # What comes before the examples

    def open(self) -> None:
        """Sign in, and keep the records of a target that can be restored.

        Raises Refused where there is no signing in, ControlFailed where the control plane refuses.
        """
        if self.control is not None:
            # So that a run is the same at every time of day, and at every pace: what ends the hour,
            # what the token.
            now = self.control.read_clock()
            self._stood_at = now if self.control.is_clock_frozen() else None
            self._offset = now - time.time()
            self.control.freeze_clock(CASE_TIME)
            self._is_morning = True
        self.sign_in_quietly()
        if self.control is not None:
            self._rate_limit = self.control.settings()["rate_limit"]
            self.control.snapshot(_SNAPSHOT)
            self._is_saved = True
            self.control.restore(_SNAPSHOT, calls=True)
            self.ledger.forget_limits()
        self._keep_floor()
        self.entities = (*self.target.entities, *self._found())

    def _found(self) -> list[str]:
        """Return which of the entities that may exist do: counted, and not judged."""
        found: list[str] = []
        for entity in self.target.perhaps:
            self._keep_floor()
            self._budget.spend()
            with contextlib.suppress(NoAnswer):
                if self._sent(many(entity, _ONE)).status == 200:
                    found.append(entity)
        return found

    def learn(self) -> None:
        """Read the fields and the records there are, as far as they are few."""
        self.phase = "learning"
        for entity in self.entities:
            if entity != WITHOUT_FIELD_LIST:
                self.do(fields(entity))
            first = self.do(many(entity, _ONE))
            members = self.ledger.members.get(entity)
            if first is None or first.status != 200 or members is None:
                continue
            order = self.ledger.order(entity, (None, "asc"))
            is_small = order.total is not None and order.total <= _MOST_READ
            self.do(many(entity) if is_small and self.target.is_alone else many(entity, _SOME))

    def sign_in_quietly(self) -> None:
        """Sign in for the session's own sake: counted, and not judged."""
        request = sign_in()
        self._budget.spend()
        try:
            answer = self._sent(request)
        except NoAnswer as error:
            message = f"{self.target.url} does not answer. {error}"
            raise Refused(message) from error
        exchange = self._kept(request, answer, "")
        if exchange.status == _LIMIT_REACHED:
            message = f"The limit of calls is reached at {self.target.url}: try again later."
            raise Refused(message)
        if exchange.status != 200:
            message = (
                f"The sign-in was answered {exchange.status}; check the profile's credentials."
            )
            raise Refused(message)
        self.ledger.forget_limits()

    # Examples

    def begin(self) -> None:
        """Begin an example: on records as they were, where the target can be restored."""
        self._clean()
        self.steps, self.log = [], []
        if self.control is not None:
            self.restore()
            self._sign_in_as_at_first()
            self.ledger = self.base.fork()

    def _sign_in_as_at_first(self) -> None:
        """Sign in anew where an example did so later in the day: its token would end later too."""
        if self._is_token_later:
            self._is_token_later = False
            # A sign-in that is refused is for the oracle to say something of.
            with contextlib.suppress(Refused):
                self.sign_in_quietly()

    @property
    def left(self) -> tuple[tuple[str, str], ...]:
        """What this run made on a service that is to be cleaned, and has not deleted."""
        return (*self._made, *self._kept_by_the_service)

    def _note_made(self, exchange: Exchange) -> None:
        """Remember what is to be deleted again, the newest last."""
        intent, made = exchange.intent, reading(exchange).made
        if made:
            self._made[CHILDREN.get(intent.call, intent.entity), made] = None
        elif intent.call == "delete" and exchange.status == 200:
            self._made.pop((intent.entity, intent.external_id), None)

    def _clean(self) -> None:
        """Delete what was made, which requests were kept for; that is not judged."""
        for entity, external_id in tuple(self._made):
            if self._budget.left == 0:
                return
            self._budget.spent += 1
            with contextlib.suppress(NoAnswer):
                answer = self._sent(delete(entity, external_id))
                del self._made[entity, external_id]
                # What is refused once is not asked for again and again.
                if answer.status not in {200, 404}:
                    self._kept_by_the_service[entity, external_id] = None

    def begin_alone(self) -> None:
        """Begin one that knows nothing but what it sees itself."""
        self.begin()
        self.ledger = Ledger(self.target.is_alone)

    def restore(self) -> None:
        """Put records, clock and limits back as they were when the session was opened."""
        control = self.control
        if control is None:
            return
        with _controlled():
            control.restore(_SNAPSHOT, calls=True)
            if self._is_clock_moved:
                control.freeze_clock(CASE_TIME)
                self._is_clock_moved = False
                self.secrets.forget_ended()
            if self._is_limited and self._rate_limit is not None:
                control.set(rate_limit=self._rate_limit)
                self._is_limited = False

    def do(self, step: Step) -> Exchange | None:
        """Take a step and return the exchange; None for a step that is none.

        What could change anything is not sent where nothing may be changed, whatever asks for it.

        Raises Broken where a check fails that is not known to, and BudgetSpent.
        """
        if not isinstance(step, Request):
            self._turn(step)
            return None
        is_reading = step.method in {"GET", "HEAD"} or step.intent.call == "authenticate"
        if not self.target.may_write and not is_reading:
            return None
        if not self.secrets.has_what(step.headers):
            return None
        self._keep_floor()
        self._keep_for_cleaning()
        self._budget.spend()
        self.steps.append(step)
        try:
            exchange = self._kept(step, self._sent(step), "")
        except NoAnswer as error:
            if self._budget.seconds_left == 0:
                raise self._budget.out_of_time() from None
            exchange = self._kept(step, None, str(error))
        self.log.append(exchange)
        found = judge(self.ledger, exchange, self._checks)
        if self.target.is_to_be_cleaned:
            self._note_made(exchange)
        self._tell(
            ExchangeMade(exchange, self.phase, tuple(one.check for one in found), self._worker)
        )
        if found:
            self._weigh(found, exchange)
        return exchange

    def _weigh(self, found: list[Finding], exchange: Exchange) -> None:
        for finding in found:
            self.met.add(finding.failure)
            is_known = finding.failure in self.known
            self._tell(CheckFailed(finding, exchange, self.phase, is_known, self._worker))
        for finding in found:
            is_hunted = self.hunted is None or finding.failure == self.hunted
            if is_hunted and finding.failure not in self.known:
                broken = Broken(finding)
                self.on_broken(broken)
                raise broken

    def _turn(self, step: Wait | Limit) -> None:
        control = self.control
        if control is None:
            return
        self.steps.append(step)
        if isinstance(step, Wait):
            with _controlled():
                control.advance_clock(step.seconds)
            self._is_clock_moved = True
            return
        quota = self.ledger.quota
        used = 0
        if quota is not None and quota.limit is not None and quota.remaining is not None:
            used = quota.limit - quota.remaining
        with _controlled():
            control.set(rate_limit=max(used + step.calls, 1))
        self._is_limited = True
        self.ledger.forget_limits()

    def renew(self) -> None:
        """Sign in anew after the token has ended, keeping the old one as an ended one."""
        self.secrets.end_token()
        self.do(sign_in())

    def _keep_for_cleaning(self) -> None:
        left = self._budget.left
        if self.target.is_to_be_cleaned and left is not None and left <= len(self._made) + 1:
            message = "the requests that are left are for deleting what was made"
            raise BudgetSpent(message)

    def _keep_floor(self) -> None:
        # What was made takes a call each to delete.
        left, floor = self._remaining, self.target.floor + len(self._made)
        if self.control is None and left is not None and left <= floor:
            message = f"{left:,} calls are left this hour, and {floor:,} are kept"
            raise BudgetSpent(message)

    def _sent(self, request: Request) -> RawAnswer:
        path = request.path
        if self.target.base != BASE and path.startswith(f"{BASE}/"):
            path = self.target.base + path.removeprefix(BASE)
        # What was made on somebody's service is to be deleted, and so its id is to be known.
        is_patient = self.target.is_to_be_cleaned and request.method not in {"GET", "HEAD"}
        answer = self._reaching.send(
            request.method,
            path,
            self.secrets.put_in(request.headers),
            request.body,
            is_patient=is_patient,
        )
        told = next((value for name, value in answer.headers if name == _REMAINING), b"")
        remaining = parse_whole_number(told.decode("latin-1"))
        if request.intent.authorization in {"good", "sign-in"} and remaining is not None:
            self._remaining = remaining
        return answer

    def _kept(self, request: Request, answer: RawAnswer | None, failure: str) -> Exchange:
        """Return the exchange without secrets; a token that it tells is used from now on."""
        self._number += 1
        if answer is None:
            return Exchange(
                self._number, request.method, request.path, request.headers, request.body, 0, (),
                b"", time.perf_counter(), 0.0, None, request.intent, failure,
            )  # fmt: skip
        if request.intent.call == "authenticate" and answer.status == 200:
            self._adopt(answer)
        for token in find_tokens(answer.body):
            self.secrets.hide_token(token)
        hide = self.secrets.taken_out
        headers = tuple(
            (name.decode("latin-1"), hide(value).decode("latin-1"))
            for name, value in answer.headers
        )
        date = next((value for name, value in headers if name == "date"), None)
        return Exchange(
            self._number, request.method, request.path, request.headers, request.body,
            answer.status, headers, hide(answer.body), answer.started, answer.elapsed,
            _moment(date), request.intent, failure,
        )  # fmt: skip

    def _adopt(self, answer: RawAnswer) -> None:
        told = Exchange(0, "", "", (), b"", answer.status, (), answer.body, 0.0).json
        token = told.get("token") if isinstance(told, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        # What cannot stand in a header is no token; that is for the oracle to say.
        if isinstance(token, str) and token and token.isascii() and token.isprintable():
            self.secrets.sign_in(token)
            self._is_token_later = self._is_clock_moved


@contextlib.contextmanager
def _controlled() -> Generator[None]:
    """Let a control plane that fails amid a run end it, with what was found so far."""
    try:
        yield
    except ControlFailed as error:
        raise Unreachable(str(error)) from error


@lru_cache(maxsize=64)
def _moment(date: str | None) -> float | None:
    return None if date is None else parse_http_date(date)
