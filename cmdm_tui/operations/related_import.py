"""Make one change set of several files whose records name each other."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cmdm_tui.api.errors import BadRequest, InvalidCall, NotFound
from cmdm_tui.api.models import Field
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import PartialChanges
from cmdm_tui.operations.data import ImportOperation
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.identifiers import quote_identifier, quote_text
from cmdm_tui.text import end_sentence, one_line
from cmdm_tui.transfer import (
    ImportedFile,
    ImportOptions,
    ImportQuestion,
    ImportQuestions,
    RefusedRow,
    read_import,
)
from cmdm_tui.transfer.columns import NO_LINKS
from cmdm_tui.transfer.import_file import read_table
from cmdm_tui.transfer.linked_records import LinkedFile, link_files, list_unknown_ids
from cmdm_tui.transfer.links import (
    Link,
    LinkedTable,
    LinkRequest,
    find_links,
    list_linked_columns,
)

_THESE_ROWS = "the new records of the file"
_THOSE_THERE = "the records that exist"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """One file of several, the entity that its records are of, and how to read it."""

    path: Path
    entity: str
    options: ImportOptions


@dataclass(frozen=True, slots=True)
class PlannedFiles:
    """The changes that several files lead to; `refused` are the records left out, by file name."""

    change_set: ChangeSet
    files: tuple[ImportedFile, ...]
    refused: Mapping[str, tuple[RefusedRow, ...]]


class RelatedImport:
    """Several files, one for each entity, read for one face. It writes nothing.

    `files` reads each of them, and asks.
    """

    def __init__(self, account: Account, files: ImportOperation) -> None:
        self._account = account
        self._files = files
        self._calls = 0
        self._is_partial = False

    async def plan(
        self, requests: Sequence[ImportRequest], links: Sequence[LinkRequest] = ()
    ) -> PlannedFiles:
        """Read the files to their ends, find how their records name each other, and make changes.

        Raises what `ImportOperation.plan` does.
        """
        catalog = self._account.catalog
        fields = {one.entity: await catalog.load_fields(one.entity) for one in requests}
        tables, asked = await self._read_tables(requests, fields)
        found = await self._find_links(tables, links)
        linked = list_linked_columns(found)
        files: list[LinkedFile] = []
        for one in asked:
            columns = linked.get(one.entity.casefold(), NO_LINKS)
            imported, _ = await self._files.read(
                one.options,
                lambda given, one=one, columns=columns: read_import(
                    one.path, one.entity, fields[one.entity], given, columns
                ),
                one.entity,
                fields[one.entity],
            )
            imported = replace(imported, name=_name_file(one, requests), is_named=True)
            existing, calls, is_partial = await self._files.find_existing(imported)
            self._calls += calls
            self._is_partial = self._is_partial or is_partial
            own = [link for link in found if link.entity == one.entity]
            files.append(LinkedFile(imported, existing, own, is_partial))
        known = await self._find_known(await asyncio.to_thread(list_unknown_ids, files))
        made = await asyncio.to_thread(link_files, files, known)
        told = [
            f"{one_line(file.imported.name, 60)}: {end_sentence(sentence)}"
            for file in files
            for sentence in file.imported.told
        ]
        pairs = [f"{one_line(one.path.name, 60)} into {one.entity}" for one in requests]
        change_set = ChangeSet(
            made.changes,
            title=f"Import of {', '.join(pairs)}",
            address=self._account.service_name,
            username=self._account.profile.credentials.username,
            made_at=time.time(),
            unchanged=made.unchanged,
            rejects=made.rejects,
            notes=(*told, *made.notes),
            calls_made=self._calls,
            is_partial=self._is_partial,
        )
        return PlannedFiles(change_set, tuple(file.imported for file in files), made.refused)

    async def _read_tables(
        self, requests: Sequence[ImportRequest], fields: Mapping[str, Sequence[Field]]
    ) -> tuple[list[LinkedTable], list[ImportRequest]]:
        """Return the files' cells, and the requests with the answers to what was asked."""
        tables: list[LinkedTable] = []
        asked: list[ImportRequest] = []
        for one in requests:
            (table, matcher), options = await self._files.read(
                one.options,
                lambda given, one=one: read_table(one.path, one.entity, fields[one.entity], given),
                one.entity,
                fields[one.entity],
            )
            name = one_line(_name_file(one, requests), 60)
            tables.append(LinkedTable(one.entity, name, table, matcher, options.mode))
            asked.append(replace(one, options=options))
        return tables, asked

    async def _find_links(
        self, tables: Sequence[LinkedTable], given: Sequence[LinkRequest]
    ) -> Sequence[Link]:
        requests = list(given)
        while True:
            try:
                found = await asyncio.to_thread(find_links, tables, requests)
                questions = await self._doubt_ids(tables, found)
                if not questions:
                    return found
            except ImportQuestions as error:
                if not self._files.can_ask:
                    raise
                questions = list(error.questions)
            for question in questions:
                answer = await self._files.ask(question)
                requests.append(_read_answer(question, answer))

    async def _doubt_ids(
        self, tables: Sequence[LinkedTable], links: Sequence[Link]
    ) -> list[ImportQuestion]:
        """Ask about links by the ids of an export, where that was made from this very account.

        Such ids name the records that exist as well as the new ones of the file: one call for each
        link shows whether they exist.
        """
        files = {table.entity: table for table in tables}
        for link in links:
            parent = files.get(link.parent)
            key = None if parent is None else parent.fields.get(link.parent_header or "")
            if not link.is_found or parent is None or parent.mode != "create":
                continue
            if key is None or key.name != EXTERNAL_ID:
                continue
            keys = set(parent.list_values(link.parent_header or ""))
            value = next(one for one in files[link.entity].list_values(link.header) if one in keys)
            self._calls += 1
            try:
                await self._account.client.record(link.parent, value)
            except (NotFound, BadRequest, InvalidCall):
                continue
            column = f"{one_line(link.header, 60)} of {files[link.entity].name}"
            sentence = (
                f"The {one_line(link.parent, 60)} {one_line(value, 60)} exists already: does "
                f"{column} mean {_THESE_ROWS} {parent.name}, or {_THOSE_THERE}?"
            )
            ids = "" if link.owner_header is None else f"{link.parent}."
            names = (f"{link.parent}.{link.parent_header}", ids)
            subject = f"{link.entity}.{link.header}"
            return [ImportQuestion("link", sentence, link.header, subject, names)]
        return []

    async def _find_known(
        self, unknown: Mapping[str, Collection[str]]
    ) -> Mapping[str, Collection[str]]:
        """Return those of the ids that are records; a query finds them in the fewest calls."""
        known: dict[str, Collection[str]] = {}
        for entity, ids in unknown.items():
            wanted = ", ".join(quote_text(one) for one in ids)
            columns, table = quote_identifier(EXTERNAL_ID), quote_identifier(entity)
            sql = f"SELECT {columns} FROM {table} WHERE {columns} IN ({wanted})"  # noqa: S608 — quoted
            records, calls, is_partial = await self._files.query_records(entity, [EXTERNAL_ID], sql)
            if is_partial:
                raise PartialChanges(
                    "Not every record that the files name was read",
                    hint="Nothing was sent. Allow more calls with --max-calls",
                )
            self._calls += calls
            known[entity] = {record.external_id for record in records}
        return known


def _name_file(request: ImportRequest, requests: Sequence[ImportRequest]) -> str:
    """Return the name of a file; with its folder where another file has the same name."""
    name = request.path.name
    return str(request.path) if sum(one.path.name == name for one in requests) > 1 else name


def _read_answer(question: ImportQuestion, answer: str) -> LinkRequest:
    entity, _, column = question.subject.partition(".")
    parent, _, header = answer.partition(".")
    return LinkRequest(entity, column, (parent, header) if answer else None)
