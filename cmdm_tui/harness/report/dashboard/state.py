"""The content of the dashboard as values without a screen, built from the results each time."""

from dataclasses import dataclass
from typing import Literal

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.report.plain_text import show_body, to_plain_text
from cmdm_tui.harness.report.results import (
    Failure,
    RunResults,
    describe_certainty,
)
from cmdm_tui.text import count_noun, one_line

Tone = Literal["good", "bad", "plain", "quiet", "odd"]
"""How a text is coloured: success, a fault, neutral, unimportant, noteworthy."""

_BAR_LEVELS = "▁▂▃▄▅▆▇█"
_FIRST_SHORTENED = 10_000
_MAX_BODY = 4_000


@dataclass(frozen=True, slots=True)
class TonedText:
    """A text and its tone; the text is safe for a terminal."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check, and how many answers it found wrong."""

    name: str
    broken: int
    tone: Tone


@dataclass(frozen=True, slots=True)
class FailureLine:
    """A failure in one line: its name in the run, what is wrong, and its progress."""

    name: str
    title: str
    message: str
    state: str


@dataclass(frozen=True, slots=True)
class DashboardState:
    """Everything that the dashboard shows at one time.

    `matrix` has one row a call: its name, then the number of answers of each status in `statuses`.
    """

    target: str
    phase: TonedText
    progress: str
    share: float | None
    rate: str
    sparkline: str
    outcome: TonedText
    statuses: tuple[TonedText, ...]
    matrix: tuple[tuple[str, tuple[TonedText, ...]], ...]
    checks: tuple[CheckLine, ...]
    failures: tuple[FailureLine, ...]


def build_state(
    results: RunResults, *, is_ending: bool = False, is_over: bool = False
) -> DashboardState:
    """Return what to show of these results."""
    answers = results.answers
    return DashboardState(
        target=one_line(results.started.url, 100) if results.started else "",
        phase=_build_phase(results, is_ending=is_ending, is_over=is_over),
        progress=_format_progress(results),
        share=_compute_share(results),
        rate=f"{results.rate.latest():,.0f} a second",
        sparkline=draw_sparkline(results.rate.counts, 16),
        outcome=_build_outcome(results, is_over=is_over),
        statuses=tuple(
            TonedText(str(one) if one else "none", tone_of_status(one)) for one in answers
        ),
        matrix=tuple(
            (call, tuple(_build_cell(results.statuses.get((call, one), 0), one) for one in answers))
            for call in results.calls
        ),
        checks=_build_check_lines(results),
        failures=tuple(
            FailureLine(
                one.name,
                one_line(f"{one.finding.check} · {one.finding.call}", 80),
                one_line(one.finding.message, 400),
                one.state,
            )
            for one in results.failures
        ),
    )


def describe_failure(failure: Failure) -> list[tuple[str, list[str]]]:
    """Return the sections that describe one failure: each a title and its lines."""
    finding = failure.finding
    sections = [
        (
            "What is wrong",
            [
                *to_plain_text(finding.message, _MAX_BODY, keep_lines=True).split("\n"),
                describe_certainty(finding.certainty),
                f"Sent: {one_line(finding.input_class)}.",
                f"{count_noun(failure.steps, 'step')}, {failure.state}.",
            ],
        )
    ]
    if failure.exchanges:
        steps = [
            f"{number}. {one_line(f'{exchange.method} {exchange.path}', 300)} "
            f"→ {_format_answer(exchange)}"
            for number, exchange in enumerate(failure.exchanges, 1)
        ]
        sections.append(("The steps", steps))
    if failure.curl:
        sections.append(("To repeat it", [to_plain_text(line, _MAX_BODY) for line in failure.curl]))
    if failure.exchanges:
        last = failure.exchanges[-1]
        body = show_body(last.body, _MAX_BODY) or to_plain_text(last.failure) or "Nothing."
        sections.append(("The last answer's body", body.split("\n")))
    kept = [one_line(str(path)) for path in (failure.case, failure.cassette) if path is not None]
    if kept:
        sections.append(("Kept as", kept))
    return sections


def draw_sparkline(counts: tuple[int, ...], width: int) -> str:
    """Return the last counts as a line of bars of at most `width` characters."""
    last = counts[-width:]
    highest = max(last, default=0) or 1
    return "".join(_BAR_LEVELS[count * (len(_BAR_LEVELS) - 1) // highest] for count in last)


def shorten_count(count: int) -> str:
    """Return a count in five characters at most."""
    if count < _FIRST_SHORTENED:
        return str(count)
    thousands = count / 1_000
    return f"{thousands:.0f}k" if thousands < 1_000 else f"{thousands / 1_000:.1f}M"


def tone_of_status(status: int) -> Tone:
    """Return the tone of a status: a server's fault, no answer, a refusal, a success."""
    if not status or status >= 500:
        return "bad"
    return "good" if status < 300 else "odd"


def _format_answer(exchange: Exchange) -> str:
    return str(exchange.status) if exchange.status else "no whole answer"


def _build_phase(results: RunResults, *, is_ending: bool, is_over: bool) -> TonedText:
    if is_over:
        reason = one_line(results.ended.reason, 60) if results.ended else "could not run"
        return TonedText(f"over: {reason}", "odd")
    if is_ending:
        return TonedText("ending; q again leaves at once", "odd")
    return TonedText(results.phase)


def _format_progress(results: RunResults) -> str:
    bound = results.started.requests if results.started else None
    count = f"{results.requests:,}"
    return f"{count} of {bound:,} requests" if bound is not None else f"{count} requests"


def _compute_share(results: RunResults) -> float | None:
    started = results.started
    if started is None:
        return None
    shares = [results.requests / started.requests] if started.requests else []
    shares += [results.seconds / started.seconds] if started.seconds else []
    return min(max(shares), 1.0) if shares else None


def _build_outcome(results: RunResults, *, is_over: bool) -> TonedText:
    if results.failures:
        return TonedText(results.outcome, "bad")
    if is_over and results.ended is None:
        return TonedText("the run ended with an error, shown when you leave", "bad")
    return TonedText(results.outcome, "good")


def _build_cell(count: int, status: int) -> TonedText:
    return (
        TonedText(shorten_count(count), tone_of_status(status))
        if count
        else TonedText("·", "quiet")
    )


def _build_check_lines(results: RunResults) -> tuple[CheckLine, ...]:
    lines: list[CheckLine] = []
    untested = set(results.unexamined_checks)
    for check in results.checks:
        broken = results.count_broken(check)
        if results.failures_of(check):
            lines.append(CheckLine(one_line(check), max(broken, 1), "bad"))
        elif broken:
            lines.append(CheckLine(one_line(check), broken, "odd"))
        else:
            lines.append(CheckLine(one_line(check), 0, "quiet" if check in untested else "good"))
    order = {"bad": 0, "odd": 1, "good": 2, "quiet": 3}
    return tuple(sorted(lines, key=lambda line: order[line.tone]))
