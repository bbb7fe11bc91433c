"""One call in full: its request and its answer, as text to scroll."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.tui.models.call_description import PartKind, TextPart

_STYLES = {
    PartKind.TITLE: "bold $text-primary",
    PartKind.NAME: "$foreground 60%",
    PartKind.TEXT: "",
    PartKind.NOTE: "italic $foreground 60%",
    PartKind.ERROR: "bold $text-error",
}


class CallPane(VerticalScroll):
    """Shows the parts of a text; the same parts again are not painted again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._parts: Sequence[TextPart] = ()
        self.key: str | None = None
        """The key of the call that is shown, None for none."""

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static(markup=False, id="call-text")

    @property
    def text(self) -> str:
        """What is shown, without its styles."""
        return "".join(part.text for part in self._parts)

    def show_parts(self, key: str | None, parts: Sequence[TextPart]) -> None:
        """Show a call: from its top, unless it is the same call as before."""
        if parts != self._parts:
            self._parts = parts
            styled = [(part.text, _STYLES[part.kind]) for part in parts]
            self.query_one("#call-text", Static).update(Content.assemble(*styled))
        if key != self.key:
            self.key = key
            self.scroll_home(animate=False)
