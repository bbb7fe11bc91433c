"""An editor of SQL: colours, the place of a fault, completion; its text is always safe to show."""

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, TextAreaTheme

from cmdm_tui.query.completion.offers import Offer
from cmdm_tui.query.sql_highlight import SqlPart, highlight_sql
from cmdm_tui.text import visible
from cmdm_tui.tui.models.query_text import Place

_THEME = "cmdm-sql"
_FAULT = "fault"
_COLOURS = {
    SqlPart.KEYWORD: "text-primary",
    SqlPart.TEXT: "text-success",
    SqlPart.NUMBER: "text-accent",
    SqlPart.NAME: "text-secondary",
}
"""The variables of the application's theme that give each part its colour."""

_LEFT_OUT = {"ctrl+w", "f6", "f7"}
"""Keys of Textual's text area that the screen has for other things."""


def safe_sql(text: str) -> tuple[str, int]:
    """Return SQL as it may be shown, and how many characters had to be put into words for that."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    safe = visible(text, keep_lines=True)
    return safe, sum(visible(one) != one for one in text if one != "\n")


class SqlEditor(TextArea, inherit_bindings=False):
    """Edits SQL. What a terminal would act on is put into words when it comes in.

    Completion is shown by another widget: it gets `CompletionWanted`, and `completion_keys` are
    passed on to it while it is open.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            one
            for one in TextArea.BINDINGS
            if isinstance(one, Binding) and not _LEFT_OUT & set(one.key.split(","))
        ),
        Binding(
            "ctrl+@,ctrl+space",
            "complete",
            "Complete",
            id="sql-editor.complete",
            show=False,
            tooltip="Offer names and words here",
        ),
        Binding("ctrl+backspace,alt+backspace", "delete_word_left", "Delete word", show=False),
    ]

    @dataclass
    class CompletionWanted(Message):
        """The text or the cursor is another: what is offered may be too."""

        is_asked: bool

    @dataclass
    class CompletionKey(Message):
        """A key for the list of offers, which is open."""

        key: str

    @dataclass
    class TextReplaced(Message):
        """Characters that a terminal would act on were put into words."""

        count: int

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002
        self._fault: Place | None = None
        safe, _ = safe_sql(text)
        super().__init__(safe, id=id, soft_wrap=True, show_line_numbers=False, compact=True)
        self.completion_keys: frozenset[str] = frozenset()
        """The keys that the list of offers takes while it is open."""

    def on_mount(self) -> None:
        """Take the colours of the application's theme."""
        self.register_theme(TextAreaTheme(_THEME))
        self.theme = _THEME

    @property
    def text_before(self) -> str:
        """The text before the cursor."""
        return self.get_text_range((0, 0), self.cursor_location)

    @property
    def text_behind(self) -> str:
        """The text after the cursor."""
        return self.get_text_range(self.cursor_location, self.document.end)

    def replace_text(self, text: str) -> None:
        """Put another text in place of all, so that it can be taken back; the cursor is behind it.

        Says so where characters had to be put into words.
        """
        result = self.replace(text, (0, 0), self.document.end)
        self.move_cursor(result.end_location)

    def insert_offer(self, word: str, offer: Offer) -> None:
        """Put an offer in place of the word before the cursor."""
        row, column = self.cursor_location
        self.replace(offer.text, (row, max(column - len(word), 0)), (row, column))

    def mark_fault(self, place: Place | None) -> None:
        """Underline the word at that place, none with None."""
        if place != self._fault:
            self._fault = place
            self._build_highlight_map()
            self.refresh()

    def edit(self, edit: Edit) -> EditResult:
        """Make an edit, its text made safe first."""
        edit.text, count = safe_sql(edit.text)
        if count:
            self.post_message(self.TextReplaced(count))
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        """Begin with another text, made safe first."""
        safe, count = safe_sql(text)
        if count:
            self.post_message(self.TextReplaced(count))
        super().load_text(safe)

    def action_complete(self) -> None:
        """Ask for what is offered at the cursor."""
        self.post_message(self.CompletionWanted(is_asked=True))

    async def _on_key(self, event: events.Key) -> None:
        if event.key in self.completion_keys:
            event.stop()
            event.prevent_default()
            self.post_message(self.CompletionKey(event.key))
            return
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            self._complete_or_indent()
            return
        await super()._on_key(event)

    def _complete_or_indent(self) -> None:
        """Ask for completion behind a word; elsewhere insert spaces to the next tab stop."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        if before.strip():
            self.action_complete()
        else:
            self.insert(" " * (4 - column % 4))

    def _build_highlight_map(self) -> None:
        # Textual reads colours from the tree of another parser here; these are of its own kind.
        self._line_cache.clear()  # pyright: ignore[reportUnknownMemberType]
        highlights = self._highlights
        highlights.clear()
        text = self.document.text
        starts = [0]
        for line in self.document.lines:
            starts.append(starts[-1] + len(line) + 1)
        row = 0
        for start, end, part in highlight_sql(text):
            while starts[row + 1] <= start:
                row += 1
            self._add_highlight(starts, row, (start, end), str(part))
        self._highlight_fault()

    def _add_highlight(self, starts: list[int], row: int, span: tuple[int, int], name: str) -> None:
        """Give each line of a part its colour; Textual counts in bytes."""
        start, end = span
        while row < self.document.line_count and starts[row] < end:
            line = self.document.get_line(row)
            first, last = max(start - starts[row], 0), min(end - starts[row], len(line))
            if last > first:
                begin = len(line[:first].encode())
                self._highlights[row].append((begin, begin + len(line[first:last].encode()), name))
            row += 1

    def _highlight_fault(self) -> None:
        fault = self._fault
        if fault is None or fault[0] >= self.document.line_count:
            return
        line = self.document.get_line(fault[0])
        start = min(fault[1], max(len(line) - 1, 0))
        end = start + 1
        while end < len(line) and (line[end].isalnum() or line[end] == "_"):
            end += 1
        begin = len(line[:start].encode())
        self._highlights[fault[0]].append(
            (begin, begin + max(len(line[start:end].encode()), 1), _FAULT)
        )

    def _set_theme(self, theme: str) -> None:
        if self.is_attached:
            self._themes[_THEME] = TextAreaTheme(_THEME, syntax_styles=self._make_styles())
        super()._set_theme(theme)

    def _make_styles(self) -> dict[str, Style]:
        variables = self.app.theme_variables  # pyright: ignore[reportUnknownMemberType]
        styles = {
            str(part): Style(color=Color.parse(variables[name]).rich_color)
            for part, name in _COLOURS.items()
            if not variables.get(name, "auto").startswith("auto")
        }
        styles[SqlPart.KEYWORD] = styles.get(SqlPart.KEYWORD, Style()) + Style(bold=True)
        styles[SqlPart.COMMENT] = Style(italic=True, dim=True)
        styles[_FAULT] = Style(underline=True, bold=True)
        return styles
