"""What a service told of its limit of calls."""

from dataclasses import dataclass

_ROUNDING = 1


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What the last answer to the user told of the limit; each None where it told no number."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None


def has_moved(before: int, now: int) -> bool:
    """Tell whether a moment is another than it was told to be.

    A second is none: a service may work it out anew for each answer, and round it either way.
    """
    return abs(now - before) > _ROUNDING
