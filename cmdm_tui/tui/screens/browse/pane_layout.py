"""Lays the panes of the main screen out: folds them away, and makes them wider or narrower."""

from collections.abc import Callable
from dataclasses import replace

from textual.screen import Screen
from textual.widget import Widget

from cmdm_tui.tui.models.pane_sizes import PaneSizes, SidePane

_STEP = 4
"""Cells by which a key makes a pane wider or narrower."""

WIDE, NARROW, SLIM = "-wide", "-narrow", "-slim"
"""Classes of the screen: all panes side by side, two of them, or one alone."""

BREAKPOINTS: list[tuple[int, str]] = [(0, SLIM), (60, NARROW), (110, WIDE)]
"""From which width on in cells a screen has the class."""

RECORD_OPEN, ENTITIES_OPEN = "-record-open", "-entities-open"
_RECORD_FOLDED, _ENTITIES_FOLDED = "-record-folded", "-entities-folded"


class PaneLayout:
    """The widths of `entities` and `record` next to the records of a screen.

    `keep` is called with what a person has chosen, to keep it for the next run.
    """

    def __init__(
        self, screen: Screen[None], sizes: PaneSizes, keep: Callable[[PaneSizes], None]
    ) -> None:
        self._screen = screen
        self._keep = keep
        self._dragged: SidePane | None = None
        self._widths: dict[SidePane, int | None] = {"entities": None, "record": None}
        """The widths that were applied; None for that of the style sheet."""
        self.sizes = sizes

    def apply(self) -> None:
        """Show the panes as they were chosen, as far as the screen is wide enough."""
        screen, sizes = self._screen, self.sizes
        screen.set_class(sizes.folds_entities, _ENTITIES_FOLDED)
        screen.set_class(sizes.folds_record, _RECORD_FOLDED)
        is_alone: dict[SidePane, bool] = {
            "entities": screen.has_class(SLIM),
            "record": not screen.has_class(WIDE),
        }
        for pane, alone in is_alone.items():
            width = None if alone else sizes.width(pane)
            if width == self._widths[pane]:
                continue  # an equal one would be laid out again
            self._widths[pane] = width
            styles = self._widget(pane).styles
            styles.width = width
            styles.min_width = None if width is None else 0
            styles.max_width = None if width is None else "60%"

    def fold(self, pane: SidePane, *, is_folded: bool) -> None:
        """Fold a pane away, or unfold it."""
        self._take(self.sizes.fold(pane, is_folded=is_folded))

    def can_resize(self, pane: SidePane) -> bool:
        """Return whether a pane is next to the records, so that its width can be chosen."""
        return self._widget(pane).display and self._records.display

    def widen(self, pane: SidePane, steps: int) -> None:
        """Make a pane wider by some steps, or narrower where these are negative."""
        self._resize(pane, self._widget(pane).outer_size.width + steps * _STEP)

    def _resize(self, pane: SidePane, width: int) -> None:
        room = self._widget(pane).outer_size.width + self._records.outer_size.width
        self._take(self.sizes.resize(pane, width, room))

    def start_drag(self, x: int, y: int) -> None:
        """Take hold of the border between a pane and the records, if it is at this place."""
        for pane in ("entities", "record"):
            region = self._widget(pane).region
            edge = region.right - 1 if pane == "entities" else region.x
            if self.can_resize(pane) and x == edge and region.y <= y < region.bottom:
                self._dragged = pane
                self._widget(pane).capture_mouse()

    def drag(self, x: int) -> None:
        """Move the border that is held to this column."""
        if self._dragged is not None:
            region = self._widget(self._dragged).region
            is_left = self._dragged == "entities"
            self._resize(self._dragged, x + 1 - region.x if is_left else region.right - x)

    def end_drag(self) -> None:
        """Let go of the border."""
        if self._dragged is not None:
            self._widget(self._dragged).release_mouse()
            self._dragged = None

    def reset_widths(self) -> None:
        """Make every pane as wide as it is at first."""
        self._take(replace(self.sizes, entities=None, record=None))

    def _take(self, sizes: PaneSizes) -> None:
        if sizes != self.sizes:
            self.sizes = sizes
            self.apply()
            self._keep(sizes)

    @property
    def _records(self) -> Widget:
        return self._screen.query_one("#panel", Widget)

    def _widget(self, pane: SidePane) -> Widget:
        return self._screen.query_one(f"#{pane}", Widget)
