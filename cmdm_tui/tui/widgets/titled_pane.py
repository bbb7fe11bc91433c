"""Panes with a border whose titles change often."""

from collections.abc import Callable
from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import TabbedContent

from cmdm_tui.tui.widgets.changed_text import Words, set_subtitle, set_title


class _Titled(Widget):
    """Paints the line of a title that is another one, and no more of the pane."""

    _titled_line: int | None = None
    """The line of the pane whose title is being set."""

    def show_titles(self, title: Content, subtitle: Content) -> None:
        """Show the title above and the subtitle below; both are safe texts."""
        self._show(set_title, title, 0)
        self._show(set_subtitle, subtitle, self.outer_size.height - 1)

    def _show(self, set_words: Callable[[Widget, Words], bool], words: Content, line: int) -> None:
        self._titled_line = line
        try:
            set_words(self, words)
        finally:
            self._titled_line = None

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint the pane again: the line of a title, where this alone was set."""
        if self._titled_line is not None:
            left, top = self.content_offset
            regions = (Region(-left, self._titled_line - top, self.outer_size.width, 1),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TitledPane(_Titled, Vertical):
    """A pane with a border, of which other titles paint the border's lines and no more."""


class TitledTabs(_Titled, TabbedContent):
    """Tabs in a border, of which other titles paint the border's lines and no more."""
