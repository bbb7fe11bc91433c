"""Finds the fields that a statement names, and refuses those that cannot be set, before reading."""

from collections.abc import Iterable
from dataclasses import dataclass

from cmdm_tui.api import NotFound
from cmdm_tui.api.models import Field
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import OWNED_ENTITIES, is_owner_field
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind
from cmdm_tui.query.parsing.identifiers import can_be_named, nearest_names
from cmdm_tui.query.parsing.write_parts import WrittenName
from cmdm_tui.query.planning.schema import is_declared
from cmdm_tui.text import one_line


@dataclass(frozen=True, slots=True)
class EntityFields:
    """An entity with its fields, as far as they are known."""

    entity: str
    fields: tuple[Field, ...]

    @property
    def is_open(self) -> bool:
        """Whether it may have other fields: only records show those that it has."""
        return not self.fields or any(one.inferred for one in self.fields)

    @property
    def is_owned(self) -> bool:
        """Whether its records belong to a record that is named when they are created."""
        return self.entity.casefold() in OWNED_ENTITIES

    @property
    def readable(self) -> tuple[Field, ...]:
        """The fields that SQL can name."""
        return tuple(
            one for one in self.fields if can_be_named(one.name) and one.name != EXTERNAL_ID
        )

    def find(self, written: WrittenName) -> Field:
        """Return the field that is named, in any case unless two differ by it.

        Raises UnknownName.
        """
        name = written.name
        exact = [one for one in self.fields if one.name == name]
        alike = [one for one in self.fields if one.name.casefold() == name.casefold()]
        if exact or len(alike) == 1:
            return (exact or alike)[0]
        if not alike and self.is_open:
            return Field(name=name, type="Text", inferred=True)
        near = nearest_names(name, [one.name for one in self.fields])
        raise UnknownName("field", name, near, of=self.entity, at=written.node)

    def find_settable(self, written: WrittenName, *, is_new: bool = False) -> Field:
        """Return the field that is to get a value. Raises SqlError for one that cannot.

        Of a new record the fields that name its owner can be given.
        """
        if written.name.casefold() == EXTERNAL_ID.casefold():
            raise _cannot_set(written, "ExternalID cannot be set: the service gives ids itself")
        field = self.find(written)
        if is_owner_field(field.name) and self.is_owned:
            if is_new:
                return field
            raise _cannot_set(
                written, f"{field.name} cannot be set: a {self.entity} stays with its record"
            )
        if field.read_only:
            name = one_line(field.name, 60)
            raise _cannot_set(written, f"{name} of {one_line(self.entity, 60)} is read-only")
        return field


def kind_of(field: Field) -> ColumnKind:
    """Return the kind of the column by which the engine shows a field."""
    return ColumnKind.of_type(field.type) if is_declared(field) else ColumnKind.TEXT


def refuse_repeats(fields: Iterable[Field], names: Iterable[WrittenName]) -> None:
    """Raise SqlError where two names mean one field."""
    seen = set[str]()
    for field, written in zip(fields, names, strict=True):
        if field.name in seen:
            raise _cannot_set(written, f"{one_line(field.name, 60)} is given twice", hint="")
        seen.add(field.name)


async def load_entity(account: Account, written: WrittenName) -> EntityFields:
    """Return the entity that a statement names, with its fields, asked for once a day.

    Raises UnknownName where there is none, ApiError where a call fails.
    """
    catalog = account.catalog
    entity = catalog.resolve_name(written.name)
    is_known = entity in catalog.entities
    near = nearest_names(written.name, catalog.entities)
    if not is_known and near and not written.is_quoted:
        raise UnknownName("entity", written.name, near, at=written.node)
    try:
        fields = await catalog.load_fields(entity)
    except NotFound:
        if is_known:
            raise
        raise UnknownName("entity", written.name, near, at=written.node) from None
    catalog.store_entity(entity)
    return EntityFields(entity, tuple(fields))


def _cannot_set(written: WrittenName, message: str, hint: str = "Leave it out") -> SqlError:
    return SqlError(message, hint=hint, line=written.line, column=written.column)
