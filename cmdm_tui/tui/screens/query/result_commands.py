"""Commands on the rows of a result alone: order, summary, chart. None of them makes a call."""

from functools import partial

from cmdm_tui.operations.charts.chart_data import ChartData, read_chart_data
from cmdm_tui.operations.charts.column_summary import ColumnSummary, summarize_column
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.screens.query.chart_screen import ChartScreen
from cmdm_tui.tui.screens.query.summary_screen import SummaryScreen
from cmdm_tui.tui.screens.query.tabs import QueryTabs


def has_result(screen: QueryTabs) -> bool:
    """Return whether the grid is in front, and all rows of its result are there."""
    return screen.has_rows and screen.pane.result_pane.shown_result is not None


def is_sorted(screen: QueryTabs) -> bool:
    """Return whether the rows are in an order made here."""
    source = screen.pane.result_pane.source if screen.has_pane else None
    return source is not None and bool(source.order)


def show_summary(screen: QueryTabs) -> None:
    """Summarise the column under the cursor over all rows of the result."""
    pane = screen.pane.result_pane
    found = _find_column(screen)
    if found is None:
        return
    result, place, name = found

    async def summarise() -> ColumnSummary:
        return await result.run(partial(_summarise, result, place))

    title = f"{one_line(name, 40)} · {pane.caption.line.partition(' · ')[0]}"
    screen.open_dialog(SummaryScreen(title, result.mark, summarise), lambda _: None)


def show_chart(screen: QueryTabs) -> None:
    """Draw the column under the cursor over all rows of the result."""
    found = _find_column(screen)
    if found is None:
        return
    result, place, name = found

    async def read() -> ChartData:
        return await result.run(partial(read_chart_data, result.columns, result, place))

    screen.open_dialog(ChartScreen(one_line(name, 40), result.mark, read), lambda _: None)


def _summarise(result: QueryResult, place: int) -> ColumnSummary:
    return summarize_column(row[place] for rows in result.batches() for row in rows)


def _find_column(screen: QueryTabs) -> tuple[QueryResult, int, str] | None:
    """Return the result, and the place and the name of the column under the cursor."""
    pane = screen.pane.result_pane
    source, column, result = pane.source, pane.grid.cursor_column, pane.shown_result
    if source is None or result is None or column is None:
        return None
    names = [one.name for one in source.columns]
    return result, names.index(column), source.columns[names.index(column)].label


RESULT_COMMANDS: tuple[Command[QueryTabs], ...] = (
    Command(
        "sort", "s", "Sort", "Sort the rows here by this column; again reverses the order",
        lambda screen: screen.pane.result_pane.sort(), has_result,
        group="Result", needs="a whole result", footer_priority=5,
    ),
    Command(
        "unsort", "u", "Unsort", "Go back to the order of the query",
        lambda screen: screen.pane.result_pane.unsort(), is_sorted,
        is_in_footer=False, group="Result", needs="rows that are sorted here",
    ),
    Command(
        "summary", "m", "Summary", "Say what the values of this column are like",
        show_summary, has_result, group="Result", needs="a whole result", footer_priority=6,
    ),
    Command(
        "chart", "p", "Plot", "Draw a chart of this column",
        show_chart, has_result, group="Result", needs="a whole result", footer_priority=6,
    ),
)  # fmt: skip
"""In the order of the footer and the help."""
