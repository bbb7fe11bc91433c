"""What calls give back: frozen values, each with the answer it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from cmdm_tui.api.charset import to_utf8

Properties = Mapping[str, Any]
"""Field names and their values: text or null as documented; a client takes any JSON value."""


class Response(Struct, frozen=True):
    """One HTTP answer, whole: the raw side of every result.

    `body` is the decoded bytes, `elapsed` seconds from sending to the last byte, `number` the
    call's number within its client.
    """

    number: int
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    unread_encoding: str = ""
    """The Content-Encoding that the body is still in, "" where it is in none."""

    @property
    def utf8_body(self) -> bytes:
        """The body in UTF-8, whichever encoding it came in."""
        return to_utf8(self.body, self.headers.get("content-type", ""))


class Record(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One record of an entity; `response` is the answer of a call that brought it alone.

    A million of them may be read in a run, so it is a Struct, which is made in a fifth of a
    dataclass's time; JSON holds no cycle, so the garbage collector need not look at it.
    """

    entity: str
    external_id: str
    properties: Properties
    response: Response | None = None

    def __eq__(self, other: object) -> bool:
        """Compare what the service keeps, whichever answer it came with."""
        if not isinstance(other, Record):
            return NotImplemented
        mine, theirs = (self.entity, self.external_id), (other.entity, other.external_id)
        return mine == theirs and self.properties == other.properties

    def __hash__(self) -> int:
        """Hash the record's address, which equal records share."""
        return hash((self.entity, self.external_id))

    def __repr__(self) -> str:
        """Show the record without the answer, which holds the same again."""
        return f"Record({self.entity!r}, {self.external_id!r}, {self.properties!r})"


class RecordFault(Struct, frozen=True):
    """What cannot be read of one record, or of one field: `problem` is a clause with its subject.

    `position` counts those of the answer from 1, None for an answer that holds one alone. One that
    `is_lost` is not among those of the page; of any other, what can be read is there.
    """

    position: int | None
    external_id: str | None
    problem: str
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records as it came; totals are None where the answer names none.

    `per_page` and `page` are what was asked for: a service may grant less, so trust `records`.
    `faults` name what could not be read.
    """

    entity: str
    records: tuple[Record, ...]
    total_records: int | None
    total_pages: int | None
    per_page: int | None
    page: int | None
    response: Response = field(compare=False, repr=False)
    faults: tuple[RecordFault, ...] = ()

    @property
    def lost_count(self) -> int:
        """Records of the answer that could not be read, and so are not among `records`."""
        return sum(fault.is_lost for fault in self.faults)

    @property
    def row_count(self) -> int:
        """Records of the answer, whether they could be read or not."""
        return len(self.records) + self.lost_count


class Field(Struct, frozen=True):
    """What the service says of one field: only `name` is sure, the rest None where it is silent."""

    name: str
    label: str | None = None
    type: str | None = None
    required: bool | None = None
    read_only: bool | None = None
    max_length: int | None = None
    options: tuple[str, ...] = ()
    lookup_entity: str | None = None
    external_id: str | None = None
    inferred: bool = False
    """True where the field was read off records because the service describes none."""
    is_named_by_id: bool = False
    """True where the service gives no name, so that `name` is the field's external id."""


@dataclass(frozen=True, slots=True)
class FieldPage:
    """One page of an entity's fields; `faults` name what could not be read."""

    entity: str
    fields: tuple[Field, ...]
    total_records: int | None
    total_pages: int | None
    response: Response = field(compare=False, repr=False)
    faults: tuple[RecordFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to a create: the new record's external id."""

    external_id: str
    response: Response = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Converted:
    """The answer to a conversion: the external id of the account that the lead became."""

    account_external_id: str
    response: Response = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to an update, a close or a delete: the service's message, where it gave one."""

    message: str | None
    response: Response = field(compare=False, repr=False)


class Parent(Struct, frozen=True):
    """The record that a new task or opportunity belongs to."""

    entity: str
    external_id: str


class WriteMark(Struct, frozen=True):
    """A text that no other create carries: `text` begins the value of the field `field`."""

    field: str
    text: str


class PendingWrite(Struct, frozen=True):
    """What a call was to make: a record of `entity` with `properties`, or an account of a lead.

    `since` is the server's Unix time when the call was made, None where its clock is not known;
    `lead_id` the id of a lead to convert; `excluded_ids` are records known to be something else;
    `mark` is in the properties, where the profile names a field for it.
    """

    entity: str
    properties: Properties
    since: float | None = None
    parent: Parent | None = None
    lead_id: str | None = None
    excluded_ids: frozenset[str] = frozenset()
    mark: WriteMark | None = None
