r"""The command that draws the last result: `\chart`."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from cmdm_tui.repl.commands.command import Argument, ArgumentKind, BackslashCommand
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoText
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.summary import summarize_view
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.operations.charts.chart_data import ChartData, ChartKind
    from cmdm_tui.query.result import QueryResult

_KINDS = {"bar": "bar", "hist": "histogram", "line": "line"}
_NEEDS = {"bar": "a value", "histogram": "numbers or times", "line": "at least two numbers"}
_MOST_ROWS = 20
"""Rows of a chart where no terminal is lower."""

_ROWS_AROUND = 7
_USUAL_WIDTH = 80


async def draw_chart(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Draw the last query's result: of each column, or of each one behind the first, a chart."""
    kind, names = (arguments[0], arguments[1:]) if arguments[:1] and arguments[0] in _KINDS else (
        "", arguments,
    )  # fmt: skip
    result = session.queries.view.shown
    places = [result.find_column(name) for name in names]
    width = min(session.streams.width or _USUAL_WIDTH, 120)
    height = min(max(session.streams.size[1] - _ROWS_AROUND, 4), _MOST_ROWS)
    drawn = [
        await _draw(session, result, chosen, _KINDS.get(kind, ""), (width, height))
        for chosen in _choose_columns(result, places)
    ]
    await session.show(InfoText("\n\n".join(drawn)))
    line = summarize_view(result.count, session.queries.last.count)
    session.streams.write_footer(line, result.mark)


def _choose_columns(result: "QueryResult", places: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the columns of each chart: those before it, and the one that it is of."""
    if not places:
        return [(_find_column(result),)]
    if len(places) == 1:
        return [(places[0],)]
    first, *others = places
    return [(first, other) for other in others]


def _find_column(result: "QueryResult") -> int:
    """Return the place of the first column of numbers, of the first column where there is none."""
    from cmdm_tui.formats.cells import is_number

    if not result.columns:
        raise ReplError("The result has no column to draw.")
    return next((n for n, one in enumerate(result.columns) if is_number(one.type)), 0)


async def _draw(
    session: ReplSession,
    result: "QueryResult",
    places: tuple[int, ...],
    wanted: str,
    size: tuple[int, int],
) -> str:
    from cmdm_tui.repl.tables import print_to_text

    data = await result.run(partial(_read, result, places))
    kind = _choose_kind(data, wanted)
    name = one_line(result.columns[places[-1]].name, 60)
    if kind is None:
        why = f"a {wanted} needs {_NEEDS[wanted]}" if wanted and data.kinds else "it has no value"
        raise ReplError(f"{name} cannot be drawn: {why}.")
    title = one_line(data.describe(kind, size[1]))
    chart = print_to_text(data.draw(kind, *size), size[0], has_colours=session.streams.has_colours)
    return f"{title}\n{chart}"


def _choose_kind(data: "ChartData", wanted: str) -> "ChartKind | None":
    kinds = data.kinds
    return next((kind for kind in kinds if not wanted or kind == wanted), None)


def _read(result: "QueryResult", places: tuple[int, ...]) -> "ChartData":
    """Read what a chart is drawn from: of one column with its neighbours, or of two alone."""
    from cmdm_tui.operations.charts.chart_data import read_chart_data

    if len(places) == 1:
        return read_chart_data(result.columns, result, places[0])
    columns = [result.columns[place] for place in places]
    rows = (tuple(row[place] for place in places) for row in result)
    return read_chart_data(columns, rows, 1)


COMMANDS = (
    BackslashCommand(
        "chart",
        (
            Argument("bar|hist|line", ArgumentKind.COLUMN, tuple(_KINDS), is_optional=True),
            Argument("COLUMN", ArgumentKind.COLUMN, is_optional=True, is_repeated=True),
        ),
        "Draw a column of the last query's result: no call",
        draw_chart,
        example="bar City Leads -- a bar for each city; \\chart alone chooses",
    ),
)
"""The command that draws the last result."""
