"""Some of the rows and columns of a result, in an order: SQL over the table that holds it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from sqlglot import exp

from cmdm_tui.formats import unique_names
from cmdm_tui.query.collation.rewrite import apply_account_order
from cmdm_tui.query.database.python_values import Described
from cmdm_tui.query.errors import QueryRefused, SqlError, UnknownName
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.parsing.condition import read_condition
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.identifiers import nearest_names, quote_identifier
from cmdm_tui.query.parsing.unquoted_text import advise_compared_text

_SOURCE = "result"
_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"


class RowSelection(Struct, frozen=True):
    """Which rows of a result, in what order, with which columns.

    `condition` is SQL as after WHERE, with its `parameters`; empty for all rows. `order` is the
    place of a column to sort by, None for the order that is there; `places` are the columns to
    keep, None for all.
    """

    condition: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    order: int | None = None
    is_descending: bool = False
    places: tuple[int, ...] | None = None

    def make_sql(self, table: str, described: Described) -> str:
        """Return the query over the result's table, whose columns are called c1, c2 and so on.

        Its own columns are called the same. Raises SqlError for a condition that is none, names no
        column of the result or holds a query, at its place in the condition.
        """
        every = range(len(described.columns))
        kept = every if self.places is None else described.choose_places(self.places)
        chosen = ", ".join(f"{_inner(place)} AS c{n}" for n, place in enumerate(kept, 1))
        held = ", ".join(f"c{place + 1} AS {_inner(place)}" for place in every)
        if self.condition:
            names = unique_names([ResultColumn(*one) for one in described.shown])
            held += "".join(
                f", {_typed(place, kind)} AS {quote_identifier(names[place])}"
                for place, (_, kind) in enumerate(described.shown)
            )
            where = f" WHERE {self._make_condition(names)}"
        else:
            where = ""
        sql = f"SELECT {chosen} FROM (SELECT rowid AS {_ROW}, {held} FROM {table}){where}"
        if self.order is None:
            return sql
        direction = "DESC" if self.is_descending else "ASC"
        return f"{sql} ORDER BY order_key_fully({_inner(self.order)}) {direction}, {_ROW}"

    def _make_condition(self, names: Sequence[str]) -> str:
        _, condition = read_condition(_SOURCE, self.condition, self.parameters)
        if condition.find(exp.Query) is not None:
            raise QueryRefused(
                "A condition on a result holds no query", hint="Compare columns and values"
            )
        for column in list(condition.find_all(exp.Column)):
            _bind(column, names)
        query = exp.select("1").where(condition, copy=False)
        ordered = apply_account_order(query).args["where"]
        sql: str = ordered.this.sql(dialect=DIALECT)
        return sql


_ROW = '"\x01row"'


def _inner(place: int) -> str:
    """Return the name of a stored column, which no column of a result has."""
    return f'"\x01column {place + 1}"'


def _typed(place: int, kind: str) -> str:
    """Return a stored value with its type: times are stored in UTC, without their zone."""
    return f"CAST(c{place + 1} AS {kind})" if _WITH_ZONE in kind else f"c{place + 1}"


def _bind(column: exp.Column, names: Sequence[str]) -> None:
    """Give a column the exact name in the result. Raises UnknownName, or SqlError."""
    if column.table and column.table.casefold() != _SOURCE:
        raise SqlError(
            f"{column.sql(dialect=DIALECT)} names a table, and a result has none",
            hint="Name the column alone",
        )
    name = column.name
    same = [one for one in names if one.casefold() == name.casefold()]
    if not same:
        near, advice = nearest_names(name, names), advise_compared_text(column)
        error = UnknownName("column", name, near, of="the result", at=column.this, advice=advice)
        # The condition begins on the second line of its query.
        raise error.at(None if error.line is None else error.line - 1, error.column)
    found = name if name in same else same[0]
    column.set("table", None)
    column.set("this", exp.to_identifier(found, quoted=True))
