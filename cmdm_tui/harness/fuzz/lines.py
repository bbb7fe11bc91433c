"""Tells a fuzz run in plain lines: how it goes, each failure with its steps, and a summary."""

from collections import Counter
from collections.abc import Callable

from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.events import (
    CheckFailed,
    Event,
    ExchangeMade,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.report.results import format_count
from cmdm_tui.text import one_line

_SECONDS_BETWEEN = 5.0
_LONGEST_LINE = 2_000


class Lines:
    """Takes the events of a run and writes lines without secrets and without control characters.

    `say` is for what happens; `result` for what a script may want: failures and the summary.
    """

    def __init__(self, say: Callable[[str], None], result: Callable[[str], None]) -> None:
        self._say = say
        self._result = result
        self._statuses: Counter[tuple[str, int]] = Counter()
        self._known: Counter[str] = Counter()
        self._told: dict[int, float] = {}

    def __call__(self, event: Event) -> None:
        """Write what an event tells."""
        match event:
            case ExchangeMade(exchange):
                self._statuses[exchange.intent.call, exchange.status] += 1
            case CheckFailed(finding, is_known=True):
                self._known[finding.failure] += 1
            case RunStarted():
                self._say(_begun(event))
            case Progress():
                self._tell_progress(event)
            case FailureFound(_, finding, steps):
                self._say(f"failed  {finding.check}: {one_line(finding.message, 300)}")
                self._say(f"        after {format_count(steps, 'request')}; looking for fewer")
            case FailureShrunk():
                self._tell_failure(event)
            case FailureSaved(_, case):
                self._result(f"  case  {one_line(str(case), 300)}")
            case RunEnded():
                self._tell_end(event)
            case _:
                pass

    def _tell_progress(self, event: Progress) -> None:
        if event.seconds - self._told.get(event.worker, 0.0) < _SECONDS_BETWEEN:
            return
        self._told[event.worker] = event.seconds
        rate = event.requests / max(event.seconds, 0.001)
        worker = f"worker {event.worker}: " if event.worker else ""
        self._say(
            f"{worker}{event.requests:,} requests, {event.examples:,} examples, "
            f"{rate:,.0f} a second, {event.phase}"
        )

    def _tell_failure(self, event: FailureShrunk) -> None:
        finding = event.finding
        self._result(f"FAILED {finding.check} in {finding.call} ({one_line(finding.input_class)})")
        self._result(f"  {one_line(finding.message, 500)}")
        if event.is_confirmed is False:
            self._result("  It did not fail again from a reset: it may depend on what was before.")
        for line in event.curl:
            self._result(f"  {one_line(line, _LONGEST_LINE)}")
        last = event.exchanges[-1]
        body = one_line(last.body[:300].decode("utf-8", "replace"), 200)
        self._result(f"  answered {last.status or 'nothing'}  {body}")

    def _tell_end(self, event: RunEnded) -> None:
        for call in CALLS:
            told = sorted((status, count) for (one, status), count in self._statuses.items()
                          if one == call)  # fmt: skip
            if told:
                words = "  ".join(f"{status or '---'}: {count:,}" for status, count in told)
                self._result(f"{call:<18} {words}")
        rate = event.requests / max(event.seconds, 0.001)
        self._result(
            f"{format_count(event.requests, 'request')} in {format_count(event.examples, 'example')}, "
            f"{event.seconds:.1f} s, "
            f"{rate:,.0f} a second; ended: {one_line(event.reason, 200)}."
        )
        for failure, count in sorted(self._known.items()):
            if failure in event.known:
                self._result(f"known    {failure} ({count:,} times)")
        for record in event.left:
            self._result(f"left on the service: {one_line(record, 100)}")
        found = sorted(set(event.failures))
        self._result(
            f"{format_count(len(found), 'failure')}: {', '.join(found)}."
            if found
            else "No failure."
        )


def _begun(event: RunStarted) -> str:
    bounds = [format_count(event.requests, "request") if event.requests is not None else "",
              f"{event.seconds:g} seconds" if event.seconds is not None else ""]  # fmt: skip
    bound = " or ".join(filter(None, bounds)) or "Ctrl-C"
    how = "restored for each example" if event.restores else "with records of the run's own"
    how = how if event.writes else "reading only"
    return (
        f"Fuzzing {one_line(event.url, 200)}, {how}: seed {event.seed}, until {bound}, "
        f"{format_count(len(event.checks), 'check')}."
    )
