"""Finds where a statement ends, line by line: SQL, a call, a command, and what follows it."""

import re

from msgspec import Struct

from cmdm_tui.query.parsing.beginnings import begins_sql
from cmdm_tui.repl.call_text import VERBS_WITH_BODY, answers_without_body, match_call
from cmdm_tui.repl.commands.command_table import get_command, takes_whole_line
from cmdm_tui.repl.sql_scanner import COMMENT_KINDS, SqlScanner
from cmdm_tui.repl.statements import (
    PLAIN_ENDING,
    Destination,
    FileDestination,
    PipeDestination,
    StatementEnding,
)
from cmdm_tui.repl.typed_text import OpenBody

_BLANKS = re.compile(r"\s*")
_WORD = re.compile(r"""(?:'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|\\.|[^\s;'"\\])+""", re.DOTALL)
_TERMINATOR = re.compile(r"\\(gx|g|G|watch|edit|e)(?=[\s;|>]|$)")
_EXPANSION = re.compile(r"\\(gx|g|G)(?=[\s;|>]|$)")
_PIPE = re.compile(r"\|(?!\|)")
_FILE = re.compile(r">>|>(?![=>])")
_COMMAND_NAME = re.compile(r"\\(!|\S*)")
_ARGUMENT = re.compile(r"""\s+(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"])+(?=\s)""")
_WAITING_WORDS = frozenset({
    ",", "=", "<", ">", "+", "-", "/", "%", "|", "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP",
    "ORDER", "PARTITION", "BY", "HAVING", "JOIN", "ON", "USING", "AND", "OR", "NOT", "IN", "IS",
    "LIKE", "ILIKE", "BETWEEN", "EXISTS", "AS", "SET", "INTO", "VALUES", "UNION", "ALL", "EXCEPT",
    "INTERSECT", "CASE", "WHEN", "THEN", "ELSE", "WITH", "LIMIT", "OFFSET",
})  # fmt: skip
"""What SQL cannot end with."""
_GOING_ON = re.compile(
    r"""\s*(?:[),]|(FROM|WHERE|GROUP|ORDER|HAVING|LIMIT|OFFSET|JOIN|LEFT|RIGHT|FULL|INNER|CROSS|ON|
    USING|AND|OR|AS|SET|VALUES|UNION|EXCEPT|INTERSECT|QUALIFY|RETURNING|WHEN|ELSE|END)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
"""The beginning of a line that goes on with SQL, rather than begins a statement."""


class StatementEnd(Struct, frozen=True):
    """Where a statement ends in its last line: its text at `text_end`, all of it at `end`."""

    text_end: int
    end: int
    ending: StatementEnding = PLAIN_ENDING


class SqlReader:
    r"""SQL: it ends at its semicolon, `\g`, `\gx`, `\G`, `\watch` or `\e`; SHOW with its line."""

    missing = ""
    """Nothing: SQL without its semicolon is run where the input ends."""
    may_end = False

    def __init__(self, line: str, start: int) -> None:
        self._is_one_line = not begins_sql(line[start:])
        self._scanner = SqlScanner(is_coarse=True)

    @property
    def open_mark(self) -> str:
        """What ends the text, name or comment that is open; nothing where none is."""
        return self._scanner.open_mark

    def read(self, line: str, start: int) -> StatementEnd | None:
        """Return where it ends in the line; None where it goes on."""
        for piece in self._scanner.scan(f"{line}\n", start):
            if piece.kind == "end":
                return read_ending(line, piece.start, piece.end)
            if piece.kind == "backslash":
                found = _TERMINATOR.match(line, piece.start)
                if found is not None:
                    return _read_terminator(line, found)
        is_over = self._is_one_line and not self._scanner.is_inside
        return StatementEnd(len(line), len(line)) if is_over else None

    def goes_on(self, _: str) -> bool:
        """Return whether the next line belongs to it: every one does."""
        return True


class CallReader:
    """A call: it ends with its line, or where its body is closed."""

    may_end = False

    def __init__(self, line: str, start: int) -> None:
        call = match_call(line, start)
        assert call is not None  # noqa: S101 - only a call is read by this
        self._body = OpenBody()
        self._takes_body = call[1].upper() in VERBS_WITH_BODY and bool(call[2])
        self._may_begin_later = self._takes_body and not answers_without_body(call[2])
        self._has_begun = False
        self._path_end = call.end()

    @property
    def missing(self) -> str:
        """What would close the body."""
        return self._body.missing

    def read(self, line: str, start: int) -> StatementEnd | None:
        """Return where it ends in the line; None where it goes on."""
        position = start if self._has_begun else max(self._path_end, start)
        if not self._has_begun:
            if line[:position].rstrip().endswith(";"):
                semicolon = line.rindex(";", 0, position)
                return read_ending(line, semicolon, semicolon + 1)
            ending = _find_direct_ending(line, position)
            if ending is not None:
                return ending
            self._path_end = 0
            if position >= len(line):
                return None if self._may_begin_later else StatementEnd(len(line), len(line))
            if not self._takes_body:
                return _read_words(line, position)
        self._has_begun = True
        end = self._body.feed(line, position)
        if end is not None:
            return _find_direct_ending(line, end) or StatementEnd(len(line), len(line))
        self._body.feed("\n")
        return None if self._body.is_open else _read_words(line, position)

    def goes_on(self, line: str) -> bool:
        """Return whether the next line belongs to it: a blank one ends it."""
        return bool(line.strip()) if self._has_begun else line.lstrip().startswith("{")


class SqlCommandReader:
    r"""A command with SQL, as `\ns NAME SELECT …`: it ends with a line that ends in a semicolon.

    Without one, it ends with its line where the SQL can, and the next line does not go on with it.
    """

    missing = ""

    def __init__(self, sql_start: int) -> None:
        self._sql_start = sql_start
        self._scanner = SqlScanner()
        self._depth = 0
        self._last = ""
        self._has_from = False

    @property
    def may_end(self) -> bool:
        """Whether what was read is whole: nothing is open in it, and no word waits for another."""
        is_open = self._scanner.is_inside or self._depth > 0
        return not is_open and self._last not in _WAITING_WORDS

    def read(self, line: str, _: int) -> StatementEnd | None:
        """Return where it ends in the line; None where it goes on, or may."""
        start, self._sql_start = self._sql_start, 0
        for piece in self._scanner.scan(f"{line}\n", start):
            self._depth += (piece.kind == "open") - (piece.kind == "close")
            if piece.kind not in COMMENT_KINDS and piece.kind != "blank":
                self._last = line[piece.start : piece.end].upper()
                self._has_from = self._has_from or self._last == "FROM"
        return StatementEnd(len(line), len(line)) if self.may_end and self._last == ";" else None

    def goes_on(self, line: str) -> bool:
        """Return whether the next line belongs to it."""
        found = _GOING_ON.match(line)
        is_next = found is not None and (found[1] or "").upper() == "FROM" and self._has_from
        return not self.may_end or (found is not None and not is_next)


class CommandReader:
    """A backslash command, or anything else: it ends with its line, or at a semicolon."""

    missing = ""
    may_end = False

    def __init__(self, line: str, start: int) -> None:
        found = _COMMAND_NAME.match(line, start)
        self._is_command = found is not None
        self._is_whole_line = found is not None and takes_whole_line(found[1])

    def read(self, line: str, start: int) -> StatementEnd:
        """Return where it ends in the line."""
        if self._is_whole_line:
            return StatementEnd(len(line), len(line))
        return _read_words(line, start, has_destination=self._is_command)

    def goes_on(self, _: str) -> bool:
        """Return whether the next line belongs to it: none does."""
        return False


StatementReader = SqlReader | CallReader | SqlCommandReader | CommandReader


def command_reader(line: str, start: int) -> SqlCommandReader | CommandReader:
    """Return what reads the command, or what is none, that begins at `start`."""
    sql_start = _find_sql(line, start)
    return CommandReader(line, start) if sql_start is None else SqlCommandReader(sql_start)


def _find_sql(line: str, start: int) -> int | None:
    """Return where the SQL of a command begins in its line; None where it has none there."""
    found = _COMMAND_NAME.match(line, start)
    command = None if found is None else get_command(found[1])
    if found is None or command is None or not command.takes_sql:
        return None
    position = found.end()
    for _ in command.arguments[:-1]:
        word = _ARGUMENT.match(line, position)
        if word is None:
            return None
        position = word.end()
    position = _skip_blanks(line, position)
    return position if begins_sql(line[position:]) else None


def read_ending(line: str, text_end: int, position: int) -> StatementEnd:
    """Return the end of a statement whose text is over, with what follows it in the line."""
    return _read_destination(line, text_end, position) or StatementEnd(text_end, position)


def _find_direct_ending(line: str, position: int) -> StatementEnd | None:
    r"""Return the end where nothing but an ending follows: `;`, `> FILE`, `| COMMAND`, `\g`."""
    start = _skip_blanks(line, position)
    rest = line[start:]
    if rest.startswith(";"):
        return read_ending(line, position, start + 1)
    if not rest or rest.startswith("--"):
        return StatementEnd(position, len(line)) if position < len(line) else None
    terminator = _TERMINATOR.match(line, start)
    if terminator is not None:
        return _read_terminator(line, terminator)
    return _read_destination(line, position, position)


def _read_words(line: str, start: int, *, has_destination: bool = False) -> StatementEnd:
    """Return where words end that may be quoted: at a semicolon, or with the line."""
    position = start
    while position < len(line):
        begin = _skip_blanks(line, position)
        if line.startswith(";", begin):
            return read_ending(line, begin, begin + 1)
        if has_destination and begin > position:
            terminator = _EXPANSION.match(line, begin)
            if terminator is not None:
                return _read_terminator(line, terminator)
            found = _read_destination(line, position, position)
            if found is not None:
                return found
        word = _WORD.match(line, begin)
        if word is None:
            break
        position = word.end()
    return StatementEnd(len(line), len(line))


def _read_destination(line: str, text_end: int, position: int) -> StatementEnd | None:
    start = _skip_blanks(line, position)
    if _PIPE.match(line, start):
        pipe = PipeDestination(line[start + 1 :].strip())
        return StatementEnd(text_end, len(line), StatementEnding(pipe))
    found = _FILE.match(line, start)
    if found is None:
        return None
    destination, end = _read_file(line, found.end(), appends=found[0] == ">>")
    return StatementEnd(text_end, end, StatementEnding(destination))


def _read_file(line: str, position: int, *, appends: bool) -> tuple[FileDestination, int]:
    start = _skip_blanks(line, position)
    word = _WORD.match(line, start)
    name, end = (word[0], word.end()) if word is not None else ("", start)
    return FileDestination(_unquote(name), appends), _skip_semicolon(line, end)


def _read_terminator(line: str, found: re.Match[str]) -> StatementEnd:
    """Return the end of a statement that a backslash word ends, with what follows the word."""
    start = _skip_blanks(line, found.end())
    if found[1] == "watch":
        word = _WORD.match(line, start)
        end = start if word is None else word.end()
        ending = StatementEnding(interval="" if word is None else word[0])
        return StatementEnd(found.start(), _skip_semicolon(line, end), ending)
    if found[1] in {"e", "edit"}:
        ending = StatementEnding(is_edited=True)
        return StatementEnd(found.start(), _skip_semicolon(line, start), ending)
    is_expanded = found[1] != "g"
    destination: Destination | None = None
    after = _read_destination(line, found.start(), start)
    if after is not None:
        destination, end = after.ending.destination, after.end
    elif start < len(line) and line[start] not in ";\\" and not line.startswith("--", start):
        destination, end = _read_file(line, start, appends=False)
    else:
        end = _skip_semicolon(line, start)
    return StatementEnd(found.start(), end, StatementEnding(destination, is_expanded))


def _skip_blanks(line: str, position: int) -> int:
    found = _BLANKS.match(line, position)
    return position if found is None else found.end()


def _skip_semicolon(line: str, position: int) -> int:
    start = _skip_blanks(line, position)
    return start + 1 if line.startswith(";", start) else position


def _unquote(word: str) -> str:
    r"""Return a word without its quotes; a backslash outside of them counts for itself."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return word[1:-1]
    return word
