"""Reads delimited text cell by cell, with the line of each record and each fault of its quotes.

Own code, since no library gives what a user must be shown: DuckDB's sniffer takes a quote that
never closes for text and drops quotes that begin after its sample, and Python's `csv` neither says
which cell was quoted nor where a quote opened.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cmdm_tui.transfer.source_table import FileCell, RowFault, SourceRow

_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class DelimitedDialect:
    r"""How cells are delimited. `quote` is empty where quotes are plain characters.

    `has_escapes`: `\t`, `\n`, `\r` and `\\` mean a tab, line ends and a backslash.
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False


def scan_rows(text: str, dialect: DelimitedDialect, first_line: int = 1) -> Iterator[SourceRow]:
    """Yield the rows of a text; CRLF, CR and LF each end a line.

    A quote inside a cell that does not begin with one is a plain character. Text after a closing
    quote is a fault of its record. A quote that never closes, or closes lines later in the middle
    of a cell, is a fault of all that follows: one faulty row names its lines, and is the last one.
    """
    return _Scanner(text, dialect, first_line).scan()


class _Scanner:
    """The state of one reading: where it is, and in which line."""

    def __init__(self, text: str, dialect: DelimitedDialect, first_line: int) -> None:
        delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote or '"')
        self._text = text
        self._dialect = dialect
        self._bare = re.compile(rf"[^{delimiter}\r\n]*+")
        self._quoted = re.compile(rf"{quote}([^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+){quote}")
        self._place = 0
        self._line = first_line

    def scan(self) -> Iterator[SourceRow]:
        while self._place < len(self._text):
            yield self._read_row()

    def _read_row(self) -> SourceRow:
        text, delimiter, quote = self._text, self._dialect.delimiter, self._dialect.quote
        line = self._line
        cells: list[FileCell] = []
        fault: RowFault | None = None
        while True:
            if quote and text.startswith(quote, self._place):
                reason = self._read_quoted(cells)
                if reason and fault is None:
                    fault = RowFault(reason, len(cells) - 1)
            else:
                cells.append(FileCell(self._unescape(self._take_bare())))
            if not text.startswith(delimiter, self._place):
                break
            self._place += 1
        if end := _LINE_END.match(text, self._place):
            self._place = end.end()
            self._line += 1
        return SourceRow(line, cells, fault)

    def _read_quoted(self, cells: list[FileCell]) -> str:
        """Add a quoted cell; return what is wrong with its quotes, if anything."""
        opened = self._line
        found = self._quoted.match(self._text, self._place)
        if found is None:
            cells.append(FileCell(self._text[self._place :], is_exact=True))
            return f"a quote opens here and never closes: {self._skip_rest(opened)}"
        quote = self._dialect.quote
        cells.append(FileCell(self._unescape(found[1].replace(quote * 2, quote)), is_exact=True))
        self._line += sum(1 for _ in _LINE_END.finditer(found[1]))
        self._place = found.end()
        if not self._take_bare().strip():
            return ""
        if self._line == opened:
            return "text after the closing quote"
        return (
            "a quote opens here and closes lines later in the middle of a cell: "
            + self._skip_rest(opened)
        )

    def _skip_rest(self, opened: int) -> str:
        rest = self._text[self._place :].rstrip("\r\n")
        last = self._line + sum(1 for _ in _LINE_END.finditer(rest))
        self._place, self._line = len(self._text), last
        if last == opened:
            return f"line {opened} cannot be read"
        return f"lines {opened} to {last} cannot be separated"

    def _take_bare(self) -> str:
        found = self._bare.match(self._text, self._place)
        if found is None:
            return ""
        self._place = found.end()
        return found[0]

    def _unescape(self, text: str) -> str:
        if not self._dialect.has_escapes or "\\" not in text:
            return text
        return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)


def find_line_end(text: str) -> str:
    """Return the name of a text's line ends: `CRLF`, `LF`, `CR`, `mixed`, or nothing."""
    ends = {found[0] for found in _LINE_END.finditer(text)}
    names = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}
    return names[ends.pop()] if len(ends) == 1 else "mixed" if ends else ""


def find_swallowed_lines(rows: Iterable[SourceRow], delimiter: str, width: int) -> list[int]:
    """Return the lines of the records in which a quoted cell holds what looks like whole records.

    A quote that was forgotten at the end of a cell closes at the next one that comes. In a file of
    two columns each of the lines has to look so: one delimiter is in many a line of plain text.
    """
    if width < 2:
        return []
    is_enough = all if width == 2 else any
    return [
        row.line
        for row in rows
        if row.fault is None
        and any(
            is_enough(_is_like_record(line, delimiter, width) for line in lines)
            for cell in row.cells
            if cell is not None and cell.is_exact and isinstance(cell.value, str)
            if (lines := _LINE_END.split(cell.value)[1:])
        )
    ]


def _is_like_record(line: str, delimiter: str, width: int) -> bool:
    # A comma of plain text has a blank behind it.
    is_prose = width == 2 and f"{delimiter} " in line
    return line.count(delimiter) == width - 1 and not is_prose
