"""The one signed-in service of the harness: sign-in, calls left, clock, limits, and cleaning up."""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from cmdm_tui.api.auth import build_sign_in_headers
from cmdm_tui.api.quota import parse_unix_time, parse_whole_number
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.config import Credentials
from cmdm_tui.config.credentials import note_secret
from cmdm_tui.harness.calls import CONTENT_TYPE_HEADER
from cmdm_tui.harness.cleanup import (
    CreatedRecord,
    UndeletedRecord,
    delete_created,
    find_converted_contacts,
    find_created,
)
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import Answer, Intent, OutgoingRequest, read_date
from cmdm_tui.harness.http.senders import DirectSender, HttpxSender, RequestListener, Sender
from cmdm_tui.redaction.common_words import is_searched_for
from cmdm_tui.redaction.leak_scanner import LeakScanner

CASE_TIME = 1_774_953_000.0
"""2026-03-31T10:30:00Z: the time of every case and fuzz example, where the clock can be stopped."""

CASE_MARK = "cmdm case"
SNAPSHOT = "cmdm-cases"

DEFAULT_LIMITS: Mapping[str, int] = {
    "rate_limit": 5_000,
    "month_limit": 500_000,
    "token_ttl": 3_600,
}
"""The limits of a sandbox that the cases expect: calls an hour and a month, seconds of a token."""

_IDENTIFIED = frozenset({"good", "sign-in"})
"""The authorizations of requests that count for the service's user."""

_ASSUMED_TOKEN_SECONDS = 300.0
_LIMIT_REACHED = 429


class ServiceFailed(HarnessError):
    """The service cannot be used as it is; the message is one sentence."""


class LimitReached(ServiceFailed):
    """The hour's or the month's limit of calls is reached."""


class FloorReached(LimitReached):
    """No more calls are left this hour than the profile keeps back."""


class SavedState:
    """The records, clock and limits of a service with a control plane: saved once, restored often.

    `reset` restores the records and counts, stops the clock at CASE_TIME, and sets `limits`, by
    default those that the service had. `restore` leaves everything as it was found.
    """

    def __init__(
        self, control: ControlClient, snapshot: str, limits: Mapping[str, int] | None = None
    ) -> None:
        self._control = control
        self._snapshot = snapshot
        self._limits = limits
        self._found_limits: dict[str, int] = {}
        self._current_limits: dict[str, int] = {}
        self._stopped_at: float | None = None
        self._clock_offset = 0.0
        self._is_saved = False
        self.is_clock_stopped = False
        self.now: float | None = None
        """The time on its clock where that is stopped, else None."""

    @property
    def limits(self) -> dict[str, int]:
        """The limits after a reset."""
        return self._found_limits if self._limits is None else dict(self._limits)

    def save(self) -> None:
        """Save what the service is now."""
        control = self._control
        now = control.read_clock()
        self._stopped_at = now if control.is_clock_frozen() else None
        self._clock_offset = now - time.time()
        settings = control.settings()
        self._found_limits = {
            name: value for name in DEFAULT_LIMITS if (value := settings.get(name)) is not None
        }
        self._current_limits = {}
        self.is_clock_stopped = False
        self.now = None
        control.snapshot(self._snapshot)
        self._is_saved = True

    def reset(self) -> None:
        """Restore records and counts, stop the clock, and set the limits."""
        self._control.restore(self._snapshot, calls=True)
        self.stop_clock()
        self.set_limits(self.limits)

    def restore(self) -> None:
        """Leave the service as it was found; nothing where it was not saved."""
        if not self._is_saved:
            return
        self._control.restore(self._snapshot, calls=True)
        self._control.set(**self._found_limits)
        if self._stopped_at is not None:
            self._control.freeze_clock(self._stopped_at)
        else:
            self._control.run_clock_from(time.time() + self._clock_offset)

    def stop_clock(self) -> None:
        """Stop the clock at CASE_TIME."""
        if not self.is_clock_stopped:
            self._control.freeze_clock(CASE_TIME)
            self.is_clock_stopped, self.now = True, CASE_TIME

    def advance_clock(self, seconds: float) -> None:
        """Move the clock on, until the next reset."""
        self.is_clock_stopped = False
        self._control.advance_clock(seconds)
        self.now = None if self.now is None else self.now + seconds

    def set_limits(self, limits: Mapping[str, int]) -> None:
        """Change these limits, until the next reset."""
        changed = {**self._current_limits, **limits}
        if changed != self._current_limits:
            self._control.set(**changed)
            self._current_limits = changed


@dataclass
class Service:
    """One service and the credentials to sign in to it. To be used as a context.

    With `control`, the service is restored by `reset`, and at the end it is left as it was found:
    records, clock and limits. Without it, no call is made once only `floor` calls are left this
    hour, and `clean_up` deletes what was created. `mark` is in the names of the records that cases
    create. `may_write` says whether requests may change records. `limits` are set by `reset`; None
    keeps those that the service has. `snapshot` names its saved records.

    `is_alone` says that no one else changes the service or makes calls meanwhile; at first that is
    assumed of a service with a control plane. Where it is alone, nothing is cleaned up.

    Raises InvalidCall for credentials that no header can carry.
    """

    url: str
    credentials: Credentials
    control: ControlClient | None = None
    mark: str = CASE_MARK
    floor: int = 0
    may_write: bool = True
    limits: Mapping[str, int] | None = field(default_factory=lambda: DEFAULT_LIMITS)
    snapshot: str = SNAPSHOT
    leak_scanner: LeakScanner = field(default_factory=LeakScanner)
    undeleted: list[UndeletedRecord] = field(default_factory=list[UndeletedRecord])
    created: list[CreatedRecord] = field(default_factory=list[CreatedRecord], init=False)
    is_alone: bool = field(init=False)
    token: str | None = field(default=None, init=False, repr=False)
    calls_left: int | None = field(default=None, init=False)
    is_limit_reached: bool = field(default=False, init=False)
    """Whether a service without a control plane has said that no call is left."""
    _token_good_until: float = field(default=0.0, init=False)
    _listeners: list[RequestListener] = field(default_factory=list[RequestListener], init=False)
    _on_token: Callable[[str], None] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.is_alone = self.control is not None
        build_sign_in_headers(self.credentials)  # which refuses what no header can carry
        self.sign_in_values = self.credentials.reveal_all()
        for value in self.searched_values.values():
            self.leak_scanner.add_secret(value)
        address = parse_base_url(self.url)
        self.api_url = str(address)
        self.api_path = address.path.rstrip("/")
        self.origin = f"{address.scheme}://{address.netloc.decode('ascii')}"
        self._direct_sender = DirectSender(self.url)
        self._sender: Sender = self._direct_sender
        self._state: SavedState | None = None
        if self.control is not None:
            self._state = SavedState(self.control, self.snapshot, self.limits)

    def __enter__(self) -> Self:
        if self._state is not None:
            self._state.save()
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
            if self._state is not None:
                self._state.restore()
        finally:
            self._direct_sender.close()

    @property
    def searched_values(self) -> dict[str, str]:
        """The values of the sign-in that no text may hold, and that are replaced in exchanges.

        A user name that is a common word, such as `lead`, is in other texts by chance.
        """
        values = self.sign_in_values.items()
        return {name: value for name, value in values if is_searched_for(name, value)}

    @property
    def is_restored(self) -> bool:
        """Whether `reset` restores it."""
        return self.control is not None

    @property
    def is_to_be_cleaned(self) -> bool:
        """Whether what is created there is to be deleted again: it is somebody's own service."""
        return self.control is None and not self.is_alone

    # Sending

    def send(self, request: OutgoingRequest, intent: Intent | None = None) -> Answer:
        """Send a request and return the answer. Raises NoAnswer.

        `intent` says what is meant by a request that is odd on purpose.
        """
        for listener in self._listeners:
            listener(request)
        answer = self._sender(request)
        if self.is_to_be_cleaned:
            self.created += find_created(request, answer, intent)
        if intent is None or intent.authorization in _IDENTIFIED:
            calls_left = parse_whole_number(answer.header("x-rate-limit-remaining"))
            if calls_left is not None:
                self.calls_left = calls_left
            if answer.status == _LIMIT_REACHED and self.control is None:
                self.is_limit_reached = True
        return answer

    def send_call(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """Make one signed-in call that is not part of a case."""
        self.ensure_token()
        declared = (CONTENT_TYPE_HEADER,) if body else ()
        headers = (("Authorization", f"Bearer {self.token}"), *declared)
        return self.send(OutgoingRequest(method, target, headers, body))

    @contextmanager
    def send_through_httpx(self) -> Generator[None]:
        """Send over httpx in the block, so that vcrpy can record it."""
        with HttpxSender(self.url) as sender:
            self._sender = sender
            try:
                yield
            finally:
                self._sender = self._direct_sender

    def wrap_sender(self, wrap: Callable[[Sender], Sender]) -> None:
        """Send everything from now on through what `wrap` makes of the sender there is."""
        self._sender = wrap(self._sender)

    @contextmanager
    def announcing(self, listener: RequestListener | None) -> Generator[None]:
        """Call `listener` in the block with each request before it is sent."""
        if listener is not None:
            self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.clear()

    def check_floor(self, calls: int = 1, *, reserve: int = 0) -> None:
        """Raise FloorReached where `calls` more calls would leave less than floor and reserve.

        Raises LimitReached where the service has said that no call is left.
        """
        self.check_limit()
        if self.control is not None or self.calls_left is None:
            return
        kept = self.floor + reserve
        if self.calls_left - calls < kept:
            raise FloorReached(
                f"{self.calls_left:,} calls are left this hour, and {kept:,} are kept back. "
                "Run the rest in the next hour."
            )

    def check_limit(self) -> None:
        """Raise LimitReached where the service has said that no call is left."""
        if self.is_limit_reached:
            raise self._build_limit_error()

    def _build_limit_error(self) -> LimitReached:
        return LimitReached(f"The limit of calls is reached at {self.api_url}: try again later.")

    # Signing in

    @property
    def has_good_token(self) -> bool:
        """Whether there is a token that is good for a while."""
        return self.token is not None and time.monotonic() < self._token_good_until

    def ensure_token(self) -> None:
        """Sign in, unless there is a token that is good for a while."""
        if not self.has_good_token:
            if self._state is not None:
                self._state.stop_clock()
                self._state.set_limits(self._state.limits)
            self.sign_in()

    def sign_in(self) -> None:
        """Sign in. Raises ServiceFailed where the service gives no token."""
        headers = tuple((name, _encode_latin(value)) for name, value in self.sign_in_values.items())
        answer = self.send(OutgoingRequest("POST", "/authenticate", headers))
        if answer.status == _LIMIT_REACHED:
            raise self._build_limit_error()
        if not self.use_token_of(answer):
            reason = f"was answered {answer.status}" if answer.status != 200 else "gave no token"
            message = f"The sign-in {reason} at {self.api_url}. Check the profile's credentials."
            raise ServiceFailed(message)

    def use_token_of(self, answer: Answer) -> bool:
        """Use the token of a sign-in's answer from now on; return whether there is one."""
        try:
            token = json.loads(answer.body)["token"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        # Text that no header can carry is not a token.
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            return False
        self.leak_scanner.add_secret(token)
        note_secret(token)
        self.token = token
        self._token_good_until = time.monotonic() + _token_seconds(answer)
        if self._on_token is not None:
            self._on_token(token)
        return True

    def announce_tokens(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each token that is used from now on."""
        self._on_token = listener

    def forget_token(self) -> None:
        """Sign in again before the next call."""
        self.token = None

    # Restoring, where there is a control plane

    def reset(self) -> None:
        """Restore records and counts, the clock, and the limits."""
        if self._state is not None:
            self._state.reset()

    def advance_clock(self, seconds: float) -> None:
        """Move the service's clock on, until the next reset."""
        if self._state is not None:
            self._state.advance_clock(seconds)

    @property
    def stopped_clock(self) -> float | None:
        """The Unix time on the service's clock where this run has stopped it, else None."""
        return None if self._state is None else self._state.now

    def set_limits(self, **limits: int) -> None:
        """Change some limits, until the next reset."""
        if self._state is not None:
            self._state.set_limits(limits)

    def set_faults(self, *faults: Mapping[str, Any]) -> None:
        """Let these faults occur and no others; none removes them all."""
        if self.control is not None:
            self.control.set_faults(*faults)

    # Cleaning up, where there is none

    def clean_up(self, may_call: Callable[[], bool] = lambda: True) -> None:
        """Delete what was created, the newest first; `undeleted` says what could not be.

        A deletion that was not answered is sent once more at the next time. Once `may_call` says
        no, the rest is left for the next time too.
        """
        if not self.created:
            return
        waiting, self.created = self.created, []
        unanswered: list[CreatedRecord] = []
        try:
            waiting += find_converted_contacts(waiting, self.send_call)
            while waiting and may_call():
                one = waiting[-1]
                failure = delete_created(one, self.send_call)
                waiting.pop()
                if one.is_retried:
                    self._forget_undeleted(one)
                if failure is not None:
                    self.undeleted.append(failure)
                    if failure.is_unanswered and not one.is_retried:
                        unanswered.append(replace(one, is_retried=True))
        finally:
            # Deleting creates nothing.
            self.created = [*unanswered, *waiting]

    def forget_created(self, entity: str, external_id: str) -> None:
        """Leave a record out of the next clean-up: it was deleted."""
        self.created = [
            one for one in self.created if (one.entity, one.external_id) != (entity, external_id)
        ]

    def leave_created(self, reason: str) -> None:
        """Delete no more of what was created; `undeleted` says so."""
        self.undeleted += [
            UndeletedRecord(one.entity, one.external_id, reason)
            for one in self.created
            if not one.is_retried  # else it is named already
        ]
        self.created = []

    def _forget_undeleted(self, one: CreatedRecord) -> None:
        key = (one.entity, one.external_id)
        self.undeleted = [left for left in self.undeleted if (left.entity, left.external_id) != key]

    @contextmanager
    def cleaning_up(self) -> Generator[None]:
        """Clean up at the end of the block, whatever ends it."""
        try:
            yield
        finally:
            self.clean_up()


def _token_seconds(answer: Answer) -> float:
    """Return for how many seconds a token just received can be used, with a margin."""
    now, ends = read_date(answer.headers), parse_unix_time(answer.header("x-token-reset"))
    if now is None or ends is None or ends <= now:
        return _ASSUMED_TOKEN_SECONDS
    return (ends - now) * 0.9


def _encode_latin(value: str) -> str:
    """Return text as the Latin-1 characters of its UTF-8, as a header carries it."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")
