"""Sets the titles of a part's border only where they differ: equal ones would paint it again."""

from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

_NOTHING = Content("")


def set_titles(widget: Widget, title: Content, subtitle: Content = _NOTHING) -> None:
    """Set the title and the subtitle in the border; both are safe texts, as `Content`."""
    if widget.border_title != title.markup:
        widget.border_title = title
    if widget.border_subtitle != subtitle.markup:
        widget.border_subtitle = subtitle


class TitledPane(Vertical):
    """A pane with a border, of which other titles paint the border's two lines and no more."""

    _are_titles_set = False

    def show_titles(self, title: Content, subtitle: Content = _NOTHING) -> None:
        """Show the title above and the subtitle below; both are safe texts, as `Content`."""
        self._are_titles_set = True
        try:
            set_titles(self, title, subtitle)
        finally:
            self._are_titles_set = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint the pane again: the lines of the titles, where these alone were set."""
        if self._are_titles_set:
            width, height = self.outer_size
            regions = (Region(-1, -1, width, 1), Region(-1, height - 2, width, 1))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
