"""Finds how the records of several files name each other: which column holds whose local keys.

A link is found by itself only where it is beyond doubt: each value of the column is in one column
of the other file, which names its records, is not a field, and holds no value twice. All else is
asked. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import OWNED_ENTITIES
from cmdm_tui.changes.references import OWNER_ENTITY, OWNER_ID
from cmdm_tui.text import one_line
from cmdm_tui.transfer.columns import LinkedColumns
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestion, ImportQuestions
from cmdm_tui.transfer.field_matcher import EXTERNAL_ID, FieldMatcher
from cmdm_tui.transfer.import_file import read_local_key
from cmdm_tui.transfer.import_options import ImportMode
from cmdm_tui.transfer.source_table import SourceTable

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What a user says: `column` of the file of `entity` holds what `parent` names.

    `parent` is an entity and a column of its file; without a column the values are ids of records
    of the entity, and None says so of the entity that the column is for.
    """

    entity: str
    column: str
    parent: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Link:
    """A column, `header`, of the file of `entity` whose values name records of `parent`.

    `field` gets their ids; None where they say what a task or an opportunity belongs to.
    `parent_header` is the column of the parent's file that holds the same values, None where the
    values are ids of records that exist. With `owner_header` it holds for the rows alone that name
    the parent's entity there. `is_found` is false where a user said so.
    """

    entity: str
    header: str
    field: Field | None
    parent: str
    parent_header: str | None
    owner_header: str | None = None
    is_found: bool = True


@dataclass(frozen=True)
class LinkedTable:
    """A file that is to be imported with others: its entity, its cells, and what matches them."""

    entity: str
    name: str
    table: SourceTable
    matcher: FieldMatcher
    mode: ImportMode = "create"
    fields: Mapping[str, Field | None] = field(init=False, repr=False)
    """The field of each column, by header; None where it is none."""

    def __post_init__(self) -> None:
        headers = [header.strip() for header in self.table.headers]
        matched = [self.matcher.match(name, place).field for place, name in enumerate(headers)]
        found = dict(zip(headers, matched, strict=True))
        object.__setattr__(self, "fields", {name: one for name, one in found.items() if name})

    @property
    def is_owned(self) -> bool:
        """Whether its records belong to a record that is named when they are created."""
        return self.entity.casefold() in OWNED_ENTITIES

    def find_header(self, name: str) -> str | None:
        """Return the header of a column, by itself or by the name or label of its field."""
        folded = name.strip().casefold()
        for header in self.fields:
            if header.casefold() == folded:
                return header
        for header, one in self.fields.items():
            if one is not None and folded in {one.name.casefold(), (one.label or "").casefold()}:
                return header
        return None

    def list_values(self, header: str) -> list[str]:
        """Return the values of a column, blanks left out."""
        place = [one.strip() for one in self.table.headers].index(header)
        cells = (row.cells[place] for row in self.table.rows if row.fault is None)
        return [text for text in map(read_local_key, cells) if text]


def find_links(files: Sequence[LinkedTable], requests: Sequence[LinkRequest]) -> tuple[Link, ...]:
    """Return the links between the files.

    Raises ImportQuestions where there is more than one way, and ImportFileError where a request
    names what is not there.
    """
    finder = _LinkFinder(files, requests)
    links = [link for file in files for link in finder.find(file)]
    if finder.questions:
        raise ImportQuestions(finder.questions)
    return tuple(links)


def list_linked_columns(links: Sequence[Link]) -> Mapping[str, LinkedColumns]:
    """Return the linked columns of each entity's file, by its name casefolded."""
    keys: dict[str, set[str]] = {}
    fields: dict[str, dict[str, Field | None]] = {}
    for link in links:
        if link.parent_header is not None:
            keys.setdefault(link.parent.casefold(), set()).add(link.parent_header)
        own = fields.setdefault(link.entity.casefold(), {})
        own[link.header] = link.field
        if link.owner_header is not None:
            own[link.owner_header] = None
    return {
        entity: LinkedColumns(frozenset(keys.get(entity, ())), fields.get(entity, {}))
        for entity in {*keys, *fields}
    }


class _LinkFinder:
    """Finds the links of one file after the other, and collects what is to be asked."""

    def __init__(self, files: Sequence[LinkedTable], requests: Sequence[LinkRequest]) -> None:
        self._files = {file.entity.casefold(): file for file in files}
        self._requests: dict[tuple[str, str], list[LinkRequest]] = {}
        self.questions: list[ImportQuestion] = []
        for request in requests:
            file = self._get_file(request.entity)
            key = file.entity, self._get_header(file, request.column)
            self._requests.setdefault(key, []).append(request)

    def find(self, file: LinkedTable) -> Iterator[Link]:
        """Yield the links of a file's columns with the files that they name."""
        for header, one in file.fields.items():
            requests = self._requests.get((file.entity, header), [])
            wanted = [request.parent for request in requests if request.parent is not None]
            followed = [self._follow(file, header, one, parent) for parent in wanted]
            yield from followed
            if file.is_owned and one is not None and one.name.casefold() == OWNER_ID.casefold():
                only_ids = len(wanted) < len(requests)
                yield from self._find_owners(file, header, followed, only_ids=only_ids)
            elif not wanted and one is not None and one.type == "Lookup" and not one.read_only:
                parent = self._files.get((one.lookup_entity or "").casefold())
                if parent is not None and (values := set(file.list_values(header))):
                    found = None if requests else self._choose(file, header, values, [parent])
                    key = None if found is None else found[1]
                    yield Link(file.entity, header, one, parent.entity, key)

    def _follow(
        self, file: LinkedTable, header: str, field: Field | None, wanted: tuple[str, str]
    ) -> Link:
        """Return the link that a user asks for."""
        is_owner = file.is_owned and (field is None or field.name.casefold() == OWNER_ID.casefold())
        owner = file.find_header(OWNER_ENTITY) if is_owner else None
        if is_owner and not wanted[1]:
            return Link(file.entity, header, None, wanted[0], None, owner, is_found=False)
        parent = self._get_file(wanted[0])
        key = self._get_header(parent, wanted[1]) if wanted[1] else None
        target = None if is_owner else field or self._find_lookup(file, header, parent)
        if target is not None:
            _check_target(file, header, target, parent)
        return Link(file.entity, header, target, parent.entity, key, owner, is_found=False)

    def _find_lookup(self, file: LinkedTable, header: str, parent: LinkedTable) -> Field:
        """Return the one field that looks up the parent's entity and that no column is matched to.

        Raises ImportFileError where there is none, or more than one.
        """
        taken = {one.name for one in file.fields.values() if one is not None}
        free = [
            one
            for one in file.matcher.fields
            if (one.lookup_entity or "").casefold() == parent.entity.casefold()
            and not (one.read_only or one.name in taken)
        ]
        if len(free) == 1:
            return free[0]
        name = one_line(header, _SHOWN)
        raise ImportFileError(
            f"{name} of {file.name} is not a field, and which one gets the id of the "
            f"{one_line(parent.entity, _SHOWN)} is not clear",
            f"Name it with --map '{one_line(file.entity, _SHOWN)}.{name}=FIELD'",
        )

    def _find_owners(
        self, file: LinkedTable, header: str, known: Sequence[Link], *, only_ids: bool
    ) -> Iterator[Link]:
        """Yield a link for each entity to which records of the file belong, but those known."""
        values = set(file.list_values(header))
        owner = file.find_header(OWNER_ENTITY)
        if not values or (owner is None and known):
            return
        if owner is None:
            parents = [] if only_ids else list(self._files.values())
            found = self._choose(file, header, values, parents)
            if found is None:
                if self.questions:
                    return
                raise ImportFileError(
                    f"{one_line(header, _SHOWN)} of {file.name} names no row of another file, and "
                    f"there is no column {OWNER_ENTITY} that says of which entity it is",
                    f"Say of which with --link {file.entity}.{header}=account., or leave it out",
                )
            yield Link(file.entity, header, None, found[0].entity, found[1])
            return
        pairs = _list_pairs(file, owner, header)
        done = {link.parent.casefold() for link in known}
        for entity in dict.fromkeys(entity.casefold() for entity, _ in pairs):
            if entity in done:
                continue
            parent = self._files.get(entity)
            of_entity = {value for of, value in pairs if of.casefold() == entity}
            found = None
            if parent is not None and not only_ids:
                found = self._choose(file, header, of_entity, [parent], ids=f"{parent.entity}.")
            name = entity if parent is None else parent.entity
            yield Link(file.entity, header, None, name, found[1] if found else None, owner)

    def _choose(
        self,
        file: LinkedTable,
        header: str,
        values: set[str],
        parents: Sequence[LinkedTable],
        ids: str = "",
    ) -> tuple[LinkedTable, str] | None:
        """Return the column that certainly holds the values; ask where one may, else None.

        `ids` is the answer that they are ids of records.
        """
        certain: list[tuple[LinkedTable, str]] = []
        possible: list[tuple[LinkedTable, str]] = []
        for parent in parents:
            for key, one in parent.fields.items():
                if parent is file and key == header:
                    continue
                counts = Counter(parent.list_values(key))
                hits = len(values & counts.keys())
                is_name = one is None or one.name == EXTERNAL_ID
                is_whole = hits == len(values) and max(counts.values(), default=0) == 1
                if is_whole and is_name:
                    certain.append((parent, key))
                elif is_whole or (hits and is_name):
                    possible.append((parent, key))
        if len(certain) == 1:
            return certain[0]
        if certain or possible:
            names = [f"{parent.entity}.{key}" for parent, key in [*certain, *possible]]
            self._ask(file, header, names, ids)
        return None

    def _ask(self, file: LinkedTable, header: str, names: Sequence[str], ids: str) -> None:
        shown = " or ".join(one_line(name, _SHOWN) for name in names)
        column = one_line(header, _SHOWN)
        self.questions.append(
            ImportQuestion(
                "link",
                f"{column} of {file.name} may name rows by {shown}, or hold ids of records: which?",
                about=header,
                subject=f"{file.entity}.{header}",
                suggestions=(*names, ids),
            )
        )

    def _get_file(self, entity: str) -> LinkedTable:
        file = self._files.get(entity.casefold())
        if file is None:
            known = ", ".join(one.entity for one in self._files.values())
            message = f"--link names {one_line(entity, _SHOWN)}, and no file is of it"
            raise ImportFileError(message, f"The files are of {known}")
        return file

    def _get_header(self, file: LinkedTable, column: str) -> str:
        header = file.find_header(column)
        if header is None:
            shown = ", ".join(one_line(one, _SHOWN) for one in file.fields)
            message = f"--link names {one_line(column, _SHOWN)}, which {file.name} does not have"
            raise ImportFileError(message, f"Its columns are {shown}")
        return header


def _check_target(file: LinkedTable, header: str, target: Field, parent: LinkedTable) -> None:
    name = f"{one_line(header, _SHOWN)} of {file.name}"
    if target.read_only:
        raise ImportFileError(f"{name} is read-only, so it cannot be linked")
    looks_up = target.lookup_entity
    if looks_up and looks_up.casefold() != parent.entity.casefold():
        raise ImportFileError(
            f"{name} looks up {one_line(looks_up, _SHOWN)}, not {one_line(parent.entity, _SHOWN)}"
        )
    if target.type != "Lookup" and not target.inferred:
        raise ImportFileError(f"{name} does not hold the id of another record")


def _list_pairs(file: LinkedTable, owner: str, header: str) -> list[tuple[str, str]]:
    """Return the entity and the value of each row that has both."""
    headers = [one.strip() for one in file.table.headers]
    places = headers.index(owner), headers.index(header)
    rows = (row.cells for row in file.table.rows if row.fault is None)
    pairs = ((read_local_key(cells[places[0]]), read_local_key(cells[places[1]])) for cells in rows)
    return [(entity, value) for entity, value in pairs if entity and value]
