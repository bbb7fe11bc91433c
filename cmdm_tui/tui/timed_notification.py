"""A notification that may be shown at the very moment when its time ends."""

from textual.notifications import Notification

_SHORTEST = 0.25
"""Seconds for which a notification is shown at least, where it is shown."""


class TimedNotification(Notification):
    """Tells a time left that a timer can wait for.

    Textual takes out what has expired and then mounts the rest with a timer of the time left. What
    expires in between gives the timer a negative time, and Textual's timers count their ticks with
    it in a loop that neither ends nor waits: nothing in the program moves any more.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it expires, never under the shortest time."""
        return max(super().time_left, _SHORTEST)

    @property
    def has_expired(self) -> bool:
        """Whether its own time has ended."""
        return super().time_left <= 0
