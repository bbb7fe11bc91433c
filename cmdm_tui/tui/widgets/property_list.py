"""The properties of one record, a name and a value each: as many lines as the value takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cmdm_tui.api import Record
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.columns import EXTERNAL_ID
from cmdm_tui.tui.widgets.cells import format_whole

_MAX_NAME = 20
_GAP = 2
_BOLD = Style(bold=True)


@dataclass
class _Layout:
    """The values as lines, for one width: line `n` of the list is `lines[n]`.

    A line is the number of its property, and of the line within its value.
    """

    width: int
    lines: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    wrapped: dict[int, Sequence[Text]] = field(default_factory=dict[int, Sequence[Text]])
    """The lines of the values that take more than one."""


class PropertyList(Widget):
    """Shows a record whole. Only the lines in sight are drawn: a record may have thousands."""

    DEFAULT_CSS = "PropertyList { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._names: list[str] = []
        self._values: list[Text] = []
        self._name_width = 0
        self._layout_of_width: _Layout | None = None

    def show_record(self, record: Record | None) -> None:
        """Show the properties of a record, or none."""
        properties = [] if record is None else [(EXTERNAL_ID, record.external_id)]
        properties += [] if record is None else record.properties.items()
        names = [one_line(name, _MAX_NAME) for name, _ in properties]
        values = [format_whole(value) for _, value in properties]
        if names == self._names and self._replace_values(values):
            return
        self._names, self._values = names, values
        self._name_width = min(max(map(cell_len, self._names), default=0), _MAX_NAME)
        self._layout_of_width = None
        self.refresh(layout=True)

    def _replace_values(self, values: list[Text]) -> bool:
        """Put other values in place, and paint only those lines again that differ.

        Return False, with nothing changed, where the values take other lines than before.
        """
        before, old = self._layout_of_width, self._values
        if before is None:
            return False
        layout = self._build_layout(before.width, values)
        if layout.lines != before.lines:
            return False
        self._values, self._layout_of_width = values, layout
        for y, (place, _) in enumerate(layout.lines):
            if values[place] != old[place]:
                self.refresh(Region(0, y, self.size.width, 1))
        return True

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return the width of the whole pane."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return how many lines the properties take."""
        return len(self._lay_out(width).lines)

    def render_line(self, y: int) -> Strip:
        """Return one line, with the name where a value begins."""
        width = self.size.width
        layout = self._lay_out(width)
        if y >= len(layout.lines):
            return Strip.blank(width, self.rich_style)
        place, number = layout.lines[y]
        name = self._names[place] if number == 0 else ""
        value = layout.wrapped[place][number] if place in layout.wrapped else self._values[place]
        style = self._console.get_style(value.style)
        label = Segment(set_cell_size(name, self._name_width) + " " * _GAP, _BOLD)
        line = list(Segment.apply_style(value.render(self._console), style))
        line = Segment.adjust_line_length(line, width - self._name_width - _GAP, style)
        return Strip([label, *line]).adjust_cell_length(width).apply_style(self.rich_style)

    @property
    def _console(self) -> Console:
        return self.app.console  # pyright: ignore[reportUnknownMemberType]

    def _lay_out(self, width: int) -> _Layout:
        if self._layout_of_width is None or self._layout_of_width.width != width:
            self._layout_of_width = self._build_layout(width, self._values)
        return self._layout_of_width

    def _build_layout(self, width: int, values: Sequence[Text]) -> _Layout:
        layout = _Layout(width)
        room = max(width - self._name_width - _GAP, 1)
        for place, value in enumerate(values):
            if "\n" in value.plain or cell_len(value.plain) > room:
                layout.wrapped[place] = list(value.wrap(self._console, room, overflow="fold"))
            count = len(layout.wrapped.get(place, (value,)))
            layout.lines += [(place, number) for number in range(count)]
        return layout
