"""The format of a case: what a case file may say, and what each part of it means.

A case is a short session of raw calls: steps, values captured from one answer for later steps, and
what is expected. The same file is replayed offline, sent to a live service, and written by a fuzz.

In `path`, `headers`, `authorization`, `body` and expected values, `${name}` stands for a value that
is known when the step is sent: `client_id`, `client_secret`, `username` and `password` of the
sign-in, its `token`, `mark` (the text that marks the records of a run), `filling`, and every name
that an earlier step captured. A token can be damaged: `${token:cut}` lacks its last character,
`${token:flipped}` has another one there, `${token:doubled}` is the token twice. `${lead:lower}` is
an id in lower case, `${username:swapped}` has small letters for capitals and the reverse. Where
such a change changes nothing, or leaves nothing, the case is left out. `$${` stands for `${`
itself.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import VALID_INPUT, Call, Certainty

FORMAT_VERSION = 1
BEARER = "Bearer ${token}"

TOKEN_PREFIX = "token"  # noqa: S105 — a name
"""A capture whose name begins so holds a token, and so a secret."""

NEW_ID_PREFIX = "new"
"""A capture whose name begins so holds the id of a record that the case created indirectly."""


BodyComparison = Literal["exact", "data", "shape", "none"]
"""How a body is compared with the recorded one.

`exact`: the same JSON, except for the ids of new records. `data`: the same where the service holds
the recorded data, else by shape. `shape`: the same fields of the same types. `none`: not at all.
"""

CaseName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
VariableName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Pointer = Annotated[str, msgspec.Meta(pattern=r"^(/[^/]*)*$")]
StatusCode = Annotated[int, msgspec.Meta(ge=100, le=599)]
CallLimit = Annotated[int, msgspec.Meta(ge=1)]
ExpectedValue = str | int | float | bool

PLACEHOLDER = re.compile(r"\$\$\{|\$\{([a-z][a-z0-9_]*)(?::(cut|flipped|doubled|lower|swapped))?\}")


class CaseError(HarnessError):
    """A case that cannot be read or run; the message is one sentence that says where and why."""


class Needs(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a case needs of the service beyond its calls, granted by a control plane.

    Limits are in calls, `token_ttl` in seconds; `faults` are those of the control plane.
    """

    rate_limit: CallLimit | None = None
    month_limit: CallLimit | None = None
    token_ttl: CallLimit | None = None
    faults: tuple[dict[str, Any], ...] = ()


class Filling(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The meaning of `${filling}` in a step and what it expects: `text`, repeated `times` times."""

    text: str
    times: Annotated[int, msgspec.Meta(ge=1, le=4_000_000)]


class Expectation(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is expected of an answer.

    `status` is one, or any of several. `values` are expected at JSON pointers (RFC 6901), `nulls`
    are pointers at which null is expected, `absent` those at which nothing is. `holds` are texts
    that the body contains.
    """

    status: StatusCode | tuple[StatusCode, ...]
    body: BodyComparison = "shape"
    values: dict[Pointer, ExpectedValue] = {}
    nulls: tuple[Pointer, ...] = ()
    absent: tuple[Pointer, ...] = ()
    holds: tuple[str, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of which one is expected."""
        return (self.status,) if isinstance(self.status, int) else self.status


class CaseStep(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One call. `path`, with its query, follows `{url}/api/v1` and is sent unchanged.

    That of a step `from_root` follows the service's host and port.
    `authorization` is the value of that header (by default the token); an `anonymous` step sends no
    such header. A header value is Latin-1: each character is a byte. The body is text, sent as
    UTF-8, or else base64. It is declared as `application/json`, as all bodies are JSON, unless
    `headers` name another Content-Type or the step is `without_content_type`. `capture` maps names
    to JSON pointers into the answer. Before the call, `advance` moves the service's clock on by
    seconds, and `rate_limit` sets the hourly limit.
    """

    method: Annotated[str, msgspec.Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$")]
    path: Annotated[str, msgspec.Meta(pattern=r"^/")]
    expect: Expectation
    headers: tuple[tuple[str, str], ...] = ()
    authorization: str = BEARER
    anonymous: bool = False
    without_content_type: bool = False
    from_root: bool = False
    body: str | None = None
    body_base64: str | None = None
    filling: Filling | None = None
    advance: Annotated[float, msgspec.Meta(gt=0)] | None = None
    rate_limit: CallLimit | None = None
    capture: dict[VariableName, Pointer] = {}

    def __post_init__(self) -> None:
        if self.body is not None and self.body_base64 is not None:
            raise ValueError("a step has either a body or a body_base64")
        if self.anonymous and self.authorization != BEARER:
            raise ValueError("an anonymous step has no authorization")
        if self.without_content_type and self.names_content_type:
            raise ValueError("a step without_content_type has no such header")
        if self.body_base64 is not None:
            try:
                base64.b64decode(self.body_base64, validate=True)
            except binascii.Error:
                raise ValueError("body_base64 is not base64") from None
        if any(ord(character) > 0xFF for _, value in self.headers for character in value):
            raise ValueError("a header value holds a character over U+00FF")

    @property
    def names_content_type(self) -> bool:
        """Whether its own headers declare what the body is."""
        return any(name.lower() == "content-type" for name, _ in self.headers)

    @property
    def is_mutating(self) -> bool:
        """Whether the call could change something."""
        return self.method.upper() not in {"GET", "HEAD"} and not self.is_sign_in

    @property
    def is_sign_in(self) -> bool:
        """Whether the call is one of authenticate."""
        path = self.path.partition("?")[0].rstrip("/").casefold()
        return path == "/authenticate" and not self.from_root

    @property
    def uses_token(self) -> bool:
        """Whether the step needs to be signed in."""
        texts = (self.path, self.body or "", *(value for _, value in self.headers))
        authorization = "" if self.anonymous else self.authorization
        return any("${token" in text for text in (authorization, *texts))


class Case(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One session. `source` is the row or sentence of `api.md` that it comes from.

    `input_class` is `valid`, or `group:name` as of an exchange's intent. `check` is one of the
    oracle's checks (`cmdm fuzz --list-checks`), which must hold for the whole session too. `seed`
    is that of the corpus or fuzz run that made the case, None where a person wrote it.
    """

    name: CaseName
    summary: str
    endpoint: Call
    input_class: str = VALID_INPUT
    certainty: Certainty = "documented"
    source: str = ""
    check: str = ""
    seed: int | None = None
    needs: Needs = Needs()
    steps: Annotated[tuple[CaseStep, ...], msgspec.Meta(min_length=1, max_length=50)]

    @property
    def is_mutating(self) -> bool:
        """Whether one of its steps could change something."""
        return any(step.is_mutating for step in self.steps)

    @property
    def changes_others(self) -> bool:
        """Whether it would change records that it found, not only those that it created."""
        found = {name for step in self.steps if step.method == "GET" for name in step.capture}
        return any(
            name in found
            for step in self.steps
            if step.is_mutating
            for name, _ in PLACEHOLDER.findall(step.path)
        )

    @property
    def may_lock_an_account(self) -> bool:
        """Whether it signs in wrongly or oddly: a service may take that for an attack."""
        is_odd = self.endpoint == "authenticate" and self.input_class != VALID_INPUT
        refused = (step.is_sign_in and min(step.expect.statuses) >= 400 for step in self.steps)
        return is_odd or any(refused)

    @property
    def needs_control(self) -> bool:
        """Whether it can only run where there is a control plane."""
        turned = (step.advance is not None or step.rate_limit is not None for step in self.steps)
        return self.needs != Needs() or any(turned)


AUTHORIZATIONS: Mapping[str, str | None] = MappingProxyType(
    {
        "good": BEARER,
        "none": None,
        "empty": "",
        "other-scheme": "Basic ${token}",
        "garbage": "Bearer not-a-token",
        "cut": "Bearer ${token:cut}",
        "flipped": "Bearer ${token:flipped}",
        "doubled": "Bearer ${token:doubled}",
    }
)
"""The kinds of authorization and the value of `authorization`; None is an anonymous step."""


def escape_placeholders(text: str) -> str:
    """Return `text` with `${` escaped, so that nothing in it is a placeholder."""
    return text.replace("${", "$${")
