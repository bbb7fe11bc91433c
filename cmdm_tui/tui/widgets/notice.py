"""What a pane says instead of its content, or below it: that it is empty, busy or in trouble."""

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from cmdm_tui.text import one_line
from cmdm_tui.tui.widgets.changed_text import set_text

if TYPE_CHECKING:
    from cmdm_tui.tui.messages import UserError


class Notice(Static):
    """A few words in the place they belong to; hidden while there is nothing to say."""

    DEFAULT_CSS = """
    Notice {
        display: none;
        width: 100%;
        height: auto;
        padding: 0 1;
        color: $text-muted;
        &.-said { display: block; }
        &.-alone { height: 1fr; content-align: center middle; text-align: center; padding: 1 3; }
        &.-trouble { color: $text-error; background: $error-muted; max-height: 50%; }
        &.-trouble.-alone { background: transparent; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(markup=False, id=id)
        self.text = ""
        """The words shown now."""

    def show_text(self, words: str, *, alone: bool, hint: str = "") -> None:
        """Show safe words, `alone` in the pane or below its content, and what to do next."""
        self._show(words, hint, alone=alone, is_trouble=False)

    def show_error(
        self, trouble: "UserError | str", *, alone: bool, hint: str = "t tries again"
    ) -> None:
        """Show what went wrong: an error, or words on it."""
        self._show(one_line(str(trouble)), hint, alone=alone, is_trouble=True)

    def hide(self) -> None:
        """Say nothing."""
        self.text = ""
        self.set_class(False, "-said")

    def _show(self, words: str, hint: str, *, alone: bool, is_trouble: bool) -> None:
        self.text = words
        self.set_class(True, "-said")
        self.set_class(alone, "-alone")
        self.set_class(is_trouble, "-trouble")
        gap = "\n\n" if alone else "  "
        shown = Content(words)
        if hint:
            shown += Content(gap) + Content.styled(hint, "bold")
        set_text(self, shown)
