"""Keys in the order in which they were pressed, whatever the key before opens.

Textual passes a key to what has the focus, and the key comes back to the application once nothing
around it has taken it. Keys that come faster than that go to what had the focus before: of `/York`
typed at once, the letters would run commands.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual import events
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump

_LONGEST_WAIT = 2.0
"""Seconds after which a key goes on all the same."""
_LOOKS = 100
"""How often it is looked in that time whether what a key waits for was removed."""


class KeyOrder:
    """Passes a key on once the one before was handled. `deliver` passes one on."""

    def __init__(self, app: App[None], deliver: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._last: events.Key | None = None
        """The key that was passed on last, until it has come back."""
        self._path: Sequence[MessagePump] = ()
        """What it passes, from what had the focus to the application."""
        self._waiting: deque[events.Key] = deque()
        self._round = 0
        self._at: MessagePump | None = None
        """What has the callback that follows the key."""

    async def take(self, event: events.Key) -> None:
        """Pass a key on, or let it wait until the one before was handled."""
        if self._waiting or self._is_under_way:
            self._waiting.append(event)
            if len(self._waiting) == 1:
                self._follow()
        else:
            await self._send(event)

    def note_return(self, event: events.Key) -> None:
        """Note that a key has come back, and that what it does was done."""
        if event is self._last:
            self._last = None

    @property
    def _is_under_way(self) -> bool:
        """Whether the last key may still do something: a letter that was taken does not."""
        last = self._last
        if last is None:
            return False
        is_taken = last._stop_propagation  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        return not (is_taken and last.is_printable)

    async def _send(self, event: events.Key) -> None:
        try:
            screen, focused = self._app.screen, self._app.focused
        except ScreenStackError:
            return  # the application is ending: its screens are gone
        nodes = [screen] if focused is None else [*focused.ancestors_with_self]
        self._path = [node for node in nodes if node is not self._app] + [self._app]
        self._last = event
        await self._deliver(event)
        if not event.is_forwarded:  # a key of the application itself: it was handled
            self._last = None

    def _follow(self) -> None:
        """Send a callback after the key, twice: what it does may post messages on the same way."""
        self._round += 1
        self._pass_on([*self._path, *self._path], self._round)
        self._look(self._round, _LOOKS)

    def _pass_on(self, nodes: Sequence[MessagePump], number: int) -> None:
        """Send the callback to the first that is left of `nodes`; one that was removed calls none.

        The key before may have closed the dialog it was pressed in.
        """
        if number != self._round:
            return
        left = [node for node in nodes if _takes_messages(node)]
        if left:
            self._at = left[0]
            left[0].call_next(self._pass_on, left[1:], number)
        else:
            self._at = None
            self._app.call_next(self._release, number)

    def _look(self, number: int, looks: int) -> None:
        """Let the next key go on where what has the callback was removed with it, or in the end."""
        if number != self._round or not self._waiting:
            return
        if looks and (self._at is None or _takes_messages(self._at)):
            self._app.set_timer(_LONGEST_WAIT / _LOOKS, partial(self._look, number, looks - 1))
        else:
            self._app.call_next(self._release, number)

    async def _release(self, number: int) -> None:
        """Pass the next key on, unless that was done meanwhile."""
        if number == self._round and self._waiting:
            self._round += 1
            self._last = None
            await self._send(self._waiting.popleft())
            if self._waiting:
                self._follow()


def _takes_messages(node: MessagePump) -> bool:
    """Return whether a part handles messages and is not being removed."""
    closing = node._closing or node._closed  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - Textual does not tell
    return node.is_running and not closing
