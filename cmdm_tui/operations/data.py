"""Make a change set of a file's records: ask what it leaves open, find the records that exist."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cmdm_tui.api.models import Field, Record
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.validate import check_changes
from cmdm_tui.formats import OutputRow
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.operations.query import CallPolicy, QueryOperation
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.identifiers import quote_identifier, quote_text
from cmdm_tui.text import end_sentence, one_line
from cmdm_tui.transfer import (
    ImportedFile,
    ImportOptions,
    ImportQuestion,
    ImportQuestions,
    RefusedRow,
    find_answer_fault,
    is_free,
    list_refused,
    match_keys,
    read_import,
    to_changes,
)

_FEW_KEYS = 40
"""Keys that are looked for one by one; of more, every record is read, which takes fewer calls."""

_LEFT_OUT = "(leave it out)"
_IDS = "(they are ids of records)"


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """The changes that a file leads to, and the records of it that are refused.

    `options` are those given, with the answers to what was asked.
    """

    change_set: ChangeSet
    refused: tuple[RefusedRow, ...]
    imported: ImportedFile
    options: ImportOptions


class ImportDeclined(Exception):
    """The person did not answer what the file leaves open, or declined to read the records."""


class ImportOperation:
    """One file, read for one face, for one entity of an account. It writes nothing."""

    def __init__(self, account: Account, prompter: Prompter, policy: CallPolicy) -> None:
        self._account = account
        self._prompter = prompter
        self._policy = policy

    async def plan(self, path: Path, entity: str, options: ImportOptions) -> PlannedImport:
        """Read the file to its end, ask what it leaves open, and find the records it is about.

        Raises ImportFileError, ImportQuestions where no one can be asked, ImportDeclined,
        QueryError or ApiError.
        """
        catalog = self._account.catalog
        fields = await catalog.load_fields(entity)
        imported, options = await self.read(
            options, lambda given: read_import(path, entity, fields, given), entity, fields
        )
        existing, calls, is_partial = await self.find_existing(imported)
        match = await asyncio.to_thread(match_keys, imported, existing, is_partial=is_partial)
        changes, rejects = to_changes(imported, match)
        changes, unsound = check_changes(changes, {entity: fields})
        change_set = ChangeSet(
            changes,
            title=f"Import of {one_line(path.name, 200)} into {entity}",
            address=self._account.service_name,
            username=self._account.profile.credentials.username,
            made_at=time.time(),
            unchanged=match.unchanged,
            rejects=(*rejects, *unsound),
            notes=_list_notes(imported, is_partial=is_partial),
            calls_made=calls,
            is_partial=is_partial,
        )
        refused = (*match.refused, *list_refused(imported, unsound))
        return PlannedImport(change_set, refused, imported, options)

    @property
    def can_ask(self) -> bool:
        """Whether someone is there to answer."""
        return self._prompter.can_ask

    async def read(
        self,
        options: ImportOptions,
        read: Callable[[ImportOptions], Read],
        entity: str,
        fields: Sequence[Field],
    ) -> tuple[Read, ImportOptions]:
        """Return what `read` gives, and the options with the answers to what it asks.

        `fields` of the `entity` are what an answer may name. Raises ImportQuestions where no one
        can be asked, or ImportDeclined.
        """
        while True:
            try:
                return await asyncio.to_thread(read, options), options
            except ImportQuestions as open_questions:
                if not self._prompter.can_ask:
                    raise
                for question in open_questions.questions:
                    answer = await self.ask(question, entity, fields)
                    options = options.with_answer(question, answer)

    async def ask(
        self, question: ImportQuestion, entity: str = "", fields: Sequence[Field] = ()
    ) -> str:
        """Return the answer to one question, which may be to leave a column out.

        `fields` of the `entity` are what an answer may name. Raises ImportQuestions where no one
        can be asked, or ImportDeclined.
        """
        if not self._prompter.can_ask:
            raise ImportQuestions([question])
        if question.option == "link":
            # An answer that ends with a point names an entity and no column.
            choices = {
                _IDS if not one or one.endswith(".") else one: one for one in question.suggestions
            }
        else:
            choices = {one or _LEFT_OUT: one for one in question.suggestions}
        if question.option == "map" and _LEFT_OUT not in choices:
            choices[_LEFT_OUT] = ""

        def check(answer: str) -> str:
            return "" if answer in choices else find_answer_fault(question, answer, entity, fields)

        if is_free(question):
            chosen = await self._prompter.enter_text(
                question.sentence,
                check,
                suggestions=tuple(choices),
                default=_LEFT_OUT if question.option == "map" else "",
            )
        elif choices:
            chosen = await self._prompter.choose(question.sentence, tuple(choices))
        else:
            raise ImportQuestions([question])
        if chosen is None:
            raise ImportDeclined
        return choices.get(chosen, chosen)

    async def find_existing(self, imported: ImportedFile) -> tuple[list[Record], int, bool]:
        """Return the records that may have one of the file's keys, the calls, and what is missing.

        The query says whether few searches or one pass over all records takes fewer calls.
        """
        if imported.mode == "create" or not imported.rows:
            return [], 0, False
        names = _list_fields(imported)
        return await self.query_records(imported.entity, names, _select(imported, names))

    async def query_records(
        self, entity: str, names: Sequence[str], sql: str
    ) -> tuple[list[Record], int, bool]:
        """Return the records of a query whose columns are `names`, ExternalID first.

        Also the calls that it took, and whether it is partial. Raises ImportDeclined.
        """
        engine = Engine(self._account)
        try:
            operation = QueryOperation(engine, self._prompter, self._policy)
            prepared = await operation.prepare(sql, is_raw=True)
            read = await operation.read_rows(prepared)
            if read is None:
                raise ImportDeclined
            records = [_to_record(entity, names, row) for row in read.rows]
            return records, read.calls_made, read.is_partial
        finally:
            engine.close()


def _list_notes(imported: ImportedFile, *, is_partial: bool) -> tuple[str, ...]:
    notes = [end_sentence(told) for told in imported.told]
    if is_partial and imported.key not in {None, EXTERNAL_ID}:
        notes.append("Whether a record that was not read has one of these keys too is not known.")
    return tuple(notes)


def _list_fields(imported: ImportedFile) -> list[str]:
    used = [name for name in imported.detected.columns.values() if name is not None]
    names = dict.fromkeys([EXTERNAL_ID, imported.key or EXTERNAL_ID, *used])
    return [name for name in names if name == EXTERNAL_ID or _has_field(imported, name)]


def _has_field(imported: ImportedFile, name: str) -> bool:
    return any(field.name == name for field in imported.fields)


def _select(imported: ImportedFile, names: Sequence[str]) -> str:
    """Return the query for the records that may have a key of the file, in any case."""
    columns = ", ".join(quote_identifier(name) for name in names)
    sql = f"SELECT {columns} FROM {quote_identifier(imported.entity)}"  # noqa: S608 — names are quoted
    keys = dict.fromkeys(row.key for row in imported.rows if row.key is not None)
    if len(keys) > _FEW_KEYS:
        return sql
    key = quote_identifier(imported.key or EXTERNAL_ID)
    if imported.key in {None, EXTERNAL_ID}:
        values = ", ".join(quote_text(one) for one in keys)
        return f"{sql} WHERE {key} IN ({values})" if keys else f"{sql} LIMIT 0"
    kinds = {
        (field.type or "").casefold() for field in imported.fields if field.name == imported.key
    }
    if not kinds <= {"email", "text", "url"}:
        return sql
    alike = " OR ".join(f"{key} ILIKE {_quote_pattern(one)}" for one in keys)
    return f"{sql} WHERE {alike}" if keys else f"{sql} LIMIT 0"


def _quote_pattern(text: str) -> str:
    """Return a pattern that is the text alone; one that would need an escape gets a wildcard."""
    return quote_text(text.replace("%", "_").replace("\\", "_"))


def _to_record(entity: str, names: Sequence[str], row: OutputRow) -> Record:
    values = dict(zip(names, row, strict=True))
    external_id = str(values.pop(EXTERNAL_ID))
    return Record(entity, external_id, values)
