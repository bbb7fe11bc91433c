"""A service that cases are run against: signed in to, and put back where it has a control plane."""

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cmdm_tui.api.auth import build_sign_in_headers
from cmdm_tui.api.quota import parse_http_date, parse_unix_time, parse_whole_number
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.config import Credentials
from cmdm_tui.harness.cases.format import TOKEN_PREFIX, Case, CaseStep, Needs
from cmdm_tui.harness.cases.runner import PlayedStep, run_case
from cmdm_tui.harness.cleanup import CreatedRecord, UndeletedRecord, delete_created, find_created
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.http.connection import NoAnswer, NotConnected
from cmdm_tui.harness.http.senders import (
    Answer,
    DirectSender,
    HttpxSender,
    OutgoingRequest,
    RequestListener,
    Sender,
)
from cmdm_tui.redaction.leak_scanner import LeakScanner

CASE_TIME = 1_774_953_000.0
"""2026-03-31T10:30:00Z: when every case is run, where the clock can be made to stand."""

RECORDED_LEADS = 40
"""The leads of the sandbox that the cassettes are recorded of, the other entities in proportion."""

CASE_MARK = "cmdm case"
SNAPSHOT = "cmdm-cases"
_DEFAULT_LIMITS = {"rate_limit": 5_000, "month_limit": 500_000, "token_ttl": 3_600}
_ASSUMED_TOKEN_SECONDS = 300.0
_LIMIT_REACHED = 429


class ServiceFailed(Exception):
    """The target cannot be used as it is; the message is one sentence."""


class FloorReached(ServiceFailed):
    """As many calls are left this hour as the profile keeps back."""


@dataclass
class Service:
    """One service and the four values of a sign-in. To be used as a context.

    Raises InvalidCall for values that no header can carry.

    With `control`, records, calls, clock and limits are put back before each case, and at the end.
    Without it, what a case made is deleted after it; `mark` stands in the records made, and at
    `floor` calls left no more are sent.
    """

    url: str
    credentials: Credentials
    control: ControlClient | None = None
    mark: str = CASE_MARK
    floor: int = 0
    guard: LeakScanner = field(default_factory=LeakScanner)
    undeleted: list[UndeletedRecord] = field(default_factory=list[UndeletedRecord])
    _created: list[CreatedRecord] = field(default_factory=list[CreatedRecord], init=False)
    _token: str | None = field(default=None, init=False, repr=False)
    _token_good_until: float = field(default=0.0, init=False)
    _remaining: int | None = field(default=None, init=False)
    _listeners: list[RequestListener] = field(default_factory=list[RequestListener], init=False)
    _is_clock_frozen: bool = field(default=False, init=False)
    _limits: dict[str, int] = field(default_factory=dict[str, int], init=False)

    def __post_init__(self) -> None:
        given = self.credentials
        build_sign_in_headers(given)  # which refuses what no header can carry
        self._sign_in = {
            "client_id": given.client_id.reveal(),
            "client_secret": given.client_secret.reveal(),
            "username": given.username,
            "password": given.password.reveal(),
        }
        for value in self._sign_in.values():
            self.guard.add_secret(value)
        self._api_url = str(parse_base_url(self.url))
        self._direct = DirectSender(self.url)
        self._sender: Sender = self._direct
        self._restore_state: Callable[[], None] = _do_nothing

    @property
    def api_url(self) -> str:
        """What stands before every call's target: `{url}/api/v1`."""
        return self._api_url

    def __enter__(self) -> Self:
        if self.control is not None:
            self._restore_state = _save_state(self.control)
            self._is_clock_frozen, self._limits = False, {}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # A run that was interrupted amid a case has not cleaned up after it.
            self.clean_up()
            self._restore_state()
        finally:
            self._direct.close()

    @contextmanager
    def send_through_httpx(self) -> Generator[None]:
        """Send over httpx in the block, so that vcrpy hears it."""
        with HttpxSender(self.url) as sender:
            self._sender = sender
            try:
                yield
            finally:
                self._sender = self._direct

    def can_run(self, case: Case) -> bool:
        """Tell whether the target grants what the case needs."""
        return self.control is not None or not case.needs_control

    def play_case(
        self,
        case: Case,
        *,
        announce: RequestListener | None = None,
        captured: Callable[[str, str], None] | None = None,
    ) -> list[PlayedStep]:
        """Run the case and return what came of its steps; `clean` is to be called after it.

        Raises TargetFailed where it cannot be signed in or put back, FloorReached before a case
        for which too few calls are left.
        """
        self.sign_in_for(case)

        def learnt(name: str, value: str) -> None:
            if name.startswith(TOKEN_PREFIX):
                self.guard.add_secret(value)
            if captured is not None:
                captured(name, value)

        try:
            with self._granting(case.needs), self._announcing(announce):
                return run_case(
                    case,
                    self._send_or_fail,
                    self._known_values(),
                    unspoken=self._secret_names(),
                    before=self._prepare_step,
                    captured=learnt,
                    is_alone=self.control is not None,
                )
        finally:
            if _expires_tokens(case):
                self._token = None

    def sign_in_for(self, case: Case) -> None:
        """Sign in, if the case needs it and that was not done; `play` does it too."""
        self._check_floor(len(case.steps))
        if any(step.uses_token for step in case.steps):
            self._ensure_token()
            self._check_floor(len(case.steps))

    def clean_up(self) -> None:
        """Delete what was made, where nothing puts the target back; `left` says what stayed."""
        made, self._created = self._created, []
        if made:
            self.undeleted += delete_created(made, self.send_call)
            # Deleting makes nothing; what is left is told, and not tried again.
            self._created = []

    @contextmanager
    def cleaning_up(self) -> Generator[None]:
        """Clean up when the block is left, in whatever way."""
        try:
            yield
        finally:
            self.clean_up()

    def holds_recorded_data(self) -> bool:
        """Tell whether the records are those of the recordings: as many leads, put back."""
        if self.control is None:
            return False
        try:
            total = json.loads(self.send_call("GET", "/lead?per_page=1&page=1").body)[
                "Total Records"
            ]
            return int(total) == RECORDED_LEADS
        except (NoAnswer, ValueError, KeyError, TypeError):
            return False

    def send_call(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """Make one call of the harness's own, signed in."""
        self._ensure_token()
        headers = (("Authorization", f"Bearer {self._token}"),)
        return self._send(OutgoingRequest(method, target, headers, body))

    @contextmanager
    def _announcing(self, announce: RequestListener | None) -> Generator[None]:
        if announce is not None:
            self._listeners.append(announce)
        try:
            yield
        finally:
            self._listeners.clear()

    def _send_or_fail(self, outgoing: OutgoingRequest) -> Answer:
        try:
            return self._send(outgoing)
        except NotConnected as error:
            raise ServiceFailed(f"{self.api_url} is not reached. {error}") from error

    def _send(self, outgoing: OutgoingRequest) -> Answer:
        for announce in self._listeners:
            announce(outgoing)
        answer = self._sender(outgoing)
        if self.control is None:
            self._created += find_created(outgoing, answer)
        remaining = parse_whole_number(answer.header("x-rate-limit-remaining"))
        if remaining is not None:
            self._remaining = remaining
        return answer

    def _check_floor(self, calls: int) -> None:
        if self.control is not None or self._remaining is None:
            return
        if self._remaining - calls < self.floor:
            raise FloorReached(
                f"{self._remaining} calls are left this hour, and {self.floor} are kept back. "
                "Run the rest when the hour's count has started anew."
            )

    def _ensure_token(self) -> None:
        if self._token is not None and time.monotonic() < self._token_good_until:
            return
        if self.control is not None:
            self._freeze_clock(self.control)
            self._set_limits(self.control, _DEFAULT_LIMITS)
        headers = tuple((name, _encode_latin(value)) for name, value in self._sign_in.items())
        answer = self._send(OutgoingRequest("POST", "/authenticate", headers))
        try:
            token = json.loads(answer.body)["token"]
        except (ValueError, KeyError, TypeError):
            token = None
        if answer.status == _LIMIT_REACHED:
            raise ServiceFailed(
                f"The limit of calls is reached at {self.api_url}: try again later."
            )
        if not isinstance(token, str) or not token:
            reason = f"answered {answer.status}" if answer.status != 200 else "gave no token"
            raise ServiceFailed(f"The sign-in at {self.api_url} {reason}. Check the profile.")
        self.guard.add_secret(token)
        self._token = token
        self._token_good_until = time.monotonic() + _token_seconds(answer)

    @contextmanager
    def _granting(self, needs: Needs) -> Generator[None]:
        if self.control is None:
            yield
            return
        self.control.restore(SNAPSHOT, calls=True)
        self._freeze_clock(self.control)
        usual = _DEFAULT_LIMITS.items()
        self._set_limits(
            self.control, {name: getattr(needs, name) or value for name, value in usual}
        )
        if needs.faults:
            self.control.set_faults(*needs.faults)
        try:
            yield
        finally:
            if needs.faults:
                self.control.set_faults()

    def _prepare_step(self, step: CaseStep) -> None:
        if self.control is None:
            return
        if step.advance is not None:
            self._is_clock_frozen = False
            self.control.advance_clock(step.advance)
        if step.rate_limit is not None:
            self._set_limits(self.control, {**self._limits, "rate_limit": step.rate_limit})

    def _freeze_clock(self, control: ControlClient) -> None:
        if not self._is_clock_frozen:
            control.freeze_clock(CASE_TIME)
            self._is_clock_frozen = True

    def _set_limits(self, control: ControlClient, limits: dict[str, int]) -> None:
        if limits != self._limits:
            control.set(**limits)
            self._limits = limits

    def _known_values(self) -> dict[str, str]:
        token = {} if self._token is None else {"token": self._token}
        return {**self._sign_in, **token, "mark": self.mark}

    def _secret_names(self) -> dict[str, str]:
        hidden = {value: f"$CMDM_{name.upper()}" for name, value in self._sign_in.items()}
        hidden |= {_encode_latin(value): name for value, name in hidden.items()}
        return hidden if self._token is None else {**hidden, self._token: "$CMDM_TOKEN"}


def _save_state(control: ControlClient) -> Callable[[], None]:
    """Save what the target is now, and return what puts it back."""
    ahead, was_standing = control.read_clock() - time.time(), control.is_clock_frozen()
    stood_at = control.read_clock()
    settings = control.settings()
    control.snapshot(SNAPSHOT)

    def undo() -> None:
        control.restore(SNAPSHOT, calls=True)
        control.set(
            **{name: value for name in _DEFAULT_LIMITS if (value := settings.get(name)) is not None}
        )
        if was_standing:
            control.freeze_clock(stood_at)
        else:
            control.run_clock_from(time.time() + ahead)

    return undo


def _expires_tokens(case: Case) -> bool:
    """Tell whether it signs in after time has passed: then the tokens that ended are forgotten."""
    has_passed = False
    for step in case.steps:
        has_passed = has_passed or step.advance is not None
        if has_passed and step.path.partition("?")[0].strip("/").lower() == "authenticate":
            return True
    return False


def _token_seconds(answer: Answer) -> float:
    """Return for how many seconds a token just received can be used, with a margin."""
    now, ends = (
        parse_http_date(answer.header("date") or ""),
        parse_unix_time(answer.header("x-token-reset")),
    )
    if now is None or ends is None or ends <= now:
        return _ASSUMED_TOKEN_SECONDS
    return (ends - now) * 0.9


def _encode_latin(value: str) -> str:
    """Return text as the Latin-1 characters of its UTF-8, as a header carries it."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def _do_nothing(*_: object) -> None:
    pass
