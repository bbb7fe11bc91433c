"""A small language of queries: what random ones are made of, rendered from and evaluated by.

It is a model of its own, far smaller than SQL, and knows nothing of how a query is written or run.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What a value is, which says how it compares."""

    TEXT = "text"
    NUMBER = "number"
    COUNT = "count"
    AVERAGE = "average"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


Value = str | int | float | Decimal | date | datetime | bool | None
Row = tuple[Value, ...]


# Values


@dataclass(frozen=True)
class Column:
    """A column of a source: `source` is the source's alias."""

    source: str
    name: str
    kind: Kind


@dataclass(frozen=True)
class Reading:
    """A column of text that is compared or computed with another kind, and so read as that."""

    column: Column
    kind: Kind


@dataclass(frozen=True)
class Constant:
    """A value that stands in the query."""

    value: Value
    kind: Kind


@dataclass(frozen=True)
class Apply:
    """A function: `coalesce`, `concat` (the operator), `length`, `plus`, `minus`, `negative`."""

    function: Literal["coalesce", "concat", "length", "plus", "minus", "negative"]
    arguments: tuple["Scalar", ...]
    kind: Kind


@dataclass(frozen=True)
class Case:
    """`then` where `condition` is true, else `otherwise`."""

    condition: "Condition"
    then: "Scalar"
    otherwise: "Scalar"
    kind: Kind


@dataclass(frozen=True)
class Aggregate:
    """An aggregate over a group; `argument` None is `count(*)`. `where` is its FILTER."""

    function: Literal["count", "sum", "avg", "min", "max", "joined"]
    argument: "Scalar | None"
    kind: Kind
    is_distinct: bool = False
    where: "Condition | None" = None


@dataclass(frozen=True)
class Window:
    """A window function over all rows of a query, in partitions."""

    function: Literal["row_number", "rank", "dense_rank", "count", "sum", "min", "max", "lag"]
    argument: "Scalar | None"
    kind: Kind
    partition: tuple["Scalar", ...] = ()
    order: tuple["Key", ...] = ()


@dataclass(frozen=True)
class ScalarQuery:
    """The one value of a query of one column and one row; null where there is no row."""

    query: "Query"
    kind: Kind


Scalar = Column | Reading | Constant | Apply | Case | Aggregate | Window | ScalarQuery


# Conditions: true, false or, where nulls leave it open, neither


@dataclass(frozen=True)
class Compare:
    operator: Literal["=", "<>", "<", "<=", ">", ">="]
    left: Scalar
    right: Scalar


@dataclass(frozen=True)
class Between:
    value: Scalar
    low: Scalar
    high: Scalar
    is_negated: bool = False


@dataclass(frozen=True)
class Among:
    value: Scalar
    choices: tuple[Scalar, ...]
    is_negated: bool = False


@dataclass(frozen=True)
class Like:
    value: Scalar
    pattern: str
    regards_case: bool = True
    is_negated: bool = False


@dataclass(frozen=True)
class IsNull:
    value: Scalar
    is_negated: bool = False


@dataclass(frozen=True)
class Distinct:
    """`IS DISTINCT FROM`, never open."""

    left: Scalar
    right: Scalar
    is_negated: bool = False


@dataclass(frozen=True)
class Truth:
    """A Boolean value that stands as a condition."""

    value: Scalar


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class All:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class AmongQuery:
    value: Scalar
    query: "Query"
    is_negated: bool = False


@dataclass(frozen=True)
class Exists:
    query: "Query"
    is_negated: bool = False


Condition = (
    Compare | Between | Among | Like | IsNull | Distinct | Truth | Not | All | Any | AmongQuery
    | Exists
)  # fmt: skip


# Queries


@dataclass(frozen=True)
class Item:
    """One column of a result, and its name."""

    value: Scalar
    name: str


@dataclass(frozen=True)
class Key:
    """One key of an order. `nulls_first` None leaves nulls where the order has them."""

    value: Scalar
    is_descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True)
class Table:
    entity: str
    alias: str


@dataclass(frozen=True)
class Derived:
    """A query in the place of a table."""

    query: "Query"
    alias: str


@dataclass(frozen=True)
class Named:
    """A query of the WITH clause, by its name."""

    name: str
    alias: str


@dataclass(frozen=True)
class Join:
    kind: Literal["inner", "left", "right", "full", "cross"]
    left: "Source"
    right: "Source"
    condition: Condition | None


Source = Table | Derived | Named | Join


@dataclass(frozen=True)
class Select:
    """One SELECT. `group` None is no grouping; empty with aggregates among `items`, one group."""

    items: tuple[Item, ...]
    source: Source
    where: Condition | None = None
    group: tuple[Scalar, ...] | None = None
    having: Condition | None = None
    is_distinct: bool = False
    order: tuple[Key, ...] = ()
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Combined:
    """Two queries of the same kinds of columns, together. `order` is by places, from 0."""

    operator: Literal["union", "intersect", "except"]
    keeps_all: bool
    left: Select
    right: Select
    order: tuple[tuple[int, bool], ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class With:
    """Queries by their names, each of which may use those before it, and the query itself."""

    named: tuple[tuple[str, "Query"], ...]
    query: "Query"


Query = Select | Combined | With


def kinds_of(query: Query) -> tuple[Kind, ...]:
    """Return the kinds of the columns of a query's result."""
    while not isinstance(query, Select):
        query = query.query if isinstance(query, With) else query.left
    return tuple(item.value.kind for item in query.items)


def names_of(query: Query) -> tuple[str, ...]:
    """Return the names of the columns of a query's result."""
    while not isinstance(query, Select):
        query = query.query if isinstance(query, With) else query.left
    return tuple(item.name for item in query.items)
