"""The command palette: the commands of the screen in front, and what else the screen offers."""

from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.widgets.cells import safe_line


class CommandProvider(Provider):
    """Offers the commands of a `CommandScreen` that apply now."""

    @property
    def _command_screen(self) -> CommandScreen:
        return cast("CommandScreen", self.screen)

    async def discover(self) -> Hits:
        """Offer every command that applies."""
        for command in self._command_screen.commands.values():
            if command.is_available():
                yield DiscoveryHit(
                    command.description, command.run, help=f"Key: {command.shown_key}"
                )

    async def search(self, query: str) -> Hits:
        """Offer the commands and entries that match the text typed."""
        matcher = self.matcher(query)
        for command in self._command_screen.commands.values():
            score = matcher.match(command.description)
            if score > 0 and command.is_available():
                shown = matcher.highlight(command.description)
                yield Hit(score, shown, command.run, help=f"Key: {command.shown_key}")
        for entry in self._command_screen.list_palette_entries():
            score = matcher.match(entry.text)
            if score > 0:
                # An entry may hold untrusted text, and the matcher's highlighting reads markup.
                yield Hit(score, safe_line(entry.text), entry.run, text=entry.text)
