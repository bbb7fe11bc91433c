"""The service under fuzz: odd requests go out as they are, and what a run changed is undone."""

import contextlib
import time
from collections.abc import Generator

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.calls import CallRequest, delete_record, sign_in
from cmdm_tui.harness.cassettes.format import find_tokens
from cmdm_tui.harness.control_client import ControlClient, ControlFailed
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import API_PATH, Answer, Exchange, read_date
from cmdm_tui.harness.fuzz.execute.run_budget import BudgetSpent, RunBudget, ServiceGone
from cmdm_tui.harness.fuzz.execute.transport import FuzzTransport
from cmdm_tui.harness.fuzz.target import FuzzTarget
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.oracle.answer_parser import parse_answer
from cmdm_tui.harness.oracle.service_model import CHILD_ENTITIES
from cmdm_tui.harness.service import FloorReached, Service
from cmdm_tui.redaction.secret_variables import SecretVariables

_SNAPSHOT = "cmdm-fuzz"
_REMAINING = "x-rate-limit-remaining"
_LIMIT_REACHED = 429


class FuzzRefused(HarnessError):
    """The service cannot be fuzzed at all; the message says why in a sentence."""


class FuzzedService:
    """The service that `target` describes, for a run whose bounds `budget` knows.

    Clock, limits and records are the harness's `Service`'s to restore. Requests take their own way:
    they are odd on purpose, wait no longer than the run, and name secrets by their variables.
    """

    def __init__(self, target: FuzzTarget, budget: RunBudget) -> None:
        self.target = target
        self.secrets = SecretVariables(target.credentials)
        self.is_clock_moved = False
        self._budget = budget
        self._transport = FuzzTransport(target.url, budget)
        self._control = None
        if target.control is not None:
            self._control = ControlClient(target.control, target.control_token or "")
        known = target.credentials
        credentials = Credentials(
            SecretStr(known["client_id"]),
            SecretStr(known["client_secret"]),
            known["username"],
            SecretStr(known["password"]),
        )
        self._service = Service(
            target.url, credentials, self._control, floor=target.floor, limits=None,
            snapshot=_SNAPSHOT,
        )  # fmt: skip
        self._created: dict[tuple[str, str], None] = {}
        self._refused_deletions: dict[tuple[str, str], None] = {}
        self._is_token_later = False
        self._number = 0

    def open(self) -> None:
        """Save what the service is, and sign in.

        So that a run is the same at every time of day, and at every pace, the clock is stopped.
        Raises FuzzRefused where the service cannot be signed in to, ControlFailed where the control
        plane refuses.
        """
        self._service.__enter__()
        self._service.reset()
        self.sign_in()
        self._service.reset()

    def close(self) -> None:
        """Leave the service as it was found, where that can be done, and close the connections."""
        try:
            self.delete_created()
            self._service.__exit__(None, None, None)
        finally:
            if self._control is not None:
                self._control.close()
            self._transport.close()

    def restore(self) -> None:
        """Restore records, clock and limits, where there is a control plane."""
        with _control_errors_end_run():
            self._service.reset()
        if self.is_clock_moved:
            self.is_clock_moved = False
            self.secrets.forget_ended_token()
        if self._is_token_later:
            # A token of later in the day would end later too. The oracle reports a sign-in that is
            # refused.
            self._is_token_later = False
            with contextlib.suppress(FuzzRefused):
                self.sign_in()

    def advance_clock(self, seconds: float) -> None:
        """Let time pass, until the service is restored."""
        with _control_errors_end_run():
            self._service.advance_clock(seconds)
        self.is_clock_moved = True

    def set_rate_limit(self, calls: int) -> None:
        """Change the hour's limit, until the service is restored."""
        with _control_errors_end_run():
            self._service.set_limits(rate_limit=calls)

    def sign_in(self) -> None:
        """Sign in for the run itself: counted, and not judged."""
        request = sign_in()
        self._budget.spend()
        try:
            answer = self.send(request)
        except NoAnswer as error:
            message = f"{self.target.url} does not answer. {error}"
            raise FuzzRefused(message) from error
        exchange = self.make_exchange(request, answer)
        if exchange.status == _LIMIT_REACHED:
            message = f"The limit of calls is reached at {self.target.url}: try again later."
            raise FuzzRefused(message)
        if exchange.status != 200:
            message = (
                f"The sign-in was answered {exchange.status}; check the profile's credentials."
            )
            raise FuzzRefused(message)

    def check_bounds(self) -> None:
        """Raise BudgetSpent where the calls, or the requests, that are left must be kept."""
        created = len(self._created)
        try:
            self._service.check_floor(reserve=created)
        except FloorReached as error:
            raise BudgetSpent(str(error)) from None
        left = self._budget.requests_left
        if self.target.is_to_be_cleaned and left is not None and left <= created + 1:
            raise BudgetSpent("the requests that are left are for deleting what was created")

    def send(self, request: CallRequest) -> Answer:
        """Send a request as it is. Raises NoAnswer."""
        path = request.path
        if self.target.base != API_PATH and path.startswith(f"{API_PATH}/"):
            path = self.target.base + path.removeprefix(API_PATH)
        # What is created on somebody's service must be deleted, so its id must be known.
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
            self._service.calls_left = remaining
        return answer

    def make_exchange(
        self, request: CallRequest, answer: Answer | None, failure: str = ""
    ) -> Exchange:
        """Return the exchange without secrets; a token in the answer is used from now on."""
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
        content = Exchange(0, "", "", (), b"", answer.status, (), answer.body, 0.0).json
        token = content.get("token") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        # Text that no header can carry is not a token; the oracle reports it.
        if isinstance(token, str) and token and token.isascii() and token.isprintable():
            self.secrets.use_token(token)
            self._is_token_later = self.is_clock_moved

    # Cleaning up, within the bounds of the run

    @property
    def undeleted(self) -> tuple[tuple[str, str], ...]:
        """What this run created on a service that is to be cleaned, and has not deleted."""
        return (*self._created, *self._refused_deletions)

    def note_created(self, exchange: Exchange) -> None:
        """Remember what must be deleted again, the newest last."""
        if not self.target.is_to_be_cleaned:
            return
        intent, created = exchange.intent, parse_answer(exchange).created_id
        if created:
            self._created[CHILD_ENTITIES.get(intent.call, intent.entity), created] = None
        elif intent.call == "delete" and exchange.status == 200:
            self._created.pop((intent.entity, intent.external_id), None)

    def delete_created(self) -> None:
        """Delete what was created, for which requests were kept; that is not judged."""
        for entity, external_id in tuple(self._created):
            if self._budget.requests_left == 0:
                return
            self._budget.spent += 1
            with contextlib.suppress(NoAnswer):
                answer = self.send(delete_record(entity, external_id))
                del self._created[entity, external_id]
                # A deletion that is refused once is not tried again and again.
                if answer.status not in {200, 404}:
                    self._refused_deletions[entity, external_id] = None


@contextlib.contextmanager
def _control_errors_end_run() -> Generator[None]:
    """End the run, with what was found so far, where the control plane fails in the block."""
    try:
        yield
    except ControlFailed as error:
        raise ServiceGone(str(error)) from error
