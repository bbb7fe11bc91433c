"""The help: every key of a screen and of what has the focus on it, found by typing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from cmdm_tui.tui.commands import BoundCommand, CommandScreen
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.key_names import format_keys
from cmdm_tui.tui.widgets.safe_input import SafeInput

_FOCUS_GROUP = "Here"
"""The heading of the keys that belong to the part with the focus, not to a table of commands."""

_LAST_GROUPS = ("More", _FOCUS_GROUP, "Everywhere")


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One command in the help. All of it is safe text."""

    group: str
    keys: str
    """As they are written on a keyboard, with spaces between them."""
    sentence: str
    cost: str = ""
    obstacle: str = ""
    """Why the command does not apply just now; empty where it does."""
    name: str = ""
    """The name that a keymap has for it; empty where its key cannot be changed."""

    def matches(self, words: str) -> bool:
        """Return whether every one of the words typed is in the line."""
        line = f"{self.group} {self.keys} {self.sentence} {self.cost} {self.name}".casefold()
        return all(word in line for word in words.casefold().split())


def list_help(screen: CommandScreen) -> list[HelpLine]:
    """Return the lines of a screen: its own commands, what has the focus, what every screen has."""
    known = screen.commands_by_binding
    lines = [*_list_focus_keys(screen, known), *map(_line_of, known.values())]
    groups = list(dict.fromkeys(line.group for line in lines))
    order = [group for group in groups if group not in _LAST_GROUPS]
    order.extend(group for group in _LAST_GROUPS if group in groups)
    return sorted(lines, key=lambda line: order.index(line.group))


def _line_of(command: BoundCommand) -> HelpLine:
    obstacle = ""
    if not command.is_available():
        needs = command.describe_needs()
        obstacle = f"needs {needs}" if needs else "not just now"
    return HelpLine(
        command.group,
        command.shown_keys,
        command.description,
        command.describe_cost(),
        obstacle,
        command.binding_id,
    )


def _list_focus_keys(screen: CommandScreen, known: Iterable[str]) -> list[HelpLine]:
    """Return what the part with the focus does by itself, such as moving its cursor."""
    by_action: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    commands = frozenset(known)
    for active in screen.active_bindings.values():
        binding = active.binding
        is_own = active.node is not screen and active.node is not screen.command_app
        if is_own and binding.id not in commands and binding.description:
            by_action[(binding.action, binding.tooltip or binding.description)].append(binding.key)
    return [
        HelpLine(_FOCUS_GROUP, format_keys(keys), sentence)
        for (_, sentence), keys in by_action.items()
    ]


class HelpScreen(DialogScreen[None]):
    """Lists keys under their headings; what is typed picks some of them."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss", "Close", id="help.close", tooltip="Go back"),
        Binding(
            "f2", "toggle_names", "Names for the keymap", id="help.names",
            tooltip="Show the names by which keymap.toml changes keys",
        ),
        Binding(
            "down", "scroll(1)", "Down", id="help.down", tooltip="Scroll down", show=False
        ),
        Binding("up", "scroll(-1)", "Up", id="help.up", tooltip="Scroll up", show=False),
        Binding(
            "pagedown", "scroll(10)", "Page down", id="help.page_down", tooltip="Scroll down",
            show=False,
        ),
        Binding(
            "pageup", "scroll(-10)", "Page up", id="help.page_up", tooltip="Scroll up", show=False
        ),
    ]  # fmt: skip

    def __init__(self, lines: Sequence[HelpLine]) -> None:
        super().__init__()
        self._lines = self._found = lines
        self._shows_names = False

    def compose(self) -> ComposeResult:
        """Lay out the list below what is typed."""
        with Vertical(id="help") as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "type to search"
            yield SafeInput(placeholder="Search", compact=True, id="search")
            with VerticalScroll(id="keys", can_focus=False):
                yield Static(_key_table(self._lines), markup=False, id="lines")

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self._found = [line for line in self._lines if line.matches(event.value)]
        self._show_lines()
        self.query_one("#keys").scroll_home(animate=False)

    def _show_lines(self) -> None:
        table = _key_table(self._found, with_names=self._shows_names)
        self.query_one("#lines", Static).update(table)

    def action_toggle_names(self) -> None:
        """Show the names of the commands, or hide them again."""
        self._shows_names = not self._shows_names
        self._show_lines()

    def action_scroll(self, lines: int) -> None:
        """Scroll the list by lines."""
        self.query_one("#keys").scroll_relative(y=lines, animate=False)


def _key_table(lines: Sequence[HelpLine], *, with_names: bool = False) -> Table | Text:
    if not lines:
        return Text("No key does that.", style="dim")
    listed = Table.grid(padding=(0, 2, 0, 0), expand=True)
    listed.add_column(style="bold", justify="right", max_width=16)
    listed.add_column(ratio=1)
    group = None
    for line in lines:
        if line.group != group:
            if group is not None:
                listed.add_row()
            listed.add_row(Text(), Text(line.group, style="bold underline"))
            group = line.group
        sentence = _sentence_of(line)
        if with_names and line.name:
            sentence.append(f"  {line.name}", style="dim")
        listed.add_row(Text(line.keys), sentence)
    return listed


def _sentence_of(line: HelpLine) -> Text:
    sentence = Text(line.sentence, style="dim" if line.obstacle else "")
    if line.cost:
        sentence.append("  " + line.cost.replace(" ", "\N{NO-BREAK SPACE}"), style="italic")
    if line.obstacle:
        sentence.append(f"  ({line.obstacle})", style="italic")
    return sentence
