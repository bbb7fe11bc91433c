"""Plays a case on a service: puts the service into the state it needs, runs it, and cleans up."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cmdm_tui.harness.cases.format import TOKEN_PREFIX, Case, CaseStep, Needs
from cmdm_tui.harness.cases.step_runner import PlayedStep, run_steps
from cmdm_tui.harness.exchange import Answer, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer, NotConnected
from cmdm_tui.harness.http.senders import RequestListener
from cmdm_tui.harness.saved_state import DEFAULT_LIMITS
from cmdm_tui.harness.service import Service, ServiceFailed

if TYPE_CHECKING:
    from cmdm_tui.harness.oracle import Check

_LIMIT_REACHED = 429

RECORDED_LEADS = 40
"""The leads of the sandbox that the cassettes are recorded of, the other entities in proportion."""


def can_play(case: Case, service: Service) -> bool:
    """Return whether the service grants what the case needs."""
    return service.control is not None or not case.needs_control


def prepare_case(case: Case, service: Service) -> None:
    """Sign in where the case needs it; `play_case` does it too.

    Raises FloorReached where too few calls are left for the case, ServiceFailed where there is no
    signing in.
    """
    service.check_floor(len(case.steps))
    if any(step.uses_token for step in case.steps):
        service.ensure_token()
        service.check_floor(len(case.steps))


def play_case(
    case: Case,
    service: Service,
    *,
    listener: RequestListener | None = None,
    on_capture: Callable[[str, str], None] | None = None,
    own_checks: "Sequence[Check]" = (),
) -> list[PlayedStep]:
    """Run the case and return what came of its steps; call `service.clean_up` after it.

    `listener` is called with each request before it is sent, `on_capture` with each value captured.
    `own_checks` judge each step too.

    Raises what `prepare_case` raises, ServiceFailed where the service cannot be reached,
    LimitReached where it refuses a call that the case does not expect it to refuse for that, and
    OwnCheckError where one of the checks fails itself.
    """
    prepare_case(case, service)
    expects_limit = any(_LIMIT_REACHED in step.expect.statuses for step in case.steps)

    def captured(name: str, value: str) -> None:
        if name.startswith(TOKEN_PREFIX):
            service.leak_scanner.add_secret(value)
        if on_capture is not None:
            on_capture(name, value)

    def send(request: OutgoingRequest) -> Answer:
        return _send(service, request, expects_limit=expects_limit)

    def before(step: CaseStep) -> None:
        if step.advance is not None:
            service.advance_clock(step.advance)
        if step.rate_limit is not None:
            service.set_limits(rate_limit=step.rate_limit)

    token = {} if service.token is None else {"token": service.token}
    try:
        with _granting(case.needs, service), service.announcing(listener):
            return run_steps(
                case,
                send,
                {**service.sign_in_values, **token, "mark": service.mark},
                secrets=_name_secrets(service),
                before=before,
                captured=captured,
                is_alone=service.is_alone,
                own_checks=own_checks,
            )
    finally:
        if _ends_tokens(case):
            service.forget_token()


def _send(service: Service, request: OutgoingRequest, *, expects_limit: bool) -> Answer:
    try:
        answer = service.send(request)
    except NotConnected as error:
        raise ServiceFailed(f"{service.api_url} cannot be reached. {error}") from error
    if not expects_limit:
        # A refusal for want of calls says nothing about the case.
        service.check_limit()
    return answer


def holds_recorded_data(service: Service) -> bool:
    """Return whether the service's records are those of the recordings: as many leads, restored."""
    if service.control is None:
        return False
    try:
        answer = service.send_call("GET", "/lead?per_page=1&page=1")
        return int(json.loads(answer.body)["Total Records"]) == RECORDED_LEADS
    except (NoAnswer, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _granting(needs: Needs, service: Service) -> Generator[None]:
    """Restore the service and give it the limits and faults that a case needs, for the block."""
    service.reset()
    limits = {name: value for name in DEFAULT_LIMITS if (value := getattr(needs, name))}
    if limits:
        service.set_limits(**limits)
    if needs.faults:
        service.set_faults(*needs.faults)
    try:
        yield
    finally:
        if needs.faults:
            service.set_faults()


def _name_secrets(service: Service) -> dict[str, str]:
    """Return the secrets of the sign-in, each with the variable that replaces it in exchanges."""
    names = {value: f"$CMDM_{name.upper()}" for name, value in service.searched_values.items()}
    for value, name in tuple(names.items()):
        names[value.encode("utf-8", "surrogatepass").decode("latin-1")] = name
    return names if service.token is None else {**names, service.token: "$CMDM_TOKEN"}


def _ends_tokens(case: Case) -> bool:
    """Return whether the case signs in after time has passed: then ended tokens are forgotten."""
    has_passed = False
    for step in case.steps:
        has_passed = has_passed or step.advance is not None
        if has_passed and step.is_sign_in:
            return True
    return False
