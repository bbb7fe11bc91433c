"""A small app around a grid, and a source for it that tests change as they like."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.message import Message

from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import GridRow, SortKey, SourceColumn, SourceState, Tone
from cmdm_tui.tui.widgets.grid import Grid


@dataclass
class FakeRow:
    """A row of a list of values, the first of which is its key."""

    values: Sequence[object]
    revision: int = 0
    tones: dict[int, Tone] = field(default_factory=dict[int, Tone])

    @property
    def key(self) -> str:
        return str(self.values[0])

    def value(self, column: int) -> object:
        return self.values[column]

    def tone(self, column: int) -> Tone:
        return self.tones.get(column, Tone.NORMAL)


def columns(*names: str, width: int = 8) -> list[SourceColumn]:
    """Return columns of these names, the first a key; those that begin with `#` hold numbers."""
    return [
        SourceColumn(name, name, width, is_number=name.startswith("#"), is_key=place == 0)
        for place, name in enumerate(names)
    ]


@dataclass
class FakeSource:
    """Rows in a list, None for those that were not read."""

    columns: Sequence[SourceColumn]
    held: list[FakeRow | None] = field(default_factory=list[FakeRow | None])
    revision: int = 1
    order: tuple[SortKey, ...] = ()
    is_count_known: bool = True
    state: SourceState = SourceState.READY
    wanted: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    @property
    def row_count(self) -> int:
        return len(self.held)

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        return self.held[first : first + count]

    def position(self, key: str) -> int | None:
        places = (place for place, row in enumerate(self.held) if row and row.key == key)
        return next(places, None)

    def want_rows(self, first: int, count: int) -> None:
        self.wanted.append((first, count))

    def change(self, *rows: FakeRow | None) -> None:
        """Hold these rows from now on."""
        self.held = list(rows)
        self.revision += 1


def people(count: int, *, width: int = 8) -> FakeSource:
    """Return a source of that many rows: an id, a name, a city and a score."""
    rows = [FakeRow([f"ID{n}", f"Name {n}", f"City {n}", n]) for n in range(count)]
    return FakeSource(columns("Id", "Name", "City", "#Score", width=width), [*rows])


class MillionRow:
    """A row of the large source, made when it is asked for."""

    revision = 0

    def __init__(self, position: int) -> None:
        self.position = position

    @property
    def key(self) -> str:
        return f"ID{self.position}"

    def value(self, column: int) -> object:
        return f"{self.position}/{column}"

    def tone(self, column: int) -> Tone:
        return Tone.NORMAL


class MillionRows(FakeSource):
    """A million rows of 400 columns, of which no row is held."""

    def __init__(self) -> None:
        super().__init__(columns(*(f"Column {n}" for n in range(400)), width=12))
        self.values_read = 0

    @property
    def row_count(self) -> int:
        return 1_000_000

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        return [MillionRow(n) for n in range(first, min(first + count, self.row_count))]

    def position(self, key: str) -> int | None:
        return int(key.removeprefix("ID"))


class CountingDriver(HeadlessDriver):
    """A terminal that nobody sees, and that counts what is written to it."""

    written: str = ""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += data


class GridApp(App[None]):
    """A grid and nothing else; keeps what it reports."""

    def __init__(
        self, source: FakeSource | None = None, layout: ColumnLayout | None = None
    ) -> None:
        super().__init__(driver_class=CountingDriver)
        self.shown, self.layout_shown = source, layout
        self.reported: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Grid()

    def on_mount(self) -> None:
        self.grid.focus()
        if self.shown is not None:
            self.grid.show(self.shown, self.layout_shown)

    @property
    def grid(self) -> Grid:
        return self.screen.query_one(Grid)

    def lines(self) -> list[str]:
        """Return what the terminal shows, line by line, without colours."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def reports(self, kind: type[Message]) -> list[Message]:
        return [report for report in self.reported if isinstance(report, kind)]

    def on_grid_cursor_moved(self, event: Grid.CursorMoved) -> None:
        self.reported.append(event)

    def on_grid_row_opened(self, event: Grid.RowOpened) -> None:
        self.reported.append(event)

    def on_grid_column_pressed(self, event: Grid.ColumnPressed) -> None:
        self.reported.append(event)

    def on_grid_rows_in_sight(self, event: Grid.RowsInSight) -> None:
        self.reported.append(event)

    def on_grid_marks_changed(self, event: Grid.MarksChanged) -> None:
        self.reported.append(event)

    def on_grid_layout_changed(self, event: Grid.LayoutChanged) -> None:
        self.reported.append(event)
