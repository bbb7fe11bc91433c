"""The help: every key, with what it does."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cmdm_tui.tui.commands import CommandTable, ScreenT

_MOVING = (
    ("↑ ↓ ← →", "Move the cursor; page up, page down, home, end and ctrl+home, ctrl+end as well"),
    ("enter", "Show the entity's records, or the whole record"),
    ("tab", "Go to the next part; shift+tab to the one before"),
    ("click", "On a row moves there, on a column's header sorts, on a tab shows it"),
)
_EVERYWHERE = (
    ("ctrl+p", "Choose a command, an entity or a theme by typing"),
    ("q", "Quit"),
)


class HelpScreen(ModalScreen[None]):
    """Lists the keys of the screen behind it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close", tooltip="Go back")
    ]

    def __init__(self, commands: CommandTable[ScreenT]) -> None:
        super().__init__()
        self._keys = [(command.shown_key, command.description) for command in commands]

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with VerticalScroll(id="keys") as keys:
            keys.border_title = "Keys"
            keys.border_subtitle = "esc closes"
            yield Static(_key_table(self._keys), markup=False)


def _key_table(keys: Sequence[tuple[str, str]]) -> Table:
    listed = Table.grid(padding=(0, 2, 0, 0), expand=True)
    listed.add_column(no_wrap=True, style="bold", justify="right")
    listed.add_column(ratio=1)
    for key, sentence in (*_MOVING, *keys, *_EVERYWHERE):
        listed.add_row(Text(key), Text(sentence))
    return listed
