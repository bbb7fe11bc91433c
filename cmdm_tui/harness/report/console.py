"""Reports a run in plain lines: its progress, each failure with its steps, and a summary."""

from collections import Counter
from collections.abc import Callable

from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.events import (
    CheckFailed,
    ExchangeMade,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    FuzzEvent,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.report.coverage import format_coverage
from cmdm_tui.harness.report.results import RunResults, describe_certainty
from cmdm_tui.text import count_noun, one_line

_SECONDS_BETWEEN = 5.0
_LONGEST_LINE = 2_000


class ConsoleReporter:
    """Takes the events of a run and writes lines without secrets and without control characters.

    `say` is for what happens; `result` for what a script may want: failures and the summary.
    `results` returns what the run has reached; it has heard of each event before this does.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        result: Callable[[str], None],
        results: Callable[[], RunResults],
    ) -> None:
        self._write_progress = say
        self._write_result = result
        self._results = results
        self._statuses: Counter[tuple[str, int]] = Counter()
        self._known: Counter[str] = Counter()
        self._last_progress_at: dict[int, float] = {}

    def __call__(self, event: FuzzEvent) -> None:
        """Write the lines of an event."""
        match event:
            case ExchangeMade(exchange):
                self._statuses[exchange.intent.call, exchange.status] += 1
            case CheckFailed(finding, is_known=True):
                self._known[finding.failure] += 1
            case RunStarted():
                self._write_progress(_start_line(event))
            case Progress():
                self._report_progress(event)
            case FailureFound(_, finding, steps):
                self._write_progress(f"failed  {finding.check}: {one_line(finding.message, 300)}")
                self._write_progress(
                    f"        after {count_noun(steps, 'request')}; looking for fewer"
                )
            case FailureShrunk():
                self._report_failure(event)
            case FailureSaved(_, case):
                self._write_result(f"  case  {one_line(str(case), 300)}")
            case RunEnded():
                self._report_end(event)
            case _:
                pass

    def _report_progress(self, event: Progress) -> None:
        if event.seconds - self._last_progress_at.get(event.worker, 0.0) < _SECONDS_BETWEEN:
            return
        self._last_progress_at[event.worker] = event.seconds
        rate = event.requests / max(event.seconds, 0.001)
        worker = f"worker {event.worker}: " if event.worker else ""
        self._write_progress(
            f"{worker}{event.requests:,} requests, {event.examples:,} examples, "
            f"{rate:,.0f} a second, {event.phase}"
        )

    def _report_failure(self, event: FailureShrunk) -> None:
        finding = event.finding
        self._write_result(
            f"FAILED {finding.check} in {finding.call} ({one_line(finding.input_class)})"
        )
        self._write_result(f"  {one_line(finding.message, 500)}")
        self._write_result(f"  {describe_certainty(finding.certainty)}")
        if event.is_confirmed is False:
            self._write_result(
                "  It did not fail again after a reset: it may depend on what came before."
            )
        for line in event.curl:
            self._write_result(f"  {one_line(line, _LONGEST_LINE)}")
        last = event.exchanges[-1]
        body = one_line(last.body[:300].decode("utf-8", "replace"), 200)
        self._write_result(f"  answered {last.status or 'nothing'}  {body}")

    def _report_end(self, event: RunEnded) -> None:
        for call in CALLS:
            counts = sorted((status, count) for (one, status), count in self._statuses.items()
                          if one == call)  # fmt: skip
            if counts:
                words = "  ".join(f"{status or '---'}: {count:,}" for status, count in counts)
                self._write_result(f"{call:<18} {words}")
        for line in format_coverage(self._results()):
            self._write_result(line)
        rate = event.requests / max(event.seconds, 0.001)
        requests = count_noun(event.requests, "request")
        examples = count_noun(event.examples, "example")
        self._write_result(
            f"{requests} in {examples}, {event.seconds:.1f} s, "
            f"{rate:,.0f} a second; ended: {one_line(event.reason, 200).rstrip('.')}."
        )
        for failure, count in sorted(self._known.items()):
            if failure in event.known:
                self._write_result(f"known    {failure} ({count:,} times)")
        for record in event.left:
            self._write_result(f"left on the service: {one_line(record, 100)}")
        found = sorted(set(event.failures))
        nothing = "No failure, and cut short." if event.is_cut else "No failure."
        self._write_result(
            f"{count_noun(len(found), 'failure')}: {', '.join(found)}." if found else nothing
        )


def _start_line(event: RunStarted) -> str:
    bounds = [count_noun(event.requests, "request") if event.requests is not None else "",
              f"{event.seconds:g} seconds" if event.seconds is not None else ""]  # fmt: skip
    bound = " or ".join(filter(None, bounds)) or "Ctrl-C"
    how = "restored for each example" if event.restores else "with records that the run creates"
    how = how if event.writes else "reading only"
    return (
        f"Fuzzing {one_line(event.url, 200)}, {how}: seed {event.seed}, until {bound}, "
        f"{count_noun(len(event.checks), 'check')}."
    )
