"""The report as lines for a terminal of any width: what was tried, and what came of it."""

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from cmdm_tui.harness.report.plain import plain
from cmdm_tui.harness.report.results import Failure, Results, counted

NARROWEST = 40
"""Columns below which lines are no longer made to fit."""


def summary_lines(results: Results, width: int = 80) -> list[str]:
    """Return the summary, each line at most `width` columns wide.

    Only curl lines and paths are whole however wide they are, so that they can be copied.
    """
    width = max(width, NARROWEST)
    matrix = [_fitted(line, width) for line in _matrix(results, width)]
    totals = [_fitted(line, width) for line in _totals(results)]
    return [*matrix, *_failed(results, width), *totals]


def _matrix(results: Results, width: int) -> Iterator[str]:
    answers = list(results.answers)
    if not answers:
        return
    name = max(len(call) for call in (*results.calls, "call"))
    columns = [max(6, len(str(one))) for one in answers]
    left_out = 0
    while columns and name + sum(columns) + 2 * len(columns) > width:
        columns.pop()
        left_out += 1
    shown = answers[: len(columns)]
    heads = (str(status) if status else "none" for status in shown)
    yield _row("call", name, list(heads), columns)
    for call in results.calls:
        counts = [results.statuses.get((call, status), 0) for status in shown]
        yield _row(call, name, [f"{one:,}" if one else "·" for one in counts], columns)
    if left_out:
        yield f"({left_out} of {len(answers)} statuses are left out: a wider terminal shows them)"
    yield ""


def _row(name: str, width: int, cells: list[str], columns: list[int]) -> str:
    aligned = (cell.rjust(column) for cell, column in zip(cells, columns, strict=True))
    return "  ".join([name.ljust(width), *aligned])


def _failed(results: Results, width: int) -> Iterator[str]:
    for number, failure in enumerate(results.failures, 1):
        yield from _failure(number, failure, width)
        yield ""


def _failure(number: int, failure: Failure, width: int) -> Iterator[str]:
    finding = failure.finding
    yield _fitted(
        plain(f"{number}. {finding.check} · {finding.call} · {finding.input_class}"), width
    )
    for line in _wrapped(plain(finding.message, 600), width - 3):
        yield _fitted(f"   {line}", width)
    yield f"   {counted(failure.steps, 'step')}, {failure.state}{':' if failure.curl else '.'}"
    yield from (f"   {plain(line)}" for line in failure.curl)
    if failure.case is not None:
        yield f"   case {plain(str(failure.case))}"


def _totals(results: Results) -> Iterator[str]:
    checks = len(results.checks)
    failing = len({one.finding.check for one in results.failures})
    if checks:
        yield f"{checks - failing:,} of {counted(checks, 'check')} found no fault."
    if results.known:
        yield f"{counted(len(results.known), 'failure')} known before the run met again."
    if results.ended and results.ended.left:
        yield f"{counted(len(results.ended.left), 'record')} of the run's own could not be deleted:"
        yield from (f"   {plain(name)}" for name in results.ended.left)
    seconds = f"{results.seconds:,.1f} s"
    reason = f" ({plain(results.ended.reason, 120)})" if results.ended else " so far"
    rate = f", {results.requests / results.seconds:,.0f} a second" if results.seconds else ""
    yield f"{counted(results.requests, 'request')} in {seconds}{rate}{reason}."
    outcome = results.outcome
    yield f"{outcome[0].upper()}{outcome[1:]}." + _seed(results)


def _seed(results: Results) -> str:
    return f" Seed {results.started.seed} repeats the run." if results.started else ""


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield line
            longer = word
        line = longer
    yield line


def _fitted(line: str, width: int) -> str:
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"
