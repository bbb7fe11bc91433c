"""Collects the events of a run, from any number of workers, into its results."""

import dataclasses
import math
import threading
import time
from collections import Counter

from cmdm_tui import __version__
from cmdm_tui.harness.exchange import Call, Exchange
from cmdm_tui.harness.fuzz.events import (
    CallInput,
    CheckFailed,
    ExchangeMade,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    FuzzEvent,
    FuzzPhase,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.report.results import Failure, RequestRate, RunResults

MAX_SLICES = 240
"""Slices of time that are kept; with more, two become one."""

_SEARCH_PHASES: frozenset[FuzzPhase] = frozenset({"learning", "stateless", "stateful"})
_SHORTEST_MILLISECONDS = 0.25
"""Milliseconds up to which all answers count as equally fast."""


class ResultCollector:
    """Takes the events of a run, and returns the results so far at any time.

    May be used from several threads. It keeps counts, and each failure: it does not grow with the
    length of the run.
    """

    def __init__(self, title: str, *, began: float | None = None) -> None:
        self._lock = threading.Lock()
        self._title = title
        self._began = time.time() if began is None else began
        self._started: RunStarted | None = None
        self._ended: RunEnded | None = None
        self._progress: dict[int, Progress] = {}
        self._phase: FuzzPhase = "learning"
        self._requests = 0
        self._statuses: Counter[tuple[Call, int]] = Counter()
        self._examined: Counter[Call] = Counter()
        self._broken: Counter[tuple[str, str]] = Counter()
        self._held: Counter[tuple[str, str]] = Counter()
        self._sent: Counter[CallInput] = Counter()
        self._times: Counter[float] = Counter()
        self._pace = PaceCounter()
        self._failures: dict[str, Failure] = {}
        self._known: set[str] = set()

    def __call__(self, event: FuzzEvent) -> None:
        """Take one event in."""
        with self._lock:
            match event:
                case ExchangeMade():
                    self._add_exchange(event)
                case CheckFailed():
                    self._add_failed_check(event)
                case RunStarted():
                    self._started = self._started or event
                case RunEnded():
                    self._ended = event
                    self._known.update(event.known)
                case Progress():
                    self._progress[event.worker] = event
                case FailureFound() | FailureShrunk() | FailureSaved():
                    self._add_failure(event)

    def results(self) -> RunResults:
        """Return the results so far; later events do not change them."""
        with self._lock:
            ended = self._ended
            progress = self._progress.values()
            return RunResults(
                title=self._title,
                version=__version__,
                began=self._began,
                started=self._started,
                ended=ended,
                requests=ended.requests if ended else self._requests,
                examples=ended.examples if ended else sum(one.examples for one in progress),
                seconds=ended.seconds
                if ended
                else max((one.seconds for one in progress), default=0),
                phase=self._phase,
                statuses=dict(self._statuses),
                examined=dict(self._examined),
                broken=dict(self._broken),
                held=dict(self._held),
                sent=dict(self._sent),
                times=dict(self._times),
                rate=self._pace.rate,
                failures=tuple(self._failures.values()),
                # A failure that this run found was not known before it.
                known=tuple(sorted(self._known - set(self._failures))),
            )

    def _add_exchange(self, event: ExchangeMade) -> None:
        exchange, call = event.exchange, event.exchange.intent.call
        self._requests += 1
        self._phase = event.phase
        self._statuses[call, exchange.status] += 1
        self._sent[call, exchange.intent.input_class] += 1
        self._pace.count(exchange.started)
        if exchange.status:
            self._times[_round_up_milliseconds(exchange)] += 1
        if event.phase in _SEARCH_PHASES:
            self._examined[call] += 1
            held = self._held
            for check in event.held_checks:
                held[check, call] += 1

    def _add_failed_check(self, event: CheckFailed) -> None:
        finding = event.finding
        if event.is_known:
            self._known.add(finding.failure)
        if event.phase in _SEARCH_PHASES:
            self._broken[finding.check, finding.call] += 1

    def _add_failure(self, event: FailureFound | FailureShrunk | FailureSaved) -> None:
        failures, name = self._failures, event.failure
        if isinstance(event, FailureSaved):
            if name in failures:
                failures[name] = dataclasses.replace(
                    failures[name], case=event.case, cassette=event.cassette
                )
            return
        known = failures.get(name)
        if isinstance(event, FailureFound):
            # Several workers may find the same one; one that is documented counts for more.
            if known is None or _is_surer(event, known):
                failures[name] = Failure(name, event.finding, event.steps)
            return
        if known is not None and _is_surer(known, event):
            return
        if known is None or not known.exchanges or _is_shorter(event, known):
            failures[name] = Failure(
                name, event.finding, len(event.exchanges), event.exchanges, event.curl,
                event.is_confirmed,
                known.case if known else None, known.cassette if known else None,
            )  # fmt: skip


class PaceCounter:
    """Counts times in slices, which grow so that there are never too many of them."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._width = 1.0
        self._counts: list[int] = []

    def count(self, moment: float) -> None:
        """Count one time, in seconds; one before the first counts as the first."""
        if self._first is None:
            self._first = moment
        since = max(moment - self._first, 0.0)
        while since / self._width >= MAX_SLICES:
            self._width *= 2
            pairs = zip(self._counts[::2], [*self._counts[1::2], 0], strict=False)
            self._counts = [one + other for one, other in pairs]
        piece = int(since / self._width)
        self._counts += [0] * (piece + 1 - len(self._counts))
        self._counts[piece] += 1

    @property
    def rate(self) -> RequestRate:
        """The counts so far."""
        return RequestRate(self._width, tuple(self._counts))


def _round_up_milliseconds(exchange: Exchange) -> float:
    """Return the milliseconds that an answer took, rounded up to a doubling of the shortest."""
    took = exchange.elapsed * 1_000
    return (
        _SHORTEST_MILLISECONDS * 2.0 ** max(0, math.ceil(math.log2(took / _SHORTEST_MILLISECONDS)))
        if took > 0
        else _SHORTEST_MILLISECONDS
    )


def _is_surer(one: FailureFound | FailureShrunk | Failure, other: Failure | FailureShrunk) -> bool:
    return one.finding.certainty == "documented" != other.finding.certainty


def _is_shorter(event: FailureShrunk, known: Failure) -> bool:
    return (bool(event.is_confirmed), -len(event.exchanges)) >= (
        bool(known.is_confirmed), -known.steps,
    )  # fmt: skip
