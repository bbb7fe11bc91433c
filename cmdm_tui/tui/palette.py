"""The command palette: the browse screen's commands, and every entity by name."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import COMMANDS
from cmdm_tui.tui.widgets.cells import safe_line

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.browse.screen import BrowseScreen


class BrowseCommands(Provider):
    """Offers what the browse screen can do just now."""

    @property
    def _browse_screen(self) -> "BrowseScreen":
        return cast("BrowseScreen", self.screen)

    async def discover(self) -> Hits:
        """Offer every command that applies."""
        for command in COMMANDS:
            if command.is_available(self._browse_screen):
                run = partial(command.run, self._browse_screen)
                yield DiscoveryHit(command.description, run, help=f"Key: {command.shown_key}")

    async def search(self, query: str) -> Hits:
        """Offer the commands and entities that match what was typed."""
        matcher = self.matcher(query)
        for command in COMMANDS:
            score = matcher.match(command.description)
            if score > 0 and command.is_available(self._browse_screen):
                shown = matcher.highlight(command.description)
                run = partial(command.run, self._browse_screen)
                yield Hit(score, shown, run, help=f"Key: {command.shown_key}")
        for entity in self._browse_screen.account.catalog.entities:
            # An entity's name is untrusted, and the matcher's highlighting reads markup.
            words = f"Show the records of {one_line(entity, 60)}"
            score = matcher.match(words)
            if score > 0:
                run = partial(self._browse_screen.show_entity, entity)
                yield Hit(score, safe_line(words), run, text=words)
