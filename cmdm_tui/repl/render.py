"""Turns a result into what is written: a table, an expanded display, JSON, or words."""

import io
import json
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from cmdm_tui.formats import OutputStyle, create_writer
from cmdm_tui.formats.json_text import escape_json, format_json
from cmdm_tui.repl.result_types import (
    InfoTable,
    InfoText,
    OneRecord,
    RecordList,
    StatementResult,
    TableContent,
    to_table_content,
)
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.text import visible

if TYPE_CHECKING:
    from cmdm_tui.formats import Format as OutputFormat

_WRITER_FORMATS = frozenset({"vertical", "jsonl", "csv", "tsv", "markdown", "parquet", "xlsx"})


class RenderedResult(Struct, frozen=True):
    """What to write: text that is safe, or unchanged bytes; and notes to go with it."""

    content: str | bytes
    notes: tuple[str, ...] = ()


def render(
    result: StatementResult,
    settings: SessionSettings,
    *,
    width: int | None,
    is_terminal: bool,
    has_colours: bool,
) -> RenderedResult:
    """Return the result in the format that is set; `width` None cuts nothing.

    Where no terminal reads it, JSON stays unchanged, byte for byte.
    """
    if isinstance(result, InfoText):
        return RenderedResult(result.text)
    form = settings.format
    if form in _WRITER_FORMATS and isinstance(result, RecordList | OneRecord | InfoTable):
        look = OutputStyle(is_terminal, width, has_colours)
        return _write_format(to_table_content(result), cast("OutputFormat", form), look)
    wants_table = form == "table" or (form == "auto" and is_terminal)
    if not wants_table:
        return RenderedResult(_to_json(result, is_terminal=is_terminal))
    if not isinstance(result, RecordList | OneRecord | InfoTable):
        body = result.response.body
        return RenderedResult(
            format_json(body) or visible(body.decode("utf-8", "replace"), keep_lines=True)
        )
    from cmdm_tui.repl.tables import draw_expanded, draw_table

    content = to_table_content(result)
    is_single = isinstance(result, OneRecord)
    if settings.expanded == "on" or (settings.expanded == "auto" and is_single):
        return RenderedResult(draw_expanded(content, width=width, has_colours=has_colours))
    text, left_out = draw_table(content, width=width, has_colours=has_colours)
    if not left_out:
        return RenderedResult(text)
    if settings.expanded == "auto":
        return RenderedResult(draw_expanded(content, width=width, has_colours=has_colours))
    total = len(content.columns)
    note = (
        f"{total - left_out} of {total} columns fit; \\x shows all of them"
        f"{', fields= asks for some' if isinstance(result, RecordList) else ''}."
    )
    return RenderedResult(text, (note,))


def _write_format(content: TableContent, form: "OutputFormat", look: OutputStyle) -> RenderedResult:
    sink = io.BytesIO()
    writing = create_writer(form, sink, look)
    writing.begin([_TextColumn(name) for name in content.columns])
    writing.write_rows(content.rows)
    writing.end()
    written = sink.getvalue()
    return RenderedResult(
        written.decode("utf-8", "replace") if look.is_terminal else written, writing.notes
    )


class _TextColumn(Struct, frozen=True):
    """A column of an answer, which says nothing of types."""

    name: str
    type: str = "VARCHAR"


def _to_json(result: StatementResult, *, is_terminal: bool) -> str | bytes:
    if isinstance(result, InfoText):
        return result.text
    if isinstance(result, InfoTable):
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        text = json.dumps(rows, ensure_ascii=False)
        return escape_json(text) if is_terminal else text.encode("utf-8", "replace")
    body = result.response.body
    if not is_terminal:
        return body
    return format_json(body) or visible(body.decode("utf-8", "replace"), keep_lines=True)
