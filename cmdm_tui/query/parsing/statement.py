"""Reads SQL into a statement: a query as a tree, or a statement about names."""

import re
from types import MappingProxyType

from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.column_titles import title_as_written
from cmdm_tui.query.parsing.file_sources import FileSource, qualify_files, take_files
from cmdm_tui.query.parsing.normalize import balance_chains, rewrite_method_calls
from cmdm_tui.query.parsing.parameters import Parameters, bind_parameters, check_all_used
from cmdm_tui.query.parsing.read_only import check_reads_only
from cmdm_tui.query.parsing.refused_statements import refuse_no_query
from cmdm_tui.query.parsing.statement_forms import parse_trees, unwrap_statement
from cmdm_tui.query.parsing.syntax_errors import describe_syntax_error
from cmdm_tui.query.parsing.word_places import read_tokens

MAX_LENGTH = 1_000_000
"""The most characters that a statement may have."""

_SHOW = re.compile(r"show\s+(?:all\s+)?(entities|tables)", re.IGNORECASE)
_OTHER_SHOW = re.compile(r"show\b", re.IGNORECASE)
_DESCRIBE = re.compile(
    r"(?:describe|desc)\s+(?:(?:entity|table)\s+)?(.+)", re.IGNORECASE | re.DOTALL
)
_EXPLAIN = re.compile(
    r"explain\b\s*(?:\(\s*format\s+(?P<format>json|text)\s*\)\s*)?(?P<query>.*)",
    re.IGNORECASE | re.DOTALL,
)
_OTHER_EXPLAIN = re.compile(
    r"explain\s+(?:analy[sz]e|verbose)\b"
    r"|explain\s*\((?!\s*(?:select|with|from|values|\()\b)(?!\s*format\s+(?:json|text)\s*\))[a-z]",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_PIECE = re.compile(rf'"(?:[^"]|"")*"|{_COMMENT.pattern}|.', re.DOTALL)
_TRAILING = re.compile(r"(?:\s|;)+$")


class Select(Struct, frozen=True):
    """A query that was parsed and only reads; `files` are the local files that it names."""

    sql: str
    tree: exp.Expr
    files: tuple[FileSource, ...] = ()
    is_summary: bool = False
    """Whether the columns of the query are summarized, and not its rows given."""


class ShowEntities(Struct, frozen=True):
    """SHOW ENTITIES: lists the known entities."""


class Describe(Struct, frozen=True):
    """DESCRIBE entity: lists its columns."""

    entity: str


class Explain(Struct, frozen=True):
    """EXPLAIN query: shows its plan and cost. `as_json` where FORMAT JSON was given."""

    query: Select
    as_json: bool = False


Statement = Select | ShowEntities | Describe | Explain


_NO_PARAMETERS: Parameters = MappingProxyType({})


def parse(
    sql: str, parameters: Parameters = _NO_PARAMETERS, *, allows_files: bool = False
) -> Statement:
    """Parse `sql`, with the values of its `$name`s; it may name local files where that is allowed.

    Raises SqlError, and QueryRefused for a statement that does more than read.
    """
    reader = _SelectReader(parameters, allows_files)
    if len(sql) > MAX_LENGTH:
        raise SqlError(f"The SQL is longer than {MAX_LENGTH:,} characters")
    text = _TRAILING.sub("", sql)
    head = _without_leading_comments(text.lstrip())
    if not head:
        raise SqlError("There is no SQL to run", hint="For example: SELECT * FROM lead LIMIT 10")
    if _SHOW.fullmatch(_TRAILING.sub("", _COMMENT.sub("", head))):
        check_all_used(parameters, set())
        return ShowEntities()
    if _OTHER_SHOW.match(head):
        raise QueryRefused(
            "SHOW lists the entities and nothing else",
            hint="Write SHOW ENTITIES, or DESCRIBE lead for the fields of one",
        )
    described = _DESCRIBE.fullmatch(head)
    if described and not re.match(r"\(?\s*(select|with|from)\b", described[1], re.IGNORECASE):
        check_all_used(parameters, set())
        return Describe(_read_name(described[1]))
    if _OTHER_EXPLAIN.match(head):
        raise SqlError(
            "The SQL cannot be read: EXPLAIN takes FORMAT JSON or FORMAT TEXT, and no other word",
            hint="Write EXPLAIN SELECT …, or EXPLAIN (FORMAT JSON) SELECT …",
        )
    explained = _EXPLAIN.fullmatch(head)
    if explained:
        return Explain(
            reader.read(_without_beginning(text, explained["query"])),
            (explained["format"] or "").lower() == "json",
        )
    return reader.read(text)


def _without_beginning(text: str, end: str) -> str:
    """Return the end of a text where it is, with blanks for what comes before it."""
    return re.sub(r"[^\n]", " ", text[: len(text) - len(end)]) + end


def _without_leading_comments(text: str) -> str:
    while found := _COMMENT.match(text):
        text = text[found.end() :].lstrip()
    return text


def _read_name(text: str) -> str:
    """Return the name that is written there: quoted, or as words."""
    pieces = [one[0] for one in _PIECE.finditer(text) if not _COMMENT.fullmatch(one[0])]
    text = "".join(pieces).strip()
    if ";" in pieces:
        raise _several_statements()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _several_statements() -> SqlError:
    return SqlError(
        "There is more than one statement", hint="Run them one by one, or from a file with -f"
    )


class _SelectReader(Struct, frozen=True):
    """Reads queries, with the values of their parameters, and files where they are allowed."""

    parameters: Parameters
    allows_files: bool

    def read(self, sql: str) -> Select:
        """Parse and check a query. Raises SqlError."""
        tree, is_summary = unwrap_statement(parse_tree(sql), sql)
        files = take_files(tree, sql, is_allowed=self.allows_files)
        bind_parameters(tree, self.parameters)
        if not isinstance(tree, exp.Query):
            refuse_no_query(read_tokens(sql))
        check_reads_only(tree)
        qualify_files(tree, files)
        balance_chains(tree)
        title_as_written(tree, sql)
        return Select(sql, tree, files, is_summary)


def parse_tree(sql: str) -> exp.Expr:
    """Parse one statement of any kind; nothing in it is checked yet. Raises SqlError."""
    try:
        trees = parse_trees(sql)
    except SqlglotError as error:
        raise describe_syntax_error(error, sql) from error
    except RecursionError:
        raise nested_too_deeply() from None
    statements = [tree for tree in trees if tree is not None]
    if not statements:
        raise SqlError("There is no SQL to run", hint="For example: SELECT * FROM lead LIMIT 10")
    if len(statements) > 1:
        raise _several_statements()
    tree = statements[0]
    try:
        rewrite_method_calls(tree)
    except RecursionError:
        raise nested_too_deeply() from None
    return tree


def nested_too_deeply() -> SqlError:
    """Return the error for SQL that is nested too deeply to be followed."""
    return SqlError("The SQL is nested too deeply", hint="Split it into CTEs")
