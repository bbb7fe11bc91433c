"""Commands on the rows of a result: search, summary, chart, export. None of them makes a call."""

from functools import partial
from pathlib import Path

from cmdm_tui.formats import WITHHELD, MissingExtra, withholds_rows
from cmdm_tui.formats.output_file import SUFFIXES, UnknownEnding, format_of_file, write_result
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.models.chart_data import ChartData, read_chart_data
from cmdm_tui.tui.models.column_summary import ColumnSummary, summarize_column
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.query.chart_screen import ChartScreen
from cmdm_tui.tui.screens.query.documents import confirm
from cmdm_tui.tui.screens.query.summary_screen import SummaryScreen
from cmdm_tui.tui.screens.query.tabs import QueryTabs


def search(screen: QueryTabs) -> None:
    """Ask for a text, and go to the next row that has it."""
    pane = screen.pane.result_pane

    def typed(text: str | None) -> None:
        if text is not None:
            pane.search(text)

    count = 0 if pane.source is None else pane.source.row_count
    question = f"Search {count_noun(count, 'row')} for which text? No call is made."
    screen.open_dialog(EntryScreen(question, lambda _: ""), typed)


def has_searched(screen: QueryTabs) -> bool:
    """Return whether a text was searched for in these rows."""
    if not screen.has_pane:
        return False
    pane = screen.pane.result_pane
    return bool(pane.search_text) and pane.has_rows and pane.grid.has_focus


def search_again(screen: QueryTabs, step: int) -> None:
    """Go to the next row that has the text, or to the one before."""
    pane = screen.pane.result_pane
    pane.search(pane.search_text, step=step)


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


def export(screen: QueryTabs) -> None:
    """Ask for a file, and write the result to it in the format that its ending names."""
    result = screen.pane.result_pane.shown_result
    if result is None:
        return

    def named(name: str | None) -> None:
        if name is None:
            return
        path = Path(name).expanduser()
        if path.exists():
            question = f"{one_line(str(path), 120)} is there already. Replace it?"
            confirm(screen, question, lambda: _begin_export(screen, result, path))
        else:
            _begin_export(screen, result, path)

    rows = count_noun(result.count, "row")
    mark = f" The result is {result.mark}, and the file says so." if result.mark else ""
    question = (
        f"Write {rows} to which file? Its ending names the format: {', '.join(SUFFIXES)}.{mark}"
    )
    screen.open_dialog(EntryScreen(question, _check_file), named)


def _begin_export(screen: QueryTabs, result: QueryResult, path: Path) -> None:
    screen.run_worker(partial(_export, screen, result, path), group="export")


async def _export(screen: QueryTabs, result: QueryResult, path: Path) -> None:
    shown = one_line(str(path), 200)
    try:
        form = await result.run(lambda: write_result(result, str(path)))
    except (UnknownEnding, MissingExtra) as error:
        words, is_error = one_line(str(error)), True
    except OSError as error:
        reason = error.strerror or "it has no such name"
        words, is_error = f"{shown} cannot be written: {reason}. Check its path.", True
    else:
        is_error = withholds_rows(result, form)
        mark = f" It is {result.mark}." if result.mark else ""
        words = f"Wrote {count_noun(result.count, 'row')} to {shown} as {form}.{mark}"
        words = f"{shown}: {WITHHELD}" if is_error else words
    screen.notify(words, severity="error" if is_error else "information", markup=False)


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


def _check_file(name: str) -> str:
    try:
        path = Path(name).expanduser()
        if path.is_dir():
            return "That is a folder. Give a file's name."
        if not path.absolute().parent.is_dir():
            return "There is no such folder. Check the path."
        format_of_file(path)
    except UnknownEnding as error:
        return str(error)
    except (OSError, ValueError, RuntimeError):
        return "No file can have that name."
    return ""
