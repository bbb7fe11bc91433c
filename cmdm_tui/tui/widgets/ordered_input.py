"""An input that takes its keys in the order in which they come."""

from typing import TYPE_CHECKING, cast

from textual import events
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.app import App


class OrderedInput(Input):
    """Runs the actions of its editing keys itself.

    Textual gives a letter to the input, but runs the action of a key such as backspace only once
    that key was offered to all that is around the input: where keys come faster than they are
    handled, letters overtake it, and what is typed becomes another text.
    """

    async def _on_key(self, event: events.Key) -> None:
        app = cast("App[None]", self.app)  # pyright: ignore[reportUnknownMemberType]
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if "." in binding.action:  # one of the screen or the app, which may take this away
                return
            if await app.run_action(binding.action, self):  # a widget's own says nothing
                event.stop()
                event.prevent_default()
                return
