"""What is known of one record, and how an answer can contradict it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdm_tui.harness.exchange import Call, Certainty
from cmdm_tui.harness.oracle.quoted_value import QuotedValue

Cause = Literal[
    "read",  # it was read, and nothing happened to it since
    "created",
    "parent",  # it was created as a task or an opportunity of a record
    "updated",
    "again",  # the same update was sent a second time
    "others",  # it was read, and other fields of the record were updated since
    "neighbour",  # it was read, and another record was changed since
    "closed",
    "converted",
    "deleted",
    "refused",  # a request was refused since
    "unauthorised",  # a request without a good token was refused since
    "over-limit",  # a request over the limit of calls was refused since
]
"""Why something is known, and so which law an answer breaks that contradicts it."""

REFUSALS: tuple[Cause, ...] = ("unauthorised", "over-limit", "refused")


class NonNullValue:
    """A value that is known not to be null; nothing more is known."""

    def __repr__(self) -> str:
        return "a value"


NON_NULL = NonNullValue()


class MissingField:
    """A field that an answer does not have."""

    def __repr__(self) -> str:
        return "nothing"


MISSING_FIELD = MissingField()


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that a field should have, and how that is known."""

    value: Any
    source: Cause = "read"


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request about a record that was refused: why, and what it asked for."""

    cause: Cause
    call: Call = "other"
    given: Mapping[str, Any] | None = None


@dataclass(slots=True)
class RecordModel:
    """What is known of one record.

    `exists` is None where it is in doubt. `refusals` are what was refused since it was last read;
    `is_updated` says that an update was accepted since, `is_update_repeated` that it repeated the
    one before. `converted_account` is the account that a lead was converted to. `written` are the
    fields that accepted requests have given it. `seen_at` is the number of changes that the service
    had accepted, of any record, when this one was last read or written.
    """

    values: dict[str, KnownValue] = field(default_factory=dict[str, KnownValue])
    exists: bool | None = True
    last_change: Cause = "read"
    is_own: bool = False
    refusals: tuple[RefusedRequest, ...] = ()
    is_updated: bool = False
    is_update_repeated: bool = False
    last_update: Mapping[str, Any] | None = None
    converted_account: str = ""
    written: frozenset[str] = frozenset()
    seen_at: int = 0

    def clone(self) -> "RecordModel":
        """Return a copy that can be changed."""
        return RecordModel(
            dict(self.values), self.exists, self.last_change, self.is_own, self.refusals,
            self.is_updated, self.is_update_repeated, self.last_update, self.converted_account,
            self.written, self.seen_at,
        )  # fmt: skip

    @property
    def is_touched(self) -> bool:
        """Whether an accepted request was about this record itself since it was last read."""
        is_changed = self.last_change != "read" or self.is_updated
        return is_changed or any(fact.source != "read" for fact in self.values.values())

    def cause_of(self, fact: KnownValue) -> Cause:
        """Return what to blame where `fact` turns out to be wrong."""
        if fact.source != "read":
            return fact.source
        return self.latest_cause()

    def latest_cause(self) -> Cause:
        """Return what has happened to the record since it was last read."""
        if self.refusals:
            return self.refusals[-1].cause
        if self.is_update_repeated:
            return "again"
        return "others" if self.is_updated else "read"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An answer that contradicts what is known of a record.

    `name` is the field, empty where it is about the record being there at all. `is_listed` says
    that the answer was a list, `is_projected` that only some fields were asked for. `certainty`
    says whether only a service that breaks its documentation could answer so.
    """

    entity: str
    external_id: str
    name: str
    expected: Any
    answered: Any
    cause: Cause
    is_listed: bool = False
    is_projected: bool = False
    certainty: Certainty = "ours"

    def __str__(self) -> str:
        record = f"{self.entity} {self.external_id}"
        if not self.name:
            return f"{record} should be {self.expected}, and is {self.answered}"
        expected, answered = self._quote(self.expected), self._quote(self.answered)
        return f"{self.name} of {record} should be {expected}, and is {answered}"

    @property
    def quotes(self) -> tuple[QuotedValue, ...]:
        """The value that the field should have, and the one that it has, as a message has them."""
        return (self._quote(self.expected), self._quote(self.answered)) if self.name else ()

    def _quote(self, value: object) -> QuotedValue:
        return QuotedValue(self.entity, self.name, value)


@dataclass(frozen=True, slots=True)
class Miscount:
    """A list that does not hold the records that it should hold, or a total that is not theirs."""

    entity: str
    kind: Literal["extra", "missing", "total"]
    message: str
    cause: Cause
    certainty: Certainty = "ours"

    def __str__(self) -> str:
        return self.message
