"""The footer: the keys that apply just now."""

from textual.screen import Screen
from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, built again only when its keys have changed, not at each event."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._keys: tuple[tuple[str, str, bool], ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the keys of the screen, if they are others than before.

        Textual shows none while the terminal has not the keyboard, and asks again when it has.
        """
        if not screen.app.app_focus:
            return
        keys = tuple(
            (active.binding.key, active.binding.description, active.enabled)
            for active in screen.active_bindings.values()
            if active.binding.show
        )
        if self.is_attached and keys != self._keys:
            self._keys = keys
            super().bindings_changed(screen)  # pyright: ignore[reportUnknownMemberType]
