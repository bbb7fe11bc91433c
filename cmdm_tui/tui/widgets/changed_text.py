"""Sets texts and titles only where they differ: Textual paints an equal one again."""

from rich.text import Text
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

Words = str | Text | Content
"""A safe text; a `str` is shown as it is, markup and all."""


def set_text(widget: Static, words: Words) -> bool:
    """Show a text in place of another; return whether it is another.

    A line that is never wrapped is painted without a new layout, where its width is not its own or
    it is as wide as the one before.
    """
    before, now = widget.content, _content_of(words)
    former = _content_of(before) if isinstance(before, str | Text | Content) else None
    if former is not None and former.is_same(now):
        return False
    is_line = widget.styles.text_wrap == "nowrap" and "\n" not in now.plain
    is_as_wide = former is not None and former.cell_length == now.cell_length
    has_room = is_as_wide or not widget.styles.is_auto_width
    widget.update(now, layout=not (is_line and has_room))
    return True


def set_title(widget: Widget, words: Words) -> bool:
    """Show a title in the upper border; return whether it is another."""
    title = _content_of(words)
    if (widget.border_title or "") == title.markup:
        return False
    widget.border_title = title
    return True


def set_subtitle(widget: Widget, words: Words) -> bool:
    """Show a title in the lower border; return whether it is another."""
    title = _content_of(words)
    if (widget.border_subtitle or "") == title.markup:
        return False
    widget.border_subtitle = title
    return True


def _content_of(words: Words) -> Content:
    if isinstance(words, str):
        return Content(words)
    return Content.from_rich_text(words) if isinstance(words, Text) else words
