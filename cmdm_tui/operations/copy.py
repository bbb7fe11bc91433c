"""Make one change set of records of another account, with their relations."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, TokenError

from cmdm_tui.api import NotFound
from cmdm_tui.api.models import Field
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.entity_fields import kind_of
from cmdm_tui.changes.errors import ChangeError, PartialChanges
from cmdm_tui.operations.data import ImportOperation
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.identifiers import can_be_named, quote_identifier, quote_text
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.transfer.copied_records import CopiedEntity, build_copy
from cmdm_tui.transfer.field_matcher import FieldMatcher
from cmdm_tui.transfer.import_options import ImportMode
from cmdm_tui.transfer.linked_records import LinkedFile, link_files


class SameAccount(ChangeError):
    """Records are to be copied from an account to itself."""

    hint = "Nothing was read. Name two profiles, with --from and --to"


class UnknownEntity(ChangeError):
    """An account does not have an entity that is to be copied."""


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """An entity to copy: the records for which `where`, an SQL condition, holds; all without one.

    With a `key` a record that the other account has by that field is used: updated, or by the mode.
    """

    entity: str
    where: str | None = None
    key: str | None = None
    mode: ImportMode = "create"


class CopyOperation:
    """Records of one account, read for one face to be made in another. It writes nothing.

    `reader` queries the account that is copied from, and `finder` the other; they ask.
    """

    def __init__(
        self, source: Account, target: Account, reader: ImportOperation, finder: ImportOperation
    ) -> None:
        self._source = source
        self._target = target
        self._reader = reader
        self._finder = finder
        self._calls = 0
        self._is_partial = False

    def check_accounts(self) -> None:
        """Raise SameAccount where the two are one; call it before anything is read."""
        one, other = (
            (account.service_name, account.profile.credentials.username)
            for account in (self._source, self._target)
        )
        if one == other:
            names = f"{self._source.profile.name} and {self._target.profile.name}"
            raise SameAccount(f"{names} are one account: {one[1]} at {one[0]}")

    async def plan(self, requests: Sequence[CopyRequest]) -> ChangeSet:
        """Read the records, and those of the same entities at which they point.

        Raises SameAccount, UnknownEntity, ImportFileError for a key that is not there, QueryError,
        PartialChanges, ImportDeclined or ApiError.
        """
        self.check_accounts()
        selects = [_read_condition(one) for one in requests]
        copies = [await self._load(one, [other.entity for other in requests]) for one in requests]
        for copy, condition in zip(copies, selects, strict=True):
            await self._read(copy, condition)
        lost = await self._read_needed(copies)
        built, told = await asyncio.to_thread(build_copy, copies)
        files: list[LinkedFile] = []
        for file in built:
            existing, calls, is_partial = await self._finder.find_existing(file.imported)
            self._calls += calls
            self._is_partial = self._is_partial or is_partial
            files.append(replace(file, existing=existing, is_partial=is_partial))
        made = await asyncio.to_thread(link_files, files, {})
        source = self._source
        titles = ", ".join(one.entity for one in requests)
        told += [sentence for copy in copies for sentence in _describe_unread(copy)]
        notes = [_describe_read(copies, source.client.host), *told, *made.notes]
        if lost:
            notes.append(f"{count_noun(lost, 'record')} that others name are not there any more.")
        return ChangeSet(
            made.changes,
            title=f"Copy of {titles} from {source.profile.name}",
            address=self._target.service_name,
            username=self._target.profile.credentials.username,
            made_at=time.time(),
            unchanged=made.unchanged,
            rejects=made.rejects,
            notes=tuple(notes),
            calls_made=self._calls,
            is_partial=self._is_partial,
        )

    async def _load(self, request: CopyRequest, copied: Sequence[str]) -> CopiedEntity:
        """Return the entity with its fields in both accounts, its key found among them."""
        source = await _load_fields(self._source, request.entity)
        target = await _load_fields(self._target, request.entity)
        copy = CopiedEntity(request.entity, source, target, copied, request.mode)
        if request.key is None:
            return copy
        key = FieldMatcher(request.entity, copy.fields, {}).find_field(request.key)
        if key.name != EXTERNAL_ID:
            FieldMatcher(request.entity, source, {}).find_field(key.name)
        return replace(copy, key=key.name)

    async def _read(self, copy: CopiedEntity, condition: str | None) -> None:
        """Add the records for which the condition holds; all where there is none."""
        fields = [one for one in copy.source if can_be_named(one.name) and one.name != EXTERNAL_ID]
        columns = ", ".join((quote_identifier(EXTERNAL_ID), *map(_select_stored, fields)))
        sql = f"SELECT {columns} FROM {quote_identifier(copy.entity)}"  # noqa: S608 — names are quoted
        names = [EXTERNAL_ID, *(one.name for one in fields)]
        where = "" if condition is None else f" WHERE {condition}"
        try:
            records, calls, is_partial = await self._reader.query_records(
                copy.entity, names, sql + where
            )
        except SqlError as error:
            # Its place is one in this query, and not in what was typed.
            raise error.at(None, None) from error.__cause__
        if is_partial:
            raise PartialChanges(
                f"Not every record of {one_line(copy.entity, 60)} that is to be copied was read",
                hint="Nothing was sent. Allow more calls with --max-calls",
            )
        self._calls += calls
        copy.records.update({one.external_id: one.properties for one in records})

    async def _read_needed(self, copies: Sequence[CopiedEntity]) -> int:
        """Add what the records point at, and what that points at; return how many are gone."""
        by_name = {copy.entity: copy for copy in copies}
        sought = {(copy.entity, one) for copy in copies for one in copy.records}
        lost = 0
        while True:
            needed = dict.fromkeys(name for copy in copies for name in copy.list_needed())
            missing = [name for name in needed if name not in sought]
            if not missing:
                return lost
            for entity, copy in by_name.items():
                ids = [external_id for of, external_id in missing if of == entity]
                if ids:
                    before = len(copy.records)
                    wanted = ", ".join(map(quote_text, ids))
                    await self._read(copy, f"{quote_identifier(EXTERNAL_ID)} IN ({wanted})")
                    lost += before + len(ids) - len(copy.records)
            sought.update(missing)


async def _load_fields(account: Account, entity: str) -> tuple[Field, ...]:
    try:
        return await account.catalog.load_fields(entity)
    except NotFound:
        message = f"{account.profile.name} has no entity {one_line(entity, 60)}"
        raise UnknownEntity(message, hint="Check the name; nothing was sent") from None


def _read_condition(request: CopyRequest) -> str | None:
    """Return the condition as SQL, which is one expression and no more. Raises SqlError."""
    if request.where is None:
        return None
    try:
        condition = parse_one(request.where, into=exp.Condition, dialect=DIALECT)
    except (ParseError, TokenError):
        shown = one_line(request.where, 100)
        raise SqlError(
            f"The --where of {one_line(request.entity, 60)} is not an SQL condition: {shown}",
            hint="Write it as after WHERE: --where \"account: City = 'Hull'\"",
        ) from None
    return f"({condition.sql(dialect=DIALECT, comments=False)})"


def _select_stored(field: Field) -> str:
    """Return the column that gives a field's stored text."""
    name = quote_identifier(field.name)
    return name if kind_of(field) is ColumnKind.TEXT else f"CAST({name} AS VARCHAR)"


def _describe_unread(copy: CopiedEntity) -> Iterator[str]:
    """Yield which values of the records may not have been read."""
    entity = one_line(copy.entity, 60)
    if any(one.inferred for one in copy.source):
        yield (
            f"The service does not list the fields of {entity}: those that a few of its records "
            "have are copied."
        )
    for one in copy.source:
        if not can_be_named(one.name):
            yield f"{one_line(one.name, 60)} of {entity} has no name in SQL: not copied."


def _describe_read(copies: Sequence[CopiedEntity], host: str) -> str:
    counts = ", ".join(
        f"{count_noun(len(copy.records), 'record')} of {one_line(copy.entity, 60)}"
        for copy in copies
    )
    return f"Read from {host}: {counts}."
