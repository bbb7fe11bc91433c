"""How many calls were sent in each minute of the last hour."""

from collections import Counter
from collections.abc import Callable

_MINUTE, _MINUTES = 60.0, 60


class CallUse:
    """Counts sendings by the minute; it holds an hour, however many there are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts = Counter[int]()

    def count(self) -> None:
        """Count a call that is sent now."""
        minute = self._minute
        self._counts[minute] += 1
        if len(self._counts) > _MINUTES:
            for old in [one for one in self._counts if one <= minute - _MINUTES]:
                del self._counts[old]

    def list_counts(self, parts: int) -> list[int]:
        """Return the calls of the last hour in equal parts, the latest last; `parts` divides 60."""
        length, first = _MINUTES // parts, self._minute - _MINUTES + 1
        return [
            sum(self._counts[first + part * length + step] for step in range(length))
            for part in range(parts)
        ]

    @property
    def _minute(self) -> int:
        return int(self._clock() // _MINUTE)
