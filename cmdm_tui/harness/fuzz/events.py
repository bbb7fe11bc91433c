"""The events of a fuzz run: lines, dashboard and reports are made of this one stream.

All of them can be pickled, so that workers can send them from other processes. None holds a
secret: exchanges hold none, and findings quote exchanges. Where people are replaced, they are in
`FailureFound`, `FailureShrunk` and `RunEnded`, which are shown and written; the exchanges of
`ExchangeMade` and `CheckFailed` are as they came, and are only counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cmdm_tui.harness.exchange import Call, Exchange
from cmdm_tui.harness.oracle.check import Finding

CallInput = tuple[Call, str]
"""A call, and the full name of an input class: `valid`, or `group:name`."""

FuzzPhase = Literal["learning", "stateless", "stateful", "shrinking", "confirming"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins: at what address, with which seed, within which bounds.

    `requests` and `seconds` are None where there is no bound; `checks` are the names of the checks
    that may fail the run, and `inputs` the calls with their input classes that it may send.
    """

    url: str
    seed: int
    requests: int | None
    seconds: float | None
    workers: int
    checks: tuple[str, ...]
    restores: bool
    writes: bool
    inputs: frozenset[CallInput] = frozenset()


@dataclass(frozen=True, slots=True)
class ExchangeMade:
    """An exchange was made.

    `failed_checks` are the checks that failed on it, `held_checks` those whose premise held: they
    looked at it, and all others had nothing to say about it.
    """

    exchange: Exchange
    phase: FuzzPhase
    failed_checks: tuple[str, ...] = ()
    worker: int = 0
    held_checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """A check failed, in whichever phase; while shrinking it fails again and again."""

    finding: Finding
    exchange: Exchange
    phase: FuzzPhase
    is_known: bool = False
    worker: int = 0


@dataclass(frozen=True, slots=True)
class FailureFound:
    """A failure that is new in this run; it is going to be shrunk."""

    failure: str
    finding: Finding
    steps: int
    worker: int = 0


@dataclass(frozen=True, slots=True)
class FailureShrunk:
    """A failure's shortest steps so far; `steps` are exchanges, the last of which fails.

    `is_confirmed` says whether it failed again after a reset; None where no request was left to
    try.
    """

    failure: str
    finding: Finding
    exchanges: tuple[Exchange, ...]
    curl: tuple[str, ...]
    is_confirmed: bool | None
    worker: int = 0


@dataclass(frozen=True, slots=True)
class FailureSaved:
    """A failure was written down as a case, and a cassette where one could be written."""

    failure: str
    case: Path
    cassette: Path | None
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is; sent about every second."""

    requests: int
    examples: int
    seconds: float
    phase: FuzzPhase
    worker: int = 0


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over: `reason` says what ended it, `is_cut` that it could not go on."""

    requests: int
    examples: int
    seconds: float
    failures: tuple[str, ...]
    known: tuple[str, ...]
    reason: str
    judged: Mapping[str, int]
    worker: int = 0
    left: tuple[str, ...] = ()
    """Records that the run made on a live service and could not delete again."""
    is_cut: bool = False
    is_limited: bool = False
    """Whether the limit of calls ended it, or what is kept back of it."""
    absent: tuple[str, ...] = ()
    """Entities that the service has not got: they were asked for once."""


FuzzEvent = (
    RunStarted
    | ExchangeMade
    | CheckFailed
    | FailureFound
    | FailureShrunk
    | FailureSaved
    | Progress
    | RunEnded
)
FuzzListener = Callable[[FuzzEvent], None]
