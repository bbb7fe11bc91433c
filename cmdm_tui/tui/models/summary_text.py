"""The summary of a column in words: a line for each thing, as wide as there is room."""

from collections.abc import Iterator

from rich.text import Text

from cmdm_tui.formats.value_text import cell_text, format_counted
from cmdm_tui.operations.charts.column_summary import ColumnSummary, ValueKind, make_sparkline
from cmdm_tui.operations.charts.drawing import Bar, draw_bars, format_number

_LABEL_WIDTH = 10


def describe_summary(summary: ColumnSummary, width: int) -> Text:
    """Return the summary as lines of safe text, at most `width` cells wide."""
    lines = [
        Text(f"{label:<{_LABEL_WIDTH}}{words}", no_wrap=True, overflow="ellipsis")
        for label, words in _facts(summary)
    ]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    if summary.top and summary.top[0][1] > 1:
        lines.append(Text(""))
        lines.append(Text("Most frequent", style="bold"))
        lines.append(draw_bars([Bar(value, float(count)) for value, count in summary.top], width))
    elif summary.top:
        lines.append(Text("No value occurs twice."))
    elif not summary.is_distinct_known:
        lines.append(Text("Too many different values to say which are the most frequent."))
    return Text("\n").join(lines)


def _facts(summary: ColumnSummary) -> Iterator[tuple[str, str]]:
    rows = summary.row_count
    yield "Rows", f"{rows:,}"
    yield "Null", _share(summary.null_count, rows)
    more = "" if summary.is_distinct_known else "more than "
    yield "Distinct", f"{more}{summary.distinct:,}"
    if summary.empty_count:
        yield "Empty", _share(summary.empty_count, rows)
    if summary.smallest is not None:
        yield "Smallest", cell_text(summary.smallest)
        yield "Largest", cell_text(summary.largest)
    if summary.mean is not None:
        yield "Mean", format_number(summary.mean)
    if summary.infinite_count:
        yield "Left out", format_counted(summary.infinite_count, "value") + " not finite"
    if summary.longest is not None:
        yield "Length", f"{summary.shortest:,} to {summary.longest:,} characters"
    if summary.kind is ValueKind.MIXED:
        yield "Kind", "lists, objects, or values of several kinds"
    if len(summary.bins) > 1:
        yield "Spread", make_sparkline(summary.bins)


def _share(count: int, rows: int) -> str:
    return f"{count:,}" if not rows else f"{count:,} ({count / rows:.0%})"
