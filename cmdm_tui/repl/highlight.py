"""Colours what is typed at the prompt: SQL, calls with their JSON, and commands."""

import re
from collections.abc import Callable, Iterator

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.query.sql_highlight import MOST_CHARACTERS, highlight_sql
from cmdm_tui.repl.call_text import VERBS
from cmdm_tui.repl.statement_splitter import split_statements

Part = tuple[int, int, str]
"""Where a part of the text begins and ends, and the name of its style."""

_COMMAND = re.compile(r"\s*(\\\S+)")
_CALL = re.compile(rf"\s*({'|'.join(VERBS)})(?=\s|$)", re.IGNORECASE)
_JSON = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<text>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?P<keyword>\b(?:true|false|null)\b)",
    re.DOTALL,
)
_COMMENT = re.compile(r"[ \t]*(?:--|#)[^\n]*", re.MULTILINE)


class StatementLexer(Lexer):
    """Colours statements, each by what it is; a text that is too long has no colours."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return a function that gives the coloured pieces of a line."""
        lines = list(split_styles(document.text))

        def get_line(number: int) -> StyleAndTextTuples:
            return lines[number] if number < len(lines) else []

        return get_line


def highlight_statements(text: str) -> Iterator[Part]:
    """Yield the parts of a text that have a colour, in order."""
    if len(text) > MOST_CHARACTERS:
        return
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    position = 0
    for unit in split_statements(text):
        start = max(starts[unit.line - 1] + unit.column - 1, position)
        yield from _highlight_comments(text, position, start)
        statement = text[start : start + len(unit.text)]
        for begin, end, style in _highlight_statement(statement):
            yield start + begin, start + end, style
        position = start + len(unit.text)
    yield from _highlight_comments(text, position, len(text))


def split_styles(text: str) -> Iterator[StyleAndTextTuples]:
    """Yield the pieces of each line of a text with their styles."""
    line: StyleAndTextTuples = []
    position = 0
    for begin, end, style in (*highlight_statements(text), (len(text), len(text), "")):
        for words, name in ((text[position:begin], ""), (text[begin:end], f"class:{style}")):
            first, *others = words.split("\n")
            if first:
                line.append((name, first))
            for other in others:
                yield line
                line = [(name, other)] if other else []
        position = end
    yield line


def _highlight_comments(text: str, start: int, end: int) -> Iterator[Part]:
    for found in _COMMENT.finditer(text, start, end):
        yield found.start(), found.end(), "comment"


def _highlight_statement(statement: str) -> Iterator[Part]:
    if is_sql(statement):
        for begin, end, part in highlight_sql(statement):
            yield begin, end, str(part)
    elif (command := _COMMAND.match(statement)) is not None:
        yield *command.span(1), "command"
    elif (call := _CALL.match(statement)) is not None:
        yield *call.span(1), "keyword"
        body = statement.find("{", call.end())
        for found in _JSON.finditer(statement, body) if body >= 0 else ():
            yield *found.span(), found.lastgroup or ""
