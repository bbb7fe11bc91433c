"""The report as lines for a terminal of any width."""

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from cmdm_tui.harness.report.coverage import format_coverage
from cmdm_tui.harness.report.plain_text import to_plain_text
from cmdm_tui.harness.report.results import (
    Failure,
    RunResults,
    describe_certainty,
)
from cmdm_tui.text import count_noun

MIN_WIDTH = 40
"""The narrowest width, in columns, that lines are fitted to."""


def format_summary(results: RunResults, width: int = 80) -> list[str]:
    """Return the summary, each line at most `width` columns wide.

    Curl lines and paths are never cut, so that they can be copied.
    """
    width = max(width, MIN_WIDTH)
    matrix = [_fit(line, width) for line in _format_matrix(results, width)]
    coverage = [
        _fit(line, width) for text in format_coverage(results) for line in _wrap_words(text, width)
    ]
    coverage += [""] if coverage else []
    totals = [_fit(line, width) for line in _format_totals(results)]
    return [*matrix, *coverage, *_format_failures(results, width), *totals]


def _format_matrix(results: RunResults, width: int) -> Iterator[str]:
    answers = list(results.answers)
    if not answers:
        return
    name = max(len(call) for call in (*results.calls, "call"))
    columns = [max(6, len(str(one))) for one in answers]
    hidden = 0
    while columns and name + sum(columns) + 2 * len(columns) > width:
        columns.pop()
        hidden += 1
    shown = answers[: len(columns)]
    heads = (str(status) if status else "none" for status in shown)
    yield _format_row("call", name, list(heads), columns)
    for call in results.calls:
        counts = [results.statuses.get((call, status), 0) for status in shown]
        yield _format_row(call, name, [f"{one:,}" if one else "·" for one in counts], columns)
    if hidden:
        yield f"({hidden} of {len(answers)} statuses are left out: a wider terminal shows them)"
    yield ""


def _format_row(name: str, width: int, cells: list[str], columns: list[int]) -> str:
    aligned = (cell.rjust(column) for cell, column in zip(cells, columns, strict=True))
    return "  ".join([name.ljust(width), *aligned])


def _format_failures(results: RunResults, width: int) -> Iterator[str]:
    for number, failure in enumerate(results.failures, 1):
        yield from _format_failure(number, failure, width)
        yield ""


def _format_failure(number: int, failure: Failure, width: int) -> Iterator[str]:
    finding = failure.finding
    yield _fit(
        to_plain_text(f"{number}. {finding.check} · {finding.call} · {finding.input_class}"), width
    )
    for line in _wrap(describe_certainty(finding.certainty), width - 3):
        yield _fit(f"   {line}", width)
    for line in _wrap(to_plain_text(finding.message, 600), width - 3):
        yield _fit(f"   {line}", width)
    yield f"   {count_noun(failure.steps, 'step')}, {failure.state}{':' if failure.curl else '.'}"
    yield from (f"   {to_plain_text(line)}" for line in failure.curl)
    if failure.case is not None:
        yield f"   case {to_plain_text(str(failure.case))}"


def _format_totals(results: RunResults) -> Iterator[str]:
    checks = len(results.checks)
    failing = len({one.finding.check for one in results.failures})
    examined = checks - len(results.unexamined_checks)
    if checks:
        yield f"{examined - failing:,} of {count_noun(checks, 'check')} held."
    if results.known:
        yield f"{count_noun(len(results.known), 'failure')} known before the run, found again."
    if results.ended and results.ended.left:
        count = count_noun(len(results.ended.left), "record")
        yield f"{count} that the run created could not be deleted:"
        yield from (f"   {to_plain_text(name)}" for name in results.ended.left)
    seconds = f"{results.seconds:,.1f} s"
    reason = f" ({to_plain_text(results.ended.reason, 120)})" if results.ended else " so far"
    rate = f", {results.requests / results.seconds:,.0f} a second" if results.seconds else ""
    yield f"{count_noun(results.requests, 'request')} in {seconds}{rate}{reason}."
    outcome = results.outcome
    yield f"{outcome[0].upper()}{outcome[1:]}." + _format_seed(results)


def _format_seed(results: RunResults) -> str:
    return f" Seed {results.started.seed} repeats the run." if results.started else ""


def _wrap_words(text: str, width: int) -> Iterator[str]:
    """Yield a sentence in lines; a line of a table, which has runs of spaces, stays one."""
    return iter([text]) if "  " in text else _wrap(text, width)


def _wrap(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield line
            longer = word
        line = longer
    yield line


def _fit(line: str, width: int) -> str:
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"
