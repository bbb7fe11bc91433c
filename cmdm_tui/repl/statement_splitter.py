"""Cuts lines into statements: one a line, except where a body or SQL continues over several."""

from collections.abc import Iterator
from dataclasses import dataclass

from cmdm_tui.query.parsing.beginnings import begins_sql
from cmdm_tui.repl.statement_parser import find_body
from cmdm_tui.repl.typed_text import OpenBody, OpenSql

COMMENTS = ("#", "--")
"""A line that begins with one of these between statements counts for nothing."""


@dataclass(frozen=True, slots=True)
class StatementText:
    """The text of one statement, and the line it begins on, from 1.

    `missing` is what would have closed the body where it was abandoned; else empty.
    """

    line: int
    text: str
    missing: str = ""


class StatementSplitter:
    """Takes line after line and gives back a unit whenever one is whole."""

    def __init__(self) -> None:
        self._number = 0
        self._first = 1
        self._lines: list[str] = []
        self._body: OpenBody | OpenSql = OpenBody()

    @property
    def is_open(self) -> bool:
        """True while the statement continues in the next line."""
        return bool(self._lines)

    @property
    def text(self) -> str:
        """The lines so far of the statement that continues, each with its end."""
        return "".join(f"{line}\n" for line in self._lines)

    def feed(self, line: str) -> StatementText | None:
        """Take a line without its end; a blank one abandons a call whose body is still open.

        SQL continues over blank lines, to its semicolon.
        """
        self._number += 1
        if not self._lines:
            return self._begin(line)
        if not line.strip() and isinstance(self._body, OpenBody):
            return self.end()
        self._lines.append(line)
        self._body.feed("\n" + line)
        return None if self._body.is_open else self._whole()

    def end(self) -> StatementText | None:
        """Give up the call that is still open, if there is one; SQL is whole without its end."""
        return self._whole(self._body.missing) if self._lines else None

    def _begin(self, line: str) -> StatementText | None:
        if not line.strip() or line.lstrip().startswith(COMMENTS):
            return None
        self._first, self._lines = self._number, [line]
        if begins_sql(line):
            self._body = OpenSql()
            self._body.feed(line)
        else:
            self._body = OpenBody()
            start = find_body(line)
            self._body.feed("" if start is None else line[start:])
        return None if self._body.is_open else self._whole()

    def _whole(self, missing: str = "") -> StatementText:
        unit = StatementText(self._first, "\n".join(self._lines), missing)
        self._lines = []
        return unit


def split_statements(text: str) -> Iterator[StatementText]:
    """Yield the statements in `text`; the last one as abandoned where it is not whole."""
    splitter = StatementSplitter()
    for line in text.split("\n"):
        unit = splitter.feed(line)
        if unit is not None:
            yield unit
    rest = splitter.end()
    if rest is not None:
        yield rest


def is_incomplete(text: str) -> bool:
    """Return whether the last statement in `text` needs another line."""
    splitter = StatementSplitter()
    for line in text.split("\n"):
        splitter.feed(line)
    return splitter.is_open


def last_statement(text: str) -> str:
    """Return the statement that `text` ends in, as far as it is typed."""
    *before, last = text.split("\n")
    splitter = StatementSplitter()
    for line in before:
        splitter.feed(line)
    return splitter.text + last
