"""One exchange with a service: what is sent, what comes back, and both as reports keep them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

import msgspec

from cmdm_tui.api.quota import parse_http_date

Call = Literal[
    "authenticate",
    "get",
    "list",
    "fields",
    "create",
    "create-task",
    "create-opportunity",
    "update",
    "convert",
    "close",
    "delete",
    "other",
]
"""The documented calls (`api.md`, Calls) in the order of that table; `other` is none of them."""

CALLS: tuple[Call, ...] = Call.__args__

Headers = tuple[tuple[str, str], ...]
"""Header lines, names in lower case, in the order of the wire."""

Certainty = Literal["documented", "ours", "own"]
"""Who says what is right: the documentation, this project where that is silent, or the user.

What is `ours` (`api.md`) another service may do differently. What is `own`, a check of the user's
says of the user's service.
"""

VALID_INPUT = "valid"
"""The input class of a request with which nothing is wrong."""

API_PATH = "/api/v1"
"""The path before a call in every exchange, whatever the service's own version is."""


def join_path(target: str, *, is_from_root: bool) -> str:
    """Return the path of an exchange whose request has this target."""
    return target if is_from_root else API_PATH + target


def split_path(path: str) -> tuple[str, bool]:
    """Return the target of a request for the path of an exchange, and whether it is from root."""
    is_call = path.startswith(f"{API_PATH}/")
    return (path.removeprefix(API_PATH) if is_call else path), not is_call


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request to send; header values are Latin-1.

    `target` follows the service's API address, or only its host where it `is_from_root`. `timeout`
    is for how many seconds an answer is waited for; None for as long as the sender waits.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    is_from_root: bool = False
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: headers in the order they came, names in lower case, values as Latin-1 text.

    `started` and `elapsed` are seconds of `time.perf_counter`, 0 where nothing measured them.
    """

    status: int
    headers: Headers
    body: bytes
    started: float = field(default=0.0, compare=False)
    elapsed: float = field(default=0.0, compare=False)

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this lower-case name, None for none."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the sender of a request meant by it.

    `input_class` is `valid`, or `group:name` (`body:nan`). `expected` are the statuses that are
    right for it from an identified user with calls left, as far as that is known beforehand; empty
    where nothing is. `authorization` is `good` for a token thought to be good, else the name of
    what replaces it. `given` are the properties sent, where the body is a plain object.
    `names` is what an error must name: the parameter or field at fault.
    """

    call: Call = "other"
    entity: str = ""
    external_id: str = ""
    input_class: str = VALID_INPUT
    expected: frozenset[int] = frozenset()
    authorization: str = "good"
    given: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    names: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, without secrets.

    `path` is the raw target as it was sent, query included, without the host. Secrets
    have been replaced, in both directions, by the name of the variable that holds them
    (`$CMDM_TOKEN`). `status` is 0 where no whole answer came, and `failure` says why in a
    sentence. `started` and `elapsed` are seconds of a monotonic clock; `moment` is the Unix time
    in the answer's `Date`, or else on this machine's clock, which may be off by `moment_error`
    seconds; None where there is no time at all.
    """

    number: int
    method: str
    path: str
    sent_headers: Headers
    sent_body: bytes
    status: int
    headers: Headers
    body: bytes
    started: float
    elapsed: float = 0.0
    moment: float | None = None
    intent: Intent = Intent()
    failure: str = ""
    moment_error: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the answer's header of a lower-case name, the first of several; None for none."""
        return self._by_name.get(name)

    @cached_property
    def json(self) -> Any:
        """The answer's body as JSON, or `NOT_JSON`."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NOT_JSON

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return dict(reversed(self.headers))


class NotJson:
    """The type of `NOT_JSON`: a body that is not JSON. None would be JSON's null."""

    def __repr__(self) -> str:
        return "NOT_JSON"


NOT_JSON = NotJson()


def read_date(headers: Headers) -> float | None:
    """Return the Unix time of an answer's `Date`; None where there is none, or no time in it."""
    return _parse_date(next((value for name, value in headers if name == "date"), None))


@lru_cache(maxsize=64)
def _parse_date(value: str | None) -> float | None:
    return None if value is None else parse_http_date(value)
