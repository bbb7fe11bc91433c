"""What a statement gives: records, a document, a table of what the program knows, or words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from cmdm_tui.api import MalformedResponse, Page, Record, Response
from cmdm_tui.api.decode import read_json, read_page, read_record
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.repl.raw_call import path_segments

EXTERNAL_ID = "ExternalID"


class RecordList(Struct, frozen=True):
    """Many records, or the fields of an entity, which come in the same shape."""

    noun: Literal["record", "field"]
    entity: str
    page: Page
    response: Response


class OneRecord(Struct, frozen=True):
    """A single record."""

    record: Record
    response: Response


class AnswerDocument(Struct, frozen=True):
    """Any other answer: JSON, or text that is none."""

    response: Response


InfoCell = str | int | bool | tuple[str, ...] | None


class InfoTable(Struct, frozen=True):
    """What the program itself knows, as columns and rows; None is what is not known."""

    columns: tuple[str, ...]
    rows: tuple[tuple[InfoCell, ...], ...]


class InfoText(Struct, frozen=True):
    """Text for a person."""

    text: str


AnswerResult = RecordList | OneRecord | AnswerDocument
StatementResult = AnswerResult | InfoTable | InfoText


class TableContent(Struct, frozen=True):
    """Named columns and rows of values: what both a table and an expanded display are made of."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def read_answer(answer: Response) -> AnswerResult:
    """Return what an answer holds, by its shape; what has none of the known ones is a document."""
    call = CallInfo(answer.number, answer.method, answer.path)
    path = path_segments(answer.path)
    try:
        content = read_json(answer, call)
    except MalformedResponse:
        return AnswerDocument(answer)
    is_field_list = len(path) == 2 and path[1].casefold() == "fields"
    # The key of a list is its entity's name, or Field for the list of fields (`api.md`).
    key = "Field" if is_field_list else path[0]
    try:
        if isinstance(content, dict) and "Properties" in content:
            return OneRecord(read_record(answer, call, path[0]), answer)
        page = read_page(answer, call, key, per_page=None, page=None)
    except MalformedResponse:
        return AnswerDocument(answer)
    return RecordList("field" if is_field_list else "record", path[0], page, answer)


def to_table_content(result: RecordList | OneRecord | InfoTable) -> TableContent:
    """Return the result's values under their columns, a record's external id first."""
    if isinstance(result, InfoTable):
        return TableContent(
            result.columns, tuple(tuple(_format_cell(cell) for cell in row) for row in result.rows)
        )
    records = (result.record,) if isinstance(result, OneRecord) else result.page.records
    names = _property_names(record.properties for record in records)
    rows = tuple(
        (record.external_id, *(record.properties.get(name) for name in names)) for record in records
    )
    return TableContent((EXTERNAL_ID, *names), rows)


def _property_names(properties: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    return list(dict.fromkeys(name for one in properties for name in one))


def _format_cell(cell: InfoCell) -> Any:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, tuple):
        return ", ".join(cell)
    return "" if cell is None else cell
