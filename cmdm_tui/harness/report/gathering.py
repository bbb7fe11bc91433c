"""Gathers the events of a run, from however many workers, into what is known of it."""

import dataclasses
import math
import threading
import time
from collections import Counter

from cmdm_tui import __version__
from cmdm_tui.harness.exchange import Call, Exchange
from cmdm_tui.harness.fuzz.events import (
    CheckFailed,
    Event,
    ExchangeMade,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    Phase,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.report.results import Failure, Rate, Results

MOST_PIECES = 240
"""Pieces of time that are kept; with more, two become one."""

_SEARCHING: frozenset[Phase] = frozenset({"learning", "stateless", "stateful"})
_FASTEST = 0.25
"""Milliseconds up to which all answers are as good as equally fast."""


class Gathering:
    """Is told the events of a run, and says at any moment what they come to.

    May be told and asked from several threads. What it keeps does not grow with the length of the
    run, but for the failures.
    """

    def __init__(self, title: str, *, began: float | None = None) -> None:
        self._lock = threading.Lock()
        self._title = title
        self._began = time.time() if began is None else began
        self._started: RunStarted | None = None
        self._ended: RunEnded | None = None
        self._progress: dict[int, Progress] = {}
        self._phase: Phase = "learning"
        self._requests = 0
        self._statuses: Counter[tuple[Call, int]] = Counter()
        self._examined: Counter[Call] = Counter()
        self._broken: Counter[tuple[str, str]] = Counter()
        self._classes: Counter[str] = Counter()
        self._times: Counter[float] = Counter()
        self._pace = Pace()
        self._failures: dict[str, Failure] = {}
        self._known: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Take one event in."""
        with self._lock:
            match event:
                case ExchangeMade():
                    self._exchange(event)
                case CheckFailed():
                    self._check_failed(event)
                case RunStarted():
                    self._started = self._started or event
                case RunEnded():
                    self._ended = event
                    self._known.update(event.known)
                case Progress():
                    self._progress[event.worker] = event
                case FailureFound() | FailureShrunk() | FailureSaved():
                    self._failure(event)

    def results(self) -> Results:
        """Return what is known now; what happens later does not change it."""
        with self._lock:
            ended = self._ended
            progress = self._progress.values()
            return Results(
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
                classes=dict(self._classes),
                times=dict(self._times),
                rate=self._pace.rate,
                failures=tuple(self._failures.values()),
                # A failure that is found is known from then on, but was not before.
                known=tuple(sorted(self._known - set(self._failures))),
            )

    def _exchange(self, event: ExchangeMade) -> None:
        exchange, call = event.exchange, event.exchange.intent.call
        self._requests += 1
        self._phase = event.phase
        self._statuses[call, exchange.status] += 1
        self._classes[exchange.intent.input_class] += 1
        self._pace.note(exchange.started)
        if exchange.status:
            self._times[_up_to(exchange)] += 1
        if event.phase in _SEARCHING:
            self._examined[call] += 1

    def _check_failed(self, event: CheckFailed) -> None:
        finding = event.finding
        if event.is_known:
            self._known.add(finding.failure)
        if event.phase in _SEARCHING:
            self._broken[finding.check, finding.call] += 1

    def _failure(self, event: FailureFound | FailureShrunk | FailureSaved) -> None:
        failures, name = self._failures, event.failure
        if isinstance(event, FailureSaved):
            if name in failures:
                failures[name] = dataclasses.replace(
                    failures[name], case=event.case, cassette=event.cassette
                )
            return
        known = failures.get(name)
        if isinstance(event, FailureFound):
            # Several workers may come upon the same one.
            failures[name] = known or Failure(name, event.finding, event.steps)
            return
        if known is None or not known.exchanges or _is_better(event, known):
            failures[name] = Failure(
                name, event.finding, len(event.exchanges), event.exchanges, event.curl,
                event.is_confirmed,
                known.case if known else None, known.cassette if known else None,
            )  # fmt: skip


class Pace:
    """Counts moments by pieces of time, which grow so that there are never too many of them."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._width = 1.0
        self._counts: list[int] = []

    def note(self, moment: float) -> None:
        """Count one moment, in seconds; one before the first counts as that."""
        if self._first is None:
            self._first = moment
        since = max(moment - self._first, 0.0)
        while since / self._width >= MOST_PIECES:
            self._width *= 2
            pairs = zip(self._counts[::2], [*self._counts[1::2], 0], strict=False)
            self._counts = [one + other for one, other in pairs]
        piece = int(since / self._width)
        self._counts += [0] * (piece + 1 - len(self._counts))
        self._counts[piece] += 1

    @property
    def rate(self) -> Rate:
        """What was counted."""
        return Rate(self._width, tuple(self._counts))


def _up_to(exchange: Exchange) -> float:
    """Return the milliseconds that an answer took, rounded up to a doubling of the shortest."""
    took = exchange.elapsed * 1_000
    return _FASTEST * 2.0 ** max(0, math.ceil(math.log2(took / _FASTEST))) if took > 0 else _FASTEST


def _is_better(event: FailureShrunk, known: Failure) -> bool:
    return (bool(event.is_confirmed), -len(event.exchanges)) >= (
        bool(known.is_confirmed), -known.steps,
    )  # fmt: skip
