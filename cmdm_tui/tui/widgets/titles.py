"""Sets the titles of a part's border only where they differ: equal ones would paint it again."""

from textual.content import Content
from textual.widget import Widget

_NOTHING = Content("")


def set_titles(widget: Widget, title: Content, subtitle: Content = _NOTHING) -> None:
    """Set the title and the subtitle in the border; both are safe texts, as `Content`."""
    if widget.border_title != title.markup:
        widget.border_title = title
    if widget.border_subtitle != subtitle.markup:
        widget.border_subtitle = subtitle
