"""What a run has reached and what it has not: its requests by call and input class, in lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from cmdm_tui.harness.exchange import CALLS, VALID_INPUT
from cmdm_tui.harness.inputs import GROUPS
from cmdm_tui.harness.report.plain_text import to_plain_text
from cmdm_tui.harness.report.results import RunResults
from cmdm_tui.text import count_noun

_COLUMNS = (VALID_INPUT, *GROUPS)
_SHORT_NAMES = {"authorization": "auth"}
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """The requests of one call, by the group of their input class.

    `classes` is how many of the classes were sent, `planned` of how many that the run may send.
    """

    call: str
    counts: tuple[int, ...]
    classes: int
    planned: int


def list_coverage(results: RunResults) -> list[CoverageRow]:
    """Return a row for each call that was made, or was to be."""
    planned = results.started.inputs if results.started else frozenset[tuple[str, str]]()
    rows: list[CoverageRow] = []
    for call in CALLS:
        sent = {name: count for (one, name), count in results.sent.items() if one == call}
        wanted = {name for one, name in planned if one == call}
        if sent or wanted:
            counts = [0] * len(_COLUMNS)
            for name, count in sent.items():
                group = name.partition(":")[0]
                if group in _COLUMNS:
                    counts[_COLUMNS.index(group)] += count
            reached = len(wanted & sent.keys())
            rows.append(CoverageRow(call, tuple(counts), reached, len(wanted)))
    return rows


def format_coverage(results: RunResults) -> Iterator[str]:
    """Yield the table, and a line for everything that the run never reached."""
    rows = list_coverage(results)
    if not rows:
        return
    table = [["requests", *(_SHORT_NAMES.get(name, name) for name in _COLUMNS), "classes"]]
    for row in rows:
        cells = [f"{count:,}" if count else "·" for count in row.counts]
        classes = f"{row.classes}/{row.planned}" if row.planned else "·"
        table.append([row.call, *cells, classes])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        aligned = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *aligned])
    yield from format_gaps(results)


def format_gaps(results: RunResults) -> Iterator[str]:
    """Yield a line for everything that the run never reached, none where it reached all."""
    missing = results.never_sent
    if missing:
        planned = len(results.started.inputs) if results.started else 0
        named = [f"{call} {name}" for call, name in missing[:_MOST_NAMED]]
        more = f" and {len(missing) - len(named):,} more" if len(missing) > len(named) else ""
        kinds = count_noun(planned, "kind")
        yield f"Never sent: {len(missing):,} of {kinds} of request: {', '.join(named)}{more}."
    if results.ended is not None and results.ended.absent:
        names = ", ".join(to_plain_text(one, 60) for one in results.ended.absent)
        yield f"Not asked for again, as the service answered 404: {names}."
    unexamined = results.unexamined_checks
    if unexamined:
        count = count_noun(len(unexamined), "check")
        yield f"{count} had nothing to judge: {', '.join(map(to_plain_text, unexamined))}."
    if results.started is not None and results.ended is not None:
        yield from _format_changes(results, may_write=results.started.writes)


def _format_changes(results: RunResults, *, may_write: bool) -> Iterator[str]:
    if not may_write:
        yield "Nothing was written: this run only reads, and says nothing about changes."
    elif not results.sent_changes:
        yield "Nothing was written: none of its requests changes records."
    elif not results.accepted_changes:
        refused = count_noun(results.sent_changes, "request")
        yield (
            f"Nothing was written: the service accepted none of {refused} to change records. "
            "The run says nothing about changes."
        )
