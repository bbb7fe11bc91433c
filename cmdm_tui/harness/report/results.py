"""The results of a run so far: reports are written from them, and the dashboard shows them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.harness.exchange import CALLS, Call, Certainty, Exchange
from cmdm_tui.harness.fuzz.events import CallInput, FuzzPhase, RunEnded, RunStarted
from cmdm_tui.harness.oracle.check import Finding
from cmdm_tui.text import count_noun

NOT_FINISHED = "The run is not finished, or was killed."
"""What reports say instead of a reason until the run has ended."""

CHANGING_CALLS: frozenset[Call] = frozenset(
    {"create", "create-task", "create-opportunity", "update", "convert", "close", "delete"}
)
"""The calls that change records."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of the run, as far as it is known.

    `name` is the check and the call that broke it. `exchanges` are the shortest steps so far, the
    last of which fails, and `curl` the same as lines for a shell; both are empty until they are
    known, while `steps` is their number from the start. `is_confirmed` says that they failed once
    more after a reset; None where that was not tried. It holds no secret.
    """

    name: str
    finding: Finding
    steps: int
    exchanges: tuple[Exchange, ...] = ()
    curl: tuple[str, ...] = ()
    is_confirmed: bool | None = None
    case: Path | None = None
    cassette: Path | None = None

    @property
    def state(self) -> str:
        """The progress: `shrinking`, `confirmed`, `not confirmed` or `found`."""
        if not self.exchanges:
            return "shrinking"
        if self.is_confirmed is None:
            return "found"
        return "confirmed" if self.is_confirmed else "not confirmed"


@dataclass(frozen=True, slots=True)
class RequestRate:
    """Requests over time: the count in each slice of `width` seconds since the first one."""

    width: float = 1.0
    counts: tuple[int, ...] = ()

    def latest(self, pieces: int = 3) -> float:
        """Return the requests a second of the last whole slices, or of the first one begun."""
        whole = self.counts[-pieces - 1 : -1] or self.counts[-1:]
        return sum(whole) / (len(whole) * self.width) if whole else 0.0


@dataclass(frozen=True, slots=True)
class RunResults:
    """A run so far, or as it ended.

    `began` is the Unix time at which it began. `statuses` counts the answers to each call by
    status; 0 means no whole answer. `examined` counts the answers to each call, `held` those that a
    check looked at (by check and call), because its premise held, and `broken` those that it then
    found wrong, all without the ones of shrinking, where a failure is repeated on purpose. `sent`
    counts the requests by call and input class, `times` the answers by how long they took, up to
    each number of milliseconds.
    """

    title: str
    version: str
    began: float
    started: RunStarted | None = None
    ended: RunEnded | None = None
    requests: int = 0
    examples: int = 0
    seconds: float = 0.0
    phase: FuzzPhase = "learning"
    statuses: Mapping[tuple[Call, int], int] = field(default_factory=dict[tuple[Call, int], int])
    examined: Mapping[Call, int] = field(default_factory=dict[Call, int])
    broken: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    held: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    sent: Mapping[CallInput, int] = field(default_factory=dict[CallInput, int])
    times: Mapping[float, int] = field(default_factory=dict[float, int])
    rate: RequestRate = RequestRate()
    failures: tuple[Failure, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the checks that may fail the run, and of any that did."""
        named = self.started.checks if self.started else ()
        others = {check for check, _ in self.broken} | {one.finding.check for one in self.failures}
        return (*named, *sorted(others - set(named)))

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that were made, in the documentation's order."""
        made = {call for call, _ in self.statuses}
        return tuple(call for call in CALLS if call in made)

    @property
    def classes(self) -> Mapping[str, int]:
        """The requests by input class, of every call."""
        counts: Counter[str] = Counter()
        for (_, input_class), count in self.sent.items():
            counts[input_class] += count
        return counts

    @property
    def never_sent(self) -> tuple[CallInput, ...]:
        """The calls with the input classes that the run may send, and has not."""
        planned = self.started.inputs if self.started else frozenset[CallInput]()
        return tuple(sorted(planned - self.sent.keys()))

    @property
    def unexamined_checks(self) -> tuple[str, ...]:
        """The checks whose premise never held, so that they have judged nothing."""
        seen = {check for check, _ in (*self.held, *self.broken)}
        seen |= {one.finding.check for one in self.failures}
        return tuple(check for check in self.checks if check not in seen)

    @property
    def accepted_changes(self) -> int:
        """How many requests that change records were accepted."""
        return sum(
            count
            for (call, status), count in self.statuses.items()
            if call in CHANGING_CALLS and status in {200, 201}
        )

    @property
    def sent_changes(self) -> int:
        """How many requests that would change records were sent."""
        return sum(count for (call, _), count in self.statuses.items() if call in CHANGING_CALLS)

    @property
    def answers(self) -> tuple[int, ...]:
        """The statuses that were answered, in ascending order."""
        return tuple(sorted({status for _, status in self.statuses}))

    def failures_of(self, check: str, call: str | None = None) -> tuple[Failure, ...]:
        """Return the failures of a check, and of one call if it is given."""
        return tuple(
            one
            for one in self.failures
            if one.finding.check == check and call in {None, one.finding.call}
        )

    def is_known(self, check: str, call: str) -> bool:
        """Return whether this failure was found, and known before the run."""
        return f"{check} {call}" in self.known

    def is_unexplored(self, check: str, call: str) -> bool:
        """Return whether this was found wrong, but not examined before the run ended."""
        is_told = bool(self.failures_of(check, call)) or self.is_known(check, call)
        return not is_told and self.broken.get((check, call), 0) > 0

    def count_broken(self, check: str) -> int:
        """Return how many answers a check found wrong."""
        return sum(count for (name, _), count in self.broken.items() if name == check)

    @property
    def outcome(self) -> str:
        """The outcome so far in a few words, as the exit code would say it."""
        if self.failures:
            return f"{count_noun(len(self.failures), 'failure')} found"
        if self.ended is None:
            return "no failure so far"
        return "no failure found, and cut short" if self.ended.is_cut else "no failure found"


def describe_certainty(certainty: Certainty) -> str:
    """Return who says what is right, in a few words for a report."""
    if certainty == "documented":
        return "It breaks the documentation."
    if certainty == "own":
        return "It breaks a check of your own."
    return "The documentation is silent; it is what cmdm expects, and its sandbox does."
