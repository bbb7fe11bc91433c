"""Turns SUMMARIZE, PIVOT and UNPIVOT as whole statements into queries; takes a script apart."""

import re

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from cmdm_tui.query.parsing.dialect import DIALECT, SCRIPT_DIALECT

_PIVOT = re.compile(r"\s*(UN)?PIVOT(_WIDER|_LONGER)?\b", re.IGNORECASE)
_ENDS_OF_PIVOT = {TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET}
_DEPTHS = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
_OUTER = "SELECT * FROM t"


class ScriptStatement(Struct, frozen=True):
    """One statement of a script: its SQL, where it begins, from 1, and its parameters' names."""

    sql: str
    line: int = 1
    column: int = 1
    parameters: frozenset[str] = frozenset()

    @property
    def padded(self) -> str:
        """The SQL with blank lines before it, so that its places are those of the script."""
        return "\n" * (self.line - 1) + " " * (self.column - 1) + self.sql


def split_script(sql: str) -> list[ScriptStatement]:
    """Return the statements that semicolons separate, without those that are empty.

    Semicolons in text, names and comments separate nothing. What cannot be read to its end, as a
    text whose quote is not closed, is one statement.
    """
    try:
        tokens = sqlglot.tokenize(sql, dialect=SCRIPT_DIALECT)
    except SqlglotError:
        return [ScriptStatement(sql)]
    statements: list[ScriptStatement] = []
    first, names = None, set[str]()
    for place, token in enumerate(tokens):
        if token.token_type is not TokenType.SEMICOLON:
            first = token.start if first is None else first
            if place and tokens[place - 1].token_type is TokenType.PARAMETER:
                names.add(token.text)
        elif first is not None:
            statements.append(_make_statement(sql, first, token.start, names))
            first, names = None, set[str]()
    if first is not None:
        statements.append(_make_statement(sql, first, len(sql), names))
    return statements


def parse_trees(sql: str) -> list[exp.Expr | None]:
    """Parse SQL, where a PIVOT may be ordered and limited as DuckDB allows. Raises SqlglotError."""
    try:
        return sqlglot.parse(sql, dialect=DIALECT)
    except SqlglotError:
        split = _split_pivot(sql)
        if split is None:
            raise
        pivot, outer = (sqlglot.parse_one(one, dialect=DIALECT) for one in split)
        from_ = outer.args["from_"]
        from_.set("this", exp.Subquery(this=pivot))
        return [outer]


def unwrap_statement(tree: exp.Expr, sql: str) -> tuple[exp.Expr, bool]:
    """Return the query that a statement is, and whether its columns are to be summarized."""
    if isinstance(tree, exp.Summarize):
        return _query_of(tree.this, sql), True
    return _query_of(tree, sql) if isinstance(tree, exp.Pivot) else tree, False


def may_make_column(tree: exp.Expr, name: str | None = None) -> bool:
    """Return whether a PIVOT may make a column of this name, or any, of the values in the rows.

    A name that is used within the PIVOT is one of the columns that it is made of.
    """
    pivots = _open_pivots(tree)
    within = {column.name for pivot in pivots for column in pivot.find_all(exp.Column)}
    return bool(pivots) and name not in within


def name_pivoted_values(tree: exp.Expr) -> exp.Expr:
    """Give each PIVOT that has none a value, null, so that all names in it can be checked."""
    for pivot in _open_pivots(tree):
        for value in list(pivot.expressions):
            if not isinstance(value, exp.In):
                this = value if isinstance(value, exp.Column) else exp.paren(value)
                value.replace(exp.In(this=this.copy(), expressions=[exp.null()]))
    return tree


def _open_pivots(tree: exp.Expr) -> list[exp.Pivot]:
    """Return the PIVOTs that make columns of the values in the rows."""
    return [
        one
        for one in tree.find_all(exp.Pivot)
        if not one.args.get("unpivot")
        and not one.args.get("fields")
        and not all(isinstance(value, exp.In) for value in one.expressions)
    ]


def _query_of(node: exp.Expr, sql: str) -> exp.Expr:
    """Return a query of what is to be summarized or pivoted."""
    if isinstance(node, exp.Literal) and node.is_string:
        file = exp.to_identifier(node.name, quoted=True)
        file.meta["start"] = sql.find("'")
        node = exp.Table(this=file)
    if isinstance(node, exp.Pivot):
        with_ = node.args.get("with_")
        node.set("with_", None)
        _name_aggregates(node)
        query = _select_from(exp.Subquery(this=node))
        query.set("with_", with_)
        return query
    return _select_from(node) if isinstance(node, exp.Table) else node


def _name_aggregates(pivot: exp.Pivot) -> None:
    """Name the aggregates of a PIVOT as DuckDB does, whatever they are rewritten to."""
    using: list[exp.Expr] = pivot.args.get("using") or []
    for one in list(using) if len(using) > 1 else ():
        if isinstance(one, exp.AggFunc):
            is_count = isinstance(one, exp.Count) and isinstance(one.this, exp.Star)
            name = one.sql(dialect=DIALECT, normalize_functions="lower", comments=False)
            alias = "count_star()" if is_count else name
            one.replace(exp.alias_(one.copy(), alias, quoted=True))


def _select_from(item: exp.Expr) -> exp.Select:
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=item))


def _split_pivot(sql: str) -> tuple[str, str] | None:
    """Return a PIVOT without its order and limit, and these as a query; each keeps its places."""
    if not _PIVOT.match(sql):
        return None
    depth = 0
    for token in sqlglot.tokenize(sql, dialect=DIALECT):
        depth += _DEPTHS.get(token.token_type, 0)
        if depth == 0 and token.token_type in _ENDS_OF_PIVOT and token.start >= len(_OUTER):
            blank = re.sub(r"[^\n]", " ", sql[len(_OUTER) : token.start])
            return sql[: token.start], _OUTER + blank + sql[token.start :]
    return None


def _make_statement(sql: str, first: int, end: int, names: set[str]) -> ScriptStatement:
    line, column = sql.count("\n", 0, first) + 1, first - sql.rfind("\n", 0, first)
    return ScriptStatement(sql[first:end].rstrip(), line, column, frozenset(names))
