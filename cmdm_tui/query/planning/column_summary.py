"""Writes SUMMARIZE as a query: one row for each column, with its extremes, quartiles and nulls.

DuckDB's own SUMMARIZE compares text by bytes and fills numbers up with zeros. As an ordinary query
it does neither, and its plan is an ordinary plan.
"""

import re
from collections.abc import Sequence

from sqlglot import exp

from cmdm_tui.query.model import ResultColumn

_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|FLOAT|DOUBLE")
_TIMES = re.compile(r"DATE|TIMESTAMP.*|TIME.*")
_QUARTILES = {"q25": "0.25", "q50": "0.5", "q75": "0.75"}


def summarize_columns(query: exp.Expr, columns: Sequence[ResultColumn]) -> exp.Select:
    """Return the query whose rows are what DuckDB's SUMMARIZE tells of each column of a query."""
    names = [exp.to_identifier(f"c{n}", quoted=True) for n in range(1, len(columns) + 1)]
    rows = [
        _measures(column, exp.column(name.copy()))
        for column, name in zip(columns, names, strict=True)
    ]
    lists = {
        title: exp.Explode(this=exp.Array(expressions=[row[title] for row in rows]))
        for title in rows[0]
    }
    source = exp.Subquery(
        this=query.this if isinstance(query, exp.Subquery) else query,
        alias=exp.TableAlias(this=exp.to_identifier("summarized"), columns=names),
    )
    return exp.Select(
        expressions=[exp.alias_(one, title) for title, one in lists.items()],
        from_=exp.From(this=source),
    )


def _measures(column: ResultColumn, value: exp.Column) -> dict[str, exp.Expr]:
    """Return the expressions of one column by the titles that DuckDB gives them."""
    is_number = _NUMBERS.fullmatch(column.type) is not None
    has_order = is_number or _TIMES.fullmatch(column.type) is not None
    count: exp.Expr = exp.Count(this=exp.Star())
    nulls = exp.Sub(this=count.copy(), expression=exp.Count(this=value.copy()))
    of_all = exp.func("nullif", count.copy(), exp.Literal.number(0))
    share = exp.Div(
        this=exp.Mul(this=exp.paren(nulls), expression=_number("100.0")), expression=of_all
    )
    measures: dict[str, exp.Expr] = {
        "column_name": exp.Literal.string(column.name),
        "column_type": exp.Literal.string(column.type),
        "min": _text(exp.Min(this=value.copy()), column),
        "max": _text(exp.Max(this=value.copy()), column),
        "approx_unique": exp.ApproxDistinct(this=value.copy()),
        "avg": _text(exp.Avg(this=value.copy()), None) if is_number else _no_text(),
        "std": _text(exp.Stddev(this=value.copy()), None) if is_number else _no_text(),
    }
    for title, share_below in _QUARTILES.items():
        function = "quantile_cont" if is_number else "quantile_disc"
        found = exp.Anonymous(this=function, expressions=[value.copy(), _number(share_below)])
        measures[title] = _text(found, column) if has_order else _no_text()
    measures["count"] = count
    measures["null_percentage"] = exp.cast(exp.func("round", share, _number("2")), "DECIMAL(9,2)")
    return measures


def _text(value: exp.Expr, column: ResultColumn | None) -> exp.Expr:
    """Return a value as text; of a decimal without the zeros that fill its places up."""
    if column is not None and column.type.startswith("DECIMAL"):
        value = exp.Anonymous(this="text_of_number", expressions=[value])
    return exp.cast(value, "VARCHAR")


def _no_text() -> exp.Expr:
    return exp.cast(exp.null(), "VARCHAR")


def _number(text: str) -> exp.Expr:
    return exp.Literal.number(text)
