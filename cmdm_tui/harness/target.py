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
from cmdm_tui.harness.cases.format import TOKEN, Case, Needs, Step
from cmdm_tui.harness.cases.running import Played, run
from cmdm_tui.harness.cleaning import Left, Made, made_by, remove
from cmdm_tui.harness.control import Control
from cmdm_tui.harness.sending import Announce, Answer, Direct, Outgoing, Sender, Sending
from cmdm_tui.harness.wire import NoAnswer, NotReached
from cmdm_tui.redaction.leak_scanner import LeakScanner

MORNING = 1_774_953_000.0
"""2026-03-31T10:30:00Z: when every case is run, where the clock can be made to stand."""

RECORDS = 40
"""The leads of the sandbox that the cassettes are recorded of, the other entities in proportion."""

MARK = "cmdm case"
SAVED = "cmdm-cases"
_USUAL = {"rate_limit": 5_000, "month_limit": 500_000, "token_ttl": 3_600}
_ASSUMED_LIFE = 300.0
_LIMIT_REACHED = 429


class TargetFailed(Exception):
    """The target cannot be used as it is; the message is one sentence."""


class FloorReached(TargetFailed):
    """As many calls are left this hour as the profile keeps back."""


@dataclass
class Target:
    """One service and the four values of a sign-in. To be used as a context.

    Raises InvalidCall for values that no header can carry.

    With `control`, records, calls, clock and limits are put back before each case, and at the end.
    Without it, what a case made is deleted after it; `mark` stands in the records made, and at
    `floor` calls left no more are sent.
    """

    url: str
    credentials: Credentials
    control: Control | None = None
    mark: str = MARK
    floor: int = 0
    guard: LeakScanner = field(default_factory=LeakScanner)
    left: list[Left] = field(default_factory=list[Left])
    _made: list[Made] = field(default_factory=list[Made], init=False)
    _token: str | None = field(default=None, init=False, repr=False)
    _token_good_until: float = field(default=0.0, init=False)
    _remaining: int | None = field(default=None, init=False)
    _announce: list[Announce] = field(default_factory=list[Announce], init=False)
    _is_morning: bool = field(default=False, init=False)
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
        self._base = str(parse_base_url(self.url))
        self._direct = Direct(self.url)
        self._sending: Sending = self._direct
        self._undo: Callable[[], None] = _nothing

    @property
    def base(self) -> str:
        """What stands before every call's target: `{url}/api/v1`."""
        return self._base

    def __enter__(self) -> Self:
        if self.control is not None:
            self._undo = _begin(self.control)
            self._is_morning, self._limits = False, {}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # A run that was interrupted amid a case has not cleaned up after it.
            self.clean()
            self._undo()
        finally:
            self._direct.close()

    @contextmanager
    def through_httpx(self) -> Generator[None]:
        """Send over httpx in the block, so that vcrpy hears it."""
        with Sender(self.url) as sender:
            self._sending = sender
            try:
                yield
            finally:
                self._sending = self._direct

    def can_run(self, case: Case) -> bool:
        """Tell whether the target grants what the case needs."""
        return self.control is not None or not case.needs_control

    def play(
        self,
        case: Case,
        *,
        announce: Announce | None = None,
        captured: Callable[[str, str], None] | None = None,
    ) -> list[Played]:
        """Run the case and return what came of its steps; `clean` is to be called after it.

        Raises TargetFailed where it cannot be signed in or put back, FloorReached before a case
        for which too few calls are left.
        """
        self.ready(case)

        def learnt(name: str, value: str) -> None:
            if name.startswith(TOKEN):
                self.guard.add_secret(value)
            if captured is not None:
                captured(name, value)

        try:
            with self._prepared(case.needs), self._told(announce):
                return run(
                    case,
                    self._reached,
                    self._values(),
                    unspoken=self._unspoken(),
                    before=self._before,
                    captured=learnt,
                    is_alone=self.control is not None,
                )
        finally:
            if _forgets_tokens(case):
                self._token = None

    def ready(self, case: Case) -> None:
        """Sign in, if the case needs it and that was not done; `play` does it too."""
        self._check_floor(len(case.steps))
        if any(step.uses_token for step in case.steps):
            self._ensure_token()
            self._check_floor(len(case.steps))

    def clean(self) -> None:
        """Delete what was made, where nothing puts the target back; `left` says what stayed."""
        made, self._made = self._made, []
        if made:
            self.left += remove(made, self.call)
            # Deleting makes nothing; what is left is told, and not tried again.
            self._made = []

    @contextmanager
    def cleaned(self) -> Generator[None]:
        """Clean up when the block is left, in whatever way."""
        try:
            yield
        finally:
            self.clean()

    def holds_recorded_data(self) -> bool:
        """Tell whether the records are those of the recordings: as many leads, put back."""
        if self.control is None:
            return False
        try:
            total = json.loads(self.call("GET", "/lead?per_page=1&page=1").body)["Total Records"]
            return int(total) == RECORDS
        except (NoAnswer, ValueError, KeyError, TypeError):
            return False

    def call(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """Make one call of the harness's own, signed in."""
        self._ensure_token()
        headers = (("Authorization", f"Bearer {self._token}"),)
        return self._send(Outgoing(method, target, headers, body))

    @contextmanager
    def _told(self, announce: Announce | None) -> Generator[None]:
        if announce is not None:
            self._announce.append(announce)
        try:
            yield
        finally:
            self._announce.clear()

    def _reached(self, outgoing: Outgoing) -> Answer:
        try:
            return self._send(outgoing)
        except NotReached as error:
            raise TargetFailed(f"{self.base} is not reached. {error}") from error

    def _send(self, outgoing: Outgoing) -> Answer:
        for announce in self._announce:
            announce(outgoing)
        answer = self._sending(outgoing)
        if self.control is None:
            self._made += made_by(outgoing, answer)
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
            self._turn_to_morning(self.control)
            self._limit(self.control, _USUAL)
        headers = tuple((name, _as_latin(value)) for name, value in self._sign_in.items())
        answer = self._send(Outgoing("POST", "/authenticate", headers))
        try:
            token = json.loads(answer.body)["token"]
        except (ValueError, KeyError, TypeError):
            token = None
        if answer.status == _LIMIT_REACHED:
            raise TargetFailed(f"The limit of calls is reached at {self.base}: try again later.")
        if not isinstance(token, str) or not token:
            reason = f"answered {answer.status}" if answer.status != 200 else "gave no token"
            raise TargetFailed(f"The sign-in at {self.base} {reason}. Check the profile.")
        self.guard.add_secret(token)
        self._token = token
        self._token_good_until = time.monotonic() + _lifetime(answer)

    @contextmanager
    def _prepared(self, needs: Needs) -> Generator[None]:
        if self.control is None:
            yield
            return
        self.control.restore(SAVED, calls=True)
        self._turn_to_morning(self.control)
        usual = _USUAL.items()
        self._limit(self.control, {name: getattr(needs, name) or value for name, value in usual})
        if needs.faults:
            self.control.strike(*needs.faults)
        try:
            yield
        finally:
            if needs.faults:
                self.control.strike()

    def _before(self, step: Step) -> None:
        if self.control is None:
            return
        if step.advance is not None:
            self._is_morning = False
            self.control.advance(step.advance)
        if step.rate_limit is not None:
            self._limit(self.control, {**self._limits, "rate_limit": step.rate_limit})

    def _turn_to_morning(self, control: Control) -> None:
        if not self._is_morning:
            control.stand(MORNING)
            self._is_morning = True

    def _limit(self, control: Control, limits: dict[str, int]) -> None:
        if limits != self._limits:
            control.set(**limits)
            self._limits = limits

    def _values(self) -> dict[str, str]:
        token = {} if self._token is None else {"token": self._token}
        return {**self._sign_in, **token, "mark": self.mark}

    def _unspoken(self) -> dict[str, str]:
        hidden = {value: f"$CMDM_{name.upper()}" for name, value in self._sign_in.items()}
        hidden |= {_as_latin(value): name for value, name in hidden.items()}
        return hidden if self._token is None else {**hidden, self._token: "$CMDM_TOKEN"}


def _begin(control: Control) -> Callable[[], None]:
    """Save what the target is now, and return what puts it back."""
    ahead, was_standing = control.now() - time.time(), control.is_standing()
    stood_at = control.now()
    settings = control.settings()
    control.snapshot(SAVED)

    def undo() -> None:
        control.restore(SAVED, calls=True)
        control.set(**{name: value for name in _USUAL if (value := settings.get(name)) is not None})
        if was_standing:
            control.stand(stood_at)
        else:
            control.run_on(time.time() + ahead)

    return undo


def _forgets_tokens(case: Case) -> bool:
    """Tell whether it signs in after time has passed: then the tokens that ended are forgotten."""
    has_passed = False
    for step in case.steps:
        has_passed = has_passed or step.advance is not None
        if has_passed and step.path.partition("?")[0].strip("/").lower() == "authenticate":
            return True
    return False


def _lifetime(answer: Answer) -> float:
    """Return for how many seconds a token just received can be used, with a margin."""
    now, ends = (
        parse_http_date(answer.header("date") or ""),
        parse_unix_time(answer.header("x-token-reset")),
    )
    if now is None or ends is None or ends <= now:
        return _ASSUMED_LIFE
    return (ends - now) * 0.9


def _as_latin(value: str) -> str:
    """Return text as the Latin-1 characters of its UTF-8, as a header carries it."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def _nothing(*_: object) -> None:
    pass
