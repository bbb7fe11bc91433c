"""The properties of one record, a label and a value each: as many lines as the value takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cmdm_tui.formats.cell_text import settle_width
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.changed_cells import find_changed_cells
from cmdm_tui.tui.models.record_properties import RecordProperty, find_property
from cmdm_tui.tui.widgets.cells import format_whole

_MAX_NAME = 20
_GAP = 2
_BOLD = Style(bold=True)


@dataclass
class _Layout:
    """The values as lines, for one width: line `n` of the list is `lines[n]`.

    A line is the number of its property, and of the line within its value. `starts` are the lines
    at which the properties begin.
    """

    width: int
    lines: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    starts: list[int] = field(default_factory=list[int])
    wrapped: dict[int, Sequence[Text]] = field(default_factory=dict[int, Sequence[Text]])
    """The lines of the values that take more than one."""


class _Line(NamedTuple):
    """What one line shows: a label of the width of all labels, blank below the first, a value."""

    label: str
    has_cursor: bool
    value: Text


class PropertyList(Widget, can_focus=True):
    """Shows a record whole. Only the lines in sight are drawn: a record may have thousands.

    One property has the cursor: what it is can be read below the list, and what it names opened.
    """

    DEFAULT_CSS = "PropertyList { height: auto; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"properties--cursor", "properties--hint"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="record.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="record.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="record.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="record.page_down"),
        Binding("home,g", "first", "First", show=False, id="record.first"),
        Binding("end,G", "last", "Last", show=False, id="record.last"),
        Binding(
            "enter", "follow", "Follow", show=False, id="record.follow",
            tooltip="Open the record that this field names",
        ),
    ]  # fmt: skip

    @dataclass
    class CursorMoved(Message):
        """A key, the mouse or a search has moved the cursor to another property."""

        shown: RecordProperty | None

    @dataclass
    class Followed(Message):
        """A property was chosen that names a record."""

        shown: RecordProperty

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._properties: Sequence[RecordProperty] = ()
        self._names: list[str] = []
        self._values: list[Text] = []
        self._name_width = 0
        self._cursor = 0
        self._layout_of_width: _Layout | None = None
        self._base_style: Style | None = None

    @property
    def enter_label(self) -> str:
        """What Enter does: it opens the record that the field under the cursor names, if any."""
        shown = self.current
        return "Follow" if shown is not None and shown.link is not None else ""

    @property
    def current(self) -> RecordProperty | None:
        """The property under the cursor."""
        return self._properties[self._cursor] if self._properties else None

    def show_properties(self, properties: Sequence[RecordProperty]) -> None:
        """Show these properties, the cursor on the field that had it where that is among them.

        Only the cells that differ are painted again, unless the list needs another height.
        """
        width, current = self.size.width, self.current
        before = self._list_lines(width)
        self._properties = properties
        self._names = [settle_width(one_line(shown.label, _MAX_NAME)) for shown in properties]
        self._values = [self._format(shown) for shown in properties]
        self._name_width = min(max(map(cell_len, self._names), default=0), _MAX_NAME)
        names = [shown.name for shown in properties]
        self._cursor = names.index(current.name) if current and current.name in names else 0
        self._layout_of_width = None
        after = self._list_lines(width)
        if self._find_height(len(after)) != self.size.height:
            self.refresh(layout=True)
        else:
            for y, (old, new) in enumerate(zip_longest(before, after)):
                if old != new:
                    self.refresh(_find_changed_region(old, new, y, width))

    def _list_lines(self, width: int) -> list[_Line]:
        """Return what each line shows."""
        layout = self._lay_out(width)
        return [self._read_line(layout, y) for y in range(len(layout.lines))]

    def _read_line(self, layout: _Layout, y: int) -> _Line:
        place, number = layout.lines[y]
        name = self._names[place] if number == 0 else ""
        value = layout.wrapped[place][number] if place in layout.wrapped else self._values[place]
        return _Line(set_cell_size(name, self._name_width), place == self._cursor, value)

    def _find_height(self, lines: int) -> int:
        """Return the height in lines: at least that of the pane."""
        room = self.parent.content_size.height if isinstance(self.parent, Widget) else 0
        return max(lines, room)

    def find(self, words: str, *, is_next: bool = False) -> bool:
        """Move the cursor to the first property that the words match, from the cursor on."""
        start = self._cursor + is_next
        place = find_property(self._properties, words, start % max(len(self._properties), 1))
        if place is not None:
            self._move_to(place)
        return place is not None

    def action_move(self, by: int) -> None:
        """Move the cursor by some properties; within a long value, first scroll to its end."""
        if not self._scroll_value(by):
            self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in sight; within a long value, scroll by it."""
        layout = self._lay_out(self.size.width)
        if layout.lines:
            room = self.parent.size.height if isinstance(self.parent, Widget) else 1
            if self._scroll_value(by * max(room - 1, 1)):
                return
            line = layout.starts[self._cursor] + by * max(room - 1, 1)
            place, _ = layout.lines[min(max(line, 0), len(layout.lines) - 1)]
            self._move_to(place if place != self._cursor else self._cursor + by)

    def action_first(self) -> None:
        """Move the cursor to the first property."""
        self._move_to(0)

    def action_last(self) -> None:
        """Move the cursor to the last property."""
        self._move_to(len(self._properties) - 1)

    def action_follow(self) -> None:
        """Report that the property under the cursor was chosen, where it names a record."""
        current = self.current
        if current is not None and current.link is not None:
            self.post_message(self.Followed(current))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the property that was pressed; a second press follows it."""
        layout = self._lay_out(self.size.width)
        if 0 <= event.y < len(layout.lines):
            self._move_to(layout.lines[event.y][0])
            if event.chain > 1:
                self.action_follow()

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return the width of the whole pane."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return how many lines the properties take, and those of the pane below them."""
        return max(len(self._lay_out(width).lines), container.height)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._show_cursor()

    def on_blur(self) -> None:
        """Show the cursor no more."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line, with the label where a value begins."""
        width = self.size.width
        layout = self._lay_out(width)
        if self._base_style is None:
            self._base_style = self.rich_style
        if y >= len(layout.lines):
            return Strip.blank(width, self._base_style)
        shown = self._read_line(layout, y)
        style = self._console.get_style(shown.value.style)
        label = Segment(shown.label + " " * _GAP, _BOLD)
        line = list(Segment.apply_style(shown.value.render(self._console), style))
        line = Segment.adjust_line_length(line, width - self._name_width - _GAP, style)
        strip = Strip([label, *line]).adjust_cell_length(width)
        if shown.has_cursor and self.has_focus:
            strip = strip.apply_style(self.get_component_rich_style("properties--cursor"))
        return strip.apply_style(self._base_style)

    def notify_style_update(self) -> None:
        """Draw all lines in the new style."""
        super().notify_style_update()
        self._base_style = None

    @property
    def _console(self) -> Console:
        return self.app.console  # pyright: ignore[reportUnknownMemberType]

    def _format(self, shown: RecordProperty) -> Text:
        value = format_whole(None if shown.value is None else shown.text)
        if shown.hint:
            hint = self.get_component_rich_style("properties--hint", partial=True)
            value = Text.assemble(value, " ", (shown.hint, hint), overflow="fold")
        return value

    def _move_to(self, place: int) -> None:
        place = min(max(place, 0), len(self._properties) - 1)
        if place >= 0 and place != self._cursor:
            self._cursor = place
            self.refresh()
            self.post_message(self.CursorMoved(self.current))
        self._show_cursor()

    def _scroll_value(self, by: int) -> bool:
        """Scroll by some lines within the value with the cursor, if more of it is that way.

        Return whether there was more.
        """
        pane = self.parent
        if not self._properties or not isinstance(pane, Widget):
            return False
        layout = self._lay_out(self.size.width)
        start, end = [*layout.starts, len(layout.lines)][self._cursor : self._cursor + 2]
        top, height = pane.scroll_offset.y, pane.size.height
        if by > 0 and top < end and end > top + height > start:
            line = min(top + by, end - height)
        elif by < 0 and start < top < end:
            line = max(top + by, start)
        else:
            return False
        pane.scroll_to(y=line, animate=False, force=True, immediate=True)
        return True

    def _show_cursor(self) -> None:
        """Scroll the property under the cursor into sight: its beginning where it is long."""
        layout = self._lay_out(self.size.width)
        self.refresh()
        if self._properties and isinstance(self.parent, Widget):
            end = [*layout.starts, len(layout.lines)][self._cursor + 1]
            start = layout.starts[self._cursor]
            height = min(end - start, max(self.parent.size.height, 1))
            region = Region(0, start, self.size.width, height)
            self.parent.scroll_to_region(region, animate=False, force=True)

    def _lay_out(self, width: int) -> _Layout:
        if self._layout_of_width is None or self._layout_of_width.width != width:
            self._layout_of_width = self._build_layout(width)
        return self._layout_of_width

    def _build_layout(self, width: int) -> _Layout:
        layout = _Layout(width)
        room = max(width - self._name_width - _GAP, 1)
        for place, value in enumerate(self._values):
            layout.starts.append(len(layout.lines))
            if "\n" in value.plain or cell_len(value.plain) > room:
                layout.wrapped[place] = list(value.wrap(self._console, room, overflow="fold"))
            count = len(layout.wrapped.get(place, (value,)))
            layout.lines += [(place, number) for number in range(count)]
        return layout


def _find_changed_region(old: _Line | None, new: _Line | None, y: int, width: int) -> Region:
    """Return where the line at that height differs from the one before; None for no line."""
    if old is None or new is None or old[:2] != new[:2]:
        return Region(0, y, width, 1)
    cells = find_changed_cells(old.value, new.value)
    return Region(cell_len(new.label) + _GAP + cells.start, y, len(cells), 1)
