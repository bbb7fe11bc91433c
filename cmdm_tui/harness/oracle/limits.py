"""What a service told of its limit of calls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """What the last answer to the user told of the limit; each None where it told no number."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None
