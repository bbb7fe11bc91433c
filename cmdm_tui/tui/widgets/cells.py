"""Untrusted values and names as Rich and Textual show them, made safe by `text.py`."""

from rich.text import Text
from textual.content import Content

from cmdm_tui.formats.cell_text import settle_width
from cmdm_tui.formats.value_text import NOTHING, value_text
from cmdm_tui.text import ELLIPSIS, one_line, visible

_MAX_WHOLE = 20_000
"""Characters of a value that the record pane takes."""


def format_whole(value: object) -> Text:
    """Return a value for the record pane: its lines kept, cut only where it is beyond reading."""
    if value is None:
        return Text(NOTHING, style="dim")
    text = value_text(value)
    lines = settle_width(visible(text[:_MAX_WHOLE], keep_lines=True))
    shown = Text(lines, overflow="fold")
    if len(text) > _MAX_WHOLE:
        shown.append(f" {ELLIPSIS} and {len(text) - _MAX_WHOLE:,} more characters", style="dim")
    return shown


def safe_line(value: str, limit: int | None = None) -> Content:
    """Return an untrusted text for a title, a label or an option: one safe line, no markup."""
    return Content(settle_width(one_line(value, limit)))
