"""Makes the changes of several files whose records name each other, with the ids filled in; pure.

A record of a file that exists gives its id; one that is new is referred to, so that its id is
filled in once it was created. A row that names nothing is refused, and so is what needs that row.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cmdm_tui.api.models import Parent, Record
from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.changes.reference_order import order_changes
from cmdm_tui.changes.validate import check_changes
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.transfer.columns import required_fields
from cmdm_tui.transfer.imported_file import ImportedFile, ImportedRow, RefusedRow
from cmdm_tui.transfer.key_match import (
    KeyMatch,
    MatchedRow,
    list_refused,
    match_keys,
    to_changes,
)
from cmdm_tui.transfer.links import Link

_SHOWN = 60

RowKey = tuple[str, int]
"""A record of the files: its entity, casefolded, and its number in the file."""


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """A file, the records that may have one of its keys, and the columns that name others."""

    imported: ImportedFile
    existing: Sequence[Record] = ()
    links: Sequence[Link] = ()
    is_partial: bool = False
    """Whether records that may have one of the keys were not read."""


@dataclass(frozen=True, slots=True)
class LinkedChanges:
    """What the files lead to: changes in order, and what is left out, also by the file's name."""

    changes: tuple[Change, ...]
    rejects: tuple[Reject, ...]
    refused: Mapping[str, tuple[RefusedRow, ...]]
    unchanged: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """What a local key names: a record that exists, one that is new, or a row that is left out."""

    key: RowKey
    line: int
    external_id: str | None = None
    is_left_out: bool = False


@dataclass
class _ResolvedRow:
    """A row with the ids that are known; `new` are the fields that wait for the id of a new record.

    The field of the owner of a task or an opportunity is "".
    """

    row: ImportedRow
    new: dict[str, RowKey] = field(default_factory=dict[str, RowKey])
    parent: Parent | None = None
    links: list[tuple[Link, bool]] = field(default_factory=list[tuple[Link, bool]])
    """The links of the row, each with whether it leads to a new record."""


@dataclass(frozen=True, slots=True)
class _Fault:
    header: str
    reason: str


def list_unknown_ids(files: Sequence[LinkedFile]) -> Mapping[str, Collection[str]]:
    """Return the values, by entity, that name no row: each must be the id of a record."""
    return _Linker(files).list_unknown()


def link_files(
    files: Sequence[LinkedFile], known_ids: Mapping[str, Collection[str]]
) -> LinkedChanges:
    """Return the changes of the files; `known_ids` are those of `list_unknown_ids` that exist."""
    return _Linker(files).link(known_ids)


class _Linker:
    """The files as one: which row is which record, and what each local key names."""

    def __init__(self, files: Sequence[LinkedFile]) -> None:
        self._files = {file.imported.entity.casefold(): file for file in files}
        self._matches = {
            entity: match_keys(file.imported, file.existing, is_partial=file.is_partial)
            for entity, file in self._files.items()
        }
        self._targets = {
            (link.parent.casefold(), link.parent_header): self._index(
                link.parent.casefold(), link.parent_header
            )
            for file in files
            for link in file.links
            if link.parent_header is not None
        }
        self._dependents: defaultdict[RowKey, list[tuple[RowKey, Link]]] = defaultdict(list)
        self._counts = Counter[tuple[Link, bool]]()
        self._lines = {
            (entity, row.number): row.line
            for entity, file in self._files.items()
            for row in file.imported.rows
        }

    def list_unknown(self) -> Mapping[str, Collection[str]]:
        unknown: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for file in self._files.values():
            for row in file.imported.rows:
                for link, text in _list_links(file, row):
                    if not self._find_targets(link, text):
                        unknown[link.parent][text] = None
        return unknown

    def link(self, known_ids: Mapping[str, Collection[str]]) -> LinkedChanges:
        rows: dict[RowKey, _ResolvedRow] = {}
        faults: dict[RowKey, _Fault] = {}
        known = {entity.casefold(): set(ids) for entity, ids in known_ids.items()}
        for entity, file in self._files.items():
            for row in file.imported.rows:
                resolved = self._resolve(file, row, known)
                if isinstance(resolved, _Fault):
                    faults[entity, row.number] = resolved
                else:
                    rows[entity, row.number] = resolved
        self._spread_faults(faults)
        made = [self._match_again(entity, rows, faults) for entity in self._files]
        return self._build(dict(zip(self._files, made, strict=True)), rows)

    def _index(self, entity: str, header: str) -> Mapping[str, Sequence[_Target]]:
        """Return what each value of a column names, rows that are left out among it."""
        imported = self._files[entity].imported
        matched = {row.number: row for row in self._matches[entity].rows}
        found: defaultdict[str, list[_Target]] = defaultdict(list)
        for row in imported.rows:
            text = row.texts.get(header, "")
            if text:
                found[text].append(_make_target(entity, row, matched.get(row.number)))
        for refused in imported.refused:
            text = refused.cells.get(header, "").strip()
            if text:
                found[text].append(_Target((entity, -1), refused.line, is_left_out=True))
        return found

    def _find_targets(self, link: Link, text: str) -> Sequence[_Target]:
        if link.parent_header is None:
            return ()
        return self._targets[link.parent.casefold(), link.parent_header].get(text, ())

    def _resolve(
        self, file: LinkedFile, row: ImportedRow, known: Mapping[str, Collection[str]]
    ) -> _ResolvedRow | _Fault:
        resolved = _ResolvedRow(row)
        values = dict(row.properties)
        key = file.imported.entity.casefold(), row.number
        for link, text in _list_links(file, row):
            targets = self._find_targets(link, text)
            found = targets[0] if len(targets) == 1 else None
            name = "" if link.field is None else link.field.name
            external_id = text if text in known.get(link.parent.casefold(), ()) else None
            if found is not None:
                external_id = found.external_id
                if found.is_left_out:
                    return _Fault(link.header, self._describe_left_out(link, found.line))
                if external_id is None:
                    self._dependents[found.key].append((key, link))
            elif targets or external_id is None:
                return _Fault(link.header, self._describe_miss(link, text, targets))
            resolved.links.append((link, external_id is None))
            if external_id is None and found is not None:
                resolved.new[name] = found.key
            elif name:
                values[name] = external_id or ""
            else:
                resolved.parent = Parent(link.parent, external_id or "")
        resolved.row = replace(row, properties=MappingProxyType(values))
        return resolved

    def _spread_faults(self, faults: dict[RowKey, _Fault]) -> None:
        """Refuse what needs a row that is refused."""
        pending = list(faults)
        while pending:
            key = pending.pop()
            line = self._lines[key]
            for dependent, link in self._dependents.get(key, ()):
                if dependent not in faults:
                    faults[dependent] = _Fault(link.header, self._describe_left_out(link, line))
                    pending.append(dependent)

    def _match_again(
        self, entity: str, rows: Mapping[RowKey, _ResolvedRow], faults: Mapping[RowKey, _Fault]
    ) -> KeyMatch:
        """Return what becomes of the file's records, now that the ids are filled in."""
        file = self._files[entity]
        imported = file.imported
        kept = [
            rows[entity, row.number].row
            for row in imported.rows
            if (entity, row.number) not in faults
        ]
        refused = [
            _refuse(imported, row, fault)
            for row in imported.rows
            if (fault := faults.get((entity, row.number))) is not None
        ]
        every = sorted([*imported.refused, *refused], key=lambda row: row.line)
        resolved = replace(imported, rows=tuple(kept), refused=tuple(every))
        return match_keys(resolved, file.existing, is_partial=file.is_partial)

    def _build(
        self, matches: Mapping[str, KeyMatch], rows: Mapping[RowKey, _ResolvedRow]
    ) -> LinkedChanges:
        made: list[tuple[Change, Mapping[str, RowKey]]] = []
        positions: dict[RowKey, int] = {}
        unchanged, stay = 0, 0
        for entity, match in matches.items():
            for matched in match.rows:
                resolved = rows[entity, matched.number]
                self._counts.update(resolved.links)
                change = _make_change(self._files[entity].imported, matched, resolved)
                if change is None:
                    unchanged += 1
                    continue
                stay += matched.record is not None and _has_owner(resolved)
                positions[entity, matched.number] = len(made)
                made.append((change, resolved.new))
        changes = [_refer(change, new, positions) for change, new in made]
        fields = {file.imported.entity: file.imported.fields for file in self._files.values()}
        kept, unsound = check_changes(changes, fields)
        needed = {
            entity.casefold(): {one.name for one in required_fields(of)}
            for entity, of in fields.items()
        }
        ordered = order_changes(
            kept, lambda change, name: name in needed.get(change.entity.casefold(), ())
        )
        rejects = [
            reject
            for entity, match in matches.items()
            for reject in to_changes(self._files[entity].imported, match)[1]
        ]
        return LinkedChanges(
            ordered.changes,
            (*rejects, *unsound, *ordered.rejects),
            {
                file.imported.name: (
                    *matches[entity].refused,
                    *list_refused(file.imported, (*unsound, *ordered.rejects)),
                )
                for entity, file in self._files.items()
                if entity in matches
            },
            unchanged,
            tuple(self._describe(stay, ordered.set_later)),
        )

    def _describe(self, stay: int, set_later: int) -> Iterator[str]:
        for file in self._files.values():
            for link in file.links:
                yield self._describe_link(file, link)
        if stay:
            yield (
                f"What {count_noun(stay, 'record')} that exists already belongs to stays as it is: "
                "only for a new one can it be said."
            )
        if set_later:
            yield (
                "New records refer to each other in a circle: an update sets "
                f"{count_noun(set_later, 'field')} of them once the other record is there."
            )

    def _describe_link(self, file: LinkedFile, link: Link) -> str:
        """Return what a column names, and how many ids come from where."""
        column = f"{one_line(link.header, _SHOWN)} of {one_line(file.imported.name, _SHOWN)}"
        entity = one_line(link.parent, _SHOWN)
        new, known = (self._counts[link, is_new] for is_new in (True, False))
        which = " of the rows that say so" if link.owner_header is not None else ""
        if link.parent_header is None:
            what = f"holds ids of {entity} records{which}"
            return f"{column} {what}: {count_noun(known, 'record')} with one that exists."
        name = self._files[link.parent.casefold()].imported.name
        what = (
            f"names records by {one_line(link.parent_header, _SHOWN)} of {one_line(name, _SHOWN)}"
        )
        return (
            f"{column} {what}: {count_noun(new, 'record')} with a new {entity}, "
            f"{known:,} with one that exists."
        )

    def _describe_left_out(self, link: Link, line: int) -> str:
        imported = self._files[link.parent.casefold()].imported
        return f"its {one_line(link.parent, _SHOWN)}, {imported.name_line(line)}, is left out"

    def _describe_miss(self, link: Link, text: str, targets: Sequence[_Target]) -> str:
        entity, value = one_line(link.parent, _SHOWN), repr(one_line(text, _SHOWN))
        if link.parent_header is None:
            return f"there is no {entity} with the id {value}"
        imported = self._files[link.parent.casefold()].imported
        key = f"{one_line(link.parent_header, _SHOWN)} {value}"
        if targets:
            lines = " and ".join(str(target.line) for target in targets[:5])
            return f"{len(targets)} rows of {imported.name} have the {key} ({lines})"
        return f"no row of {imported.name} has the {key}, and no {entity} has this id"


def _make_target(entity: str, row: ImportedRow, matched: MatchedRow | None) -> _Target:
    key = entity, row.number
    if matched is None:
        return _Target(key, row.line, is_left_out=True)
    record = matched.record
    return _Target(key, row.line, None if record is None else record.external_id)


def _list_links(file: LinkedFile, row: ImportedRow) -> Iterator[tuple[Link, str]]:
    """Yield the links that hold for a row, with the value there."""
    for link in file.links:
        text = row.texts.get(link.header, "")
        owner = None if link.owner_header is None else row.texts.get(link.owner_header, "")
        if text and (owner is None or owner.casefold() == link.parent.casefold()):
            yield link, text


def _refuse(imported: ImportedFile, row: ImportedRow, fault: _Fault) -> RefusedRow:
    cells = dict(row.texts)
    for header, name in imported.detected.columns.items():
        if name is not None and name in row.properties:
            cells.setdefault(header, row.properties[name])
    return RefusedRow(row.line, fault.header, fault.reason, MappingProxyType(cells))


def _has_owner(resolved: _ResolvedRow) -> bool:
    return resolved.parent is not None or "" in resolved.new


def _make_change(
    imported: ImportedFile, matched: MatchedRow, resolved: _ResolvedRow
) -> Change | None:
    """Return the change of a row, without its references; None where nothing differs."""
    change, record = matched.change, matched.record
    if record is None:
        return None if change is None else replace(change, parent=resolved.parent)
    names = [name for name in resolved.new if name]
    if not names:
        return change
    before = {name: record.properties.get(name) for name in names}
    if change is not None:
        return replace(change, before={**(change.before or {}), **before})
    origin = imported.name_line(matched.line)
    return Change(
        ChangeKind.UPDATE, imported.entity, record.external_id, before=before, origin=origin
    )


def _refer(change: Change, new: Mapping[str, RowKey], positions: Mapping[RowKey, int]) -> Change:
    """Return the change with its references to the new records that it names."""
    is_create = change.kind is ChangeKind.CREATE
    references = {name: positions[key] for name, key in new.items() if name}
    owner = positions[new[""]] if is_create and "" in new else None
    return replace(change, references=references, parent_reference=owner)
