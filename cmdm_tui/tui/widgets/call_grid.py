"""The grid of calls: the path takes all the room that the other columns leave."""

from cmdm_tui.tui.models.call_source import COLUMNS, LEAST_PATH
from cmdm_tui.tui.models.grid_geometry import GAP
from cmdm_tui.tui.widgets.grid import Grid

_SCROLLBAR = 1
"""Cells that are kept for the scroll bar, whether there is one or not."""
_GUTTER = 2
"""Cells before the first column."""
_OTHERS = sum(column.width + GAP for column in COLUMNS) - LEAST_PATH + _GUTTER


class CallGrid(Grid):
    """Shows a `CallSource`."""

    def on_resize(self) -> None:
        """Fit the path to the new width."""
        room = self.outer_size.width - _SCROLLBAR - _OTHERS
        self.apply_layout(self.column_layout.resize("path", max(room, LEAST_PATH)))
