"""The command palette: the commands of the screen in front, and what else the screen offers."""

from collections.abc import Callable, Iterator
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from cmdm_tui.tui.commands import BoundCommand, CommandScreen
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.safe_option_list import move_page


class CommandProvider(Provider):
    """Offers the commands that apply now, and the entries of a `CommandScreen`."""

    @property
    def _commands(self) -> Iterator[BoundCommand]:
        screen = self.screen
        if isinstance(screen, CommandScreen):
            every = (*screen.commands.values(), *screen.app_commands.values())
            yield from (c for c in every if c.is_available() and c.id != "palette")

    async def discover(self) -> Hits:
        """Offer every command that applies."""
        for command in self._commands:
            yield DiscoveryHit(
                Content(command.description), _runner(command), command.description,
                help=_describe_key(command),
            )  # fmt: skip

    async def search(self, query: str) -> Hits:
        """Offer the commands and entries that match the text typed."""
        matcher = self.matcher(query)
        for command in self._commands:
            score = matcher.match(command.description)
            if score > 0:
                shown = matcher.highlight(command.description)
                yield Hit(score, shown, _runner(command), help=_describe_key(command))
        screen = self.screen
        if not isinstance(screen, CommandScreen):
            return
        for entry in screen.list_palette_entries():
            score = matcher.match(entry.text)
            if score > 0:
                # An entry may hold untrusted text, and the matcher's highlighting reads markup.
                yield Hit(
                    score, safe_line(entry.text), entry.run, text=entry.text,
                    help=entry.cost or None,
                )  # fmt: skip


class SafePalette(CommandPalette):
    """Textual's palette with a footer of its keys; they are harmless where there is no list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", "Close"),
        Binding("pagedown", "move_page(1)", "Next page", show=False),
        Binding("pageup", "move_page(-1)", "Previous page", show=False),
    ]

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Run it"

    def _extend_compose(self, widgets: list[Widget]) -> None:
        super()._extend_compose(widgets)
        widgets.append(KeyFooter())

    def action_move_page(self, direction: Literal[-1, 1]) -> None:
        """Move the cursor of the list a page up or down."""
        move_page(self.query_one(OptionList), direction)


def _runner(command: BoundCommand) -> Callable[[], None]:
    """Return what runs the command, if it still applies once the palette is closed."""

    def run() -> None:
        if command.is_available():
            command.run()

    return run


def _describe_key(command: BoundCommand) -> str:
    cost = command.describe_cost()
    return f"Key: {command.shown_keys}" + (f" · {cost}" if cost else "")
