"""Turns a result into what is written: a table, an expanded display, JSON, or words."""

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from cmdm_tui.formats import OutputStyle, create_writer
from cmdm_tui.repl.json_text import escaped, pretty
from cmdm_tui.repl.results import Grid, OneRecord, RecordList, Result, Rows, Words, as_grid
from cmdm_tui.repl.settings import Settings
from cmdm_tui.text import visible

if TYPE_CHECKING:
    from cmdm_tui.formats import Format as OutputFormat

_WRITTEN = frozenset({"vertical", "jsonl", "csv", "tsv", "markdown"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What to write: text that is safe, or bytes exactly as they came; and what to tell beside."""

    content: str | bytes
    notes: tuple[str, ...] = ()


def render(
    result: Result, settings: Settings, *, width: int | None, is_terminal: bool, has_colours: bool
) -> Shown:
    """Return the result in the format that is set; `width` None cuts nothing.

    Where no terminal reads it, JSON stays as it came, byte for byte.
    """
    if isinstance(result, Words):
        return Shown(result.text)
    form = settings.format
    if form in _WRITTEN and isinstance(result, RecordList | OneRecord | Rows):
        look = OutputStyle(is_terminal, width, has_colours)
        return _written(as_grid(result), cast("OutputFormat", form), look)
    wants_table = form == "table" or (form == "auto" and is_terminal)
    if not wants_table:
        return Shown(_as_json(result, is_terminal=is_terminal))
    if not isinstance(result, RecordList | OneRecord | Rows):
        body = result.response.body
        return Shown(pretty(body) or visible(body.decode("utf-8", "replace"), keep_lines=True))
    from cmdm_tui.repl.tables import expanded, table

    grid = as_grid(result)
    is_single = isinstance(result, OneRecord)
    if settings.expanded == "on" or (settings.expanded == "auto" and is_single):
        return Shown(expanded(grid, width=width, has_colours=has_colours))
    text, left_out = table(grid, width=width, has_colours=has_colours)
    if not left_out:
        return Shown(text)
    total = len(grid.columns)
    note = (
        f"{total - left_out} of {total} columns fit; \\x shows all of them"
        f"{', fields= asks for some' if isinstance(result, RecordList) else ''}."
    )
    return Shown(text, (note,))


def _written(grid: Grid, form: "OutputFormat", look: OutputStyle) -> Shown:
    sink = io.BytesIO()
    writing = create_writer(form, sink, look)
    writing.begin([_Text(name) for name in grid.columns])
    writing.write_rows(grid.rows)
    writing.end()
    content = sink.getvalue()
    return Shown(content.decode("utf-8", "replace") if look.is_terminal else content, writing.notes)


@dataclass(frozen=True, slots=True)
class _Text:
    """A column of an answer, which says nothing of types."""

    name: str
    type: str = "VARCHAR"


def _as_json(result: Result, *, is_terminal: bool) -> str | bytes:
    if isinstance(result, Words):
        return result.text
    if isinstance(result, Rows):
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        text = json.dumps(rows, ensure_ascii=False)
        return escaped(text) if is_terminal else text.encode("utf-8", "replace")
    body = result.response.body
    if not is_terminal:
        return body
    return pretty(body) or visible(body.decode("utf-8", "replace"), keep_lines=True)
