"""A call as the log keeps it, and its headers and bodies as they are shown: without a secret."""

import re
from collections.abc import Callable, Iterable
from enum import Enum, auto

from msgspec import Struct

from cmdm_tui.redaction.redactor import REDACTED

HeaderLine = tuple[str, str]

_HIDDEN_NAMES = frozenset({
    "authorization", "client_id", "client_secret", "cookie", "password", "proxy-authorization",
    "set-cookie", "username",
})  # fmt: skip
_LOWEST_ERROR = 400
_SECRET_NAME = re.compile(r"secret|passw|api[-_]?key|(?:^|[-_])token$")


class CallState(Enum):
    """How far a call has come."""

    WAITING = auto()
    """It was sent, and no answer has come."""
    DELAYED = auto()
    """It will be sent again: after a failure, or at the reset of the quota."""
    ANSWERED = auto()
    FAILED = auto()
    """No answer came, for the reason `failure`."""
    LEFT = auto()
    """It was not waited for."""


class CallEntry(Struct, frozen=True):
    """One call. `path` follows the base address, without secrets; it is untrusted.

    `started` is the Unix time of its first sending and `sent_at` the monotonic time of its last,
    None where it was read from a cassette. `seconds` are those of its last sending, `size` the
    bytes of the answer's body. `notes` say what became of earlier attempts, a safe line each.
    """

    key: str
    method: str
    path: str
    state: CallState = CallState.WAITING
    started: float | None = None
    sent_at: float | None = None
    status: int | None = None
    seconds: float | None = None
    size: int | None = None
    times_sent: int = 0
    failure: str = ""
    notes: tuple[str, ...] = ()
    is_sign_in: bool = False
    is_path_whole: bool = True
    """Whether the path is as it was sent: no secret was taken out of it."""
    revision: int = 0

    @property
    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self.state in {CallState.WAITING, CallState.DELAYED}

    @property
    def has_failed(self) -> bool:
        """Whether it has failed: no answer, or one with an error status."""
        is_error = self.status is not None and self.status >= _LOWEST_ERROR
        return self.state is CallState.FAILED or is_error

    @property
    def is_change(self) -> bool:
        """Whether it may change a record; a sign-in does not."""
        return not self.is_sign_in and self.method not in {"GET", "HEAD", "OPTIONS"}


class LoggedBody(Struct, frozen=True):
    """A body without secrets; empty with a `note` that says why, where there is none to show."""

    content: bytes = b""
    note: str = ""
    is_whole: bool = True
    """Whether it is as it was sent or received: nothing was taken out of it."""


class CallDetails(Struct, frozen=True):
    """The headers and bodies of a call, without secrets; all of it is untrusted."""

    request_headers: tuple[HeaderLine, ...] = ()
    request_body: LoggedBody = LoggedBody()
    response_headers: tuple[HeaderLine, ...] = ()
    response_body: LoggedBody = LoggedBody()


def hide_named_secrets(headers: Iterable[HeaderLine]) -> tuple[HeaderLine, ...]:
    """Return header lines, the value of each whose name says that it is a secret replaced."""
    return tuple((name, _hide(name, value)) for name, value in headers)


def redact_lines(
    headers: Iterable[HeaderLine], redact: Callable[[str], str]
) -> tuple[HeaderLine, ...]:
    """Return header lines whose values went through `redact`."""
    return tuple((name, redact(value)) for name, value in headers)


def redact_content(body: bytes, redact: Callable[[str], str]) -> LoggedBody:
    """Return a body that went through `redact`; bytes that are not UTF-8 stay as they are."""
    words = body.decode("utf-8", "surrogateescape")
    shown = redact(words).encode("utf-8", "surrogateescape")
    return LoggedBody(shown, is_whole=shown == body)


def _hide(name: str, value: str) -> str:
    lowered = name.casefold()
    if lowered == "authorization" and value.casefold().startswith("bearer "):
        return f"Bearer {REDACTED}"
    return REDACTED if lowered in _HIDDEN_NAMES or _SECRET_NAME.search(lowered) else value
