"""Turns untrusted values into what a terminal may show: the TUI's side of `text.py`."""

import json

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text
from textual.content import Content

from cmdm_tui.text import ELLIPSIS, one_line, visible

NOTHING = "–"
"""Stands for null, and for what is not known."""

_MAX_CELL = 200
"""Characters of a value that a cell takes; no column is as wide."""
_MAX_WHOLE = 20_000
"""Characters of a value that the record pane takes."""


def value_text(value: object) -> str:
    """Return a JSON value as text, not yet safe to show: texts as they are, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict) or value is None:
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def format_cell(value: object, *, is_number: bool = False) -> Text:
    """Return a value for one line of a table."""
    justify = "right" if is_number else "left"
    if value is None:
        return Text(NOTHING, style="dim", justify=justify, no_wrap=True)
    shown = one_line(value_text(value), _MAX_CELL)
    return Text(shown, justify=justify, no_wrap=True, overflow="ellipsis")


class Cell:
    """A value in a table, made into text only when it is seen: a table may hold many thousands."""

    __slots__ = ("is_number", "value")

    def __init__(self, value: object, *, is_number: bool = False) -> None:
        self.value = value
        self.is_number = is_number

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield format_cell(self.value, is_number=self.is_number)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, 1)  # columns have the widths that `columns.py` chose


def format_whole(value: object) -> Text:
    """Return a value for the record pane: its lines kept, cut only where it is beyond reading."""
    if value is None:
        return Text(NOTHING, style="dim")
    text = value_text(value)
    shown = Text(visible(text[:_MAX_WHOLE], keep_lines=True), overflow="fold")
    if len(text) > _MAX_WHOLE:
        shown.append(f" {ELLIPSIS} and {len(text) - _MAX_WHOLE:,} more characters", style="dim")
    return shown


def safe_line(value: str, limit: int | None = None) -> Content:
    """Return an untrusted text for a title, a label or an option: one safe line, no markup."""
    return Content(one_line(value, limit))


def format_count(value: int | None) -> str:
    """Return a count as it is shown, `–` where it is not known."""
    return NOTHING if value is None else f"{value:,}"


def format_counted(value: int, thing: str) -> str:
    """Return a count of things in words, such as `1 call` and `12 calls`."""
    return f"{value:,} {thing}" if value == 1 else f"{value:,} {thing}s"
