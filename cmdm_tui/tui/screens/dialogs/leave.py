"""Asks before something that is under way is left: what is lost, and a second press goes."""

from collections.abc import Sequence

from textual import events

from cmdm_tui.tui.commands import CommandApp
from cmdm_tui.tui.key_names import format_keys
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen

_STAY = "Stay"


class LeaveScreen(ChoiceScreen):
    """Says what would be lost; its answer is `action` where that is to be done all the same.

    `keys` do what they did when it was asked: pressed again, not held, they take `action`.
    """

    def __init__(self, losses: Sequence[str], action: str, keys: Sequence[str]) -> None:
        again = f" ({format_keys(keys[:1])} again)" if keys else ""
        super().__init__("\n".join(losses), (_STAY, f"{action}{again}"))
        self._keys = frozenset(keys)

    @property
    def leaves(self) -> str:
        """The answer that leaves."""
        return self.choices[-1]

    def on_key(self, event: events.Key) -> None:
        """Take the key that asked for a yes, unless it is being held."""
        app = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        is_held = isinstance(app, CommandApp) and app.is_key_held
        if event.key in self._keys and not is_held:
            event.stop()
            self.dismiss(self.leaves)
