"""How the columns of a source are laid out: their order, widths, which are hidden or pinned.

A layout holds what a person chose, by the names of columns, and is kept for a profile and entity.
Columns that it does not name follow in the source's order; names that the source lacks wait until
it has them, so nothing chosen is lost while a source knows only some of its columns.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmdm_tui.tui.models.row_source import GridRow, SourceColumn

MIN_WIDTH, MAX_WIDTH = 1, 200
"""The narrowest and the widest column, in cells."""

WIDTH_STEP = 4
"""Cells by which a key makes a column wider or narrower."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column as it is shown: the source's, at `index` there, with the chosen width in cells."""

    source: SourceColumn
    index: int
    width: int
    is_pinned: bool

    @property
    def name(self) -> str:
        """What identifies the column in its source; untrusted."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """What was chosen for columns, by name. It never changes: each method returns another one.

    `pinned` is None while nothing was pinned or unpinned: then the columns that are keys are.
    """

    order: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    pinned: frozenset[str] | None = None
    widths: Mapping[str, int] = field(default_factory=dict[str, int])
    hide_empty: bool = False
    """Whether columns without any value are left out."""

    def arrange(
        self, columns: Sequence[SourceColumn], empty: Collection[str] = ()
    ) -> tuple[GridColumn, ...]:
        """Return the columns to show, the pinned first; the `empty` ones go with `hide_empty`.

        At least one column stays where the source has any.
        """
        ordered = self.list_columns(columns)
        left_out = {*self.hidden, *(empty if self.hide_empty else ())}
        shown = [column for column in ordered if column.name not in left_out] or ordered[:1]
        return tuple(sorted(shown, key=lambda column: not column.is_pinned))

    def list_columns(self, columns: Sequence[SourceColumn]) -> list[GridColumn]:
        """Return all columns in the order chosen, hidden ones included."""
        places = {name: place for place, name in enumerate(self.order)}
        listed = [
            GridColumn(
                column,
                index,
                clamp_width(self.widths.get(column.name, column.width)),
                column.is_key if self.pinned is None else column.name in self.pinned,
            )
            for index, column in enumerate(columns)
        ]
        return sorted(listed, key=lambda column: places.get(column.name, len(places)))

    def move(self, columns: Sequence[SourceColumn], name: str, by: int) -> "ColumnLayout":
        """Move a column by `by` columns to the right, to the left where it is negative.

        Hidden columns are not counted; a pinned column stays among the pinned ones.
        """
        shown = [column.name for column in self.arrange(columns)]
        if name not in shown:
            return self
        place = shown.index(name)
        shown.insert(min(max(place + by, 0), len(shown) - 1), shown.pop(place))
        names = iter(shown)
        moved = set(shown)
        every = [column.name for column in self.list_columns(columns)]
        known = set(every)
        every += [other for other in self.order if other not in known]
        order = tuple(next(names) if other in moved else other for other in every)
        return replace(self, order=order)

    def hide(self, *names: str) -> "ColumnLayout":
        """Leave these columns out."""
        return replace(self, hidden=self.hidden | set(names))

    def show(self, *names: str) -> "ColumnLayout":
        """Show these columns again."""
        return replace(self, hidden=self.hidden - set(names))

    def resize(self, name: str, width: int) -> "ColumnLayout":
        """Give a column this width in cells, within bounds."""
        return replace(self, widths={**self.widths, name: clamp_width(width)})

    def widen(self, column: SourceColumn | GridColumn, by: int = WIDTH_STEP) -> "ColumnLayout":
        """Make a column wider by `by` cells, narrower where it is negative.

        A column as it is shown is changed from the width that it has there.
        """
        width = column.width
        if isinstance(column, SourceColumn):
            width = self.widths.get(column.name, width)
        return self.resize(column.name, width + by)

    def toggle_pin(self, columns: Sequence[SourceColumn], name: str) -> "ColumnLayout":
        """Pin a column to the left, or let it scroll with the others again."""
        pinned = self.pinned
        if pinned is None:
            pinned = frozenset(column.name for column in columns if column.is_key)
        return replace(self, pinned=pinned ^ {name})

    def to_json(self) -> dict[str, object]:
        """Return it as plain JSON; what was not chosen is left out."""
        chosen: dict[str, object] = {
            "order": list(self.order),
            "hidden": sorted(self.hidden),
            "widths": dict(self.widths),
            "hide_empty": self.hide_empty,
        }
        kept = {name: value for name, value in chosen.items() if value}
        return kept if self.pinned is None else {**kept, "pinned": sorted(self.pinned)}

    @classmethod
    def from_json(cls, data: object) -> "ColumnLayout":
        """Return the layout that `to_json` made this of; parts that make no sense are left out."""
        if not isinstance(data, Mapping):
            return cls()
        saved: Mapping[object, object] = data  # pyright: ignore[reportUnknownVariableType]
        widths = saved.get("widths")
        sizes: Mapping[object, object] = widths if isinstance(widths, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]
        return cls(
            order=tuple(dict.fromkeys(_read_names(saved.get("order")))),
            hidden=frozenset(_read_names(saved.get("hidden"))),
            pinned=frozenset(_read_names(saved["pinned"])) if "pinned" in saved else None,
            widths={
                name: clamp_width(width)
                for name, width in sizes.items()
                if isinstance(name, str) and isinstance(width, int) and not isinstance(width, bool)
            },
            hide_empty=saved.get("hide_empty") is True,
        )


def clamp_width(width: int) -> int:
    """Return a width within the bounds of a column."""
    return min(max(width, MIN_WIDTH), MAX_WIDTH)


def list_filled(
    columns: Sequence[SourceColumn], rows: Iterable[GridRow | None], among: Collection[str]
) -> set[str]:
    """Return the names of the columns `among` these that have a value in any of the rows.

    Null and the empty text are no values.
    """
    places = [index for index, column in enumerate(columns) if column.name in among]
    filled: set[int] = set()
    for row in rows:
        if row is not None:
            filled.update(
                place
                for place in places
                if place not in filled and row.value(place) not in (None, "")
            )
    return {columns[place].name for place in filled}


def _read_names(value: object) -> list[str]:
    if not isinstance(value, list):
        return []
    names: list[object] = value  # pyright: ignore[reportUnknownVariableType]
    return [name for name in names if isinstance(name, str)]
