"""Tells a held key from deliberate presses: a terminal reports only presses."""

_LONGEST_REPEAT = 0.1
"""Seconds between two presses of a held key, at most.

Systems repeat a held key every 25 to 90 ms. The fastest finger presses one key about every 140 ms.
"""


class HeldKeys:
    """Recognises the presses that come from holding a key.

    A press comes from a held key where the same key was the last one pressed, less than 100 ms
    before, whether that press ran anything or not. What counts is when the keys came, not how long
    the work takes. So a deliberate second press always counts, also while the work of the first
    still runs, and a held key counts twice: when it goes down, and when its repetition begins.
    """

    def __init__(self) -> None:
        self._key = ""
        self._time = float("-inf")

    def note_press(self, key: str, time: float) -> bool:
        """Remember a press at `time`, in seconds; return whether its key was being held."""
        is_held = key == self._key and 0 <= time - self._time < _LONGEST_REPEAT
        self._key, self._time = key, time
        return is_held
