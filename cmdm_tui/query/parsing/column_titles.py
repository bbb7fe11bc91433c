"""Titles the computed columns of a query with the text that computes them."""

from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from cmdm_tui.query.parsing.dialect import DIALECT

_OPENING_BRACKETS = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING_BRACKETS = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_CLAUSE_STARTS = {
    TokenType.FROM,
    TokenType.WHERE,
    TokenType.GROUP_BY,
    TokenType.HAVING,
    TokenType.QUALIFY,
    TokenType.WINDOW,
    TokenType.ORDER_BY,
    TokenType.LIMIT,
    TokenType.OFFSET,
    TokenType.UNION,
    TokenType.EXCEPT,
    TokenType.INTERSECT,
    TokenType.SEMICOLON,
}
"""The tokens that end the column list of a SELECT."""


_CLOCK_WORDS = (
    exp.CurrentDate,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.Localtime,
    exp.Localtimestamp,
)
"""Functions written without brackets: DuckDB would take such a title for the function itself."""


def needs_title(projection: exp.Expr) -> bool:
    """Return whether a column is computed and has no name: DuckDB would name it after rewriting."""
    named = (exp.Column, exp.Alias, exp.Star, exp.Columns, exp.Aliases)
    if isinstance(projection, (*named, exp.Dot, exp.Explode)) or projection.alias:
        return False
    if isinstance(projection, _CLOCK_WORDS):
        return False
    if projection.find(exp.Columns, exp.Unnest):
        return False
    # A part of a column has a name that no rewriting touches.
    part = projection
    while isinstance(part, exp.Bracket):
        part = part.this
    return not isinstance(part, exp.Column)


def title_as_written(tree: exp.Expr, sql: str) -> None:
    """Name each computed column by its text in `sql`, without blanks and comments.

    Where the texts of the columns are ambiguous, the columns keep no name.
    """
    first = tree
    while isinstance(first, exp.SetOperation):
        first = first.this
    if not isinstance(first, exp.Select) or _is_distinct_on(first):
        return
    written = list(_column_texts(sqlglot.tokenize(sql, dialect=DIALECT), sql))
    if len(written) != len(first.expressions):
        return
    for projection, words in zip(list(first.expressions), written, strict=True):
        if needs_title(projection) and "\0" not in words:
            projection.replace(exp.alias_(projection.copy(), words, quoted=True))


def _is_distinct_on(select: exp.Select) -> bool:
    distinct = select.args.get("distinct")
    return isinstance(distinct, exp.Distinct) and bool(distinct.args.get("on"))


def _column_texts(tokens: Sequence[Token], sql: str) -> Iterator[str]:
    """Yield the text of each column of the first SELECT outside brackets."""
    depth, column, is_select = 0, list[Token](), False
    for number, token in enumerate(tokens):
        before = tokens[number - 1].token_type if number else None
        if token.token_type in _CLOSING_BRACKETS:
            depth -= 1
        if depth == 0 and is_select:
            is_compared = token.token_type is TokenType.FROM and before is TokenType.DISTINCT
            if token.token_type in _CLAUSE_STARTS and not is_compared:
                break
            if token.token_type is TokenType.COMMA:
                yield _join_tokens(column, sql)
                column = []
                continue
        if is_select and not (token.token_type is TokenType.DISTINCT and not column):
            column.append(token)
        if depth == 0 and token.token_type is TokenType.SELECT:
            is_select = True
        if token.token_type in _OPENING_BRACKETS:
            depth += 1
    if column:
        yield _join_tokens(column, sql)


def _join_tokens(column: Sequence[Token], sql: str) -> str:
    words, end = "", None
    for token in column:
        gap = "" if end is None or token.start == end else " "
        words += gap + sql[token.start : token.end + 1]
        end = token.end + 1
    return words
