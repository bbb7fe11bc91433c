"""Makes records of one account into those of another, as a file's would be; pure.

Fields that the other account does not have, or sets itself, are left out and told. What points at a
record that is copied too becomes a link; what points at any other record is left out and told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import OWNED_ENTITIES, is_owner_field
from cmdm_tui.changes.references import OWNER_ENTITY, OWNER_ID
from cmdm_tui.changes.remake import SET_BY_SERVICE
from cmdm_tui.changes.unchanged import find_value
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.transfer.field_matcher import EXTERNAL_ID
from cmdm_tui.transfer.import_options import ImportMode
from cmdm_tui.transfer.imported_file import DetectedForm, ImportedFile, ImportedRow
from cmdm_tui.transfer.linked_records import LinkedFile
from cmdm_tui.transfer.links import Link

_SHOWN = 60

RecordName = tuple[str, str]
"""An entity and the external id of one of its records."""


@dataclass(frozen=True)
class CopiedEntity:
    """An entity that is copied: its fields in both accounts, and its records by id.

    `key` is the field by which records that the other account has are found, None for none;
    `copied` are the names of all entities that are copied.
    """

    entity: str
    source: Sequence[Field]
    target: Sequence[Field]
    copied: Sequence[str]
    mode: ImportMode = "create"
    key: str | None = None
    records: dict[str, Properties] = field(default_factory=dict[str, Properties])

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the other account; those of this one too, where it may have others."""
        if self.target and not any(one.inferred for one in self.target):
            return tuple(self.target)
        known = {one.name.casefold() for one in self.target}
        more = [
            Field(one.name, one.label, one.type, inferred=True, lookup_entity=one.lookup_entity)
            for one in self.source
            if one.name.casefold() not in known and one.name.casefold() not in SET_BY_SERVICE
        ]
        return (*self.target, *more)

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {one.name.casefold(): one for one in reversed(self.fields)}

    def find_target(self, name: str) -> Field | None:
        """Return the field of the other account that gets the values of a field, None for none."""
        return self._by_name.get(name.casefold())

    def list_pointers(self, values: Properties) -> Iterator[tuple[str, RecordName]]:
        """Yield the fields of a record that name another record, with what they name."""
        if self.entity.casefold() in OWNED_ENTITIES:
            owner = [find_value(values, name) for name in (OWNER_ENTITY, OWNER_ID)]
            if not any(map(is_empty, owner)):
                yield OWNER_ID, (str(owner[0]), str(owner[1]))
        for name, value in values.items():
            target = None if is_empty(value) else self.find_target(name)
            if target is not None and target.lookup_entity and not _is_set_by_service(target):
                yield name, (target.lookup_entity, str(value))

    def list_needed(self) -> Iterator[RecordName]:
        """Yield the records of copied entities at which the records point."""
        names = {one.casefold(): one for one in self.copied}
        for values in self.records.values():
            for _, (entity, external_id) in self.list_pointers(values):
                if entity.casefold() in names:
                    yield names[entity.casefold()], external_id


def build_copy(copies: Sequence[CopiedEntity]) -> tuple[list[LinkedFile], list[str]]:
    """Return the records as linked files, without those that exist, and what to say of them."""
    there = {
        (copy.entity.casefold(), external_id) for copy in copies for external_id in copy.records
    }
    builders = [_CopyBuilder(copy, there) for copy in copies]
    files = [builder.build() for builder in builders]
    return files, [told for builder in builders for told in builder.describe()]


def _is_set_by_service(target: Field) -> bool:
    return target.read_only or target.name.casefold() in SET_BY_SERVICE


class _CopyBuilder:
    """Makes the rows of one entity, and counts what is left out."""

    def __init__(self, copy: CopiedEntity, there: set[RecordName]) -> None:
        self._copy = copy
        self._there = there
        self._links: dict[tuple[str, str], Link] = {}
        self._columns: dict[str, str | None] = {}
        self._unknown = Counter[str]()
        self._set_by_service = Counter[str]()
        self._not_copied = Counter[tuple[str, str]]()

    def build(self) -> LinkedFile:
        copy = self._copy
        rows = [
            self._make_row(number, external_id, values)
            for number, (external_id, values) in enumerate(copy.records.items())
        ]
        names = {
            number: f"{one_line(copy.entity, _SHOWN)} {one_line(external_id, _SHOWN)}"
            for number, external_id in enumerate(copy.records)
        }
        imported = ImportedFile(
            copy.entity,
            copy.entity,
            copy.mode,
            "leave",
            copy.fields,
            tuple(rows),
            (),
            DetectedForm("records", columns=MappingProxyType(self._columns)),
            (),
            copy.key,
            "record",
            line_names=names,
        )
        return LinkedFile(imported, links=tuple(self._links.values()))

    def describe(self) -> Iterator[str]:
        """Yield what is left out of the records."""
        entity = one_line(self._copy.entity, _SHOWN)
        if self._set_by_service:
            names = ", ".join(one_line(name, _SHOWN) for name in self._set_by_service)
            yield f"The service sets {names} of {entity} itself: not copied."
        for name, count in self._unknown.items():
            records = count_noun(count, "record")
            yield f"{entity} has no field {one_line(name, _SHOWN)} there: left out of {records}."
        for (name, of), count in self._not_copied.items():
            yield (
                f"{one_line(name, _SHOWN)} is left out of {count_noun(count, 'record')} of "
                f"{entity}: the records of {one_line(of, _SHOWN)} that it names are not copied."
            )

    def _make_row(self, number: int, external_id: str, values: Properties) -> ImportedRow:
        copy = self._copy
        texts = {EXTERNAL_ID: external_id}
        awaited: set[str] = set()
        pointers = dict(copy.list_pointers(values))
        for name, (entity, other_id) in pointers.items():
            if (entity.casefold(), other_id) not in self._there:
                self._not_copied[name, entity] += 1
                continue
            target = None if name == OWNER_ID else copy.find_target(name)
            texts[name] = other_id
            if target is None:
                texts[OWNER_ENTITY] = entity
            else:
                awaited.add(target.name)
                self._columns[name] = target.name
            self._add_link(name, target, entity)
        properties = {
            target.name: str(value)
            for name, value, target in self._list_values(values)
            if name not in pointers
        }
        key = external_id if copy.key == EXTERNAL_ID else properties.get(copy.key or "", "").strip()
        return ImportedRow(
            number,
            MappingProxyType(properties),
            key=key or None,
            number=number,
            texts=MappingProxyType(texts),
            awaited=frozenset(awaited),
        )

    def _list_values(self, values: Properties) -> Iterator[tuple[str, object, Field]]:
        """Yield the values that the other account takes, with their fields there."""
        is_owned = self._copy.entity.casefold() in OWNED_ENTITIES
        for name, value in values.items():
            if is_empty(value) or (is_owned and is_owner_field(name)):
                continue
            target = self._copy.find_target(name)
            if name.casefold() in SET_BY_SERVICE or (target is not None and target.read_only):
                self._set_by_service[name] += 1
            elif target is None:
                self._unknown[name] += 1
            else:
                self._columns.setdefault(name, target.name)
                yield name, value, target

    def _add_link(self, name: str, target: Field | None, entity: str) -> None:
        owner = OWNER_ENTITY if target is None else None
        link = Link(self._copy.entity, name, target, entity, EXTERNAL_ID, owner)
        self._links.setdefault((name, entity.casefold()), link)
