"""A drift: one point at which a service answers otherwise than it did."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a drift matters to who integrates with the service."""

    INFO = "info"
    """Something new, which a tolerant client does not see."""
    WARNING = "warning"
    """Something gone, which a client may have relied on."""
    ERROR = "error"
    """Something changed: a status, a type, a value."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One point of one step (from 1): `place` is `status`, a header or a pointer into the body."""

    severity: Severity
    case: str
    step: int
    place: str
    message: str

    @property
    def matters(self) -> bool:
        """Whether it is more than something new."""
        return self.severity is not Severity.INFO
