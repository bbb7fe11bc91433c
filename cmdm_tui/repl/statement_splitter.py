r"""Cuts lines into statements, each with what follows it: `> FILE`, `| COMMAND`, `\g`."""

from collections.abc import Iterator

from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.call_text import match_call
from cmdm_tui.repl.sql_scanner import COMMENT_KINDS, SqlScanner
from cmdm_tui.repl.statement_readers import (
    CallReader,
    SqlReader,
    StatementReader,
    command_reader,
)
from cmdm_tui.repl.statements import PLAIN_ENDING, StatementEnding, StatementText


class StatementSplitter:
    """Takes line after line and gives back the statements that are whole."""

    def __init__(self) -> None:
        self._number = 0
        self._place = (1, 1)
        self._lines: list[str] = []
        self._reader: StatementReader | None = None
        self._comment = SqlScanner()
        """What a comment between statements leaves open."""

    @property
    def is_open(self) -> bool:
        """True while a statement or a comment continues in the next line."""
        needs_more = self._reader is not None and not self._reader.may_end
        return needs_more or self._comment.is_inside

    @property
    def open_mark(self) -> str:
        """What ends the text, name or comment that is open; nothing where none is."""
        if isinstance(self._reader, SqlReader):
            return self._reader.open_mark
        return self._comment.open_mark

    @property
    def is_in_sql(self) -> bool:
        """Whether SQL continues in the next line, outside of any text, name and comment."""
        return isinstance(self._reader, SqlReader) and not self._reader.open_mark

    @property
    def text(self) -> str:
        """The lines so far of the statement that continues, each with its end."""
        return "".join(f"{line}\n" for line in self._lines)

    def feed(self, line: str) -> list[StatementText]:
        """Take a line without its end; return the statements that are whole now.

        A blank line abandons a call whose body is still open; SQL continues over blank lines, to
        its semicolon.
        """
        self._number += 1
        units: list[StatementText] = []
        position = 0
        if self._reader is not None and not self._reader.goes_on(line):
            units.append(self._finish(self._reader.missing))
        while self._reader is not None or position < len(line):
            if self._reader is None:
                position = self._skip_comments(line, position)
                if position >= len(line):
                    break
                self._begin(line, position)
            assert self._reader is not None  # noqa: S101 - it has just begun
            found = self._reader.read(line, position)
            if found is None:
                self._lines.append(line[position:])
                break
            self._lines.append(line[position : found.text_end])
            units.append(self._finish(ending=found.ending))
            position = found.end
        return units

    def end(self) -> list[StatementText]:
        """Give up the call that is still open, if there is one; SQL is whole without its end."""
        return [] if self._reader is None else [self._finish(self._reader.missing)]

    def _skip_comments(self, line: str, start: int) -> int:
        """Return where the next statement begins in the line: behind comments and semicolons."""
        if not self._comment.is_inside and line.startswith("#", start):
            return len(line)
        end = start
        for piece in self._comment.scan(f"{line}\n", start):
            is_between = piece.kind in COMMENT_KINDS or piece.kind in {"blank", "end"}
            if not is_between:
                self._comment = SqlScanner()
                return end
            end = min(piece.end, len(line))
            if line.startswith("#", end):
                return len(line)
        return len(line)

    def _begin(self, line: str, start: int) -> None:
        self._place, self._lines = (self._number, start + 1), []
        if is_sql(line[start:]):
            self._reader = SqlReader(line, start)
        elif match_call(line, start) is not None:
            self._reader = CallReader(line, start)
        else:
            self._reader = command_reader(line, start)

    def _finish(
        self, missing: str = "", *, ending: StatementEnding = PLAIN_ENDING
    ) -> StatementText:
        text = "\n".join(self._lines)
        if isinstance(self._reader, SqlReader):
            text = replace_separators(text)
        line, column = self._place
        self._lines, self._reader = [], None
        return StatementText(line, text.rstrip(), missing, column, ending)


def replace_separators(sql: str) -> str:
    r"""Return SQL with each `\;` that is in no text, name or comment as a semicolon."""
    if "\\;" not in sql:
        return sql
    return "".join(
        " ;" if piece.kind == "separator" else sql[piece.start : piece.end]
        for piece in SqlScanner().scan(sql)
    )


def split_statements(text: str) -> Iterator[StatementText]:
    """Yield the statements in `text`; the last one as abandoned where it is not whole."""
    splitter = StatementSplitter()
    for line in text.split("\n"):
        yield from splitter.feed(line)
    yield from splitter.end()


def is_incomplete(text: str) -> bool:
    """Return whether the last statement in `text` needs another line."""
    splitter = StatementSplitter()
    for line in text.split("\n"):
        splitter.feed(line)
    return splitter.is_open


def find_open_mark(text: str) -> str:
    """Return what ends the text, name or comment that is open where `text` ends."""
    splitter = StatementSplitter()
    for line in text.split("\n"):
        splitter.feed(line)
    return splitter.open_mark


def split_command(text: str) -> tuple[str, str] | None:
    """Return SQL that is unfinished, and the backslash command that is its last line.

    None where the last line is none, is within a text, name or comment, or ends the statement.
    """
    before, _, last = text.rpartition("\n")
    if not last.lstrip().startswith("\\"):
        return None
    splitter = StatementSplitter()
    for line in before.split("\n"):
        splitter.feed(line)
    if not splitter.is_in_sql or splitter.feed(last):
        return None
    command = last.strip()
    return None if command.startswith("\\;") else (before, command)


def last_statement(text: str) -> str:
    """Return the statement that `text` ends in, as far as it is typed; empty behind its end."""
    *before, last = text.split("\n")
    splitter = StatementSplitter()
    for line in before:
        splitter.feed(line)
    continued = splitter.text
    units = splitter.feed(last)
    if splitter.is_open or splitter.text:
        return splitter.text.removesuffix("\n")
    if not units:
        return ""
    unit = units[-1]
    start = unit.column - 1 if unit.line == len(before) + 1 else 0
    return (continued if start == 0 and unit.line <= len(before) else "") + last[start:]
