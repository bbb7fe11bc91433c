"""What is exported of a query's result: all of its rows, under the columns that are shown."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cmdm_tui.formats import WITHHELD, OutputColumn, OutputRow, ResultMark, withholds_rows
from cmdm_tui.formats.output_file import format_of_file
from cmdm_tui.query.errors import QueryError
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.models.copied_text import CopiedColumn
from cmdm_tui.tui.models.exported_rows import ExportFailed, RowExport, suggest_file, write_rows

if TYPE_CHECKING:
    from cmdm_tui.formats import Format

_AT_ONCE = 10_000


class ChosenColumns:
    """The rows of a result, with some of its columns in another order."""

    def __init__(self, result: QueryResult, columns: Sequence[CopiedColumn]) -> None:
        self._result = result
        self._columns = columns

    @property
    def columns(self) -> Sequence[OutputColumn]:
        """The columns."""
        return self._columns

    @property
    def mark(self) -> ResultMark:
        """What a reader of the file must know of the result."""
        return self._result.mark

    @property
    def has_partial_values(self) -> bool:
        """Whether values are computed over part of the records."""
        return self._result.has_partial_values

    def batches(self, size: int = _AT_ONCE) -> Iterator[Sequence[OutputRow]]:
        """Yield the rows, `size` at a time. Called in the thread of the result."""
        places = [column.place for column in self._columns]
        for rows in self._result.batches(size):
            yield [[row[place] for place in places] for row in rows]


def export_result(result: QueryResult, columns: Sequence[CopiedColumn], name: str) -> RowExport:
    """Return the export of a whole result, in its order; `columns` are those written."""
    chosen = ChosenColumns(result, columns)

    async def write(file: str) -> "Format":
        if withholds_rows(chosen, format_of_file(Path(file))):
            raise ExportFailed(f"{one_line(file, 120)}: {WITHHELD}")
        try:
            return await result.run(lambda: write_rows(chosen, file))
        except (QueryError, RuntimeError) as error:  # its rows are there no more
            words = f"{one_line(file, 120)} is not written: {one_line(str(error), 200)}"
            raise ExportFailed(words) from error

    rows = count_noun(result.count, "row")
    description = f"all {rows}" if result.count > 1 else rows
    if result.mark:
        description = f"{rows} of a result that is {result.mark}"
    advice = "Text, JSON and Markdown files say so too." if result.mark else ""
    return RowExport(description, advice, suggest_file(name), write)
