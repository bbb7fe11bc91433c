"""Makes a run's exchanges with the service: secrets go in as they are sent, and come out again."""

import contextlib
import time
from collections.abc import Generator

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cassettes.format import find_tokens
from cmdm_tui.harness.control_client import ControlFailed
from cmdm_tui.harness.exchange import (
    Answer,
    Exchange,
    Headers,
    OutgoingRequest,
    read_date,
    split_path,
)
from cmdm_tui.harness.fuzz.execute.reconnecting_sender import ReconnectingSender
from cmdm_tui.harness.fuzz.execute.run_budget import (
    BudgetSpent,
    LimitSpent,
    RunBudget,
    ServiceGone,
)
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.service import LimitReached, Service, ServiceFailed
from cmdm_tui.redaction.secret_variables import SecretVariables

_OK = 200
_ROUNDING, _CLOCK_ERROR = 1.0, 300.0
"""Seconds by which a dated answer's clock, and a clock that nothing is known of, may be off."""


class Exchanger:
    """Makes exchanges with `service`, for a run whose bounds `budget` knows.

    Requests name secrets by their variables, and so do the exchanges: a variable is replaced by its
    value on the way out, and a value by its variable on the way back.
    """

    def __init__(self, service: Service, budget: RunBudget) -> None:
        self.secrets = SecretVariables(service.sign_in_values)
        self.is_clock_moved = False
        self._service = service
        self._is_cleaning = service.may_write and service.is_to_be_cleaned
        self._budget = budget
        self._is_token_later = False
        self._number = 0
        self._clock_offset: float | None = None
        service.announce_tokens(self._use_token)
        service.wrap_sender(
            lambda sender: ReconnectingSender(
                sender, service.origin, budget, awaits_writes=self._is_cleaning
            )
        )

    def open(self) -> None:
        """Save what the service is, and sign in.

        So that a run is the same at every time of day, and at every pace, the clock is stopped.
        Raises ServiceFailed where the service cannot be signed in to, ControlFailed where the
        control plane refuses.
        """
        self._service.__enter__()
        self._service.reset()
        self.sign_in()
        self._service.reset()

    def close(self) -> None:
        """Leave the service as it was found, where that can be done, and close the connection."""
        try:
            self.delete_created()
        finally:
            self._service.leave_created("no request was left to delete it.")
            self._service.__exit__(None, None, None)

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
            with contextlib.suppress(ServiceFailed):
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
        self._budget.spend()
        self._number += 1
        try:
            self._service.sign_in()
        except NoAnswer as error:
            message = f"{self._service.origin} does not answer. {error}"
            raise ServiceFailed(message) from error

    def check_bounds(self) -> None:
        """Raise BudgetSpent where the calls, or the requests, that are left must be kept."""
        service = self._service
        created = len(service.created)
        try:
            service.check_floor(reserve=created)
        except LimitReached as error:
            raise LimitSpent(str(error)) from None
        left = self._budget.requests_left
        if self._is_cleaning and left is not None and left <= created + 1:
            raise BudgetSpent("the requests that are left are for deleting what was created")

    def send(self, request: CallRequest) -> Answer:
        """Send a request as it is. Raises NoAnswer."""
        target, is_from_root = split_path(request.path)
        outgoing = OutgoingRequest(
            request.method,
            target,
            self.secrets.fill_headers(request.headers),
            request.body,
            is_from_root=is_from_root,
        )
        return self._service.send(outgoing, request.intent)

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
        intent = request.intent
        if answer.status == _OK and intent.call == "authenticate":
            self._service.use_token_of(answer)
        elif answer.status == _OK and intent.call == "delete":
            self._service.forget_created(intent.entity, intent.external_id)
        for token in find_tokens(answer.body):
            self.secrets.hide_token(token)
        hide = self.secrets.replace_secrets
        headers = answer.headers
        if self.secrets.holds_secret("\n".join(value for _, value in headers).encode("latin-1")):
            headers = tuple(
                (name, hide(value.encode("latin-1")).decode("latin-1")) for name, value in headers
            )
        moment, error = self._find_moment(headers)
        return Exchange(
            self._number, request.method, request.path, request.headers, request.body,
            answer.status, headers, hide(answer.body), answer.started, answer.elapsed,
            moment, request.intent, failure, error,
        )  # fmt: skip

    def _find_moment(self, headers: Headers) -> tuple[float, float]:
        """Return the time of an answer just received, and by how much it may be wrong.

        An answer without `Date` is dated by our clock: by what earlier answers have shown of the
        service's, as far as they have.
        """
        dated, now = read_date(headers), time.time()
        stopped = self._service.stopped_clock
        if dated is not None:
            self._clock_offset = dated - now
            return dated, 0.0
        if stopped is not None:
            return stopped, 0.0
        if self._clock_offset is not None:
            return now + self._clock_offset, _ROUNDING
        return now, _CLOCK_ERROR

    def delete_created(self) -> None:
        """Delete what was created, for which requests were kept; that is not judged."""
        self._service.clean_up(self._take_request)

    def _take_request(self) -> bool:
        """Count the requests of a deletion; return whether the run may make them."""
        requests = 1 if self._service.has_good_token else 2
        left = self._budget.requests_left
        if left is not None and left < requests:
            return False
        self._budget.spent += requests
        return True

    def _use_token(self, token: str) -> None:
        self.secrets.use_token(token)
        self._is_token_later = self.is_clock_moved


@contextlib.contextmanager
def _control_errors_end_run() -> Generator[None]:
    """End the run, with what was found so far, where the control plane fails in the block."""
    try:
        yield
    except ControlFailed as error:
        raise ServiceGone(str(error)) from error
