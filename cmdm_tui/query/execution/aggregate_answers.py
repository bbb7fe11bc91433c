"""Replaces a query's aggregates by what boundaries, totals and counts by value have given."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from sqlglot import exp

from cmdm_tui.query.collation.rewrite import title_projections
from cmdm_tui.query.database.casts import Digits
from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.query_shape import QueryShape

COUNT_COLUMN = "records of the value"
"""The column with the number of records of each value."""

AggregateValue = tuple[ColumnKind | None, Value | int | None]
"""The value of an aggregate: of a kind, or a count where the kind is None."""

_SQL_TYPES = {
    ColumnKind.TEXT: "VARCHAR",
    ColumnKind.NUMBER: Digits().type,
    ColumnKind.DATE: "DATE",
    ColumnKind.DATETIME: "TIMESTAMP WITH TIME ZONE",
    ColumnKind.BOOLEAN: "BOOLEAN",
}


def substitute_answers(shape: QueryShape, answers: Mapping[int, AggregateValue]) -> str:
    """Return the query as SQL without its entity: each aggregate is replaced by its value.

    `answers` are by the index of the call among the query's aggregate calls.
    """
    select = cast("exp.Select", title_projections(shape.select.copy()))
    calls = QueryShape(select, shape.source, shape.aggregates).aggregate_calls
    for index, call in enumerate(calls):
        call.replace(typed_literal(*answers[index]))
    for part in ("from_", "where"):
        select.set(part, None)
    return select.sql(dialect=DIALECT)


def typed_literal(kind: ColumnKind | None, value: Value | int | None) -> exp.Expr:
    """Return a value as a constant of the type that a column of its kind would have."""
    if kind is None:
        return exp.cast(exp.Literal.number(int(cast("int", value))), "BIGINT", dialect=DIALECT)
    if value is None:
        return exp.cast(exp.null(), _SQL_TYPES[kind], dialect=DIALECT)
    if isinstance(value, Decimal):
        text = format(value, "f")
        whole, _, fraction = text.lstrip("-").partition(".")
        sort = Digits(len(whole.lstrip("0")), len(fraction.rstrip("0"))).type
        return exp.cast(exp.Literal.string(text), sort, dialect=DIALECT)
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, datetime):
        text = f"{value.isoformat(' ')}Z"
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(value)
    return exp.cast(exp.Literal.string(text), _SQL_TYPES[kind], dialect=DIALECT)


def weight_counts(tree: exp.Expr) -> exp.Expr:
    """Return the query with each count of records replaced by a sum of the counts by value."""
    tree = tree.copy()
    for call in list(tree.find_all(exp.Count)):
        what = call.this
        if isinstance(what, exp.Distinct):
            continue
        count: exp.Expr = exp.column(exp.to_identifier(COUNT_COLUMN, quoted=True))
        if isinstance(what, exp.Expr) and not isinstance(what, exp.Star):
            is_null = exp.If(
                this=exp.paren(what.copy()).is_(exp.null()), true=exp.Literal.number(0)
            )
            count = exp.Case(ifs=[is_null], default=count)
        total = exp.func("coalesce", exp.func("sum", count), exp.Literal.number(0))
        call.replace(exp.cast(total, "BIGINT"))
    return tree
