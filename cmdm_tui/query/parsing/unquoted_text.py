"""Advises on a text that was written without its quotes, and so was read as a name."""

from sqlglot import exp

from cmdm_tui.query.parsing.identifiers import quote_text
from cmdm_tui.text import one_line

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.In)


def advise_quotes(name: str) -> str:
    """Return how the text of a name is written."""
    return f"Text is written in single quotes: {quote_text(one_line(name, 60))}."


def advise_compared_text(column: exp.Column) -> str | None:
    """Return how a text is written, where something is compared with the column; else None."""
    is_compared = isinstance(column.parent, _COMPARISONS) and column is not column.parent.this
    return advise_quotes(column.name) if is_compared and not column.table else None
