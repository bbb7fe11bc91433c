"""What is to be changed: records to create, update, delete, convert or close, as frozen values."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdm_tui.api.models import Parent, Properties

OWNED_ENTITIES = frozenset({"task", "opportunity"})
"""The entities whose records belong to a record that is named when they are created."""

OWNER_FIELDS = ("RelatedEntity", "RelatedExternalID")
"""The fields that say to which record a task or an opportunity belongs (`api.md`)."""

_SERVICE_FIELDS = frozenset({"createddate", "modifieddate"})
_SERVICE_FIELDS_OF = {
    "task": frozenset({"closeddate"}),
    "lead": frozenset({"accountexternalid"}),
}


class ChangeKind(enum.StrEnum):
    """The documented calls that change a record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CONVERT = "convert"
    CLOSE = "close"

    @property
    def can_be_undone(self) -> bool:
        """Whether a change set can take it back: a conversion and a closing stay done."""
        return self not in {ChangeKind.CONVERT, ChangeKind.CLOSE}

    @property
    def is_destructive(self) -> bool:
        """Whether it loses what no later call can bring back as it was, ids among it."""
        return self in {ChangeKind.DELETE, ChangeKind.CONVERT}


@dataclass(frozen=True, slots=True)
class Change:
    """One record to change, which takes one writing call.

    `properties` are what is sent: the fields of a new record, those of an update that differ, the
    object of a conversion; values are as they go over the wire, and None empties a field. `before`
    is what was read: of an update the old values of the same fields, of any other the whole record;
    None where nothing was read. `external_id` is None for a create, and for an update of a record
    that another change of the set creates.
    """

    kind: ChangeKind
    entity: str
    external_id: str | None = None
    properties: Properties = field(default_factory=dict[str, Any])
    before: Properties | None = None
    parent: Parent | None = None
    """The record that a new task or opportunity belongs to."""
    references: Mapping[str, int] = field(default_factory=dict[str, int])
    """Fields that get the id of a record which an earlier change of the set creates: the position
    of that change in `ChangeSet.changes`, from 0."""
    parent_reference: int | None = None
    """The position of the change that creates the parent, where that is a new record too."""
    record_reference: int | None = None
    """The position of the change that creates the record which this one updates."""
    origin: str = ""
    """Where it comes from, as in `line 12`; empty where the statement says it all."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A change that will not be sent, and why: `column` is the field or header at fault, if one.

    `reason` is a clause without a full stop; `change` is what could be read of it.
    """

    reason: str
    origin: str = ""
    column: str | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes to one account, in the order in which they are sent.

    `title` is the statement or the file that asks for them; `address` and `username` name the
    account, as `Client.address` and the profile do; `made_at` is a Unix time. `unchanged` counts
    records that were left out as they hold the wanted values already, `calls_made` what reading
    them took. `is_partial` is true where not every record was read that may be meant. `every_of` is
    the entity of which every record is meant, as the statement has no WHERE; else it is empty.
    """

    changes: tuple[Change, ...]
    title: str
    address: str
    username: str
    made_at: float
    unchanged: int = 0
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    calls_made: int = 0
    is_partial: bool = False
    every_of: str = ""

    def count(self, kind: ChangeKind) -> int:
        """Return how many changes are of the kind."""
        return sum(change.kind is kind for change in self.changes)


def is_owner_field(name: str) -> bool:
    """Return whether a field names the record that a task or opportunity belongs to."""
    return any(name.casefold() == one.casefold() for one in OWNER_FIELDS)


def is_service_field(entity: str, name: str) -> bool:
    """Return whether the service itself sets a field of an entity, as `api.md` understands it.

    It is for fields that no metadata describes: else these say what is read-only.
    """
    folded = entity.casefold()
    if folded in OWNED_ENTITIES and is_owner_field(name):
        return True
    return name.casefold() in _SERVICE_FIELDS | _SERVICE_FIELDS_OF.get(folded, frozenset())
