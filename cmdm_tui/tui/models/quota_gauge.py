"""The quota as a gauge, and the use of it as bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from cmdm_tui.api import Quota

_CELLS = 5
_LOW = 0.1
"""Part of the limit from which the calls left are called low."""
_BARS = "▁▂▃▄▅▆▇█"


class QuotaLevel(Enum):
    """How the calls that are left compare with the profile's floor and the hour's limit."""

    FINE = auto()
    LOW = auto()
    """Nearly all are used, of the limit or of what is above the floor."""
    AT_FLOOR = auto()
    """None is left above the floor, which is kept for work that a user waits for."""


@dataclass(frozen=True, slots=True)
class QuotaGauge:
    """`filled` of `cells` stand for the calls left; no cells where limit or calls are not known."""

    cells: int
    filled: int
    level: QuotaLevel

    @classmethod
    def of(cls, quota: Quota, floor: int) -> "QuotaGauge":
        """Return the gauge of a quota, for a profile with that floor.

        A full gauge means that no call was used, an empty one that none is left.
        """
        remaining, limit = quota.remaining, quota.limit
        if remaining is None:
            return cls(0, 0, QuotaLevel.FINE)
        level = QuotaLevel.FINE
        if remaining <= floor:
            level = QuotaLevel.AT_FLOOR
        elif limit is not None and remaining - floor <= limit * _LOW:
            level = QuotaLevel.LOW
        if not limit:
            return cls(0, 0, level)
        part = min(remaining / limit, 1.0)
        filled = math.floor(part * _CELLS) if part > 1 / _CELLS else math.ceil(part * _CELLS)
        return cls(_CELLS, filled, level)


def draw_bars(counts: Sequence[int]) -> str:
    """Return a bar for each count, as high as it is to the largest; a low one for nothing."""
    most = max(counts, default=0)
    top = len(_BARS) - 1
    return "".join(_BARS[math.ceil(count / most * top) if count else 0] for count in counts)
