"""A pane with a border whose titles change often."""

from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region

from cmdm_tui.tui.widgets.changed_text import set_subtitle, set_title


class TitledPane(Vertical):
    """A pane with a border, of which other titles paint the border's two lines and no more."""

    _are_titles_set = False

    def show_titles(self, title: Content, subtitle: Content) -> None:
        """Show the title above and the subtitle below; both are safe texts."""
        self._are_titles_set = True
        try:
            set_title(self, title)
            set_subtitle(self, subtitle)
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
