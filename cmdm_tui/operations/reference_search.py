"""Search an account for the records that point at others, as they are or were deleted."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.catalog import Account
from cmdm_tui.changes.made_again import RecordKey
from cmdm_tui.changes.references import (
    FoundReferences,
    Reference,
    ReferenceField,
    list_reference_fields,
)
from cmdm_tui.formats import OutputRow
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.operations.query import CallPolicy, QueryOperation, ReadRows
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.identifiers import can_be_named, quote_identifier, quote_text
from cmdm_tui.text import one_line


class SearchDeclined(Exception):
    """The person declined the calls that a search for references takes."""


class ReferenceSearch:
    """Looks through every entity that is known for fields that name one of some records.

    Each entity is one query, planned and asked about as any other; `policy.max_calls` is for all of
    them. It writes nothing.
    """

    def __init__(
        self, account: Account, engine: Engine, prompter: Prompter, policy: CallPolicy
    ) -> None:
        self._account = account
        self._engine = engine
        self._prompter = prompter
        self._policy = policy

    async def find(self, targets: Collection[RecordKey]) -> FoundReferences:
        """Return who points at the records `targets`; nothing is read where there are none.

        Raises SearchDeclined, CallsNotAllowed, QueryError or ApiError.
        """
        found: list[Reference] = []
        searched: list[str] = []
        skipped: list[str] = []
        calls = 0
        for entity in self._account.catalog.entities if targets else ():
            fields = await self._list_fields(entity, targets)
            if not fields:
                continue
            left = None if self._policy.max_calls is None else self._policy.max_calls - calls
            if left is not None and left < 1:
                skipped.append(entity)
                continue
            read = await self._read(entity, fields, targets, left)
            calls += read.calls_made
            found += _match(entity, fields, read.rows, targets)
            (skipped if read.is_partial else searched).append(entity)
        return FoundReferences(tuple(found), tuple(searched), tuple(skipped), calls)

    async def _list_fields(
        self, entity: str, targets: Collection[RecordKey]
    ) -> list[ReferenceField]:
        try:
            fields = await self._account.catalog.load_fields(entity)
        except (NotFound, BadRequest):
            return []  # A server need not have every entity that is known.
        wanted = {of for of, _ in targets}
        return [
            one for one in list_reference_fields(entity, fields, wanted) if can_be_named(one.name)
        ]

    async def _read(
        self,
        entity: str,
        fields: Sequence[ReferenceField],
        targets: Collection[RecordKey],
        max_calls: int | None,
    ) -> ReadRows:
        """Return the rows that may point at a target."""
        self._prompter.notify(f"Looking for references in {one_line(entity, 60)}.")
        policy = replace(self._policy, max_calls=max_calls)
        operation = QueryOperation(self._engine, self._prompter, policy)
        prepared = await operation.prepare(_select(entity, fields, targets), is_raw=True)
        read = await operation.read_rows(prepared)
        if read is None:
            raise SearchDeclined
        return read


def _select(entity: str, fields: Sequence[ReferenceField], targets: Collection[RecordKey]) -> str:
    """Return the query for ExternalID, each field, and the entity of the owner, where that is."""
    columns = [EXTERNAL_ID, *(one.name for one in fields)]
    columns += [one.owner_entity for one in fields if one.owner_entity is not None]
    conditions = [
        f"{quote_identifier(one.name)} IN ({', '.join(map(quote_text, ids))})"
        for one in fields
        if (ids := _list_ids(one, targets))
    ] or ["false"]
    names = ", ".join(map(quote_identifier, columns))
    return f"SELECT {names} FROM {quote_identifier(entity)} WHERE {' OR '.join(conditions)}"  # noqa: S608 — all is quoted


def _list_ids(field: ReferenceField, targets: Collection[RecordKey]) -> list[str]:
    wanted = None if field.target is None else field.target.casefold()
    return sorted({one for of, one in targets if wanted in {None, of} and can_be_named(one)})


def _match(
    entity: str,
    fields: Sequence[ReferenceField],
    rows: Sequence[OutputRow],
    targets: Collection[RecordKey],
) -> list[Reference]:
    """Return the references of the rows; an id that is one of several entities is not certain."""
    found: list[Reference] = []
    by_id: dict[object, list[RecordKey]] = {}
    for key in targets:
        by_id.setdefault(key[1], []).append(key)
    for row in rows:
        external_id, values = str(row[0] or ""), row[1 : 1 + len(fields)]
        for field, value in zip(fields, values, strict=True):
            of = field.target if field.owner_entity is None else str(row[-1])
            named = by_id.get(value, [])
            keys = [key for key in named if of is None or key[0] == of.casefold()]
            if external_id and len(keys) == 1:
                found.append(Reference(entity, external_id, field.name, keys[0], field.is_settable))
    return found
