"""How a statement ended, as a value that scripts and the prompt read alike."""

from enum import Enum, StrEnum, auto

from msgspec import Struct


class StatementEffect(Enum):
    """What a statement does to the service, by its syntax tree or its declaration."""

    SESSION = auto()
    """It makes no call: a switch, a look at the last result, a file, a program."""
    CALLS = auto()
    """It makes calls that read, as a GET does."""
    READS = auto()
    """It is SQL that reads."""
    WRITES = auto()
    """It may change records."""


class StatementStatus(StrEnum):
    """How a statement ended."""

    DONE = auto()
    DECLINED = auto()
    """A person was asked, and said no."""
    PARTIAL = auto()
    """Its result is not all, or may be another."""
    STOPPED = auto()
    """Ctrl-C ended it."""
    FAILED = auto()


class StatementYield(Struct, frozen=True):
    """What running a statement gave: rows, None where it has none to count."""

    status: StatementStatus = StatementStatus.DONE
    rows: int | None = None


class StatementOutcome(Struct, frozen=True):
    """How a statement ended, what it gave, and what it cost.

    `calls` are those that were sent, sign-ins not counted; `error` is why it failed, and where
    `may_have_changed` records may have been changed before it did.
    """

    effect: StatementEffect
    status: StatementStatus = StatementStatus.DONE
    rows: int | None = None
    calls: int = 0
    seconds: float = 0.0
    error: Exception | None = None
    may_have_changed: bool = False
