"""One exchange with a service, as the oracle judges it and the reports tell it: no secret in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec

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

VALID_INPUT = "valid"
"""The input class of a request with which nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What whoever sent a request meant by it.

    `input_class` is `valid`, or `group:name` (`body:nan`). `expected` are the statuses that are
    right for it from an identified user with calls left, as far as that is known beforehand; empty
    where nothing is. `authorization` is `good` for a token thought to be good, else the name of
    what stands in its place. `given` are the properties sent, where the body is a plain object.
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
    """A request and its answer.

    `path` is the raw target as it was sent, query included, and stands behind the host. Secrets
    have been replaced, in both directions, by the name of the variable that holds them
    (`$CMDM_TOKEN`). `status` is 0 where no whole answer came, and `failure` says why in a
    sentence. `started` and `elapsed` are seconds of a monotonic clock; `moment` is the Unix time
    in the answer's `Date`, None where there is none.
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

    def header(self, name: str) -> str | None:
        """Return the answer's header of a lower-case name, the first of several; None for none."""
        return self._by_name.get(name)

    @cached_property
    def json(self) -> Any:
        """The answer's body as JSON, or `NO_JSON`."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NOT_JSON

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return dict(reversed(self.headers))


class NotJson:
    """What is no JSON; not None, which is."""

    def __repr__(self) -> str:
        return "NO_JSON"


NOT_JSON = NotJson()
